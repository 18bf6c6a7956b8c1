"""Imports that fixes need, put among those that a file has."""

from __future__ import annotations

import sys

from sqla_guard.core.fix import Edit
from sqla_guard.core.source import SourceFile
from sqla_guard.facts.imports import ImportBlock, ImportStatement


def import_edit(source: SourceFile, block: ImportBlock, module: str) -> Edit | None:
    """Return the edit that imports ``module`` (of the standard library) in ``source``; ``None`` where it is already.

    The statement goes to its alphabetical place among the plain imports of the first section, so that a sorted
    file stays sorted.
    """
    if (module, module) in block.bound:
        return None
    statement = f"import {module}"
    section = _first_section(source, block)
    before = [s for s in section if s.plain and s.modules[0] < module and _is_standard(s)]
    if before:
        return _insert_line(source, _next_line(source, before[-1].span.end), statement)
    if section and _is_standard(section[0]):
        return _insert_line(source, _line_start(source, section[0].span.start), statement)
    if section:
        return _insert_line(source, _line_start(source, section[0].span.start), statement, blank_after=True)
    return _insert_line(source, _after_comments(source, block.start), statement, blank_after=True)


def _first_section(source: SourceFile, block: ImportBlock) -> tuple[ImportStatement, ...]:
    """Return the imports before the first blank line among them."""
    section: list[ImportStatement] = []
    for statement in block.statements:
        if section:
            between = source.text[section[-1].span.end : statement.span.start]
            if between.count("\n") + between.count("\r") - between.count("\r\n") > 1:
                break
        section.append(statement)
    return tuple(section)


def _is_standard(statement: ImportStatement) -> bool:
    return statement.modules[0].partition(".")[0] in sys.stdlib_module_names


def _insert_line(source: SourceFile, at: int, statement: str, blank_after: bool = False) -> Edit:
    newline = source.newline
    text = statement + newline + (newline if blank_after else "")
    if at and source.text[at - 1] not in "\r\n":
        text = newline + text
    return Edit(source.path, at, at, text)


def _line_start(source: SourceFile, offset: int) -> int:
    return source.line_starts[source.position(offset)[0] - 1]


def _next_line(source: SourceFile, offset: int) -> int:
    line = source.position(offset)[0]
    return source.line_starts[line] if line < len(source.line_starts) else len(source.text)


def _after_comments(source: SourceFile, start: int) -> int:
    """Return the first offset from ``start`` behind leading comments (shebang, licence) and blank lines."""
    line = source.position(start)[0]
    last = len(source.line_starts)
    while line < last and not start and source.line(line).startswith("#"):
        line += 1
    while line < last and not source.line(line).strip():
        line += 1
    return source.line_starts[line - 1]
