"""Attributes of classes and columns of ``Table()`` calls by name, for names that something else may hide."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from sqla_guard.core.source import SourceFile
from sqla_guard.facts.hidden import NamedAttribute, NamedColumn
from sqla_guard.facts.outline import Outline
from sqla_guard.facts.reserved import ReservedName
from sqla_guard.facts.reserved_words import Form
from sqla_guard.read.python.expressions import Expressions
from sqla_guard.read.python.parse import parse, span_of

_FORMS: dict[str, Form] = {"assignment": "assignment", "annotation": "annotation"}


def read_named(source: SourceFile, outline: Outline) -> tuple[NamedAttribute | NamedColumn, ...]:
    """Return the attributes that class bodies bind to values, and the columns of ``Table()`` calls."""
    return (*_attributes(source.path, outline), *_columns(source, outline))


def _attributes(path: str, outline: Outline) -> Iterator[NamedAttribute]:
    for definition in outline.classes.values():
        for a in definition.attributes:
            form = _FORMS.get(a.kind)
            if form is not None and not a.name.startswith("__"):
                binding = ReservedName(path, definition.qualname, a.name, a.span, form, a.value, a.annotation)
                yield NamedAttribute(binding)


def _columns(source: SourceFile, outline: Outline) -> Iterator[NamedColumn]:
    names = {"Table", *(item.local for item in outline.imports if item.name == "Table")}
    if not any(name in source.text for name in names):
        return
    expressions = Expressions()
    for node in ast.walk(parse(source)):
        if not isinstance(node, ast.Call) or _last(node.func) not in names:
            continue
        for column in node.args:
            key = _key(column) if isinstance(column, ast.Call) else None
            if isinstance(column, ast.Call) and key is not None:
                yield NamedColumn(
                    source.path,
                    str(key.value),
                    span_of(source, key),
                    expressions.value(node.func),
                    expressions.value(column.func),
                )


def _key(column: ast.Call) -> ast.Constant | None:
    """Return the string that a column goes by in ``Table.c``."""
    named = {keyword.arg: keyword.value for keyword in column.keywords}
    key = named.get("key") or named.get("name") or next(iter(column.args), None)
    return key if isinstance(key, ast.Constant) and isinstance(key.value, str) else None


def _last(func: ast.expr) -> str:
    return func.attr if isinstance(func, ast.Attribute) else func.id if isinstance(func, ast.Name) else ""
