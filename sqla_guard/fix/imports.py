"""Imports that fixes need, put among those that a file has."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cache

from msgspec.structs import replace

from sqla_guard.core.fix import Edit, Fix, ImportNeed
from sqla_guard.core.report import Report
from sqla_guard.core.source import SourceFile
from sqla_guard.facts.imports import ImportBlock, ImportStatement

Load = Callable[[str], SourceFile]
ReadImports = Callable[[SourceFile], ImportBlock]
Added = dict[tuple[str, str, tuple[str, ...]], tuple[Edit, ...]]
"""Edits that import names, by file, module and names."""


def with_imports(report: Report, load: Load, read_imports: ReadImports, added: Added | None = None) -> Report:
    """Return ``report`` with the imports that its fixes need put among their edits.

    Fixes that need the same import of one file then share that edit.

    Args:
        report: The findings.
        load: Gives the files.
        read_imports: Reads the import block of a Python file.
        added: The edits for imports that have been asked for before; gets the others.
    """
    if not any(d.fix and d.fix.imports for d in report.diagnostics):
        return report
    block_of = cache(lambda path: read_imports(load(path)))
    # Many findings of a file need the same import.
    known = {} if added is None else added

    def edits_of(path: str, module: str, names: tuple[str, ...]) -> tuple[Edit, ...]:
        key = path, module, names
        if key not in known:
            known[key] = tuple(_edits(load(path), block_of(path), module, names))
        return known[key]

    made: dict[Fix, Fix] = {}
    for diagnostic in report.diagnostics:
        fix = diagnostic.fix
        if fix is not None and fix not in made:
            more = (edit for place, names in _wanted(fix.imports).items() for edit in edits_of(*place, tuple(names)))
            made[fix] = replace(fix, edits=tuple(sorted({*fix.edits, *more})), imports=())
    diagnostics = tuple(replace(d, fix=made[d.fix]) if d.fix else d for d in report.diagnostics)
    return report._replace(diagnostics=diagnostics)


def _wanted(needs: Iterable[ImportNeed]) -> dict[tuple[str, str], list[str]]:
    """Return the names that are needed, by file and module; an empty one stands for the module."""
    wanted: dict[tuple[str, str], list[str]] = {}
    for need in sorted(set(needs)):
        wanted.setdefault((need.path, need.module), []).append(need.name)
    return wanted


def _edits(source: SourceFile, block: ImportBlock, module: str, names: Sequence[str]) -> Iterator[Edit]:
    if "" in names and (edit := import_edit(source, block, module)) is not None:
        yield edit
    if any(names):
        yield from from_import_edit(source, block, module, [name for name in names if name])


def import_edit(source: SourceFile, block: ImportBlock, module: str) -> Edit | None:
    """Return the edit that imports ``module`` in ``source``; ``None`` where it is already.

    A module of the standard library goes to its alphabetical place among the plain imports of the first section,
    another one in front of what is imported from it, so that a sorted file stays sorted.
    """
    if (module, module) in block.bound:
        return None
    statement = f"import {module}"
    near = [s for s in block.statements if s.modules[0].partition(".")[0] == module]
    if near:
        return _insert_line(source, _line_start(source, near[0].span.start), statement)
    if block.statements and module not in sys.stdlib_module_names:
        return _insert_line(source, _next_line(source, block.statements[-1].span.end), statement)
    section = _first_section(source, block)
    before = [s for s in section if s.plain and s.modules[0] < module and _is_standard(s)]
    if before:
        return _insert_line(source, _next_line(source, before[-1].span.end), statement)
    if section and _is_standard(section[0]):
        return _insert_line(source, _line_start(source, section[0].span.start), statement)
    if section:
        return _insert_line(source, _line_start(source, section[0].span.start), statement, blank_after=True)
    at = _after_comments(source, block.start)
    # Formatters want two blank lines before a definition.
    two = re.match(r"(?:class|def|async def)\b|@", source.text[at : at + 9]) is not None
    return _insert_line(source, at, statement + source.newline if two else statement, blank_after=True)


def from_import_edit(source: SourceFile, block: ImportBlock, module: str, names: Sequence[str]) -> tuple[Edit, ...]:
    """Return the edits that import ``names`` from ``module``; a statement that imports from there already grows.

    Otherwise a new statement stands behind the last one that imports from the same package, or the last of all.
    """
    same = [s for s in block.statements if not s.plain and s.modules == (module,) and s.names]
    there = {local for statement in same for name, local, _ in statement.names if name == local}
    missing = sorted(name for name in names if name not in there)
    if not missing:
        return ()
    if same and all(name != "*" for name, _, _ in same[0].names):
        return _longer(source, same[0], missing)
    statement = f"from {module} import {', '.join(missing)}"
    package = module.partition(".")[0]
    near = [s for s in block.statements if s.modules[0].partition(".")[0] == package] or list(block.statements)
    if near:
        return (_insert_line(source, _next_line(source, near[-1].span.end), statement),)
    return (_insert_line(source, _after_comments(source, block.start), statement, blank_after=True),)


def _longer(source: SourceFile, statement: ImportStatement, missing: Sequence[str]) -> tuple[Edit, ...]:
    """Return the edits that put names into a ``from`` import, each before the first that sorts behind it."""
    spans = [span for _, _, span in statement.names]
    between = source.text[spans[0].end : spans[1].start] if len(spans) > 1 else ", "
    joint = between if "#" not in between and between.strip() == "," else ", "
    texts: dict[int, str] = {}
    for name in missing:
        later = next((s for n, _, s in statement.names if n.casefold() > name.casefold()), None)
        at = later.start if later is not None else spans[-1].end
        texts[at] = texts.get(at, "") + (name + joint if later is not None else joint + name)
    return tuple(Edit(source.path, at, at, text) for at, text in sorted(texts.items()))


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
