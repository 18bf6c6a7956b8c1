"""Tables that SQLAlchemy Core declares and the same module creates: ``Table(…).create(bind)``, ``create_all``."""

from __future__ import annotations

import ast

from sqla_guard.core.source import SourceFile
from sqla_guard.facts.operations import SqlFact
from sqla_guard.read.python.alembic import Operations
from sqla_guard.read.python.sql_names import called_name
from sqla_guard.read.python.sql_values import Values


def read_core_tables(source: SourceFile, values: Values, wanted: frozenset[str]) -> list[SqlFact]:
    """Return a ``CREATE TABLE`` for each ``Table(...)`` that a call in the module creates.

    Args:
        source: The file.
        values: Its nodes and bindings.
        wanted: Names, in lower case, whose references are reported.
    """
    calls = [node for node in values.nodes.of(ast.Call) if isinstance(node, ast.Call)]
    tables = [call for call in calls if called_name(call) == "Table" and len(call.args) > 1]
    if not tables:
        return []
    reader = Operations(source, values, wanted)
    for call in calls:
        if not isinstance(call.func, ast.Attribute) or call.func.attr not in ("create", "create_all"):
            continue
        if call.func.attr == "create":
            made = _table(call.func.value, values)
            created = [made] if made in tables else []
        else:
            metadata = ast.dump(call.func.value)
            some = any(k.arg == "tables" for k in call.keywords)
            created = [] if some else [t for t in tables if ast.dump(t.args[1]) == metadata]
        for table in created:
            if table is not None:
                reader.create_core(call, table)
    return reader.facts


def _table(node: ast.expr, values: Values) -> ast.Call | None:
    """Return the ``Table(...)`` call that ``node`` is, is bound to, or that a function of the module gives back."""
    for _ in range(4):
        if isinstance(node, ast.Call):
            made = values.returned(node)
            if called_name(node) == "Table" or made is None:
                return node
            node = made
        elif isinstance(node, ast.Name):
            bound = values.bindings(node.id, values.function(node), node)
            if len(bound) != 1 or bound[0].element:
                return None
            node = bound[0].value
    return None
