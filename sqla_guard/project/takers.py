"""Who would take a column of a reserved name as an attribute: models that declare it, classes made by reflection."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct

from sqla_guard.core.source import Span
from sqla_guard.facts.operations import TableName
from sqla_guard.project.declarative import Outcome, hidden_on
from sqla_guard.project.kinds import kind_in_words
from sqla_guard.project.mapped import Mappings
from sqla_guard.project.placement import Placements
from sqla_guard.project.project import Project
from sqla_guard.project.reflected import Reflected, reflected
from sqla_guard.project.replay import plain
from sqla_guard.project.reserved import ReservedModel, all_reserved_models
from sqla_guard.project.symbols import ProjectClass

_NO_COLUMNS = frozenset({"relationship", "Mapped relationship", "Relationship", "synonym"})


class Taker(Struct, frozen=True):
    """A class that takes a column as an attribute.

    Attributes:
        path: The file of the binding, or of the reflected class.
        span: The binding, or the class.
        name: Of the class.
        attribute: The attribute.
        outcome: What that leads to.
        model: The declaration; ``None`` for a reflected class.
    """

    path: str
    span: Span
    name: str
    attribute: str
    outcome: Outcome
    model: ReservedModel | None = None


def takers(project: Project, near: str, table: TableName, column: str) -> Iterator[Taker]:
    """Yield who takes ``table.column`` in the project of ``near``, models that declare it first."""
    for model in all_reserved_models(project, near):
        if model.column != column or not _is_column(project, model):
            continue
        if plain(table) in map(plain, tables_of(project, model)):
            yield Taker(
                model.fact.path, model.fact.span, model.cls.definition.name, model.fact.name, model.outcome, model
            )
    for cls in reflected(project, near):
        if cls.takes(table, column):
            name = cls.name or table.name
            yield Taker(cls.path, cls.span, name, column, hidden_on(name, column))


def _is_column(project: Project, model: ReservedModel) -> bool:
    """Tell whether an attribute is a column of the class's table; a relationship of that name takes none."""
    return model.fact.form != "backref" and kind_in_words(project, model.fact) not in _NO_COLUMNS


def taken_tables(project: Project, near: str) -> frozenset[str] | None:
    """Return the names of all tables that some class may take a reserved column of; ``None`` for any table."""
    # Each file with DDL asks.
    key = ("taken tables", project.workspace.disk.project_root(near))
    return project.once(key, lambda: _taken_tables(project, near))


def _taken_tables(project: Project, near: str) -> frozenset[str] | None:
    classes: tuple[Reflected, ...] = reflected(project, near)
    if any(cls.table is None for cls in classes):
        return None
    tables = {table.name for model in all_reserved_models(project, near) for table in tables_of(project, model)}
    return frozenset(tables | {cls.table.name for cls in classes if cls.table is not None})


def tables_of(project: Project, model: ReservedModel) -> tuple[TableName, ...]:
    """Return the tables that have the column: the model's own, for a mixin those of the classes that use it."""
    if model.mapping.role != "mixin":
        return (model.table,) if model.table is not None else ()
    mappings = Mappings.of_project(project)
    users = [spot.mapped for spot in Placements(project).spots(model.cls, model.fact.name)]
    named = ((mappings.table(cls), mappings.schema(cls)) for cls in users)
    return tuple(TableName(name.lower(), schema) for name, schema in named if name)


def is_mapped(project: Project, near: str, table: TableName) -> bool:
    """Tell whether a class of the project of ``near`` maps ``table``, whatever it makes of its columns."""
    mappings = Mappings.of_project(project)
    for path in project.files_naming(near, frozenset({table.name}), (".py",)):
        outline = project.outline(path)
        for definition in outline.classes.values() if outline else ():
            cls = ProjectClass(path, definition)
            if (definition.attribute("__tablename__") or definition.attribute("__table__")) is None:
                continue
            if (mappings.table(cls) or "").lower() == table.name or definition.attribute("__table__") is not None:
                return True
    return False
