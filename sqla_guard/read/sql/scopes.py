"""Which table an unqualified or qualified name in a syntax tree belongs to."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from msgspec import Struct

from sqla_guard.facts.operations import TableName
from sqla_guard.read.sql.names import Reading
from sqla_guard.read.sql.script import HOLE
from sqla_guard.read.sql.tokens import Token
from sqla_guard.read.sql.tree import marked

_SET_OPERATIONS = ("Union", "Except", "Intersect")
_QUERIES = frozenset((*_SET_OPERATIONS, "Select", "Update", "Delete", "Insert", "Merge"))
_DEEPEST = 20


class Source(Struct, frozen=True):
    """Something that a query reads rows from: a ``table``, or else a ``query`` (``None`` for what has no names here).

    ``renamed`` where a list of column names follows the alias, ``unknown`` where the table is put in at run time.
    """

    names: tuple[str, ...]
    table: TableName | None
    query: Any = None
    renamed: bool = False
    unknown: bool = False


class Own(Exception):
    """The name belongs to the query's own outputs, not to a column of a table."""


class Scopes:
    """Name resolution in one tree."""

    def __init__(self, tokens: Sequence[Token], reading: Reading) -> None:
        """Remember the tokens that marked names lead to."""
        self._tokens = tokens
        self._reading = reading

    def folded(self, identifier: Any) -> str:
        """Return the folded name behind an identifier of the tree."""
        if identifier is None:
            return ""
        name = identifier if isinstance(identifier, str) else identifier.name
        index = marked(name)
        if index is not None:
            return self._reading.name(self._tokens[index])
        quoted = not isinstance(identifier, str) and bool(identifier.args.get("quoted"))
        if quoted and self._reading.dialect not in ("mysql", "sqlite", "tsql", "bigquery"):
            return str(name)
        return str(name).lower()

    def table(self, node: Any) -> TableName | None:
        """Return the table that a Table node (or a Schema around one) names; ``None`` where it is not known."""
        while type(node).__name__ in ("Schema", "Alias") and node.this is not None:
            node = node.this
        if type(node).__name__ != "Table" or type(node.this).__name__ != "Identifier":
            return None
        schema = self.folded(node.args.get("db")) or None
        name = self.folded(node.this)
        if HOLE in name:
            return None
        return TableName(name, schema) if schema else self._reading.placed(name)

    def resolve(self, node: Any, name: str, qualifier: str) -> tuple[TableName, ...] | None:
        """Return the tables that a column may belong to, the innermost first.

        Args:
            node: Where the name stands.
            name: The folded column name.
            qualifier: The folded alias or table in front of it, or empty.

        Returns:
            Empty where it is no column of a table (an output of a subquery), ``None`` where it cannot be said.
        """
        found: list[TableName] = []
        for query in self._enclosing(node):
            sources = self.sources(query)
            if qualifier:
                sources = [s for s in sources if qualifier in s.names][:1]
            if any(source.unknown for source in sources):
                return None
            try:
                found += [t for s in sources for t in self._through(s, name, 0) if t not in found]
            except Own:
                return tuple(found)
            if qualifier and sources:
                return tuple(found)
        return None if qualifier else tuple(found)

    def _enclosing(self, node: Any) -> list[Any]:
        """Return the queries whose tables can be meant at ``node``, innermost first."""
        queries: list[Any] = []
        child, parent = node, node.parent
        while parent is not None:
            kind = type(parent).__name__
            if kind == "CTE":
                break
            if kind in ("From", "Join") and child.arg_key == "this" and queries:
                # A subquery in FROM sees nothing of the query around it.
                break
            # What joins queries reads from nothing itself, and may join thousands.
            joins = kind in _SET_OPERATIONS and queries
            if kind in _QUERIES and not joins and not (kind == "Insert" and child.arg_key == "expression"):
                queries.append(parent)
            child, parent = parent, parent.parent
        return queries

    def sources(self, query: Any) -> list[Source]:
        """Return what ``query`` reads from, its target first."""
        kind = type(query).__name__
        nodes: list[Any] = []
        if kind in ("Update", "Delete", "Insert", "Merge"):
            nodes.append(query.this)
        for key in ("from", "from_", "using", "laterals", "joins", "tables"):
            value = query.args.get(key)
            nodes += value if isinstance(value, list) else [value]
        return [source for node in nodes for source in self._source(node, query)]

    def _source(self, node: Any, query: Any) -> list[Source]:
        if node is None or isinstance(node, (str, bool)):
            return []
        kind = type(node).__name__
        if kind in ("From", "Join"):
            inner = self._source(node.this, query)
            more = [self._source(join, query) for join in node.args.get("joins") or []]
            return inner + [source for group in more for source in group]
        if kind in ("Schema", "Paren"):
            return self._source(node.this, query)
        joined = [s for join in node.args.get("joins") or [] for s in self._source(join, query)]
        alias_node = node.args.get("alias")
        alias = self.folded(getattr(alias_node, "this", alias_node) or None)
        renamed = bool(getattr(alias_node, "args", {}).get("columns"))
        if kind == "Table" and type(node.this).__name__ == "Identifier":
            return [self._table_source(node, alias, renamed, query), *joined]
        if kind == "Subquery":
            if type(node.this).__name__ == "Table":
                return self._source(node.this, query) + joined
            return [Source((alias,) if alias else (), None, node.this, renamed), *joined]
        return [Source((alias,) if alias else (), None), *joined]

    def _table_source(self, node: Any, alias: str, renamed: bool, query: Any) -> Source:
        name = self.folded(node.this)
        # A hole behind a table reads as its alias, but may stand for any clause.
        names = (alias,) if alias and HOLE not in alias else (name,)
        if not node.args.get("db"):
            cte = self._cte(query, name)
            if cte is not None:
                columns = getattr(cte.args.get("alias"), "args", {}).get("columns")
                return Source(names, None, cte.this, renamed or bool(columns))
        table = self.table(node)
        return Source(names, table, unknown=table is None)

    def _cte(self, query: Any, name: str) -> Any | None:
        node = query
        while node is not None:
            clause = node.args.get("with") or node.args.get("with_")
            for cte in clause.expressions if clause is not None else ():
                if self.folded(getattr(cte.args.get("alias"), "this", None)) == name:
                    return cte
            node = node.parent
        return None

    def _through(self, source: Source, name: str, depth: int) -> list[TableName]:
        """Return the tables that can show a column ``name`` through ``source``.

        Raises:
            Own: ``source`` makes a column of that name itself.
        """
        if source.table is not None:
            return [source.table]
        if source.renamed:
            raise Own
        if source.query is None or depth > _DEEPEST:
            return []
        query = source.query
        while type(query).__name__ in (*_SET_OPERATIONS, "Subquery", "Paren"):
            query = query.this
        returning = query.args.get("returning")
        outputs = returning.expressions if returning is not None else query.expressions
        if type(query).__name__ != "Select" and returning is None:
            return []
        if any(self._names(output) == name for output in outputs):
            raise Own
        found: list[TableName] = []
        for star in outputs:
            of = self._star_of(star)
            if of is not None:
                inner = [s for s in self.sources(query) if not of or of in s.names]
                found += [t for s in inner if s is not source for t in self._through(s, name, depth + 1)]
        return found

    def _names(self, output: Any) -> str:
        if type(output).__name__ in ("Alias", "Column"):
            identifier = output.args.get("alias") if type(output).__name__ == "Alias" else output.this
            return self.folded(identifier) if type(identifier).__name__ in ("Identifier", "str") else ""
        if type(output).__name__ == "Cast":
            return self._names(output.this)
        return ""

    def _star_of(self, output: Any) -> str | None:
        """Return the qualifier of ``x.*``, an empty text for ``*``, ``None`` for anything else."""
        kind = type(output).__name__
        if kind == "Star":
            return ""
        if kind == "Column" and type(output.this).__name__ == "Star":
            return self.folded(output.args.get("table"))
        return None
