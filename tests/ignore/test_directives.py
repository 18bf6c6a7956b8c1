"""Directives as text: what is understood, what is wrong with them, and how they are taken out."""

from __future__ import annotations

import re

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from sqla_guard.core.config import Config
from sqla_guard.core.source import SourceFile
from sqla_guard.facts.ignores import Directive
from sqla_guard.fix.directives import removal, without
from sqla_guard.fix.edits import apply_edits
from sqla_guard.read.directives import read_directives
from sqla_guard.read.markers import may_hold_directive
from tests.ignore.cases import GETTER, MODEL, SCRIPT, STRING, above, codes, mended, put, said
from tests.support.memory import check_files, fix_files


def read(text: str, path: str = "models.py") -> tuple[Directive, ...]:
    return read_directives(SourceFile(path, text))


def test_all_parts_are_read() -> None:
    (directive,) = read("x = 1  # sqla-guard: ignore[SG101, reserved-column] until=2027-03-31 -- see #12 -- twice\n")
    assert [s.text for s in directive.selectors] == ["SG101", "reserved-column"]
    assert (directive.kind, directive.until, directive.reason) == ("statement", "2027-03-31", "see #12 -- twice")


NAMES = st.lists(st.from_regex(r"[A-Za-z][A-Za-z0-9-]{0,12}", fullmatch=True), min_size=1, max_size=4)
REASONS = st.text(st.characters(categories=["L", "N", "P", "S"], exclude_characters="#*\\'\"\r\n"), max_size=30)
DAYS = st.dates().map(lambda day: day.isoformat())


@settings(max_examples=150)
@given(NAMES, st.none() | DAYS, REASONS, st.sampled_from(["ignore", "ignore-file"]), st.booleans())
def test_what_is_written_is_read_back(names: list[str], day: str | None, reason: str, verb: str, sql: bool) -> None:
    written = f"sqla-guard: {verb}[{', '.join(names)}]"
    written += (f" until={day}" if day else "") + (f" -- {reason}" if reason else "")
    text = f"SELECT 1;  -- {written}\n" if sql else f"x = 1  # {written}\n"
    (directive,) = read(text, "a.sql" if sql else "a.py")
    assert not directive.fault
    assert [s.text for s in directive.selectors] == names
    assert [text[s.span.start : s.span.end] for s in directive.selectors] == names
    assert (directive.until, directive.reason) == (day or "", reason)
    assert directive.kind == ("file" if verb == "ignore-file" else "statement")
    fix = removal(directive, SourceFile("", text))
    assert fix is not None
    assert apply_edits(text, fix.edits) == re.sub(r"  (#|--).*", "", text)


PIECES = st.lists(
    st.sampled_from(
        [
            *("sqla-guard:", "noqa:", " ignore", "-file", "[", "]", "SG101", ",", " ", " -- ", "until=", "2027-03-31"),
            *("#", "--", "/*", "*/", '"""', "'", '"', "\n", "\r\n", "\r", "x = 1", "f'{", "}'", "\\n", "(", ")", "é"),
        ]
    ),
    max_size=24,
).map("".join)


@settings(max_examples=400)
@given(PIECES | st.text(max_size=60), st.sampled_from(["a.py", "a.sql"]))
@example("# sqla-guard: ignore[", "a.py")
@example("x = '''-- sqla-guard: ignore[SG101]", "a.py")
def test_no_text_defeats_the_reader_and_taking_all_out_leaves_none(text: str, path: str) -> None:
    source = SourceFile(path, text)
    found = read_directives(source)
    for directive in found:
        assert "sqla-guard" in text or "noqa" in text.lower()
        assert text[directive.span.start] in "#-/"
        for selector in directive.selectors:
            assert text[selector.span.start : selector.span.end] == selector.text
        without(directive, directive.selectors[:1], source) if directive.selectors else removal(directive, source)


FAULTS = {
    "sqla-guard: ignore": "names no rule",
    "sqla-guard: ignore[]": "names no rule",
    "sqla-guard: ignore SG101": "names no rule",
    "sqla-guard: ignore-file": "names no rule",
    "sqla-guard: ingore[SG101]": "did you mean `ignore[...]`",
    "sqla-guard: disable[SG101]": "did you mean `ignore[...]`",
    "sqla-guard: ignore[SG101] until=tomorrow": "`tomorrow` is no day",
    "sqla-guard: ignore[SG101] until=2027-02-30": "`2027-02-30` is no day",
    "sqla-guard: ignore[SG101] untill=2027-03-31": "`untill=2027-03-31` is not understood",
    "sqla-guard: ignore[SG101] known and accepted": "`known` is not understood",
    "sqla-guard: ignore[reserved-atribute]": "did you mean `reserved-attribute`?",
    "sqla-guard: ignore[SG999]": "there is no rule `SG999`",
}


@pytest.mark.parametrize("directive", FAULTS)
def test_what_means_nothing_is_said_and_silences_nothing(directive: str) -> None:
    files = {"models.py": put(MODEL, "metadata", f"# {directive}")}
    assert codes(files) == ["SG101", "SG902"]
    (message,) = said(files, "SG902")
    assert FAULTS[directive] in message


def test_one_unknown_name_does_not_spoil_the_others() -> None:
    text = put(MODEL, "metadata", "# sqla-guard: ignore[SG999, SG101]  # noqa: E501")
    assert codes({"models.py": text}) == ["SG902"]
    assert mended(text) == put(MODEL, "metadata", "# sqla-guard: ignore[SG101]  # noqa: E501")


def test_a_misspelt_name_is_corrected_and_then_silences_what_it_was_meant_for() -> None:
    text = put(MODEL, "metadata", "# sqla-guard: ignore[reserved-atribute] -- known")
    (finding, _) = check_files({"models.py": text}).diagnostics
    assert finding.code == "SG101"
    assert finding.fix is None
    assert mended(text) == text.replace("atribute", "attribute")
    assert codes({"models.py": mended(text)}) == []


def test_what_an_unclear_directive_may_be_meant_for_is_not_repaired() -> None:
    text = put(MODEL, "metadata", "# sqla-guard: ingore[SG101] -- known")
    assert mended(text) == text


CLEAN = MODEL.replace("metadata = Column(", 'event_metadata = Column("metadata", ')
UNUSED = "sqla-guard: ignore[SG101] -- known"


@pytest.mark.parametrize(
    ("comment", "left"),
    [
        (f"# {UNUSED}", ""),
        (f"# {UNUSED}  # noqa: E501", "  # noqa: E501"),
        (f"# noqa: E501  # {UNUSED}", "  # noqa: E501"),
        (f"# type: ignore  # {UNUSED}  # noqa: E501", "  # type: ignore  # noqa: E501"),
        ("# noqa: SG101", ""),
        ("# noqa: SG101, E501", "  # noqa: E501"),
        ("# noqa: E501,SG101,SG301 -- why", "  # noqa: E501 -- why"),
    ],
)
def test_an_unused_directive_is_taken_out_and_nothing_else(comment: str, left: str) -> None:
    text = put(CLEAN, "event_metadata", comment)
    assert codes({"models.py": text}) == ["SG901"]
    assert mended(text) == put(CLEAN, "event_metadata", "KEPT").replace("  KEPT", left)


def test_a_line_of_its_own_goes_as_a_whole() -> None:
    for newline in ("\n", "\r\n"):
        clean = CLEAN.replace("\n", newline)
        text = clean.replace("    event_metadata", f"    # {UNUSED}{newline}    event_metadata")
        assert mended(text) == clean


@pytest.mark.parametrize(
    "text",
    [
        put(SCRIPT, "metadata", f"-- {UNUSED}"),
        put(SCRIPT, "metadata", f"/* {UNUSED} */"),
        above(SCRIPT, "CREATE", f"-- {UNUSED}"),
        above(SCRIPT, "CREATE", f"/* {UNUSED}\n*/"),
        SCRIPT.replace("metadata", f"/* {UNUSED} */ metadata"),
    ],
)
def test_sql_is_as_before_without_its_directive(text: str) -> None:
    assert codes({"schema.sql": text}) == ["SG901"]
    assert mended(text, "schema.sql") == SCRIPT


@pytest.mark.parametrize("text", [put(STRING, "metadata", f"-- {UNUSED}"), above(STRING, "CREATE", f"-- {UNUSED}")])
def test_a_string_of_sql_is_as_before_without_its_directive(text: str) -> None:
    assert codes({"migrate.py": text}) == ["SG901"]
    assert mended(text, "migrate.py") == STRING


def test_a_line_of_a_plain_literal_keeps_its_escape() -> None:
    line = '    op.execute("ALTER TABLE events ADD COLUMN metadata JSON  -- {}\\n")\n'
    text = "from alembic import op\n\n\ndef upgrade():\n" + line.format(UNUSED)
    fixed = mended(text, "migrate.py")
    assert fixed == text.replace(f"-- {UNUSED}", "")
    compile(fixed, "migrate.py", "exec")


def test_only_the_dead_names_go() -> None:
    text = put(MODEL, "metadata", "# sqla-guard: ignore[SG101, SG201,SG301] -- known")
    assert codes({"models.py": text}) == ["SG901"]
    assert mended(text) == put(MODEL, "metadata", "# sqla-guard: ignore[SG101] -- known")


def test_what_did_not_run_is_not_called_unused() -> None:
    text = put(CLEAN, "event_metadata", f"# {UNUSED}")
    off = put(GETTER, "if _engine", "# sqla-guard: ignore[SG201, SG206] -- known")
    assert codes({"models.py": text}, Config(select=frozenset({"SG2", "SG9"}))) == []
    assert codes({"models.py": text}, Config(ignore=frozenset({"SG101"}))) == []
    assert codes({"models.py": text}, Config(per_file_ignores=(("models.py", frozenset({"SG1"})),))) == []
    assert codes({"models.py": text}, Config(ignore=frozenset({"SG901"}))) == []
    assert codes({"engine.py": off}) == []  # SG206 is off by default: nobody can tell
    assert codes({"engine.py": off}, Config(extend_select=frozenset({"SG206"}))) == ["SG901"]


def test_what_could_not_be_judged_is_not_called_unused() -> None:
    text = put(MODEL, "metadata", f"# {UNUSED}").replace("declarative_base()", "make()")
    text = text.replace('    __tablename__ = "events"\n', "")
    report = check_files({"models.py": text})
    assert report.not_analysed
    assert report.diagnostics == ()
    assert codes({"models.py": f"def broken(:  # {UNUSED}\n"}) == []


def test_sql_of_a_model_that_could_not_be_judged_is_not_called_unused_either() -> None:
    unknown = MODEL.replace("declarative_base()", "make()").replace('    __tablename__ = "events"\n', "")
    files = {"models.py": unknown, "schema.sql": put(SCRIPT, "metadata", "-- sqla-guard: ignore[SG301] -- known")}
    assert check_files(files, "schema.sql").diagnostics == ()
    assert codes({"schema.sql": files["schema.sql"]}) == ["SG901"]


def test_a_reason_can_be_required() -> None:
    config = Config(require_reason=True)
    for comment, expected in {
        "# sqla-guard: ignore[SG101]": ["SG904"],
        "# sqla-guard: ignore[SG101] until=9999-12-31": ["SG904"],
        "# sqla-guard: ignore[SG101] --": ["SG904"],
        "# sqla-guard: ignore[SG101] -- known": [],
        "# noqa: SG101": ["SG904"],
        "# noqa: E501, SG101 -- known": [],
    }.items():
        assert codes({"models.py": put(MODEL, "metadata", comment)}, config) == expected
        assert codes({"models.py": put(MODEL, "metadata", comment)}) == []


def test_an_expired_directive_goes_and_what_it_hid_is_repaired_in_one_run() -> None:
    text = put(MODEL, "metadata", "# sqla-guard: ignore[SG101] until=2000-01-01 -- later")
    result = fix_files({"models.py": text})
    assert result.after.diagnostics == ()
    assert result.workspace.load("models.py").text == CLEAN


def test_a_fix_that_leaves_a_directive_without_work_takes_it_out() -> None:
    other = "# sqla-guard: ignore-file[SG301] -- has run\n" + STRING.replace(
        "CREATE TABLE IF NOT EXISTS", "CREATE TABLE"
    )
    result = fix_files({"models.py": MODEL, "migrate.py": other})
    assert result.put_back == ()
    assert result.after.diagnostics == ()
    assert result.workspace.load("migrate.py").text == other.partition("\n")[2]


def test_a_script_whose_checksum_is_kept_is_not_asked_to_change() -> None:
    script = "-- sqla-guard: ignore-file[SG301] until=2000-01-01 -- has run\n" + SCRIPT
    result = fix_files({"models.py": CLEAN, "V1__events.sql": script, "V2__more.sql": script.replace("SG301", "SG999")})
    (unknown,) = result.after.diagnostics
    assert (unknown.path, unknown.code, unknown.fix) == ("V2__more.sql", "SG902", None)
    assert codes({"events.sql": script}) == ["SG903"]


def test_a_file_without_our_words_is_not_looked_at() -> None:
    for text in ("MSG = 1  # noqa: E501\n", "# NOQA: F401\nSG1 = 2\n", "# sqla guard\n"):
        assert not may_hold_directive(text.encode())
    for text in ("x = 1  # noqa: SG101", "x = 1  # NOQA: E501, SG101", "-- sqla-guard: ignore"):
        assert may_hold_directive(text.encode())
    assert may_hold_directive("-- sqla-guard: ignore".encode("utf-16"))


def test_a_script_that_cannot_be_read_is_said_to_be_so() -> None:
    script = "-- sqla-guard: ignore[SG301]\nSELECT 'é';\n".encode("latin-1")
    report = check_files({"schema.sql": script})
    assert report.diagnostics == ()
    assert [(note.path, note.fatal) for note in report.not_analysed] == [("schema.sql", True)]
