"""Columns that something of SQLAlchemy's own takes the place of where columns are looked up as attributes."""

from __future__ import annotations

from collections.abc import Iterator

from sqla_guard.facts.hidden import NamedAttribute, NamedColumn
from sqla_guard.facts.reserved import ReservedName
from sqla_guard.facts.values import Call, Literal, Value
from sqla_guard.project.kinds import coarse, kind_in_words
from sqla_guard.project.names import hidden, measured_version
from sqla_guard.project.placement import Placements
from sqla_guard.project.project import Project
from sqla_guard.project.reserved import judge
from sqla_guard.project.symbols import External, ProjectClass
from sqla_guard.project.versions import sqlalchemy_version

# The most used first.
_ORDER = (
    "Table.c",
    "Row of an ORM query",
    "Row",
    "subquery().c",
    "insert().excluded",
    "inspect(Model).columns",
    "inspect(Model).attrs",
    "inspect(Model).all_orm_descriptors",
    "aliased(Model)",
)
# Places that go by the name that the column has in its table; the others go by the attribute's.
BY_COLUMN = frozenset({"Table.c", "subquery().c", "insert().excluded", "Row"})
# Places in which a relationship or the like stands too.
_OF_ANY_ATTRIBUTE = frozenset({"inspect(Model).attrs", "inspect(Model).all_orm_descriptors", "aliased(Model)"})
_NO_COLUMNS = frozenset({"relationship", "Mapped relationship", "Relationship", "synonym"})


def hidden_places(project: Project, fact: NamedAttribute | NamedColumn) -> dict[str, tuple[str, ...]]:
    """Return the places in which a name means something else than the column or attribute, by that name."""
    if isinstance(fact, NamedColumn):
        places = _places(project, fact.path, fact.name) & BY_COLUMN
        is_one = bool(places) and _is(project, fact.path, fact.table, "Table")
        return _sorted({fact.name: places} if is_one and _is(project, fact.path, fact.column, "Column") else {})
    return _sorted(_of_attribute(project, fact.binding))


def _of_attribute(project: Project, fact: ReservedName) -> dict[str, frozenset[str]]:
    column = _column(fact.value) or fact.name
    by_column = _places(project, fact.path, column) & BY_COLUMN
    by_name = _places(project, fact.path, fact.name) - BY_COLUMN
    if not by_column and not by_name:
        return {}
    outline = project.outline(fact.path)
    definition = outline.classes.get(fact.owner) if outline else None
    if definition is None:
        return {}
    kind = kind_in_words(project, fact)
    cls = ProjectClass(fact.path, definition)
    spots = tuple(Placements(project).spots(cls, fact.name))
    if kind == "bare annotation" and any(spot.style == "SQLModel" for spot in spots):
        kind = "field annotation"
    is_mapped = any(spot.placement not in ("mixin after the base", "base itself") for spot in spots)
    if not is_mapped or coarse(kind) != "column" or judge(project, fact) is not None:
        return {}
    if kind in _NO_COLUMNS:
        by_column, by_name = frozenset(), by_name & _OF_ANY_ATTRIBUTE
    if column == fact.name:
        return {column: by_column | by_name}
    return {column: by_column, fact.name: by_name}


def _column(value: Value | None) -> str | None:
    """Return the name that a column is given explicitly: ``Column("name")``, ``deferred(Column("name"))``."""
    if not isinstance(value, Call):
        return None
    given = value.keyword("key") or value.keyword("name") or next(iter(value.args), None)
    if isinstance(given, Literal) and isinstance(given.value, str):
        return given.value
    inner: Iterator[Value] = (v for v in (value.keyword("sa_column"), *value.args) if isinstance(v, Call))
    return next((name for name in map(_column, inner) if name), None) if not _is_foreign(value) else None


def _is_foreign(value: Call) -> bool:
    """Tell whether a call makes a column, so that the calls inside of it are types and constraints."""
    name = getattr(value.func, "name", None) or getattr(value.func, "id", "")
    return name in ("Column", "mapped_column")


def _places(project: Project, path: str, name: str) -> frozenset[str]:
    return frozenset(hidden(measured_version(sqlalchemy_version(project, path))).get(name, ()))


def _is(project: Project, path: str, func: Value, name: str) -> bool:
    symbol = project.resolve(path, func)
    return isinstance(symbol, External) and symbol.name.rpartition(".")[2] == name


def _sorted(places: dict[str, frozenset[str]]) -> dict[str, tuple[str, ...]]:
    return {name: tuple(sorted(found, key=_ORDER.index)) for name, found in places.items() if found}
