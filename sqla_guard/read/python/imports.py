"""The import statements at the top of a module."""

from __future__ import annotations

import ast

from sqla_guard.core.source import SourceFile, Span
from sqla_guard.facts.imports import ImportBlock, ImportStatement
from sqla_guard.read.python.parse import span_of
from sqla_guard.read.python.sparse import parse_bodies


def read_import_block(source: SourceFile) -> ImportBlock:
    """Return where imports stand in ``source``; errors of syntax inside of functions go unnoticed.

    Raises:
        UnparsableFile: It is no Python.
    """
    body = parse_bodies(source, lambda _: False).body
    statements: list[ImportStatement] = []
    start = 0
    for node in body:
        if (node is body[0] and _is_docstring(node)) or (
            isinstance(node, ast.ImportFrom) and node.module == "__future__"
        ):
            start = _line_after(source, span_of(source, node).end)
        elif isinstance(node, ast.Import):
            names = tuple(alias.name for alias in node.names)
            statements.append(ImportStatement(names, True, span_of(source, node)))
        elif isinstance(node, ast.ImportFrom):
            module = "." * node.level + (node.module or "")
            bound_names = tuple((a.name, a.asname or a.name, _span_of_alias(source, a)) for a in node.names)
            statements.append(ImportStatement((module,), False, span_of(source, node), bound_names))
        else:
            break
    bound = tuple(
        (alias.asname or alias.name, alias.name)
        for node in body
        if isinstance(node, ast.Import)
        for alias in node.names
    )
    return ImportBlock(tuple(statements), bound, start)


def _span_of_alias(source: SourceFile, node: ast.alias) -> Span:
    start = source.offset(node.lineno, node.col_offset)
    return Span(start, source.offset(node.end_lineno or node.lineno, node.end_col_offset or 0))


def _is_docstring(node: ast.stmt) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def _line_after(source: SourceFile, offset: int) -> int:
    line, _ = source.position(offset)
    return source.line_starts[line] if line < len(source.line_starts) else len(source.text)
