"""The report for people: each finding with its source line, then a summary."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Protocol

from sqla_guard.core.diagnostic import Diagnostic, NotAnalysed
from sqla_guard.core.fix import Fix, Place
from sqla_guard.core.report import Report
from sqla_guard.core.source import SourceFile, Span
from sqla_guard.report.sanitize import printable

Load = Callable[[str], SourceFile]


class Outcome(Protocol):
    """What :func:`outcome` has to know of a finished fix."""

    @property
    def before(self) -> Report:
        """The report of the first check."""

    @property
    def after(self) -> Report:
        """What remains."""

    @property
    def made(self) -> tuple[Fix, ...]:
        """The fixes made."""

    @property
    def to_look_at(self) -> tuple[Place, ...]:
        """Places that could not be proven."""


# Past this column a source line is cut, so that a minified file does not flood the terminal.
_WIDTH = 160


def render(report: Report, load: Load) -> str:
    """Return ``report`` as text; ``load`` gives the files that findings stand in."""
    lines: list[str] = []
    for diagnostic in report.diagnostics:
        lines += [*_finding(diagnostic, load), ""]
    lines += notes(report.not_analysed)
    lines.append(_summary(report))
    return "\n".join(lines) + "\n"


def places(to_look_at: Iterable[Place], load: Load) -> Iterator[str]:
    """Yield the lines that list places which a fix could not prove."""
    for place in to_look_at:
        line, column = load(place.path).position(place.span.start)
        yield f"  {printable(place.path)}:{line}:{column}: {printable(place.message)}"


def notes(not_analysed: Iterable[NotAnalysed]) -> list[str]:
    """Return the lines that name what could not be judged; empty where everything could."""
    open_questions = [note for note in not_analysed if not note.fatal]
    if not open_questions:
        return []
    listed = [f"  {_where(note)}: {printable(note.reason)}" for note in open_questions]
    return [f"Not analysed ({count(len(listed), 'place')}):", *listed, ""]


def count(number: int, noun: str) -> str:
    """Return ``3 findings`` or ``1 finding``."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def outcome(result: Outcome, load: Load, written: bool) -> str:
    """Return what is said after fixing: what remains, what was repaired, and what a person should look at.

    Args:
        result: What fixing came to.
        load: Gives the files as they are after fixing.
        written: Whether the changes were written, or only shown.
    """
    parts: list[str] = []
    if result.after.diagnostics:
        parts.append(render(result.after, load))
    elif noted := notes(result.after.not_analysed):
        parts.append("\n".join(noted))
    if result.to_look_at:
        title = f"To look at ({count(len(result.to_look_at), 'place')} that could not be proven):"
        parts.append("\n".join([title, *places(result.to_look_at, load)]) + "\n")
    if not result.made:
        return "\n".join(["", *parts, "Nothing to repair.\n"])
    settled = count(len(result.before.diagnostics) - len(result.after.diagnostics), "finding")
    verb = "repaired:" if written else "would be repaired; run again with --write:"
    made = [f"  {printable(fix.title)} ({fix.applicability.value})" for fix in result.made]
    return "\n".join(["", *parts, f"{settled} {verb}", *made, ""])


def _where(note: NotAnalysed) -> str:
    return printable(note.path) + (f":{note.line}" if note.line else "")


def _finding(diagnostic: Diagnostic, load: Load) -> Iterator[str]:
    source = load(diagnostic.path)
    line, column = source.position(diagnostic.span.start)
    where = f"{printable(diagnostic.path)}:{line}:{column}"
    yield f"{where}: {diagnostic.severity}[{diagnostic.code}] {diagnostic.name}: {printable(diagnostic.message)}"
    yield from _excerpt(source, diagnostic.span)
    margin = " " * len(str(line))
    yield f"{margin} = help: {printable(diagnostic.help)}"
    for place in diagnostic.related:
        there = load(place.path).position(place.span.start)[0]
        yield f"{margin} = see: {printable(place.path)}:{there}: {printable(place.message)}"
    if diagnostic.fix is not None:
        yield f"{margin} = fix: {printable(diagnostic.fix.title)} ({diagnostic.fix.applicability.value})"


def _excerpt(source: SourceFile, span: Span) -> Iterator[str]:
    number, column = source.position(span.start)
    text = source.line(number)
    length = max(1, min(span.end - span.start, len(text) - column + 1))
    if column + length > _WIDTH:
        cut = max(0, column - _WIDTH // 2)
        text, column = "…" + text[cut : cut + _WIDTH], column - cut + 1
    before, marked = text[: column - 1], text[column - 1 : column - 1 + length]
    # Tabs stay tabs, so that the underline stands under the name however wide they are shown.
    indent = "".join(c if c == "\t" else " " * len(printable(c)) for c in before)
    margin = " " * len(str(number))
    yield f"{margin} |"
    yield f"{number} | {printable(text[:_WIDTH])}"
    yield f"{margin} | {indent}{'^' * max(1, len(printable(marked)))}"


def _summary(report: Report) -> str:
    checked = count(report.files, "file") + " checked"
    if not report.diagnostics:
        return f"No findings; {checked}."
    fixable = sum(1 for d in report.diagnostics if d.fix is not None)
    hint = f" `sqla-guard fix --write` repairs {fixable:,} of them." if fixable else ""
    return f"{count(len(report.diagnostics), 'finding')}; {checked}.{hint}"
