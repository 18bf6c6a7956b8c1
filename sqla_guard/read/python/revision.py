"""Alembic revision files, read without running them."""

from __future__ import annotations

import ast
import re

from sqla_guard.core.source import SourceFile, Span
from sqla_guard.facts.revision import Revision, RevisionLayout, Slot
from sqla_guard.read.python.parse import UnparsableFile, parse, span_of

_SLOTS: tuple[Slot, ...] = ("revision", "down_revision", "branch_labels", "depends_on")
_REVISES = re.compile(r"^[ \t]*Revises:[ \t]*(.*)$", re.MULTILINE)
_CREATED = re.compile(r"^[ \t]*Create Date:[ \t]*(.*)$", re.MULTILINE)
_PLAIN_ALTER = re.compile(r"\b(?:alter_column|add_column|drop_column)\(")


class _NotLiteral(Exception):
    """A value that only running the file could tell."""


def read_revision(source: SourceFile) -> Revision | None:
    """Return the revision in ``source``; ``None`` where the file assigns no ``revision``."""
    try:
        module = parse(source)
    except UnparsableFile:
        return None
    values = _assigned(module)
    if "revision" not in values:
        return None
    docstring = ast.get_docstring(module, clean=False) or ""
    problem = ""
    read: dict[Slot, tuple[str, ...]] = dict.fromkeys(_SLOTS, ())
    for slot, node in values.items():
        try:
            read[slot] = _words(node)
        except _NotLiteral:
            told = _told(docstring) if slot == "down_revision" else None
            read[slot] = told or ()
            if told is None:
                problem = f"{slot} is not a constant"
    if len(read["revision"]) != 1:
        return None if not problem else _revision(source, module, read, problem, values)
    return _revision(source, module, read, problem, values)


def _revision(
    source: SourceFile,
    module: ast.Module,
    read: dict[Slot, tuple[str, ...]],
    problem: str,
    values: dict[Slot, ast.expr],
) -> Revision:
    docstring = ast.get_docstring(module, clean=False) or ""
    created = _CREATED.search(docstring)
    return Revision(
        path=source.path,
        id=next(iter(read["revision"]), ""),
        parents=read["down_revision"],
        branch_labels=read["branch_labels"],
        depends_on=read["depends_on"],
        message=docstring.strip().split("\n")[0].strip(),
        create_date=created[1].strip() if created else "",
        batch=source.text.count("batch_alter_table("),
        plain=len(_PLAIN_ALTER.findall(source.text)),
        problem=problem,
        layout=_layout(source, module, values),
        text=source.text,
    )


def _assigned(module: ast.Module) -> dict[Slot, ast.expr]:
    found: dict[Slot, ast.expr] = {}
    for statement in module.body:
        targets: list[ast.expr] = []
        if isinstance(statement, ast.Assign):
            targets = statement.targets
        elif isinstance(statement, ast.AnnAssign):
            targets = [statement.target]
        for target in targets:
            value = getattr(statement, "value", None)
            for slot in _SLOTS:
                if isinstance(target, ast.Name) and target.id == slot and value is not None:
                    found[slot] = value
    return found


def _words(node: ast.expr) -> tuple[str, ...]:
    if isinstance(node, ast.Constant) and node.value is None:
        return ()
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return (node.value,)
    if isinstance(node, (ast.Tuple, ast.List, ast.Set)):
        return tuple(word for element in node.elts for word in _words(element))
    raise _NotLiteral


def _told(docstring: str) -> tuple[str, ...] | None:
    match = _REVISES.search(docstring)
    if match is None:
        return None
    return tuple(word for word in re.split(r"[,\s]+", match[1]) if word and word != "None")


def _layout(source: SourceFile, module: ast.Module, values: dict[Slot, ast.expr]) -> RevisionLayout:
    first = module.body[0] if module.body else None
    docstring = None
    if isinstance(first, ast.Expr) and ast.get_docstring(module, clean=False) is not None:
        docstring = span_of(source, first)
    op_import, op = _op(source, module)
    up, down = _function(module, "upgrade"), _function(module, "downgrade")
    top = [s for s in module.body if isinstance(s, (ast.Import, ast.ImportFrom))]
    return RevisionLayout(
        docstring=docstring,
        op_import=op_import,
        op=op,
        imports_end=span_of(source, top[-1]).end if top else 0,
        values=tuple((slot, span_of(source, values[slot])) for slot in _SLOTS if slot in values),
        upgrade=_head(source, up),
        downgrade=_head(source, down),
        notes=(_note(source, up), _note(source, down)),
    )


def _op(source: SourceFile, module: ast.Module) -> tuple[Span | None, str]:
    for statement in module.body:
        if isinstance(statement, ast.ImportFrom) and statement.module == "alembic":
            for alias in statement.names:
                if alias.name == "op":
                    return span_of(source, statement), alias.asname or "op"
    return None, "op"


def _function(module: ast.Module, name: str) -> ast.FunctionDef | None:
    return next((s for s in module.body if isinstance(s, ast.FunctionDef) and s.name == name), None)


def _head(source: SourceFile, function: ast.FunctionDef | None) -> Span | None:
    if function is None or function.args.args or function.decorator_list:
        return None
    start = span_of(source, function).start
    line_end = source.text.find("\n", start)
    head = source.text[start : line_end if line_end >= 0 else len(source.text)].split("#")[0]
    head = head.rstrip()
    return Span(start, start + len(head)) if head.endswith(":") else None


def _note(source: SourceFile, function: ast.FunctionDef | None) -> Span | None:
    if function is None or ast.get_docstring(function, clean=False) is None:
        return None
    return span_of(source, function.body[0])
