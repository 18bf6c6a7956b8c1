"""The facts of one file that rules judge."""

from __future__ import annotations

from collections.abc import Iterator

from sqla_guard.facts.operations import AddColumn, CreateTable, RenameColumn, SqlFact
from sqla_guard.project.created import created_tables
from sqla_guard.project.project import Project
from sqla_guard.project.reflected import reflected
from sqla_guard.project.schema import created
from sqla_guard.project.takers import taken_tables
from sqla_guard.read.markers import may_declare, may_define, may_name_table
from sqla_guard.read.python.lazy_marker import may_hold_lazy_init
from sqla_guard.read.python.parse import check_syntax
from sqla_guard.read.python.reserved import may_reserve
from sqla_guard.read.python.table_names import TableNames


def facts_of(path: str, project: Project) -> Iterator[object]:
    """Yield the facts of ``path``; what the project picture needs too is read once."""
    data = project.workspace.raw(path)
    everything = project.config.read_everything
    if not path.endswith(".sql"):
        # The outline looks at little of what functions hold.
        if not project.read(path, check_syntax) or project.outline(path) is None:
            return
        if everything or may_reserve(data):
            yield from project.reserved_names(path)
        if everything or _table_names(project).may_repeat(path, data):
            yield from project.declared_tables(path)
        if project.config.asks_for_more:
            yield from project.named(path)
        if everything or may_hold_lazy_init(data):
            yield from project.lazy_inits(path)
        if (everything or may_declare(data)) and reflected(project, path):
            yield from created_tables(project, path)
    if everything or (may_define(data, path.endswith(".sql")) and _may_fit_a_model(path, data, project)):
        yield from _each_place_once(project.sql_facts(path))


def _each_place_once(facts: tuple[SqlFact, ...]) -> Iterator[SqlFact]:
    """Yield ``facts`` without those that stand where another one does: the same SQL, run by several modules."""
    seen: set[object] = set()
    for fact in facts:
        columns = created(fact) if isinstance(fact, (CreateTable, AddColumn, RenameColumn)) else ()
        places = (type(fact), fact.carrier.direction, tuple(c.span or (c.name, fact.carrier) for c in columns))
        if not columns or places not in seen:
            seen.add(places)
            yield fact


def _table_names(project: Project) -> TableNames:
    return project.once(TableNames, lambda: TableNames(project.workspace))


def _may_fit_a_model(path: str, data: bytes, project: Project) -> bool:
    """Tell whether SQL in a file can be of a table whose reserved column a class takes; other SQL is no finding."""
    if path.endswith(".sql") and project.read(path, lambda source: source) is None:
        return False  # what cannot be read is said, whatever it is about
    if project.config.asks_for_more:
        return True
    tables = taken_tables(project, path)
    return tables is None or (bool(tables) and may_name_table(data, tables))
