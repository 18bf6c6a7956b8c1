"""The import statements at the top of a module."""

from __future__ import annotations

import ast

from sqla_guard.core.source import SourceFile
from sqla_guard.facts.imports import ImportBlock, ImportStatement
from sqla_guard.read.python.parse import parse, span_of


def read_import_block(source: SourceFile) -> ImportBlock:
    """Return where imports stand in ``source``.

    Raises:
        UnparsableFile: It is no Python.
    """
    body = parse(source).body
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
            statements.append(ImportStatement(("." * node.level + (node.module or ""),), False, span_of(source, node)))
        else:
            break
    bound = tuple(
        (alias.asname or alias.name, alias.name)
        for node in body
        if isinstance(node, ast.Import)
        for alias in node.names
    )
    return ImportBlock(tuple(statements), bound, start)


def _is_docstring(node: ast.stmt) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def _line_after(source: SourceFile, offset: int) -> int:
    line, _ = source.position(offset)
    return source.line_starts[line] if line < len(source.line_starts) else len(source.text)
