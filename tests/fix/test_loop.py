"""The fix loop, with a check made for the test: every word ``bad`` is a finding."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest

from sqla_guard.core.diagnostic import Diagnostic, NotAnalysed
from sqla_guard.core.fix import Applicability, Edit, Fix, Place
from sqla_guard.core.report import Report
from sqla_guard.core.source import SourceFile, Span
from sqla_guard.core.workspace import Workspace
from sqla_guard.fix.loop import FixResult, fix
from tests.support.memory import workspace

MakeFix = Callable[[SourceFile, Span], Fix | None]


def replace(text: str, applicability: Applicability = Applicability.SAFE) -> MakeFix:
    def make(source: SourceFile, span: Span) -> Fix:
        return Fix("Replace", (Edit(source.path, span.start, span.end, text),), applicability)

    return make


def checker(make_fix: MakeFix) -> Callable[[Workspace], Report]:
    def check(ws: Workspace) -> Report:
        found, notes = [], []
        for path in ws.reported:
            source = ws.load(path)
            for match in re.finditer(r"\bbad\w*|\bworse\b", source.text):
                span = Span(match.start(), match.end())
                message = f"{match.group()} {source.text[: match.start()].count(match.group())}"
                found.append(Diagnostic("X1", "bad-word", "error", path, span, message, "", make_fix(source, span)))
            if "BROKEN" in source.text:
                notes.append(NotAnalysed(path, 1, "syntax error", fatal=True))
        return Report.of(found, notes, len(ws.reported))

    return check


def run(files: dict[str, str], make_fix: MakeFix) -> FixResult:
    return fix(workspace(files), checker(make_fix))


def texts(result: FixResult, *paths: str) -> list[str]:
    return [result.workspace.load(path).text for path in paths]


def test_all_findings_of_all_files_are_repaired_in_one_go() -> None:
    result = run({"a.py": "bad x bad", "b.sql": "x bad"}, replace("good"))
    assert texts(result, "a.py", "b.sql") == ["good x good", "x good"]
    assert (len(result.made), result.after.diagnostics, result.put_back) == (3, (), ())


def test_what_clashes_waits_for_the_next_round() -> None:
    def whole_line(source: SourceFile, span: Span) -> Fix:
        text = source.text[: span.start] + "good" + source.text[span.end :]
        return Fix(f"The one at {span.start}", (Edit(source.path, 0, len(source.text), text),), Applicability.SAFE)

    assert texts(run({"a.py": "bad bad bad"}, whole_line), "a.py") == ["good good good"]


def test_one_fix_for_two_findings_is_made_once() -> None:
    def shared(source: SourceFile, span: Span) -> Fix:
        places = [match.span() for match in re.finditer("bad", source.text)]
        return Fix("Both", tuple(Edit(source.path, *place, "good") for place in places), Applicability.SAFE)

    result = run({"a.py": "bad bad"}, shared)
    assert (texts(result, "a.py"), len(result.made)) == (["good good"], 1)


def test_a_fix_that_is_only_shown_is_not_made() -> None:
    result = run({"a.py": "bad"}, replace("good", Applicability.DISPLAY))
    assert (texts(result, "a.py"), len(result.after.diagnostics)) == (["bad"], 1)


def test_a_fix_that_leaves_its_finding_is_put_back() -> None:
    result = run({"a.py": "bad"}, replace("bad "))
    assert texts(result, "a.py") == ["bad"]
    assert "was still reported" in result.put_back[0].reason


def test_a_fix_that_breaks_the_file_is_put_back() -> None:
    result = run({"a.py": "bad"}, replace("BROKEN"))
    assert texts(result, "a.py") == ["bad"]
    assert "syntax error" in result.put_back[0].reason


def test_a_fix_that_adds_a_finding_is_put_back_and_the_others_are_made() -> None:
    def make(source: SourceFile, span: Span) -> Fix:
        text = "worse" if source.path == "a.py" else "good"
        return Fix(f"Make it {text}", (Edit(source.path, span.start, span.end, text),), Applicability.SAFE)

    result = run({"a.py": "bad", "b.py": "bad"}, make)
    assert texts(result, "a.py", "b.py") == ["bad", "good"]
    assert [note.path for note in result.put_back] == ["a.py"]


@pytest.mark.parametrize("wrong", [{40}, {0}, {63}, {5, 6, 50}, set(range(0, 64, 3))])
def test_few_bad_fixes_stop_few_others(wrong: set[int]) -> None:
    def make(source: SourceFile, span: Span) -> Fix:
        text = "worse" if int(source.path[:2]) in wrong else "good"
        return Fix(f"Make it {text}", (Edit(source.path, span.start, span.end, text),), Applicability.SAFE)

    files = {f"{number:02}.py": "bad" for number in range(64)}
    checks, check = list[int](), checker(make)

    def counted(ws: Workspace) -> Report:
        checks.append(1)
        return check(ws)

    result = fix(workspace(files), counted)
    assert texts(result, *files) == ["bad" if number in wrong else "good" for number in range(64)]
    assert {int(note.path[:2]) for note in result.put_back} == wrong
    assert len(checks) < 20 * len(wrong)


def test_fixes_that_undo_each_other_end() -> None:
    def flip(source: SourceFile, span: Span) -> Fix:
        text = "bad1" if source.text == "bad2" else "bad2"
        return Fix(f"To {text}", (Edit(source.path, span.start, span.end, text),), Applicability.SAFE)

    assert texts(run({"a.py": "bad1"}, flip), "a.py") == ["bad1"]


def test_two_new_files_in_one_folder_are_made_one_after_the_other() -> None:
    # Each continues the last file of the folder, so the second must be planned again when the first is there.
    def make(source: SourceFile, span: Span) -> Fix:
        edits = (Edit(source.path, span.start, span.end, "good"), Edit(f"v/{source.path}.sql", 0, 0, "x"))
        return Fix(source.path, edits, Applicability.SAFE)

    rounds = []

    def check(ws: Workspace) -> Report:
        rounds.append(sorted(path for path in ws.changed if path.startswith("v/")))
        return checker(make)(ws)

    fix(workspace({"a.py": "bad", "b.py": "bad"}), check)
    assert rounds == [[], ["v/a.py.sql"], ["v/a.py.sql", "v/b.py.sql"]]


def test_open_places_move_with_the_text() -> None:
    def make(source: SourceFile, span: Span) -> Fix:
        end = source.text.index("here")
        place = Place(source.path, Span(end, end + 4), "look")
        return Fix("x", (Edit(source.path, span.start, span.end, "a longer word"),), Applicability.UNSAFE, (), (place,))

    result = run({"a.py": "bad then here"}, make)
    (place,) = result.to_look_at
    assert texts(result, "a.py")[0][place.span.start : place.span.end] == "here"


def test_a_new_file_is_made_by_an_edit_of_it() -> None:
    def make(source: SourceFile, span: Span) -> Fix:
        edits = (Edit(source.path, span.start, span.end, "good"), Edit("new/file.sql", 0, 0, "SELECT 1;\n"))
        return Fix("x", edits, Applicability.SAFE)

    assert texts(run({"a.py": "bad"}, make), "new/file.sql") == ["SELECT 1;\n"]
