"""Statements that define, rename or drop tables and columns, read token by token.

No syntax tree: an unknown clause in one column never hides the next one.
"""

from __future__ import annotations

from dataclasses import replace

from sqla_guard.facts.operations import (
    AddColumn,
    Carrier,
    CreateTable,
    DropColumn,
    DropTable,
    Identifier,
    RenameColumn,
    RenameTable,
    UnreadSql,
)
from sqla_guard.read.sql.columns import is_constraint, read_references
from sqla_guard.read.sql.names import Cursor, Reading, Scope, without_hole
from sqla_guard.read.sql.tokens import Token

_NOT_ADDED = frozenset(
    ["CONSTRAINT", "PARTITION", "STATISTICS", "PERIOD", "VALUE", "SUPPLEMENTAL", "LOG", "SEARCH", "ROW"]
)
_NOT_DROPPED = frozenset(
    [
        "CONSTRAINT",
        "INDEX",
        "KEY",
        "PRIMARY",
        "FOREIGN",
        "CHECK",
        "PARTITION",
        "DEFAULT",
        "NOT",
        "EXPRESSION",
        "IDENTITY",
        "PERIOD",
        "STATISTICS",
    ]
)
_VERBS = frozenset(["ADD", "DROP", "RENAME", "CHANGE", "MODIFY", "ALTER"])
_SELECT_ENDS = frozenset(["FROM", "UNION", "INTERSECT", "EXCEPT", "WHERE", "LIMIT", "WITH", "INTO"])


def read_create_table(cursor: Cursor, reading: Reading, carrier: Carrier) -> bool:
    """Read ``CREATE TABLE`` from behind the word TABLE.

    Returns:
        Whether a query follows (``AS SELECT``), whose references are still to be read.
    """
    if cursor.take("IF", "NOT", "EXISTS"):
        carrier = replace(carrier, rerunnable=True)
    parts = cursor.dotted()
    if not parts:
        return False
    if not without_hole(parts):
        _unread(cursor, reading, carrier, "the table's name is put in at run time")
        return False
    scope = Scope(reading, carrier, reading.table(parts))
    columns: list[Identifier] = []
    partial = _read_body(cursor, scope, columns)
    selects = _read_query_columns(cursor, reading, columns)
    reading.facts.append(CreateTable(scope.table, tuple(columns), carrier, partial or selects is False))
    if selects is None:
        _read_tail(cursor, scope)
    return selects is not None


def _read_body(cursor: Cursor, scope: Scope, columns: list[Identifier]) -> bool:
    """Read the column list; tell whether columns may be missing."""
    if cursor.take("PARTITION", "OF") or cursor.take("LIKE") or cursor.take("OF") or cursor.take("CLONE"):
        cursor.dotted()
        return True
    if cursor.take("USING"):
        cursor.name()
    if cursor.upper() != "(" or cursor.upper(1) in ("SELECT", "WITH"):
        return cursor.upper() not in ("AS", "SELECT", "(", "WITH")
    inside = cursor.parenthesised()
    partial = cursor.tokens[cursor.at - 1].upper != ")"
    for item in inside.items() if inside is not None else ():
        if not _read_item(item, scope, columns):
            partial = True
    return partial or cursor.upper() == "INHERITS"


def _read_item(item: Cursor, scope: Scope, columns: list[Identifier]) -> bool:
    """Read one item of the list; ``False`` where it may hold columns that cannot be read."""
    first = item.peek()
    if is_constraint(item):
        read_references(item, scope)
        return item.tokens[item.at - 1].upper != "LIKE" and not (first is not None and first.upper == "LIKE")
    if first is None or first.kind not in ("word", "quoted", "string"):
        return False
    if item.upper(1) == "=":
        return True  # an option of a virtual table: tokenize = '…'
    if first.has_hole:
        return False
    columns.append(scope.reading.identifier(first))
    item.at += 1
    read_references(item, scope)
    return True


def _read_query_columns(cursor: Cursor, reading: Reading, columns: list[Identifier]) -> bool | None:
    """Read what ``AS SELECT`` names its columns.

    Returns:
        ``None`` without a query, ``False`` where some of its columns have no name here (``*``), else ``True``.
    """
    probe = Cursor(cursor.tokens, cursor.at, cursor.stop)
    while probe.at < probe.stop and probe.upper() not in ("SELECT", "AS"):
        if probe.upper() == "(" and probe.upper(1) not in ("SELECT", "WITH", "("):
            probe.skip_group()
        elif probe.upper() == "WITH" and cursor.at != probe.at:
            break
        else:
            probe.at += 1
    probe.take("AS")
    while probe.take("("):
        continue
    if not probe.take("SELECT"):
        return None if probe.upper() not in ("WITH", "TABLE", "VALUES", "EXECUTE") else False
    if columns:
        return True
    probe.take("DISTINCT")
    end, depth = probe.at, 0
    while end < probe.stop and not (depth == 0 and probe.tokens[end].upper in _SELECT_ENDS):
        depth += (probe.tokens[end].upper == "(") - (probe.tokens[end].upper == ")")
        if depth < 0:
            break
        end += 1
    named = [_output_name(item) for item in Cursor(probe.tokens, probe.at, end).items()]
    columns += [reading.identifier(token) for token in named if token is not None]
    return None not in named


def _output_name(item: Cursor) -> Token | None:
    """Return the name a result has: its alias, or the bare column."""
    last = item.tokens[item.stop - 1]
    if last.kind not in ("word", "quoted") or last.has_hole:
        return None
    return last


def _read_tail(cursor: Cursor, scope: Scope) -> None:
    """Read ``PARTITION BY RANGE (metadata)`` and its like behind the column list."""
    while (token := cursor.peek()) is not None:
        if token.upper == "BY":
            cursor.at += 1
            cursor.take_any(frozenset(("RANGE", "LIST", "HASH", "KEY", "COLUMNS")))
            cursor.take("COLUMNS")
            inside = cursor.parenthesised()
            if inside is not None:
                read_references(inside, scope, everywhere=True)
        else:
            cursor.at += 1


def read_alter_table(cursor: Cursor, reading: Reading, carrier: Carrier) -> None:
    """Read ``ALTER TABLE`` from behind the word TABLE."""
    cursor.take("IF", "EXISTS")
    cursor.take("ONLY")
    parts = cursor.dotted()
    if not parts:
        return
    if not without_hole(parts):
        _unread(cursor, reading, carrier, "the table's name is put in at run time")
        return
    cursor.take("*")
    scope = Scope(reading, carrier, reading.table(parts))
    if cursor.take("WITH"):  # SQL Server: WITH CHECK ADD CONSTRAINT …
        cursor.take_any(frozenset(("CHECK", "NOCHECK")))
    verb = ""
    for item in cursor.items():
        verb = _read_action(item, scope, verb)


def _read_action(item: Cursor, scope: Scope, verb: str) -> str:
    """Read one action and return its verb; an item without one goes on with the verb before it."""
    # ``ADD a int, change int``: a verb is a verb only when a name follows.
    if item.upper() in _VERBS and (not verb or item.peek(1) is not None):
        verb = item.upper()
        item.at += 1
        fresh = True
    else:
        fresh = False
    actions = {
        "ADD": _add,
        "DROP": _drop,
        "RENAME": _rename,
        "CHANGE": _change,
        "MODIFY": _modify,
        "ALTER": _alter,
    }
    action = actions.get(verb)
    if action is not None and (fresh or verb in ("ADD", "DROP", "MODIFY")):
        action(item, scope)
    return verb


def _add(item: Cursor, scope: Scope) -> None:
    column_word = item.take("COLUMN") or item.take("COLUMNS")
    guarded = item.take("IF", "NOT", "EXISTS")
    inside = item.parenthesised() if item.upper() == "(" else None
    for part in inside.items() if inside is not None else [item]:
        if not column_word and (is_constraint(part) or (part.upper() in _NOT_ADDED and part.stop - part.at > 1)):
            _read_default_for(part, scope)
            read_references(part, scope)
            continue
        token = part.name(strings=scope.reading.dialect == "sqlite")
        if token is None or token.has_hole:
            _unread(part, scope.reading, scope.carrier, "the column's name is put in at run time")
            continue
        carrier = replace(scope.carrier, rerunnable=scope.carrier.rerunnable or guarded)
        scope.reading.facts.append(AddColumn(scope.table, scope.reading.identifier(token), carrier))
        _read_position(part, scope)
        read_references(part, scope)


def _read_default_for(item: Cursor, scope: Scope) -> None:
    """Read ``ADD CONSTRAINT d DEFAULT 0 FOR metadata`` of SQL Server."""
    for index in range(item.at, item.stop - 1):
        if item.tokens[index].upper == "FOR" and scope.reading.is_wanted(item.tokens[index + 1]):
            scope.refer(item.tokens[index + 1])


def _read_position(item: Cursor, scope: Scope) -> None:
    """Read ``AFTER metadata`` of MySQL."""
    if item.stop - item.at >= 2 and item.tokens[item.stop - 2].upper == "AFTER":
        last = item.tokens[item.stop - 1]
        if scope.reading.is_wanted(last):
            scope.refer(last)


def _drop(item: Cursor, scope: Scope) -> None:
    column_word = item.take("COLUMN") or item.take("COLUMNS")
    if not column_word and item.upper() in _NOT_DROPPED and item.peek(1) is not None:
        return
    item.take("IF", "EXISTS")
    inside = item.parenthesised() if item.upper() == "(" else None
    for part in inside.items() if inside is not None else [item]:
        token = part.name()
        if token is None or token.has_hole:
            _unread(part, scope.reading, scope.carrier, "the column's name is put in at run time")
            continue
        scope.reading.facts.append(DropColumn(scope.table, scope.reading.identifier(token), scope.carrier))


def _rename(item: Cursor, scope: Scope) -> None:
    if item.upper() in ("CONSTRAINT", "INDEX", "KEY", "PARTITION") and item.upper(1) != "TO":
        return
    if item.upper() in ("TO", "AS") and item.peek(1) is not None and item.upper(1) != "TO":
        item.at += 1
        parts = item.dotted()
        if parts:
            new = scope.reading.table(parts)
            scope.reading.facts.append(
                RenameTable(scope.table, replace(new, schema=new.schema or scope.table.schema), scope.carrier)
            )
        return
    item.take("COLUMN")
    item.take("IF", "EXISTS")
    old = item.name()
    new_name = item.name() if item.take("TO") else None
    if old is None or new_name is None or old.has_hole or new_name.has_hole:
        _unread(item, scope.reading, scope.carrier, "a renamed column's name is put in at run time")
        return
    reading = scope.reading
    reading.facts.append(
        RenameColumn(scope.table, reading.identifier(old), reading.identifier(new_name), scope.carrier)
    )


def _change(item: Cursor, scope: Scope) -> None:
    item.take("COLUMN")
    item.take("IF", "EXISTS")
    old, new = item.name(), item.name()
    if old is None or new is None:
        return
    reading = scope.reading
    if reading.name(old) != reading.name(new):
        reading.facts.append(RenameColumn(scope.table, reading.identifier(old), reading.identifier(new), scope.carrier))
    elif reading.is_wanted(old):
        scope.refer(old)
        scope.refer(new)
    _read_position(item, scope)


def _modify(item: Cursor, scope: Scope) -> None:
    item.take("COLUMN")
    item.take("IF", "EXISTS")
    inside = item.parenthesised() if item.upper() == "(" else None
    for part in inside.items() if inside is not None else [item]:
        token = part.name()
        if token is not None and scope.reading.is_wanted(token):
            scope.refer(token)
        _read_position(part, scope)
        read_references(part, scope)


def _alter(item: Cursor, scope: Scope) -> None:
    if item.upper() in ("CONSTRAINT", "INDEX") and item.peek(1) is not None:
        return
    item.take("COLUMN")
    token = item.name()
    if token is not None and scope.reading.is_wanted(token):
        scope.refer(token)
    # ``USING metadata::jsonb`` converts the old value.
    while (rest := item.peek()) is not None:
        if rest.upper == "USING":
            item.at += 1
            read_references(item, scope, everywhere=True)
            return
        item.at += 1


def read_drop_table(cursor: Cursor, reading: Reading, carrier: Carrier) -> None:
    """Read ``DROP TABLE`` from behind the word TABLE."""
    cursor.take("IF", "EXISTS")
    for item in cursor.items():
        parts = item.dotted()
        if without_hole(parts):
            reading.facts.append(DropTable(reading.table(parts), carrier))


def read_rename_table(cursor: Cursor, reading: Reading, carrier: Carrier) -> None:
    """Read MySQL's ``RENAME TABLE a TO b, c TO d`` from behind the word TABLE."""
    for item in cursor.items():
        old = item.dotted()
        new = item.dotted() if item.take("TO") else []
        if without_hole(old) and without_hole(new):
            reading.facts.append(RenameTable(reading.table(old), reading.table(new), carrier))


def _unread(cursor: Cursor, reading: Reading, carrier: Carrier, reason: str) -> None:
    """Report an unread statement where a wanted name is at stake in the rest of it."""
    if any(reading.is_wanted(token) for token in cursor.tokens[max(0, cursor.at - 1) : cursor.stop]):
        reading.facts.append(UnreadSql(reason, carrier))
