"""Tables that modules declare whenever they are imported."""

from __future__ import annotations

import re

from sqla_guard.core.source import SourceFile, Span
from sqla_guard.facts.outline import Outline
from sqla_guard.facts.tables import DeclaredTable
from sqla_guard.facts.values import Call, Literal

# At the left margin, so it runs at each import: not in a branch, a function or a class.
_AT_MARGIN = re.compile(r"^(\w+)[^\S\n]*(?::[^=\n]*)?=[^\S\n]*(?:\w+\.)*Table\(\s*([\"'])([^\"'\n]+)\2", re.MULTILINE)


def read_tables(source: SourceFile, outline: Outline) -> tuple[DeclaredTable, ...]:
    """Return the tables that importing a module always declares, in source order."""
    found: list[DeclaredTable] = []
    for definition in outline.classes.values():
        attribute = definition.attribute("__tablename__")
        value = attribute.value if attribute is not None else None
        at_margin = source.position(definition.span.start)[1] == 1
        if attribute is not None and at_margin and isinstance(value, Literal) and isinstance(value.value, str):
            found.append(DeclaredTable(source.path, value.value, definition.qualname, True, attribute.span))
    for match in _AT_MARGIN.finditer(source.text):
        name, table = match.group(1), match.group(3)
        made = [v for v in outline.bindings.get(name, ()) if isinstance(v, Call) and v.args[:1] == (Literal(table),)]
        if made:
            found.append(DeclaredTable(source.path, table, name, False, Span(match.start(3) - 1, match.end(3) + 1)))
    return tuple(sorted(found, key=lambda t: t.span))
