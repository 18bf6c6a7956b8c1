"""Names of columns in queries and data changes, by sqlglot's parser, one statement at a time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

from sqla_guard.facts.operations import Carrier, ColumnReference, TableName, UnreadSql
from sqla_guard.read.sql.names import Cursor, Reading, Scope
from sqla_guard.read.sql.scopes import Scopes
from sqla_guard.read.sql.tokens import Lexed, Token
from sqla_guard.read.sql.tree import Unparsed, marked, parse

Role = Literal["output", "plain", "fixed"]

# Names of the row that a statement writes, or wrote.
_ROW = frozenset(("excluded", "new", "old", "inserted", "deleted"))
_TABLE_WORDS = frozenset(["FROM", "JOIN", "INTO", "UPDATE", "TABLE", "ON", "REFERENCES"])
_NO_NAME = frozenset(
    [
        "OF",
        "SELECT",
        "CONFLICT",
        "INSERT",
        "UPDATE",
        "DELETE",
        "SET",
        "ONLY",
        "LATERAL",
        "DUPLICATE",
        "ALL",
        "WHERE",
        "TRUE",
        "FALSE",
    ]
)
_DATA_CHANGES = frozenset(("Update", "Delete", "Insert", "Merge"))
# Nodes in which a name stands for something else than a column.
_NOT_A_COLUMN = frozenset(
    [
        "Alias",
        "TableAlias",
        "Table",
        "CTE",
        "Window",
        "Dot",
        "Kwarg",
        "PropertyEQ",
        "Parameter",
        "Anonymous",
        "ColumnDef",
        "DataType",
        "Aliases",
        "Constraint",
        "Collate",
        "Pragma",
        "Use",
        "Index",
        "Lock",
        "Into",
        "Function",
        "UserDefinedFunction",
    ]
)
# PostgreSQL names the result of these after the column inside.
_PASSES_NAME = frozenset(("Cast", "TryCast", "Paren", "Bracket", "Collate", "Dot"))


def read_references(
    tokens: Sequence[Token],
    lexed: Lexed,
    reading: Reading,
    carrier: Carrier,
    text: str,
    fixed: bool = False,
) -> None:
    """Report which wanted names in a statement are columns of which table.

    Args:
        tokens: The statement.
        lexed: The text it comes from.
        reading: Takes the facts.
        carrier: Of the statement.
        text: The masked text.
        fixed: Whether nothing in it may be edited (a view's query, dynamic SQL).
    """
    done = set() if fixed else _read_insert_columns(tokens, reading, carrier)
    if not any(reading.is_wanted(t) and t.start not in done for t in tokens):
        return
    try:
        tree = parse(tokens, lexed, reading, text)
    except Unparsed as error:
        reading.facts.append(UnreadSql(str(error), carrier, mentioned_tables(tokens, reading)))
        return
    before = len(reading.facts)
    try:
        _Reader(tokens, reading, carrier, fixed).read(tree, done)
    except Exception:
        # The shape of sqlglot's trees differs from release to release; a strange one is unread, not a crash.
        reading.facts[before:] = [UnreadSql("its syntax is not understood", carrier, mentioned_tables(tokens, reading))]


def mentioned_tables(tokens: Sequence[Token], reading: Reading) -> tuple[TableName, ...]:
    """Return the tables that ``tokens`` seem to name, without a syntax tree."""
    found: dict[TableName, None] = {}
    for index, token in enumerate(tokens):
        if token.upper not in _TABLE_WORDS:
            continue
        cursor = Cursor(tokens, index + 1)
        if cursor.upper() in ("ONLY", "TABLE"):
            cursor.at += 1
        cursor.take("IF", "EXISTS")
        if cursor.upper() in _NO_NAME:
            continue
        parts = cursor.dotted()
        if parts and not parts[-1].has_hole and parts[-1].kind != "string":
            found[reading.table(parts)] = None
    return tuple(found)


def _read_insert_columns(tokens: Sequence[Token], reading: Reading, carrier: Carrier) -> set[int]:
    """Read ``INSERT INTO t (a, b)`` by tokens; return the starts of the names that are done."""
    into = next((i for i, t in enumerate(tokens[:6]) if t.upper == "INTO"), -1)
    if into < 1 or tokens[0].upper not in ("INSERT", "REPLACE"):
        return set()
    cursor = Cursor(tokens, into + 1)
    cursor.take("TABLE")
    parts = cursor.dotted()
    if not parts or parts[-1].has_hole:
        return set()
    if cursor.take("AS") or (cursor.upper() not in ("(", "") and cursor.upper(1) == "("):
        cursor.name()
    if cursor.upper(1) in ("SELECT", "WITH"):
        return set()
    inside = cursor.parenthesised()
    if inside is None:
        return set()
    scope = Scope(reading, carrier, reading.table(parts))
    done: set[int] = set()
    for token in tokens[inside.at : inside.stop]:
        if reading.is_wanted(token):
            scope.refer(token)
            done.add(token.start)
    return done


class _Reader:
    """Walks one tree."""

    def __init__(self, tokens: Sequence[Token], reading: Reading, carrier: Carrier, fixed: bool) -> None:
        self._tokens = tokens
        self._reading = reading
        self._carrier = carrier
        self._fixed = fixed
        self._unresolved = False
        self._scopes = Scopes(tokens, reading)

    def read(self, tree: Any, done: set[int]) -> None:
        """Report every wanted name of the tree; names that got lost in it make the statement unread."""
        seen: set[int] = set()
        lost = False
        for node in tree.walk():
            if isinstance(node, tuple):  # older releases give (node, parent, key)
                node = node[0]
            index = marked(node.this) if isinstance(node.args.get("this"), str) else None
            if index is None:
                continue
            seen.add(index)
            if type(node).__name__ == "Identifier" and self._tokens[index].start not in done:
                lost |= not self._identifier(node, self._tokens[index])
        wanted = {i for i, t in enumerate(self._tokens) if self._reading.is_wanted(t) and t.start not in done}
        tables = mentioned_tables(self._tokens, self._reading)
        if lost or any(not self._is_call(i) for i in wanted - seen):
            self._reading.facts.append(UnreadSql("its syntax is not understood", self._carrier, tables))
        elif self._unresolved:
            self._reading.facts.append(UnreadSql("the table it names is not known here", self._carrier, tables))

    def _is_call(self, index: int) -> bool:
        return index + 1 < len(self._tokens) and self._tokens[index + 1].upper == "("

    def _identifier(self, node: Any, token: Token) -> bool:
        """Report one identifier; ``False`` where its part in the statement is not understood."""
        parent = node.parent
        kind = type(parent).__name__
        if kind == "Column":
            if node.arg_key == "this":
                self._column(parent, token)
            return True
        if kind == "Schema":
            self._emit(token, self._targets(parent), "plain")
            return True
        if kind == "OnConflict" or (kind == "Anonymous" and parent.name.upper() == "VALUES"):
            self._emit(token, self._targets(parent), "plain")
            return True
        if kind == "Join":
            # USING (metadata): a column of the tables on both sides.
            query = parent.parent
            tables = [s.table for s in self._scopes.sources(query) if s.table] if query is not None else []
            self._emit(token, tuple(tables), "fixed")
            return True
        return kind in _NOT_A_COLUMN

    def _column(self, column: Any, token: Token) -> None:
        name = self._reading.name(token)
        qualifier = self._scopes.folded(column.args.get("table"))
        role = self._role(column)
        target = self._written(column, qualifier)
        if target is not None:
            self._emit(token, target, role)
            return
        if not qualifier and self._is_output_name(column, name):
            return
        tables = self._scopes.resolve(column, name, qualifier)
        if tables is None:
            self._emit(token, mentioned_tables(self._tokens, self._reading), "fixed")
        else:
            self._emit(token, tables, role, unknown=False)

    def _role(self, column: Any) -> Role:
        node, parent, passed = column, column.parent, False
        while parent is not None and type(parent).__name__ in _PASSES_NAME and node.arg_key == "this":
            node, parent, passed = parent, parent.parent, True
        listed = node.arg_key == "expressions" and type(parent).__name__ in ("Select", "Returning")
        if not listed:
            return "plain"
        return "fixed" if passed else "output"

    def _written(self, column: Any, qualifier: str) -> tuple[TableName, ...] | None:
        """Return the table that a data change writes ``column`` of, ``None`` where it only reads."""
        parent = column.parent
        assigned = type(parent).__name__ == "EQ" and column.arg_key == "this" and parent.arg_key == "expressions"
        if assigned and type(parent.parent).__name__ in ("Update", "OnConflict"):
            change = self._change(column)
            tables = self._targets(column)
            if qualifier and change is not None and type(change).__name__ == "Update":
                return self._scopes.resolve(column, "", qualifier)
            return tables
        if qualifier in _ROW or (not qualifier and self._nearest(column, ("OnConflict", "Select")) == "OnConflict"):
            tables = self._targets(column)
            return tables or None
        if not qualifier and type(parent).__name__ == "Tuple" and self._nearest(column, ("When",)) == "When":
            return self._targets(column)
        return None

    def _nearest(self, node: Any, kinds: tuple[str, ...]) -> str:
        while (node := node.parent) is not None:
            if type(node).__name__ in kinds:
                return type(node).__name__
        return ""

    def _change(self, node: Any) -> Any | None:
        while node is not None:
            if (
                type(node).__name__ in _DATA_CHANGES
                and (type(node).__name__ != "Update" or node.this is not None)
                and type(node.this).__name__ in ("Table", "Schema")
            ):
                return node
            node = node.parent
        return None

    def _targets(self, node: Any) -> tuple[TableName, ...]:
        """Return the table that the data change around ``node`` writes."""
        change = self._change(node)
        table = self._scopes.table(change.this) if change is not None else None
        return (table,) if table is not None else ()

    def _is_output_name(self, column: Any, name: str) -> bool:
        """Tell whether ``ORDER BY metadata`` means a result of that name, not a column."""
        node, parent = column, column.parent
        while parent is not None:
            kind = type(parent).__name__
            if kind in ("Union", "Except", "Intersect") and node.arg_key in ("order", "limit"):
                return True
            if kind == "Select":
                aliases = [e.args.get("alias") for e in parent.expressions if type(e).__name__ == "Alias"]
                return node.arg_key == "order" and any(self._scopes.folded(a) == name for a in aliases)
            node, parent = parent, parent.parent
        return False

    def _emit(self, token: Token, tables: tuple[TableName, ...], role: Role, unknown: bool = True) -> None:
        if not tables:
            self._unresolved |= unknown
            return
        table = tables[0] if len(tables) == 1 else None
        candidates = () if table is not None else tables
        role = "fixed" if self._fixed else role
        identifier = self._reading.identifier(token)
        self._reading.facts.append(ColumnReference(table, identifier, role, self._carrier, candidates))
