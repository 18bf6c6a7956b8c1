"""The facts of one file that rules judge."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator

from sqla_guard.facts.hidden import NamedAttribute, NamedColumn
from sqla_guard.facts.lazy import CachedFactory, LazyInit
from sqla_guard.facts.operations import AddColumn, CreateTable, RenameColumn, SqlFact, UnreadSql
from sqla_guard.facts.reserved import ReservedName
from sqla_guard.facts.tables import DeclaredTable
from sqla_guard.project.project import Project
from sqla_guard.read.markers import (
    Marks,
    may_declare,
    may_define,
    may_define_in_sql,
    may_make_lazily,
    may_name_table,
)
from sqla_guard.read.python.lazy_marker import may_keep_results
from sqla_guard.read.python.parse import check_syntax
from sqla_guard.read.python.reserved import may_reserve
from sqla_guard.rules.rule import Rule

_Kinds = tuple[type, ...]
_Reader = Callable[[str], Iterable[object]]

_NAMES: _Kinds = (ReservedName,)
_TABLES: _Kinds = (DeclaredTable,)
_HIDDEN: _Kinds = (NamedAttribute, NamedColumn)
_LAZY: _Kinds = (LazyInit,)
_CACHED: _Kinds = (CachedFactory,)
_SQL: _Kinds = (CreateTable, AddColumn, RenameColumn, UnreadSql)


def facts_of(path: str, project: Project, rules: Collection[Rule]) -> Iterator[object]:
    """Yield the facts of ``path`` that one of ``rules`` reads; what the project picture needs too is read once.

    Where a reader raises, a finding that says so stands among them.
    """
    if not (is_sound(path, project) if _marks(project).small else _is_text(path, project)):
        return
    for kinds, reader in _readers(path, project, rules):
        yield from _read(path, kinds, reader, rules)


def is_sound(path: str, project: Project) -> bool:
    """Tell whether all of a file can be read, with a note if not; what finds something in it looks at little of it."""
    return path.endswith(".sql") or project.once(("sound", path), lambda: project.read(path, check_syntax) is not None)


def _is_text(path: str, project: Project) -> bool:
    return path.endswith(".sql") or project.read(path, lambda source: source) is not None


def _readers(path: str, project: Project, rules: Collection[Rule]) -> Iterator[tuple[_Kinds, _Reader]]:
    data = project.workspace.raw(path)
    if not path.endswith(".sql"):
        yield from _python_facts(path, data, project, rules)
    if _is_read(_SQL, rules):
        yield _SQL, lambda path: _sql_facts(path, data, project, rules)


def _read(path: str, kinds: _Kinds, reader: _Reader, rules: Collection[Rule]) -> list[object]:
    """Return what ``reader`` finds; what it stumbles over becomes a finding, as the other readers go on."""
    try:
        return list(reader(path))
    except Exception as error:  # a defect of ours, whatever it is
        from sqla_guard.check.internal_error import reader_failed

        return [reader_failed(path, [rule for rule in rules if _is_read(kinds, (rule,))], error)]


def _python_facts(
    path: str, data: bytes, project: Project, rules: Collection[Rule]
) -> Iterator[tuple[_Kinds, _Reader]]:
    """Yield what reads those facts of a Python file that its bytes do not rule out, and which facts."""
    everything = project.config.read_everything
    marks = _marks(project)
    of_models = not _maps_nothing(path, project)
    if _is_read(_NAMES, rules) and (everything or (of_models and marks.has(may_reserve, path, data))):
        yield _NAMES, project.reserved_names
    if _is_read(_TABLES, rules) and (everything or (of_models and project.table_names.may_repeat(path, data))):
        yield _TABLES, project.declared_tables
    if _is_read(_HIDDEN, rules) and project.config.asks_for_more:
        yield _HIDDEN, project.named
    if _is_read(_LAZY, rules) and (everything or may_make_lazily(path, data, project.config, marks)):
        yield _LAZY, project.lazy_inits
    if _is_read(_CACHED, rules) and (everything or marks.has(may_keep_results, path, data)):
        yield _CACHED, project.cached_factories
    if _is_read(_SQL, rules) and (everything or (of_models and marks.has(may_declare, path, data))):
        yield _SQL, lambda path: _created(path, project)


def _maps_nothing(path: str, project: Project) -> bool:
    """Tell whether no class of a project is mapped, where that is known: nobody looks through it to find out."""
    return project.packages.rule_out(path) and not project.packages.may_judge(path)


def _created(path: str, project: Project) -> Iterable[object]:
    """Return the tables that ``create_all`` makes, where some class takes its columns from the database."""
    from sqla_guard.project.created import created_tables
    from sqla_guard.project.reflected import reflected

    return created_tables(project, path) if reflected(project, path) else ()


def _sql_facts(path: str, data: bytes, project: Project, rules: Collection[Rule]) -> Iterable[object]:
    if project.config.read_everything or _may_hold_sql(path, data, project, rules):
        return _each_place_once(project.sql_facts(path))
    return ()


def _is_read(kinds: _Kinds, rules: Collection[Rule]) -> bool:
    reads = (r.reads if isinstance(r.reads, tuple) else (r.reads,) for r in rules)
    return any(issubclass(kind, read) for several in reads for read in several for kind in kinds)


def _each_place_once(facts: tuple[SqlFact, ...]) -> Iterator[SqlFact]:
    """Yield ``facts`` without those that stand where another one does: the same SQL, run by several modules."""
    from sqla_guard.project.schema import created

    seen: set[object] = set()
    for fact in facts:
        columns = created(fact) if isinstance(fact, (CreateTable, AddColumn, RenameColumn)) else ()
        places = (type(fact), fact.carrier.direction, tuple(c.span or (c.name, fact.carrier) for c in columns))
        if not columns or places not in seen:
            seen.add(places)
            yield fact


def _marks(project: Project) -> Marks:
    return project.once(Marks, Marks)


def _may_hold_sql(path: str, data: bytes, project: Project, rules: Collection[Rule]) -> bool:
    if path.endswith(".sql"):
        return _marks(project).has(may_define_in_sql, path, data) and _may_fit_a_model(path, data, project, rules)
    if _maps_nothing(path, project) and not _asks_for_any(rules):
        return False
    return _marks(project).has(may_define, path, data) and _may_fit_a_model(path, data, project, rules)


def _asks_for_any(rules: Collection[Rule]) -> bool:
    """Tell whether a rule wants to know of SQL whatever table it is of."""
    return any(not rule.on_by_default and _is_read(_SQL, (rule,)) for rule in rules)


def _may_fit_a_model(path: str, data: bytes, project: Project, rules: Collection[Rule]) -> bool:
    """Tell whether SQL in a file can be of a table whose reserved column a class takes; other SQL is no finding."""
    if path.endswith(".sql") and project.read(path, lambda source: source) is None:
        return False  # what cannot be read is said, whatever it is about
    if _asks_for_any(rules):
        return True
    if not project.packages.may_judge(path):
        return False
    from sqla_guard.project.takers import taken_tables

    tables = taken_tables(project, path)
    return tables is None or (bool(tables) and may_name_table(data, tables))
