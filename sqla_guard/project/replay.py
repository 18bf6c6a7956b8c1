"""What the database looks like after all of its DDL ran, without running it.

The answer is three-valued. A column is :class:`Known` with the places that define it,
:class:`Absent` because something took it away or never made it, or :class:`Unknown` where the DDL
in sight does not tell.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from msgspec import Struct, field
from msgspec.structs import replace

from sqla_guard.facts.operations import (
    AddColumn,
    Carrier,
    CreateTable,
    DropColumn,
    DropTable,
    Identifier,
    Operation,
    RenameColumn,
    RenameTable,
    SetType,
    TableName,
    UnreadSql,
    kept,
)
from sqla_guard.project.sql_history import apply_order, says_down

# A table without a schema lands in one of these, depending on the database.
_DEFAULT_SCHEMAS = frozenset({"public", "dbo", "main"})

Defining = CreateTable | AddColumn | RenameColumn
_Altering = AddColumn | RenameColumn | DropColumn | DropTable | RenameTable | SetType


class Definition(Struct, frozen=True):
    """One place that gives a column the name it has at the head.

    Attributes:
        identifier: The name in the file.
        operation: The operation it stands in; for a rename, ``identifier`` is the new name.
    """

    identifier: Identifier
    operation: Defining

    @property
    def carrier(self) -> Carrier:
        """Where the operation stands."""
        return self.operation.carrier


class Known(Struct, frozen=True):
    """The column exists.

    Attributes:
        definitions: Every place that may have made it, in the order they run. Several where
            creates repeat (a dialect each, a guarded second attempt) or a table is created with the
            name that older databases get by a rename.
        doubts: SQL that runs later and could not be read; it may concern the column.
    """

    definitions: tuple[Definition, ...]
    doubts: tuple[UnreadSql, ...] = ()


class Absent(Struct, frozen=True):
    """The column does not exist; ``why`` in a few words."""

    why: str


class Unknown(Struct, frozen=True):
    """Nobody can say; ``reason`` in a few words."""

    reason: str


Answer = Known | Absent | Unknown


class _Table(Struct):
    columns: dict[str, tuple[Definition, ...]] = field(default_factory=dict)
    gone: dict[str, str] = field(default_factory=dict)
    # Whether all columns are in sight: False where no CREATE TABLE is, or it could be read in part
    # only.
    complete: bool = False
    temporary: bool = False
    is_type: bool = False
    # The type whose attributes are the columns.
    of: TableName | None = None
    # Whether something calls it by a longer name than PostgreSQL keeps, and nobody says which database that is for.
    is_long: bool = False
    # Columns that a step under a condition takes away or renames; `None` stands for all of them.
    unsure: set[str | None] = field(default_factory=set)

    def define(self, definition: Definition) -> None:
        name = definition.identifier.name
        self.columns[name] = (*self.columns.get(name, ()), definition)
        self.gone.pop(name, None)

    def remove(self, name: str, why: str) -> None:
        self.columns.pop(name, None)
        self.gone[name] = why

    def is_unsure(self, name: str | None = None) -> bool:
        """Tell whether a column, or the whole table, is there only where something out of sight says so."""
        known = self.columns.get(name, ()) if name else [d for found in self.columns.values() for d in found]
        taken = None in self.unsure or (name is not None and name in self.unsure)
        return taken or (bool(known) and all(d.carrier.conditional for d in known))

    def absorb(self, other: _Table) -> None:
        """Take over a table that is, or may be, the same one under its earlier name."""
        for definitions in other.columns.values():
            for definition in definitions:
                self.define(definition)
        for name, why in other.gone.items():
            if name not in self.columns:
                self.gone.setdefault(name, why)
        self.complete = self.complete and other.complete


def _in_common(tables: Sequence[_Table]) -> _Table:
    """Return what is true of each of ``tables``."""
    if len(tables) == 1:
        return tables[0]
    first, *others = tables
    found = _Table()
    for name in first.columns:
        if all(name in other.columns and not other.is_unsure(name) for other in tables):
            found.columns[name] = tuple(d for table in tables for d in table.columns[name])
    found.gone = {name: why for name, why in first.gone.items() if all(name in other.gone for other in others)}
    found.complete = all(table.complete and table.columns.keys() == first.columns.keys() for table in tables)
    return found


class Schema:
    """Tables and columns at the head."""

    def __init__(
        self,
        tables: dict[TableName, _Table],
        dropped: dict[TableName, str],
        unread: tuple[UnreadSql, ...],
        aliases: Mapping[TableName, Sequence[TableName]],
    ) -> None:
        """Made by :func:`replay`; ``unread`` in the order it runs."""
        meant = {name: [tables[t] for t in of if t in tables] for name, of in aliases.items() if name not in tables}
        self._tables = {**{name: _in_common(found) for name, found in meant.items() if found}, **tables}
        self._aliases = {name: aliases[name] for name, found in meant.items() if found}
        self._dropped = dropped
        self.unread = unread
        self._of_table: dict[TableName, tuple[UnreadSql, ...]] = {}

    @property
    def tables(self) -> tuple[TableName, ...]:
        """All tables that certainly exist, default schemas left out of their names, sorted."""
        sure = (
            n
            for n, t in self._tables.items()
            if n not in self._aliases and not (t.is_unsure() or t.is_long or t.is_type)
        )
        return tuple(sorted(sure, key=lambda table: (table.schema or "", table.name)))

    def meant_by(self, table: TableName) -> tuple[TableName, ...]:
        """Return the tables that a name stands for: itself, or those of other schemas that it may mean."""
        return tuple(t for t in self._aliases.get(plain(table), ()) if t in self._tables) or (table,)

    def columns(self, table: TableName) -> tuple[str, ...]:
        """Return the known columns of ``table``, in order; empty for one that is not in sight."""
        found = self._tables.get(plain(table))
        return tuple(name for name in found.columns if kept(name) == name) if found else ()

    def complete(self, table: TableName) -> bool:
        """Tell whether all columns of ``table`` are in sight."""
        found = self._tables.get(plain(table))
        return found is not None and found.complete and self.columns(table) == tuple(found.columns)

    def column(self, table: TableName, name: str) -> Answer:
        """Return what is known about the column ``name`` (folded like :attr:`Identifier.name`)."""
        found = self._tables.get(plain(table))
        if found is None:
            why = self._dropped.get(plain(table))
            return Absent(why) if why else Unknown(f"no DDL of table {_written(table)} in sight")
        definitions = found.columns.get(name)
        if found.is_long or kept(name) != name:
            return Unknown("not every database keeps so long a name whole")
        if found.is_unsure(name):
            return Unknown("it depends on a setting")
        if definitions:
            return Known(definitions, self._doubts(table, definitions))
        if name in found.gone:
            return Absent(found.gone[name])
        if not found.complete:
            return Unknown(f"not all columns of table {_written(table)} could be read")
        unread = self._unread(table)
        if unread:
            return Unknown(unread[0].reason)
        return Absent(f"table {_written(table)} has no such column")

    def _unread(self, table: TableName) -> tuple[UnreadSql, ...]:
        """Return the unread SQL that may concern ``table``."""
        name = plain(table)
        if name not in self._of_table:
            asked = {name, *self._aliases.get(name, ())}
            self._of_table[name] = tuple(
                u for u in self.unread if not u.tables or asked & {p for t in u.tables for p in _places(t)}
            )
        return self._of_table[name]

    def _doubts(self, table: TableName, definitions: tuple[Definition, ...]) -> tuple[UnreadSql, ...]:
        """Return the unread SQL of other files, and of the same files after the definitions."""
        unread = self._unread(table)
        if not unread:
            return ()
        last: dict[str, tuple[int, int]] = {}
        for definition in definitions:
            carrier = definition.carrier
            last[carrier.runner] = max(last.get(carrier.runner, (0, 0)), carrier.moment)
        return tuple(u for u in unread if u.carrier.moment > last.get(u.carrier.runner, (-1, -1)))


def replay(
    facts: Iterable[Operation | UnreadSql],
    revision_order: Sequence[str] = (),
    ranks: Mapping[str, int] | None = None,
    aliases: Mapping[TableName, Sequence[TableName]] | None = None,
) -> Schema:
    """Return the schema after ``facts`` ran.

    Down operations are left out. Within a file, operations run by position. Files run in this
    order: numbered and other SQL files (by folder, then number), Alembic revisions as in
    ``revision_order``, then everything else: home-made scripts run at each deploy, so they have the
    last word.

    Args:
        facts: Operations of the whole project, in any order.
        revision_order: Paths of Alembic revisions, bases first; see ``RevisionGraph.order``.
        ranks: Places that a tool gives to SQL files within their folder.
        aliases: Names that stand for one of several tables, where there is none of that name; nobody knows which.
    """
    ups = [f for f in facts if f.carrier.direction == "up" and not says_down(f.carrier.path)]
    rank = {path: i for i, path in enumerate(apply_order({f.carrier.runner for f in ups}, revision_order, ranks or {}))}
    # What Core declares is another account of a table that other DDL makes.
    others = {plain(f.table) for f in ups if isinstance(f, CreateTable) and f.carrier.kind != "core"}
    ups = [f for f in ups if f.carrier.kind != "core" or (isinstance(f, CreateTable) and plain(f.table) not in others)]
    ups.sort(key=lambda f: (rank[f.carrier.runner], f.carrier.moment))
    run = _Run()
    for fact in ups:
        run.step(fact)
    lasting = {name: table for name, table in run.tables.items() if not table.temporary}
    return Schema(lasting, run.dropped, tuple(f for f in ups if isinstance(f, UnreadSql)), aliases or {})


def plain(table: TableName) -> TableName:
    """Return ``table`` as it compares equal: without a schema that it is in anyway, and cut as PostgreSQL cuts it."""
    return TableName(kept(table.name), None if table.schema in _DEFAULT_SCHEMAS else table.schema)


def _places(table: TableName) -> list[TableName]:
    """Return the tables that a name may stand for, as they compare equal, in the order they are looked for."""
    return [plain(TableName(table.name, schema)) for schema in table.path or (table.schema,)]


def _written(table: TableName) -> str:
    return f"{table.schema}.{table.name}" if table.schema else table.name


class _Run:
    """The database in the making."""

    def __init__(self) -> None:
        self.tables: dict[TableName, _Table] = {}
        self.dropped: dict[TableName, str] = {}

    def step(self, fact: Operation | UnreadSql) -> None:
        if not isinstance(fact, (CreateTable, UnreadSql)) and fact.table.path:
            fact = self._placed(fact)
        if fact.carrier.conditional and isinstance(fact, (DropColumn, RenameColumn, DropTable, RenameTable)):
            self._unsure(fact)
            return
        match fact:
            case CreateTable():
                self._create(fact)
            case AddColumn() | RenameColumn() | DropColumn():
                self._alter(fact)
            case DropTable():
                self._drop(plain(fact.table), fact.carrier)
            case RenameTable():
                self._rename_table(fact)
            case SetType():
                self._table(fact.table).of = self._existing(fact.of) if fact.of is not None else None
            case UnreadSql():
                pass  # the schema remembers it as a doubt

    def _placed(self, fact: _Altering) -> _Altering:
        """Return ``fact`` with the table that its name stands for now: the first that there is."""
        table = self._existing(fact.table)
        if isinstance(fact, RenameTable) and fact.new.path:
            return replace(fact, table=table, new=TableName(fact.new.name, table.schema, table.path))
        return replace(fact, table=table)

    def _existing(self, name: TableName) -> TableName:
        places = _places(name)
        return next((place for place in places if place in self.tables), places[0])

    def _drop(self, name: TableName, carrier: Carrier) -> None:
        """Take away a table, or a type with all that is of it: it only goes with CASCADE then."""
        self.tables.pop(name, None)
        self.dropped[name] = f"table dropped in {carrier.path}"
        for other in [other for other, table in self.tables.items() if table.of == name]:
            self._drop(other, carrier)

    def _alter(self, fact: AddColumn | RenameColumn | DropColumn) -> None:
        if isinstance(fact, RenameColumn):
            self._rename_column(fact)
        elif isinstance(fact, AddColumn):
            self._table(fact.table).define(Definition(fact.column, fact))
        else:
            self._table(fact.table).remove(fact.column.name, f"dropped in {fact.carrier.path}")
        if self._table(fact.table).is_type:
            # Only CASCADE is allowed while there are tables of the type.
            for name in [name for name, table in self.tables.items() if table.of == plain(fact.table)]:
                self._alter(replace(fact, table=name))

    def _unsure(self, fact: DropColumn | RenameColumn | DropTable | RenameTable) -> None:
        table = self._table(fact.table)
        if isinstance(fact, DropColumn):
            table.unsure.add(fact.column.name)
        elif isinstance(fact, RenameColumn):
            table.unsure |= {fact.old.name, fact.new.name}
        else:
            table.unsure.add(None)

    def _table(self, name: TableName) -> _Table:
        """Return a table that is altered: it exists even where no CREATE TABLE is in sight."""
        self.dropped.pop(plain(name), None)
        table = self.tables.setdefault(plain(name), _Table())
        table.is_long = table.is_long or kept(name.name) != name.name
        return table

    def _create(self, create: CreateTable) -> None:
        known = self.tables.get(plain(create.table))
        if create.kind == "temporary" and known is not None and not known.temporary:
            return  # hides a table for a while, which is unchanged behind it
        if create.replaces or (known is not None and known.temporary):
            self.tables.pop(plain(create.table), None)
            known = None
        copied = [self.tables.get(self._existing(name)) for name in create.like]
        table = self._table(create.table)
        table.temporary = create.kind == "temporary"
        table.is_type = create.kind == "type"
        table.of = self._existing(create.of) if create.of is not None else None
        for name in [name for other in copied if other is not None for name in other.columns]:
            if name not in table.columns and (known is None or not create.carrier.rerunnable):
                table.define(Definition(Identifier(name, None), create))
        for column in create.columns:
            # A guarded repeat does nothing where the table exists: it cannot bring back what was
            # taken away. A bare repeat would fail there, so it belongs to another database and
            # defines its columns anew.
            if known is None or not create.carrier.rerunnable or column.name not in known.gone:
                table.define(Definition(column, create))
        whole = not create.partial and all(other is not None and other.complete for other in copied)
        table.complete = whole and (known is None or known.complete)

    def _rename_column(self, rename: RenameColumn) -> None:
        table = self._table(rename.table)
        old, new = rename.old.name, rename.new.name
        present = old in table.columns
        if not present and new in table.columns and not rename.carrier.rerunnable:
            # The new name is there and the old one is not: somebody else's older database. Nothing
            # to do here.
            table.gone.setdefault(old, f"renamed to {new} in {rename.carrier.path}")
            return
        if old != new:
            table.remove(old, f"renamed to {new} in {rename.carrier.path}")
            table.define(Definition(rename.new, rename))

    def _rename_table(self, rename: RenameTable) -> None:
        moved = self.tables.pop(plain(rename.table), None)
        self.dropped[plain(rename.table)] = f"table renamed to {rename.new.name} in {rename.carrier.path}"
        existing = self.tables.get(plain(rename.new))
        self.dropped.pop(plain(rename.new), None)
        if existing is None:
            self.tables[plain(rename.new)] = moved or _Table()
            self.tables[plain(rename.new)].is_long = kept(rename.new.name) != rename.new.name
        elif moved is not None:
            existing.absorb(moved)
        for table in self.tables.values():
            table.of = plain(rename.new) if table.of == plain(rename.table) else table.of
