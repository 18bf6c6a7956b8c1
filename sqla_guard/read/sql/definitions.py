"""Statements that define, rename or drop tables and columns, read token by token.

No syntax tree: an unknown clause in one column never hides the next one.
"""

from __future__ import annotations

from typing import Literal

from msgspec.structs import replace

from sqla_guard.facts.operations import (
    AddColumn,
    Carrier,
    CreateTable,
    DropColumn,
    DropTable,
    Identifier,
    RenameColumn,
    RenameTable,
    SetType,
    TableName,
    UnreadSql,
)
from sqla_guard.read.sql.columns import is_constraint, read_references
from sqla_guard.read.sql.names import Cursor, Reading, Scope, without_hole
from sqla_guard.read.sql.selects import query_outputs

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


def read_create_table(cursor: Cursor, reading: Reading, carrier: Carrier) -> int | None:
    """Read ``CREATE TABLE`` from behind the word TABLE.

    Returns:
        Where a query starts (``AS SELECT``), whose references are still to be read; ``None`` without one.
    """
    words = {token.upper for token in cursor.tokens[: cursor.at]}
    if cursor.take("IF", "NOT", "EXISTS"):
        carrier = replace(carrier, rerunnable=True)
    hidden = cursor.upper() == "#" or cursor.tokens[min(cursor.at, cursor.stop - 1)].text.startswith("#")
    parts = cursor.dotted()
    if not parts:
        return None
    if not without_hole(parts):
        _unread(cursor, reading, carrier, "the table's name is put in at run time")
        return None
    scope = Scope(reading, carrier, reading.table(parts))
    body = _Body(scope)
    body.read(cursor)
    made = query_outputs(cursor, reading)
    if made is not None and not body.columns:
        body.columns, body.partial = made.columns, made.partial
        body.like += made.like
    temporary = hidden or bool(words & {"TEMP", "TEMPORARY", "VOLATILE"})
    reading.facts.append(
        CreateTable(
            scope.table,
            tuple(body.columns),
            carrier,
            body.partial,
            "temporary" if temporary else "table",
            tuple(body.like),
            "REPLACE" in words,
            body.of,
        )
    )
    if made is not None:
        return made.start
    _read_tail(cursor, scope)
    return None


def read_create_view(cursor: Cursor, reading: Reading, carrier: Carrier) -> int:
    """Read ``CREATE VIEW`` from behind the word VIEW; return where its query starts."""
    words = {token.upper for token in cursor.tokens[: cursor.at]}
    cursor.take("IF", "NOT", "EXISTS")
    parts = cursor.dotted()
    named: list[Identifier] = []
    inside = cursor.parenthesised() if cursor.upper() == "(" else None
    for item in inside.items() if inside is not None else ():
        token = item.name()
        if token is not None and not token.has_hole:
            named.append(reading.identifier(token))
    made = query_outputs(cursor, reading)
    if made is None:
        return cursor.stop
    if without_hole(parts):
        columns, partial = (named, False) if named else (made.columns, made.partial)
        like = () if named else tuple(made.like)
        table = reading.table(parts)
        view = CreateTable(table, tuple(columns), carrier, partial, "view", like, "REPLACE" in words)
        reading.facts.append(view)
    else:
        _unread(cursor, reading, carrier, "the view's name is put in at run time")
    return made.start


def read_select_into(cursor: Cursor, reading: Reading, carrier: Carrier) -> None:
    """Read ``SELECT … INTO t FROM …``, which makes a table in PostgreSQL and SQL Server."""
    depth = 0
    for index in range(cursor.at, cursor.stop):
        word = cursor.tokens[index].upper
        depth += (word == "(") - (word == ")")
        if word != "INTO" or depth:
            continue
        into = Cursor(cursor.tokens, index + 1, cursor.stop)
        kind = into.take_any(frozenset(("TEMP", "TEMPORARY")))
        into.take_any(frozenset(("UNLOGGED", "TABLE")))
        hidden = into.upper() == "#" or (into.peek() is not None and into.tokens[into.at].text.startswith("#"))
        parts = into.dotted()
        made = query_outputs(Cursor(cursor.tokens, cursor.at, cursor.stop), reading)
        if without_hole(parts) and made is not None and into.upper() == "FROM":
            sort: Literal["table", "temporary"] = "temporary" if kind or hidden else "table"
            table = reading.table(parts)
            create = CreateTable(table, tuple(made.columns), carrier, made.partial, sort, tuple(made.like))
            reading.facts.append(create)
        return


class _Body:
    """The part of ``CREATE TABLE`` that lists columns, or tables to take them from."""

    def __init__(self, scope: Scope) -> None:
        self._scope = scope
        self.columns: list[Identifier] = []
        self.like: list[TableName] = []
        self.of: TableName | None = None
        self.partial = False

    def read(self, cursor: Cursor) -> None:
        """Read up to the end of the list."""
        if cursor.take("PARTITION", "OF") or cursor.take("LIKE") or cursor.take("CLONE"):
            self._take_from(cursor)
            return
        if cursor.take("OF"):
            self._take_from(cursor)
            self.of = self.like[-1] if self.like else None
            read_references(cursor, self._scope)
            return
        if cursor.take("USING"):
            cursor.name()
        if cursor.upper() != "(" or cursor.upper(1) in ("SELECT", "WITH"):
            self.partial = cursor.upper() not in ("AS", "SELECT", "(", "WITH")
            return
        inside = cursor.parenthesised()
        self.partial = cursor.tokens[cursor.at - 1].upper != ")"
        for item in inside.items() if inside is not None else ():
            if item.take("LIKE"):
                self._take_from(item)
            elif not _read_item(item, self._scope, self.columns):
                self.partial = True
        self._read_behind(cursor)

    def _read_behind(self, cursor: Cursor) -> None:
        if cursor.take("INHERITS"):
            parents = cursor.parenthesised()
            for parent in parents.items() if parents is not None else ():
                self._take_from(parent)
        if cursor.upper() == "PARTITIONED" and cursor.upper(1) == "BY":
            self._partition_columns(Cursor(cursor.tokens, cursor.at + 2, cursor.stop))

    def _take_from(self, cursor: Cursor) -> None:
        parts = cursor.dotted()
        if without_hole(parts):
            self.like.append(self._scope.reading.table(parts))
        else:
            self.partial = True

    def _partition_columns(self, cursor: Cursor) -> None:
        """Read ``PARTITIONED BY (day STRING)`` of Hive, which makes columns; without a type it names them."""
        inside = cursor.parenthesised()
        for item in inside.items() if inside is not None else ():
            token = item.peek()
            follows = item.peek(1)
            if token is not None and follows is not None and follows.kind == "word" and not token.has_hole:
                self.columns.append(self._scope.reading.identifier(token))


def _read_item(item: Cursor, scope: Scope, columns: list[Identifier]) -> bool:
    """Read one item of the list; ``False`` where it may hold columns that cannot be read."""
    first = item.peek()
    if is_constraint(item):
        read_references(item, scope)
        return True
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


def read_type(verb: str, cursor: Cursor, reading: Reading, carrier: Carrier) -> None:
    """Read a statement that makes, alters or drops a type that tables can be of, from behind the word TYPE."""
    if verb == "CREATE":
        _create_type(cursor, reading, carrier)
    elif verb == "ALTER":
        _alter_type(cursor, reading, carrier)
    else:
        read_drop_table(cursor, reading, carrier)


def _create_type(cursor: Cursor, reading: Reading, carrier: Carrier) -> None:
    """Read ``t AS (…)``, and Oracle's ``AS OBJECT (…)``."""
    parts = cursor.dotted()
    if not cursor.take("AS") or not without_hole(parts):
        return
    cursor.take("OBJECT")
    body = _Body(Scope(reading, carrier, reading.table(parts)))
    if cursor.upper() != "(":
        return
    body.read(cursor)
    reading.facts.append(CreateTable(reading.table(parts), tuple(body.columns), carrier, body.partial, "type"))


def _alter_type(cursor: Cursor, reading: Reading, carrier: Carrier) -> None:
    """Read ``t ADD, DROP or RENAME ATTRIBUTE``, and its new name."""
    parts = cursor.dotted()
    if not without_hole(parts):
        return
    scope = Scope(reading, carrier, reading.table(parts))
    if cursor.take("SET", "SCHEMA"):
        _set_schema(cursor, scope)
    elif cursor.upper() == "RENAME" and cursor.upper(1) == "TO":
        cursor.at += 1
        _rename(cursor, scope)
    for item in cursor.items():
        action = {"ADD": _add, "DROP": _drop, "RENAME": _rename}.get(item.upper())
        if action is not None and item.upper(1) == "ATTRIBUTE":
            item.at += 2
            action(item, scope)


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
    if cursor.take("SET", "SCHEMA"):
        _set_schema(cursor, scope)
        return
    if cursor.take("NOT", "OF"):
        reading.facts.append(SetType(scope.table, None, carrier))
        return
    if cursor.take("OF"):
        of = cursor.dotted()
        reading.facts += [SetType(scope.table, reading.table(of), carrier)] if without_hole(of) else []
        return
    if cursor.take("SET", "UNUSED"):  # Oracle: gone for everyone, its space is freed later
        _drop(cursor, scope)
        return
    if cursor.take("WITH"):  # SQL Server: WITH CHECK ADD CONSTRAINT …
        cursor.take_any(frozenset(("CHECK", "NOCHECK")))
    verb = ""
    for item in cursor.items():
        verb = _read_action(item, scope, verb)


def _set_schema(cursor: Cursor, scope: Scope) -> None:
    schema = cursor.dotted()
    if without_hole(schema):
        moved = TableName(scope.table.name, scope.reading.name(schema[-1]))
        scope.reading.facts.append(RenameTable(scope.table, moved, scope.carrier))


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
            if len(parts) == 1:
                new = TableName(new.name, scope.table.schema, scope.table.path)
            scope.reading.facts.append(RenameTable(scope.table, new, scope.carrier))
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
