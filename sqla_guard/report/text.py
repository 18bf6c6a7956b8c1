"""The report for people: each finding with its source line, then a summary."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from sqla_guard.core.report import Report
from sqla_guard.report.material import Load, Material
from sqla_guard.report.sanitize import printable
from sqla_guard.report.style import PLAIN, Style
from sqla_guard.report.words import number

if TYPE_CHECKING:
    from sqla_guard.core.diagnostic import Diagnostic, NotAnalysed


def render(material: Material, /) -> str:
    """Return the report as text."""
    lines: list[str] = []
    for diagnostic in material.report.diagnostics:
        lines += [*_finding(diagnostic, material.load, material.style), ""]
    lines += notes(material.report.not_analysed, material.style)
    lines += summary(material.report, material.style)
    return "\n".join(lines) + "\n"


def notes(not_analysed: Iterable[NotAnalysed], style: Style = PLAIN) -> list[str]:
    """Return the lines that name what could not be judged; empty where everything could."""
    open_questions = [note for note in not_analysed if not note.fatal]
    if not open_questions:
        return []
    listed = [f"  {style('path', where(note))}: {printable(note.reason)}" for note in open_questions]
    return [f"Not analysed ({number(len(listed), 'place')}):", *listed, ""]


def where(note: NotAnalysed) -> str:
    """Return path and line of what could not be judged."""
    return printable(note.path) + (f":{note.line}" if note.line else "")


def summary(report: Report, style: Style = PLAIN) -> list[str]:
    """Return the last lines: how much was found by which rule, what was left out, what ``fix`` can do."""
    files = number(report.files, "file")
    left_out = _left_out(report)
    if not report.diagnostics:
        return [f"No findings; {'; '.join([f'{files} checked', *left_out])}."]
    from sqla_guard.report.tally import repairs, tally

    counts = tally(report)
    lines = [f"{number(len(report.diagnostics), 'finding')}; {'; '.join([f'{files} checked', *left_out])}."]
    width = len(f"{counts[0].findings:,}")
    lines += [f"  {c.findings:>{width},}  {style('rule', c.code)} {c.name}" for c in counts]
    kinds = repairs(counts)
    if kinds:
        which = _which(sum(c.safe + c.unsafe for c in counts), len(report.diagnostics))
        lines.append(f"`sqla-guard fix` shows how to repair {which} ({kinds}); with `--write` it does so.")
    return lines


def _which(some: int, total: int) -> str:
    if some < total:
        return f"{some:,} of them"
    return "it" if total == 1 else "all of them"


def _left_out(report: Report) -> list[str]:
    unreadable = sum(1 for note in report.not_analysed if note.fatal)
    unclear = len(report.not_analysed) - unreadable
    parts = {
        f"{number(report.known, 'finding')} known to a baseline": report.known,
        f"{number(unreadable, 'file')} could not be checked": unreadable,
        f"{number(unclear, 'place')} not analysed": unclear,
    }
    return [words for words, count in parts.items() if count]


def _finding(diagnostic: Diagnostic, load: Load, style: Style) -> Iterator[str]:
    from sqla_guard.report.excerpt import excerpt

    source = load(diagnostic.path)
    line, column = source.position(diagnostic.span.start)
    place = style("path", f"{printable(diagnostic.path)}:{line}:{column}:")
    kind = style(diagnostic.severity, f"{diagnostic.severity}[{diagnostic.code}]")
    yield f"{place} {kind} {style('rule', diagnostic.name)}: {printable(diagnostic.message)}"
    yield from excerpt(source, diagnostic.span, style)
    margin = " " * len(str(line)) + " " + style("margin", "=")
    yield f"{margin} {style('word', 'help:')} {printable(diagnostic.help)}"
    for related in diagnostic.related:
        there = load(related.path).position(related.span.start)[0]
        yield f"{margin} {style('word', 'see:')} {printable(related.path)}:{there}: {printable(related.message)}"
    if diagnostic.fix is not None:
        fix = diagnostic.fix
        yield f"{margin} {style('word', 'fix:')} {printable(fix.title)} ({fix.applicability.value})"
