"""Tables that modules declare whenever they are imported."""

from __future__ import annotations

import re
from collections.abc import Iterator

from sqla_guard.core.source import SourceFile, Span
from sqla_guard.core.table_names import may_imply
from sqla_guard.facts.outline import Outline
from sqla_guard.facts.tables import DeclaredTable
from sqla_guard.facts.values import Call, Literal

# At the left margin, so it runs at each import: not in a branch, a function or a class.
_AT_MARGIN = re.compile(r"^(\w+)[^\S\n]*(?::[^=\n]*)?=[^\S\n]*(?:\w+\.)*Table\(\s*([\"'])([^\"'\n]+)\2", re.MULTILINE)


def read_tables(source: SourceFile, outline: Outline) -> tuple[DeclaredTable, ...]:
    """Return the tables that importing a module always declares, in source order."""
    return tuple(sorted((*_of_classes(source, outline), *_of_calls(source, outline)), key=lambda t: t.span))


def _of_classes(source: SourceFile, outline: Outline) -> Iterator[DeclaredTable]:
    may_be_implied = may_imply(source.text.encode("utf-8", "surrogatepass"))
    for definition in (*outline.replaced, *outline.classes.values()):
        if source.position(definition.span.start)[1] != 1:
            continue
        attribute = definition.attribute("__tablename__")
        value = attribute.value if attribute is not None else None
        if attribute is not None and isinstance(value, Literal) and isinstance(value.value, str):
            yield DeclaredTable(source.path, value.value, definition.qualname, attribute.span, definition)
        elif attribute is None and may_be_implied and definition.bases and not definition.attribute("__table__"):
            yield DeclaredTable(source.path, None, definition.qualname, definition.name_span, definition)


def _of_calls(source: SourceFile, outline: Outline) -> Iterator[DeclaredTable]:
    for match in _AT_MARGIN.finditer(source.text):
        name, table = match.group(1), match.group(3)
        made = [v for v in outline.bindings.get(name, ()) if isinstance(v, Call) and v.args[:1] == (Literal(table),)]
        if made:
            yield DeclaredTable(source.path, table, name, Span(match.start(3) - 1, match.end(3) + 1))
