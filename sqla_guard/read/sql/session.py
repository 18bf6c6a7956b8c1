"""Where names without a schema lead: what ``SET search_path``, ``USE`` and their like say for the statements behind."""

from __future__ import annotations

from collections.abc import Sequence

from sqla_guard.read.sql.names import Cursor, Reading
from sqla_guard.read.sql.statements import Statement, heading
from sqla_guard.read.sql.tokens import Token

_ENDS = frozenset(("COMMIT", "ROLLBACK", "END", "ABORT"))
_NO_SCHEMAS = frozenset(("ROLE", "WAREHOUSE", "SECONDARY"))
# Nothing is made in the one; the other stands for whoever runs the script, who seldom has a schema.
_PASSED_OVER = frozenset(("pg_catalog", "pg_temp", "$user"))


def follow(tokens: Sequence[Token], reading: Reading) -> None:
    """Set what ``reading`` searches, if the statement of these tokens changes that."""
    first = tokens[0].upper
    cursor = Cursor(tokens, 1)
    if first == "SET":
        _set(cursor, reading)
    elif first == "USE":
        _use(cursor, reading)
    elif first == "ALTER" and cursor.take("SESSION", "SET", "CURRENT_SCHEMA", "="):
        reading.path = _names(cursor, reading)
    elif first == "SELECT":
        _set_config(cursor, reading)
    elif (first == "RESET" and cursor.upper() in ("SEARCH_PATH", "ALL")) or (first == "DISCARD" and cursor.take("ALL")):
        reading.path = ()
    elif first in _ENDS and reading.outside is not None:
        reading.path, reading.outside = reading.outside, None


def schema_around(before: Statement | None, between: str, reading: Reading) -> tuple[str, ...] | None:
    """Return the schema that a statement is an element of: ``CREATE SCHEMA s CREATE TABLE t ...``.

    Args:
        before: The statement before it.
        between: The masked text between the two.
        reading: Folds names.
    """
    if before is None or ";" in between or between.strip() or heading(before.tokens)[:2] != ("CREATE", "SCHEMA"):
        return None
    cursor = Cursor(before.tokens, heading(before.tokens)[2])
    cursor.take("IF", "NOT", "EXISTS")
    cursor.take("AUTHORIZATION")
    parts = cursor.dotted()
    return (reading.name(parts[-1]),) if parts and not parts[-1].has_hole else None


def _set(cursor: Cursor, reading: Reading) -> None:
    local = cursor.take("LOCAL")
    cursor.take("SESSION")
    if cursor.take("SEARCH_PATH"):
        if not (cursor.take("TO") or cursor.take("=")):
            return
        names = () if cursor.upper() == "DEFAULT" else _names(cursor, reading)
    elif cursor.take("SCHEMA") or cursor.take("CURRENT", "SCHEMA"):
        cursor.take("=")
        names = _names(cursor, reading)
    else:
        return
    if local and reading.outside is None:
        reading.outside = reading.path
    reading.path = names


def _use(cursor: Cursor, reading: Reading) -> None:
    if cursor.upper() in _NO_SCHEMAS and cursor.peek(1) is not None:
        return
    if cursor.take("DATABASE") and reading.dialect == "snowflake":
        reading.path = ()
        return
    cursor.take_any(frozenset(("SCHEMA", "CATALOG")))
    parts = cursor.dotted()
    reading.path = _kept([reading.name(parts[-1])]) if parts and not parts[-1].has_hole else ()


def _set_config(cursor: Cursor, reading: Reading) -> None:
    """Read ``SELECT set_config('search_path', 'a, b', false)``, as pg_dump writes it."""
    cursor.take("PG_CATALOG", ".")
    given = [t.name for t in cursor.tokens[cursor.at : cursor.stop] if t.kind == "string"]
    if cursor.upper() == "SET_CONFIG" and given[:1] == ["search_path"] and len(given) > 1:
        reading.path = _kept([name.strip().strip('"') for name in given[1].split(",")])


def _names(cursor: Cursor, reading: Reading) -> tuple[str, ...]:
    found: list[str] = []
    for item in cursor.items():
        token = item.name(strings=True)
        if token is None or token.has_hole or item.peek() is not None:
            return ()  # put in at run time: it may be any
        found.append(token.name if token.kind == "string" else reading.name(token))
    return _kept(found)


def _kept(names: Sequence[str]) -> tuple[str, ...]:
    return tuple(name for name in names if name and name not in _PASSED_OVER)
