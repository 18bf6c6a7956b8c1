"""The attributes of what is no object of the project: tables, statements, pages, things of other packages."""

from __future__ import annotations

from sqla_guard.project import containers, queries
from sqla_guard.project.shapes import (
    PLAIN,
    ClassType,
    ColumnsType,
    ColumnType,
    DictType,
    ExternalType,
    InstanceType,
    ListType,
    PageType,
    QueryType,
    SessionType,
    StatementType,
    TableType,
    TupleType,
    Type,
    UnknownType,
    options,
)


def with_attributes(owner: Type) -> tuple[Type, ...]:
    """Return the options of ``owner`` that may have attributes of their own: of "one or many", the one."""
    several = options(owner)
    if any(isinstance(o, InstanceType) for o in several):
        return tuple(o for o in several if not isinstance(o, (ListType, TupleType, DictType)))
    return several


def attribute_of_query(owner: Type, name: str) -> Type:
    """Return an attribute of something that a query is made of, or gives."""
    match owner:
        case TableType():
            return _table_attribute(owner, name)
        case ColumnsType() if name in ("c", "columns"):
            return owner
        case ColumnsType(cls=cls, by=by):
            return ColumnType(cls, name, by)
        case StatementType(target=ClassType(cls=cls)) if name in ("excluded", "inserted"):
            return ColumnsType(cls, "column")
        case PageType(item=item):
            return ListType(item) if name == "items" else PLAIN
        case QueryType(entities=entities) if name in ("c", "columns"):
            return queries.columns_of(entities)
        case SessionType() if name == "no_autoflush":
            return owner
        case _:
            return PLAIN


def external_attribute(external: str, name: str) -> Type:
    """Return an attribute of something outside the project."""
    full = f"{external}.{name}"
    if queries.is_session(full):
        return SessionType()
    package = external.partition(".")[0]
    if package in queries.PACKAGES:
        return ExternalType(full)
    if containers.passes_objects_on(external) and ("()" in external or not name[:1].isupper()):
        if package in ("builtins", "typing", "typing_extensions", "dataclasses"):
            return ExternalType(full)
        return _passed_on(external, full)
    return ExternalType(full)


def _passed_on(external: str, full: str) -> Type:
    """Return an attribute of a package that hands objects out; its functions are known by their modules."""
    if "()" in external or external.rpartition(".")[2] in ("g", "request", "current_app", "session"):
        return UnknownType(f"`{full.rpartition('.')[2]}` of something that is not known")
    return ExternalType(full)


def _table_attribute(owner: TableType, name: str) -> Type:
    if name in ("attrs", "column_attrs", "all_orm_descriptors", "relationships"):
        return ColumnsType(owner.cls, "attribute")
    if name in ("c", "columns"):
        # A mapper's collection goes by the names of the attributes.
        return ColumnsType(owner.cls, "attribute" if owner.inspected else "column")
    if name in ("local_table", "persist_selectable", "selectable"):
        return TableType(owner.cls)
    return owner if name == "mapper" else PLAIN
