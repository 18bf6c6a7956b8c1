"""The schema at the head, for one table at a time, from all DDL of the project."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from msgspec import Struct

from sqla_guard.facts.operations import (
    AddColumn,
    ColumnReference,
    CreateTable,
    Identifier,
    Operation,
    RenameColumn,
    SqlFact,
    TableName,
    UnreadSql,
    kept,
)
from sqla_guard.facts.outline import Outline
from sqla_guard.facts.reserved_words import RESERVED
from sqla_guard.project.across import may_hold_ddl
from sqla_guard.project.constants import kept_strings
from sqla_guard.project.created import created_tables
from sqla_guard.project.landing import Landing, candidates
from sqla_guard.project.project import Project
from sqla_guard.project.replay import Absent, Known, Schema, plain, replay
from sqla_guard.project.revisions import RevisionGraph, graphs
from sqla_guard.project.sql_plans import is_deployed, ranks

Creating = CreateTable | AddColumn | RenameColumn
_CREATING = (CreateTable, AddColumn, RenameColumn)


class TableHistory(Struct, frozen=True):
    """Everything in the project that speaks of a table or one of its reserved columns.

    Attributes:
        facts: Operations and references, in the order of their files.
        schema: What the operations come to.
        revisions: The Alembic environments that the files belong to.
    """

    facts: tuple[SqlFact, ...]
    schema: Schema
    revisions: tuple[RevisionGraph, ...]

    @property
    def past(self) -> frozenset[str]:
        """The files of the revisions: databases have run them, whatever their SQL says."""
        return frozenset(r.path for graph in self.revisions for r in graph.revisions)

    def references(self, table: TableName, column: str) -> tuple[ColumnReference, ...]:
        """Return the references that certainly mean ``table.column``."""
        return tuple(r for r in self._named(column) if same(self._meant(r), table))

    def unclear_references(self, table: TableName, column: str) -> tuple[ColumnReference, ...]:
        """Return the references that may mean ``table.column``."""
        return tuple(r for r in self._named(column) if self._meant(r) is None and _is_among(table, r.candidates))

    def _named(self, column: str) -> tuple[ColumnReference, ...]:
        return tuple(f for f in self.facts if isinstance(f, ColumnReference) and f.column.name == column)

    def _meant(self, reference: ColumnReference) -> TableName | None:
        """Return the table that a reference belongs to: the first candidate that has such a column."""
        if reference.table is not None:
            return reference.table
        for candidate in reference.candidates:
            answer = self.schema.column(candidate, reference.column.name)
            if isinstance(answer, Known):
                return candidate
            if not isinstance(answer, Absent):
                return None
        return None


def table_history(project: Project, near: str, table: TableName) -> TableHistory:
    """Return what the project of ``near`` does to ``table``."""
    key = ("history", project.workspace.disk.project_root(near), plain(table))
    return project.once(key, lambda: _read(project, near, table))


def may_define(project: Project, near: str, table: TableName, column: str) -> bool:
    """Tell whether DDL may give ``table`` the column, without reading what does not name it."""
    naming = frozenset(project.files_naming(near, frozenset({column}), (".py", ".sql")))
    # Another module may put the name into its DDL.
    if any(column in text for path in sorted(naming) for _, text in kept_strings(_module(project, path))):
        return True
    naming |= frozenset(project.files_naming(near, _ends(column), (".py",)))
    deployed = _deployed(project, near, table.name)
    paths = (path for path in deployed if path in naming or (path.endswith(".py") and may_hold_ddl(project, path)))
    facts = (fact for path in paths for fact in _facts(project, path) if isinstance(fact, _CREATING))
    return any(identifier.name == column for fact in facts for identifier in created(fact))


def _ends(name: str) -> frozenset[str]:
    """Return what may stand last where Python puts ``name`` together, such as ``_two`` and ``two`` of ``one_two``."""
    ends = (name[at:] for at in range(1, len(name)) if "_" in name[at - 1 : at + 1])
    return frozenset(end for end in ends if end.strip("_"))


def may_run_again(project: Project, near: str, table: TableName, column: str) -> bool:
    """Tell whether SQL that is written to run again may give ``table`` the column, without reading what is none."""
    return any(
        fact.carrier.rerunnable and (any(name.name == column for name in created(fact)) or _borrows(fact))
        for path in _deployed(project, near, table.name)
        if path.endswith(".sql") or may_hold_ddl(project, path)
        for fact in project.sql_facts(path)
        if isinstance(fact, _CREATING)
    )


def _borrows(fact: Creating) -> bool:
    """Tell whether a table gets columns that its statement does not name."""
    return isinstance(fact, CreateTable) and bool(fact.like or fact.of)


def _module(project: Project, path: str) -> Outline | None:
    return project.outline(path) if path.endswith(".py") else None


def same(one: TableName | None, other: TableName) -> bool:
    """Tell whether two names mean one table: a default schema may be written or not."""
    return one is not None and plain(one) == plain(other)


def _is_among(table: TableName, tables: Iterable[TableName]) -> bool:
    return any(same(other, table) for other in tables)


def created(fact: Creating) -> tuple[Identifier, ...]:
    """Return the columns that ``fact`` gives their names."""
    if isinstance(fact, CreateTable):
        return fact.columns
    return (fact.column,) if isinstance(fact, AddColumn) else (fact.new,)


def taken_over(project: Project, fact: Creating) -> Iterator[Identifier]:
    """Yield the reserved columns that ``fact`` has from another table or from a type and that are there at the head."""
    if not isinstance(fact, CreateTable) or not fact.like:
        return
    for table in names_of(project, fact):
        schema = table_history(project, fact.carrier.path, table).schema
        for name in sorted(RESERVED):
            answer = schema.column(table, name)
            places = answer.definitions if isinstance(answer, Known) else ()
            if any(d.identifier.span is None and d.carrier == fact.carrier for d in places):
                yield Identifier(name, None)
        return


def is_at_head(project: Project, fact: Creating, column: Identifier) -> bool:
    """Tell whether a column that ``fact`` creates is there after everything ran, by this fact or others like it."""
    answer = table_history(project, fact.carrier.path, fact.table).schema.column(fact.table, column.name)
    return isinstance(answer, Known) and any(
        d.identifier.span == column.span and d.carrier.path == fact.carrier.path for d in answer.definitions
    )


def names_of(project: Project, fact: Creating) -> tuple[TableName, ...]:
    """Return the names under which models may know the table of ``fact``: as it is, and without its schema.

    For an attribute of a type, that are the tables of the type.
    """
    place, path = fact.carrier.statement, fact.carrier.path
    of_type = not isinstance(fact, CreateTable) and "type" in project.source(path).text[place.start : place.end].lower()
    if not (fact.table.path or of_type):
        return (fact.table,)
    _, facts, landing = _told(project, path, fact.table.name)
    short = landing.short(fact.table)
    typed = [f.table for f in facts if of_type and isinstance(f, CreateTable) and f.of and same(f.of, fact.table)]
    return tuple(dict.fromkeys((*candidates(fact), short, *typed)))


def _read(project: Project, near: str, table: TableName) -> TableHistory:
    paths, told, landing = _told(project, near, table.name)
    facts = landing.seen_by(table, told)
    alias = {plain(TableName(table.name)): [plain(TableName(table.name, home)) for home in sorted(landing.homes)]}
    carriers = {path for fact in facts for path in (fact.carrier.path, fact.carrier.runner)}
    revisions = project.once(("revisions", project.workspace.disk.project_root(near)), lambda: _graphs(project, near))
    mine = tuple(g for g in revisions if any(r.path in carriers for r in g.revisions))
    order = [path for graph in mine for path in graph.order()]
    operations: list[Operation | UnreadSql] = [f for f in told if not isinstance(f, ColumnReference)]
    return TableHistory(facts, replay(operations, order, ranks(project, paths), alias), mine)


def _told(project: Project, near: str, name: str) -> tuple[list[str], tuple[SqlFact, ...], Landing]:
    """Return the files that may speak of tables called ``name``, what they say, and where those tables are."""
    key = ("told", project.workspace.disk.project_root(near), name)
    return project.once(key, lambda: _tell(project, near, name))


def _tell(project: Project, near: str, name: str) -> tuple[list[str], tuple[SqlFact, ...], Landing]:
    paths = _deployed(project, near, name)
    facts = tuple(fact for path in paths for fact in _facts(project, path))
    return paths, facts, Landing.of(facts, name)


def _deployed(project: Project, near: str, name: str) -> list[str]:
    words = frozenset({name, *RESERVED})
    named = {*project.files_naming(near, words, (".py", ".sql")), *_naming_more(project, near, name)}
    return [path for path in sorted(named) if is_deployed(project, path)]


def _facts(project: Project, path: str) -> tuple[SqlFact, ...]:
    return (*project.sql_facts(path), *created_tables(project, path))


def _naming_more(project: Project, near: str, name: str) -> set[str]:
    """Return the files that may call a table by a longer name, of which PostgreSQL kept ``name``."""
    if kept(name + "x") != name:
        return set()
    files = (p for p in project.workspace.project_files(near) if p.endswith((".py", ".sql")))
    return {p for p in files if name.encode() in project.workspace.raw(p).lower()}


def _graphs(project: Project, near: str) -> tuple[RevisionGraph, ...]:
    found = []
    for path in project.files_naming(near, frozenset({"down_revision"}), (".py",)):
        revision = project.read(path, project.readers.revision)
        if revision is not None:
            found.append(revision)
    return graphs(found)
