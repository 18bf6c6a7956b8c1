"""Which table a name without a schema is, where scripts say in which schemas to look."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from msgspec import Struct
from msgspec.structs import replace

from sqla_guard.facts.operations import (
    AddColumn,
    ColumnReference,
    CreateTable,
    RenameColumn,
    RenameTable,
    SetType,
    SqlFact,
    TableName,
    UnreadSql,
)
from sqla_guard.project.replay import plain


class Landing(Struct, frozen=True):
    """The tables of one name.

    Attributes:
        made: All that some script makes.
        homes: The schemas that scripts make it in without writing that, where none makes it in the schema that goes
            without saying: models that name no schema mean one of those.
    """

    made: frozenset[TableName]
    homes: frozenset[str]

    @classmethod
    def of(cls, facts: Iterable[SqlFact], name: str) -> Landing:
        """Return where the tables called ``name`` are."""
        tables = [t for f in facts if f.carrier.direction == "up" for t in _made(f)]
        made = frozenset(plain(t) for t in tables)
        homes = {plain(t).schema for t in tables if t.path and plain(t).name == plain(TableName(name)).name}
        alone = plain(TableName(name)) not in made
        return cls(made, frozenset(home for home in homes if home and alone))

    def exact(self, table: TableName) -> TableName:
        """Return ``table`` with the schema that it really is in."""
        for schema in table.path:
            found = TableName(table.name, schema)
            if plain(found) in self.made:
                return found
        return TableName(table.name, table.schema)

    def short(self, table: TableName) -> TableName:
        """Return ``table`` as a model without a schema knows it, if it can be that."""
        found = self.exact(table)
        return TableName(found.name) if table.path and plain(found).schema in self.homes else found

    def seen_by(self, asked: TableName, facts: Iterable[SqlFact]) -> tuple[SqlFact, ...]:
        """Return ``facts`` with the names under which whoever asks for ``asked`` knows their tables."""
        name = self.short if plain(asked).schema is None else self.exact
        return tuple(_with_names(fact, name) for fact in facts)


def _made(fact: SqlFact) -> tuple[TableName, ...]:
    if isinstance(fact, CreateTable):
        return (fact.table,)
    return (fact.new,) if isinstance(fact, RenameTable) else ()


def candidates(fact: CreateTable | AddColumn | RenameColumn) -> tuple[TableName, ...]:
    """Return the tables that ``fact`` can be about, the first existing one of which it is."""
    # What is made lands in the first schema, whatever there is in the others.
    path = fact.table.path[:1] if isinstance(fact, CreateTable) else fact.table.path
    return tuple(TableName(fact.table.name, s) for s in path) or (fact.table,)


def _with_names(fact: SqlFact, name: Callable[[TableName], TableName]) -> SqlFact:
    if isinstance(fact, CreateTable):
        table = name(TableName(fact.table.name, fact.table.schema, fact.table.path[:1]))
        of = name(fact.of) if fact.of is not None else None
        return replace(fact, table=table, like=tuple(map(name, fact.like)), of=of)
    if isinstance(fact, RenameTable):
        old = name(fact.table)
        return replace(fact, table=old, new=TableName(fact.new.name, old.schema) if fact.new.path else fact.new)
    if isinstance(fact, UnreadSql):
        return replace(fact, tables=tuple(map(name, fact.tables)))
    if isinstance(fact, ColumnReference):
        table_of = name(fact.table) if fact.table is not None else None
        return replace(fact, table=table_of, candidates=tuple(map(name, fact.candidates)))
    if isinstance(fact, SetType):
        return replace(fact, table=name(fact.table), of=name(fact.of) if fact.of is not None else None)
    return replace(fact, table=name(fact.table))
