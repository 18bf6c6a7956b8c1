"""From which lines a directive speaks for a place."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from sqla_guard.core.source import SourceFile, Span
from sqla_guard.core.workspace import UnreadableFile
from sqla_guard.facts.ignores import Reach

if TYPE_CHECKING:
    import ast


def reach(source: SourceFile, place: Span) -> Reach:
    """Return the lines of the statement that ``place`` stands in, and of the comments directly above it.

    Of a statement with a block (``if``, ``def``, ``class``) only the header counts.
    """
    if source.is_sql:
        return _of_sql(source, Span(0, len(source.text)), place)
    first, last = _python_lines(source, place)
    return Reach(_above(source, first, _is_python_comment), first, last)


def reach_in_string(source: SourceFile, string: Span, place: Span) -> Reach:
    """Return the same for the statement of SQL around ``place``, inside the content of a Python string."""
    return _of_sql(source, string, place)


def _of_sql(source: SourceFile, within: Span, place: Span) -> Reach:
    from sqla_guard.read.sql import statement_spans

    spans = (s.shifted(within.start) for s in statement_spans(source.text[within.start : within.end], None))
    statement = next((s for s in spans if s.start <= place.start < s.end), place)
    first, last = source.position(statement.start)[0], source.position(statement.end)[0]
    lowest = source.position(within.start)[0]
    return Reach(max(lowest, _above(source, first, _is_sql_comment)), first, last)


def _python_lines(source: SourceFile, place: Span) -> tuple[int, int]:
    from sqla_guard.read.python.parse import parse

    line = source.position(place.start)[0]
    try:
        node = _innermost(parse(source).body, line)
    except UnreadableFile:
        node = None
    if node is None:
        return line, line
    blocks = _blocks(node)
    if not blocks:
        return _first(node), node.end_lineno or node.lineno
    last = _header_end(source, node, _first(blocks[0]))
    return (_first(node), last) if line <= last else (line, line)


def _innermost(statements: Sequence[ast.stmt], line: int) -> ast.stmt | None:
    """Return the statement of the smallest block that takes ``line``."""
    found = None
    while True:
        inner = next((s for s in statements if _first(s) <= line <= (s.end_lineno or s.lineno)), None)
        if inner is None:
            return found
        found, statements = inner, _blocks(inner)


def _blocks(node: ast.stmt) -> list[ast.stmt]:
    """Return the statements of all blocks of ``node``, in order."""
    found: list[ast.stmt] = [*getattr(node, "body", ())]
    for part in (*getattr(node, "handlers", ()), *getattr(node, "cases", ())):
        found += part.body
    return [*found, *getattr(node, "orelse", ()), *getattr(node, "finalbody", ())]


def _first(node: ast.stmt) -> int:
    decorators: list[ast.expr] = getattr(node, "decorator_list", [])
    return min([node.lineno, *(decorator.lineno for decorator in decorators)])


def _header_end(source: SourceFile, node: ast.stmt, block: int) -> int:
    """Return the last line of what stands before the first line of the block."""
    last = max(node.lineno, block - 1)
    while last > node.lineno and (not source.line(last).strip() or _is_python_comment(source.line(last))):
        last -= 1
    return last


def _above(source: SourceFile, first: int, is_comment: Callable[[str], bool]) -> int:
    while first > 1 and is_comment(source.line(first - 1)):
        first -= 1
    return first


def _is_python_comment(line: str) -> bool:
    return line.lstrip().startswith("#")


def _is_sql_comment(line: str) -> bool:
    text = line.strip()
    return text.startswith(("--", "/*")) or text.endswith("*/")
