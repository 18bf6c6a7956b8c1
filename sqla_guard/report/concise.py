"""One line for each finding, as compilers and editors speak."""

from __future__ import annotations

from collections.abc import Iterator

from sqla_guard.core.diagnostic import Diagnostic
from sqla_guard.report.material import Material
from sqla_guard.report.sanitize import printable
from sqla_guard.report.text import summary, where


def render(material: Material, /) -> str:
    """Return the report with one line for each finding and each place that could not be judged."""
    return "\n".join([*_lines(material), *summary(material.report, material.style)]) + "\n"


def _lines(material: Material) -> Iterator[str]:
    style = material.style
    for diagnostic in material.report.diagnostics:
        line, column = material.load(diagnostic.path).position(diagnostic.span.start)
        place = style("path", f"{printable(diagnostic.path)}:{line}:{column}:")
        kind = style(diagnostic.severity, f"{diagnostic.severity}[{diagnostic.code}]")
        yield f"{place} {kind} {style('rule', diagnostic.name)}: {printable(diagnostic.message)}{_repair(diagnostic)}"
    for note in material.report.not_analysed:
        if not note.fatal:
            yield f"{style('path', where(note) + ':')} not analysed: {printable(note.reason)}"


def _repair(diagnostic: Diagnostic) -> str:
    return f" [{diagnostic.fix.applicability.value} fix]" if diagnostic.fix else ""
