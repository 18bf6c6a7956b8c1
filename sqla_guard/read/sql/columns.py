"""Items of a column list: what is a column, what a constraint, and which existing columns an item names."""

from __future__ import annotations

from sqla_guard.facts.operations import TableName
from sqla_guard.read.sql.names import Cursor, Scope
from sqla_guard.read.sql.tokens import Token

# Parentheses behind these words hold options or tables, no columns.
_NO_COLUMNS = frozenset(
    [
        "WITH",
        "OPTIONS",
        "TAG",
        "TAGS",
        "IDENTITY",
        "INHERITS",
        "STORAGE",
        "TBLPROPERTIES",
        "IN",
        "VALUES",
        "AUTOINCREMENT",
    ]
)


def is_constraint(item: Cursor) -> bool:
    """Tell whether an item of a column list is something else than a column.

    ``key``, ``index``, ``period`` and their like can be column names too: what follows decides.
    """
    first = item.upper()
    after = item.upper(1)
    if first in ("CONSTRAINT", "LIKE", "EXCLUDE"):
        return item.stop - item.at > 1 and (first != "EXCLUDE" or after in ("(", "USING"))
    if first in ("PRIMARY", "FOREIGN"):
        return after in ("KEY", "INDEX")
    if first in ("CHECK", "PERIOD"):
        return after in ("(", "FOR") or item.stop - item.at == 1
    if first in ("UNIQUE", "FULLTEXT", "SPATIAL", "VECTOR"):
        return after in ("(", "KEY", "INDEX", "NULLS", "CLUSTERED", "NONCLUSTERED") or _is_index(item, 1)
    if first in ("KEY", "INDEX"):
        return _is_index(item, 1)
    return False


def _is_index(item: Cursor, ahead: int) -> bool:
    """Tell ``[name] [USING method] (column, …)`` from a type such as ``varchar (255)`` or ``enum ('a')``."""
    for index in range(ahead, ahead + 5):
        if item.upper(index) == "(":
            inside = item.peek(index + 1)
            return inside is not None and (inside.kind in ("word", "quoted") or inside.upper == "(")
        token = item.peek(index)
        if token is None or token.kind not in ("word", "quoted"):
            return False
    return False


def read_references(item: Cursor, scope: Scope, everywhere: bool = False) -> None:
    """Report the wanted names inside the parentheses of ``item``.

    ``REFERENCES t (…)`` names columns of ``t``, every other parenthesis (CHECK, keys, generated expressions) columns
    of the statement's own table.

    Args:
        item: Tokens of a constraint, or of a column behind its name.
        scope: The statement.
        everywhere: Whether names outside parentheses count as well, as in ``WHERE metadata IS NOT NULL``.
    """
    owners: list[TableName | None] = [scope.table if everywhere else None]
    while (token := item.peek()) is not None:
        if token.upper == "REFERENCES":
            item.at += 1
            parts = item.dotted()
            if parts and item.upper() == "(":
                owners.append(scope.reading.table(parts))
                item.at += 1
            continue
        if token.upper == "(":
            owners.append(_owner(item, owners[-1], scope.table))
        elif token.upper == ")":
            if len(owners) > 1:
                owners.pop()
        elif owners[-1] is not None and scope.reading.is_wanted(token) and _is_column(item, scope, token):
            scope.refer(token, owners[-1])
        item.at += 1


def _owner(item: Cursor, outer: TableName | None, own: TableName) -> TableName | None:
    before = item.tokens[item.at - 1].upper if item.at else ""
    if before in _NO_COLUMNS:
        return outer if before in ("IN", "VALUES") else None
    return outer or own


def _is_column(item: Cursor, scope: Scope, token: Token) -> bool:
    before = item.tokens[item.at - 1] if item.at else None
    # ``KEY (metadata(10))`` is an index of MySQL over the start of a text.
    prefix = item.upper(1) == "(" and item.upper(3) == ")" and (item.peek(2) or token).kind == "number"
    if (item.upper(1) == "(" and not prefix) or (before is not None and before.upper in ("::", "COLLATE", ":", "AS")):
        return False
    if before is None or before.upper != ".":
        return item.upper(1) != "."
    qualifier = item.tokens[item.at - 2] if item.at > 1 else None
    return qualifier is not None and scope.reading.name(qualifier) == scope.table.name
