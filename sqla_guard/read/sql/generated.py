"""Names that a database makes up from a column's name: of constraints, keys, indexes and sequences without one."""

from __future__ import annotations

import re
from collections.abc import Sequence

from sqla_guard.read.sql.columns import is_constraint
from sqla_guard.read.sql.names import Cursor, Reading
from sqla_guard.read.sql.script import mask
from sqla_guard.read.sql.statements import heading
from sqla_guard.read.sql.tokens import Token, tokenize

_HEAD = re.compile(r"\b(?:create|alter)\b", re.IGNORECASE)
_KEYS = frozenset(["UNIQUE", "KEY", "INDEX", "FOREIGN", "REFERENCES"])
# PostgreSQL names more than keys after a column.
_MADE = {
    "mysql": _KEYS,
    "postgres": _KEYS
    | frozenset(["CHECK", "EXCLUDE", "SERIAL", "BIGSERIAL", "SMALLSERIAL", "SERIAL4", "SERIAL8", "IDENTITY"]),
}
_EVERY = _MADE["postgres"]


def made_up_name(statement: str, column: str, dialect: str) -> str:
    """Return the word (``UNIQUE``) for which a database makes up a name out of ``column``; empty for none.

    Args:
        statement: A CREATE TABLE, ALTER TABLE or CREATE INDEX, or the Python call that holds it.
        column: The column, folded.
        dialect: sqlglot's name; empty where it is not known, which counts as any.
    """
    made = _MADE.get(dialect, _EVERY if not dialect else frozenset())
    text = mask(statement)
    head = _HEAD.search(text)
    if not made or head is None:
        return ""
    tokens = tokenize(text[head.start() :], dialect or None).tokens
    reading = Reading(dialect or None, frozenset({column}))
    verb, kind, behind = heading(tokens)
    cursor = Cursor(tokens, behind)
    if verb == "CREATE" and kind == "INDEX":
        cursor.take("CONCURRENTLY")
        cursor.take("IF", "NOT", "EXISTS")
        return "INDEX" if cursor.upper() == "ON" and _names(tokens[cursor.at :], reading) else ""
    if kind != "TABLE" or verb not in ("CREATE", "ALTER"):
        return ""
    return _in_table(cursor, reading, made, verb == "ALTER")


def _in_table(cursor: Cursor, reading: Reading, made: frozenset[str], altered: bool) -> str:
    cursor.take("IF", "NOT", "EXISTS")
    cursor.take("IF", "EXISTS")
    cursor.take("ONLY")
    cursor.dotted()
    inside = cursor if altered else cursor.parenthesised()
    for item in inside.items() if inside is not None else ():
        if altered and not item.take("ADD"):
            continue
        is_column = item.take("COLUMN") or not is_constraint(item)
        item.take("IF", "NOT", "EXISTS")
        tokens = item.tokens[item.at : item.stop]
        word = _in_item(tokens, reading, made, is_column)
        if word:
            return word
    return ""


def _in_item(tokens: Sequence[Token], reading: Reading, made: frozenset[str], is_column: bool) -> str:
    depth, named, own = 0, False, is_column and bool(tokens) and reading.is_wanted(tokens[0])
    for index, token in enumerate(tokens[1:] if is_column else tokens, 1 if is_column else 0):
        depth += (token.upper == "(") - (token.upper == ")")
        if depth:
            continue
        if token.upper == "CONSTRAINT":
            named = True
        elif token.upper in made and not (token.upper in ("KEY", "INDEX") and _follows(tokens, index)):
            mine = own and token.upper != "CHECK"
            if not named and not _has_name(tokens, index) and (mine or _names(_group(tokens, index), reading)):
                return token.upper
            named = False
    return ""


def _follows(tokens: Sequence[Token], index: int) -> bool:
    """Tell whether KEY or INDEX goes on with the word before it, as in ``PRIMARY KEY``."""
    return index > 0 and tokens[index - 1].upper in ("PRIMARY", "UNIQUE", "FOREIGN", "FULLTEXT", "SPATIAL")


def _has_name(tokens: Sequence[Token], index: int) -> bool:
    """Tell ``KEY name (column)`` of MySQL from ``KEY (column)``, and from ``UNIQUE NOT NULL``."""
    at = index + 1
    if at < len(tokens) and tokens[at].upper in ("KEY", "INDEX"):
        at += 1
    named = at + 1 < len(tokens) and tokens[at].kind in ("word", "quoted") and tokens[at + 1].upper in ("(", "USING")
    return named and tokens[index].upper in _KEYS - {"REFERENCES"}


def _group(tokens: Sequence[Token], index: int) -> list[Token]:
    """Return the tokens in the first parentheses behind ``index``; those of REFERENCES name another table."""
    if tokens[index].upper == "REFERENCES":
        return []
    found: list[Token] = []
    depth = 0
    for token in tokens[index:]:
        depth += (token.upper == "(") - (token.upper == ")")
        if depth:
            found.append(token)
        elif found:
            break
    return found


def _names(tokens: Sequence[Token], reading: Reading) -> bool:
    return any(reading.is_wanted(token) for token in tokens)
