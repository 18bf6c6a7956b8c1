"""A directive at each finding, as a fix."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

from msgspec import Struct
from msgspec.structs import replace

from sqla_guard.core.diagnostic import Diagnostic
from sqla_guard.core.fix import Applicability, Edit, Fix
from sqla_guard.core.report import Report
from sqla_guard.core.source import SourceFile, Span
from sqla_guard.read.directives import keeps_checksums
from sqla_guard.read.reach import reach, reach_in_string

Load = Callable[[str], SourceFile]

# Findings about directives, and about the tool itself, are not ignored by a directive.
_OWN = "SG9"
# What a string that becomes SQL may give a meaning to, even in a comment: parameters, fields, escapes, quotes.
_RISKY = re.compile(r"[:%{}\\'\"`$?;]")
_LINE_END = re.compile(r"[\x00-\x1f\x7f\x85\u2028\u2029]")


class _Spot(Struct, frozen=True):
    """Where a directive goes: the start of a line, what stands before it, and the sign of a comment there."""

    path: str
    at: int
    indent: str
    sign: str


def is_reason(text: str) -> bool:
    """Tell whether ``text`` can stand behind a directive: it has to be one line."""
    return not _LINE_END.search(text)


def ignoring(report: Report, load: Load, reason: str) -> Report:
    """Return ``report`` with, in place of each fix, one that writes a directive; findings of one statement share it.

    Findings that no directive can silence, or that stand where nothing may be written, have no fix.

    Args:
        report: The findings.
        load: Gives the files that they stand in.
        reason: Why they are ignored; may be empty.
    """
    spots = {id(d): _spot(d, load(d.path), reason) for d in report.diagnostics if not d.code.startswith(_OWN)}
    names: dict[_Spot, set[str]] = {}
    for diagnostic in report.diagnostics:
        spot = spots.get(id(diagnostic))
        if spot is not None:
            names.setdefault(spot, set()).add(diagnostic.name)
    fixes = {spot: _fix(spot, names[spot], reason, load(spot.path).newline) for spot in names}
    diagnostics = (replace(d, fix=_of(fixes, spots.get(id(d)))) for d in report.diagnostics)
    return Report.of(diagnostics, report.not_analysed, report.files)


def _of(fixes: dict[_Spot, Fix], spot: _Spot | None) -> Fix | None:
    return fixes[spot] if spot is not None else None


def _spot(diagnostic: Diagnostic, source: SourceFile, reason: str) -> _Spot | None:
    if source.is_sql:
        return None if keeps_checksums(source) else _at_line(source, reach(source, diagnostic.span).first, "--")
    string = _string_around(source, diagnostic.span)
    if string is not None and not _RISKY.search(reason):
        line = reach_in_string(source, string, diagnostic.span).first
        if source.line_starts[line - 1] > string.start:
            return _at_line(source, line, "--")
    return _at_line(source, reach(source, diagnostic.span).first, "#")


def _string_around(source: SourceFile, place: Span) -> Span | None:
    from sqla_guard.read.python.comments import comments_and_strings

    return next((string for string in comments_and_strings(source)[1] if string.contains(place)), None)


def _at_line(source: SourceFile, line: int, sign: str) -> _Spot:
    start = source.line_starts[line - 1]
    return _Spot(source.path, start, source.indent_at(start), sign)


def _fix(spot: _Spot, names: Iterable[str], reason: str, newline: str) -> Fix:
    why = f" -- {reason}" if reason else ""
    listed = ", ".join(sorted(names))
    text = f"{spot.indent}{spot.sign} sqla-guard: ignore[{listed}]{why}{newline}"
    return Fix(f"Ignore {listed} here", (Edit(spot.path, spot.at, spot.at, text),), Applicability.SAFE)
