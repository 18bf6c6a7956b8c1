"""The source line of a finding with the place underlined."""

from __future__ import annotations

from collections.abc import Iterator

from sqla_guard.core.source import SourceFile, Span
from sqla_guard.report.sanitize import printable
from sqla_guard.report.style import PLAIN, Style

# Past this column a source line is cut, so that a minified file does not flood the terminal.
_WIDTH = 160


def excerpt(source: SourceFile, span: Span, style: Style = PLAIN) -> Iterator[str]:
    """Yield three lines: an empty one, the source line with its number, and the underline."""
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
    line = f"{style('margin', f'{number} |')} {printable(text[:_WIDTH])}"
    yield style("margin", f"{margin} |")
    yield line
    yield f"{style('margin', f'{margin} |')} {indent}{style('mark', '^' * max(1, len(printable(marked))))}"
