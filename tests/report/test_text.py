"""The words around the findings: what was left out is counted and named, and what `fix` can do is said."""

from __future__ import annotations

import xml.etree.ElementTree as ET

import pytest

from sqla_guard.core.diagnostic import Diagnostic, NotAnalysed
from sqla_guard.core.fix import Applicability, Edit, Fix
from sqla_guard.core.report import Report
from sqla_guard.core.source import SourceFile, Span
from sqla_guard.report import renderer
from sqla_guard.report.material import Material

SOURCE = SourceFile("a.py", "first = 1\nsecond = (\n    2\n)\n")
UNCLEAR = NotAnalysed("b.py", 3, "SQL put together at run time")
FIRST = Span(0, 5)
UNREADABLE = NotAnalysed("c.py", 0, "is a binary file", fatal=True)


def finding(applicability: Applicability | None = None, code: str = "SG101", span: Span = FIRST) -> Diagnostic:
    fix = Fix("Mend", (Edit("a.py", 0, 5, "other"),), applicability) if applicability else None
    return Diagnostic(code, "some-rule", "error", "a.py", span, f"{code} hurts", "mend it", fix)


def shown(output_format: str, *parts: Diagnostic | NotAnalysed) -> str:
    findings = [part for part in parts if isinstance(part, Diagnostic)]
    notes = [part for part in parts if isinstance(part, NotAnalysed)]
    return renderer(output_format)(Material(Report.of(findings, notes, 1234), lambda _: SOURCE))


def test_what_was_left_out_is_counted_and_named() -> None:
    text = shown("text", UNCLEAR, UNREADABLE)
    assert "Not analysed (1 place):\n  b.py:3: SQL put together at run time\n" in text
    assert text.endswith("No findings; 1,234 files checked; 1 file could not be checked; 1 place not analysed.\n")
    assert "b.py:3: not analysed: SQL put together at run time\n" in shown("concise", UNCLEAR)


def test_what_was_left_out_is_no_failure_for_programs() -> None:
    assert shown("github", UNCLEAR) == (
        "::notice file=b.py,title=sqla-guard,line=3::not analysed: SQL put together at run time\n"
    )
    (case,) = ET.fromstring(shown("junit", UNCLEAR).encode()).iter("testcase")
    assert [part.tag for part in case] == ["skipped"]
    assert shown("gitlab", UNCLEAR) == "[]\n"
    assert '"level": "note"' in shown("sarif", UNCLEAR)


SAFE, UNSAFE, DISPLAY = (
    finding(Applicability.SAFE),
    finding(Applicability.UNSAFE, "SG2"),
    finding(Applicability.DISPLAY),
)


@pytest.mark.parametrize(
    ("findings", "words"),
    [
        ([SAFE], "how to repair it (1 safe)"),
        ([SAFE, UNSAFE], "how to repair all of them (1 safe, 1 unsafe)"),
        ([SAFE, UNSAFE, finding()], "how to repair 2 of them (1 safe, 1 unsafe)"),
        ([SAFE, SAFE, finding()], "how to repair 2 of them (2 safe)"),
    ],
)
def test_the_summary_says_what_fix_can_do(findings: list[Diagnostic], words: str) -> None:
    assert f"`sqla-guard fix` shows {words}; with `--write` it does so.\n" in shown("text", *findings)


@pytest.mark.parametrize("only", [finding(), DISPLAY])
def test_nothing_is_promised_that_fix_does_not_do(only: Diagnostic) -> None:
    assert "sqla-guard fix" not in shown("text", only)
    assert '"fixes"' not in shown("sarif", only)


def test_the_most_frequent_rule_comes_first() -> None:
    text = shown("text", finding(), finding(code="SG201"), finding(code="SG201", span=Span(6, 7)))
    assert text.endswith("3 findings; 1,234 files checked.\n  2  SG201 some-rule\n  1  SG101 some-rule\n")


def test_a_finding_over_several_lines_has_no_columns_on_github() -> None:
    several = finding(span=Span(10, 27))
    assert shown("github", several).startswith("::error file=a.py,line=2,endLine=4,title=SG101 some-rule::")


def test_a_long_line_is_cut_around_the_place() -> None:
    source = SourceFile("a.py", f"{'x = 1; ' * 100}bad = 2; {'y = 3; ' * 100}\n")
    at = source.text.index("bad")
    report = Report.of([finding(span=Span(at, at + 3))], (), 1)
    lines = renderer("text")(Material(report, lambda _: source)).splitlines()
    place, underline = lines[2], lines[3]
    assert len(place) < 200
    assert place[underline.index("^") : underline.rindex("^") + 1] == "bad"
