"""What a query names its results: the columns of ``CREATE TABLE … AS SELECT``, ``SELECT … INTO`` and views."""

from __future__ import annotations

from msgspec import Struct, field

from sqla_guard.facts.operations import Identifier, TableName
from sqla_guard.read.sql.names import Cursor, Reading, without_hole
from sqla_guard.read.sql.tokens import Token

_ENDS = frozenset(["FROM", "UNION", "INTERSECT", "EXCEPT", "MINUS", "WHERE", "LIMIT", "WITH", "INTO", "ORDER", "GROUP"])
_FROM_ENDS = frozenset(
    ["WHERE", "GROUP", "HAVING", "ORDER", "LIMIT", "UNION", "INTERSECT", "EXCEPT", "MINUS", "WINDOW", "FETCH", "OFFSET"]
)
_NO_ALIAS = _FROM_ENDS | frozenset(
    ["ON", "USING", "JOIN", "LEFT", "RIGHT", "INNER", "OUTER", "FULL", "CROSS", "NATURAL", "LATERAL", "WITH", ",", ")"]
)


class Outputs(Struct):
    """The columns of a result.

    Attributes:
        columns: Those that have a name in the text; without a place where the name is that of the column behind it.
        like: Tables whose columns ``*`` passes through.
        partial: Whether there may be more.
        start: Where the query starts among the tokens.
    """

    columns: list[Identifier] = field(default_factory=list)
    like: list[TableName] = field(default_factory=list)
    partial: bool = False
    start: int = 0


def query_outputs(cursor: Cursor, reading: Reading) -> Outputs | None:
    """Return what the query behind ``cursor`` gives; ``None`` where no query follows."""
    probe = Cursor(cursor.tokens, cursor.at, cursor.stop)
    start = probe.at
    ctes: set[str] = set()
    named = False
    while probe.at < probe.stop and probe.upper() != "SELECT":
        word = probe.upper()
        if word == "AS" and not named:
            named, start = True, probe.at + 1
        if word == "(" and (named or probe.at == cursor.at) and probe.upper(1) in ("SELECT", "WITH", "("):
            if probe.tokens[probe.at - 1].upper == "AS" and probe.at > start:
                ctes.add(_cte_name(probe, reading))
                probe.skip_group()
            else:
                probe.at += 1
        elif word == "(":
            probe.skip_group()
        else:
            probe.at += 1
    if probe.at >= probe.stop:
        return Outputs(partial=True, start=start) if named else None
    if not named:
        start = probe.at
    found = _results(probe, reading, ctes)
    found.start = start
    return found


def _cte_name(probe: Cursor, reading: Reading) -> str:
    index = probe.at - 2
    while index > 0 and probe.tokens[index].upper in ("NOT", "MATERIALIZED", ")"):
        index -= 1
    return reading.name(probe.tokens[index])


def _results(probe: Cursor, reading: Reading, ctes: set[str]) -> Outputs:
    probe.take("SELECT")
    if probe.take("DISTINCT") and probe.take("ON"):
        probe.skip_group()
    end, depth = probe.at, 0
    while end < probe.stop and not (depth == 0 and probe.tokens[end].upper in _ENDS):
        depth += (probe.tokens[end].upper == "(") - (probe.tokens[end].upper == ")")
        if depth < 0:
            break
        end += 1
    found = Outputs()
    sources = _sources(Cursor(probe.tokens, end, probe.stop), reading, ctes)
    for item in Cursor(probe.tokens, probe.at, end).items():
        if item.tokens[item.stop - 1].upper == "*" and item.stop - item.at in (1, 3):
            of = reading.name(item.tokens[item.at]) if item.stop - item.at == 3 else ""
            tables = [t for name, t in (sources or []) if of in ("", name)]
            found.like += tables
            found.partial |= not tables
            continue
        name = _name(item, reading)
        if name is None:
            found.partial = True
        else:
            found.columns.append(name)
    return found


def _name(item: Cursor, reading: Reading) -> Identifier | None:
    """Return the name a result has: its alias, or the bare column."""
    last = item.tokens[item.stop - 1]
    if last.kind not in ("word", "quoted") or last.has_hole or last.upper == "END":
        return None
    name = reading.identifier(last)
    before = item.tokens[item.stop - 2] if item.stop - item.at > 1 else None
    bare = before is None or before.upper == "."
    return Identifier(name.name, None, name.quoted) if bare else None if before.upper == "::" else name  # type: ignore[union-attr]


def _sources(cursor: Cursor, reading: Reading, ctes: set[str]) -> list[tuple[str, TableName]] | None:
    """Return the tables of FROM with the names they go by, ``None`` where one of them is no plain table."""
    while cursor.at < cursor.stop and cursor.upper() != "FROM":
        if cursor.upper() == ")":
            return None
        cursor.at += 1
    found: list[tuple[str, TableName]] = []
    expected = True
    while cursor.at < cursor.stop and cursor.upper() not in _FROM_ENDS and cursor.upper() != ")":
        if cursor.upper() in ("FROM", "JOIN", ","):
            cursor.at += 1
            expected = True
        elif expected:
            expected = False
            cursor.take("ONLY")
            parts = cursor.dotted()
            if not without_hole(parts) or cursor.upper() == "(" or reading.name(parts[-1]) in ctes:
                return None
            found.append((_alias(cursor, reading, parts), reading.table(parts)))
        elif cursor.upper() == "(":
            cursor.skip_group()
        else:
            cursor.at += 1
    return found or None


def _alias(cursor: Cursor, reading: Reading, parts: list[Token]) -> str:
    cursor.take("AS")
    token = cursor.peek()
    if token is not None and token.kind in ("word", "quoted") and token.upper not in _NO_ALIAS:
        cursor.at += 1
        return reading.name(token)
    return reading.name(parts[-1])
