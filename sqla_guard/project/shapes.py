"""What a value can turn out to be, as far as finding uses of a mapped class needs it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal as OneWord
from typing import TypeAlias

from msgspec import Struct

from sqla_guard.project.symbols import ProjectClass, ProjectFunction


class ClassType(Struct, frozen=True):
    """A class of the project, or an alias of it made by ``aliased()``."""

    cls: ProjectClass


class InstanceType(Struct, frozen=True):
    """An instance of a class of the project, or of a subclass."""

    cls: ProjectClass


class FunctionType(Struct, frozen=True):
    """A function of the project, or a method taken from ``owner``."""

    function: ProjectFunction
    owner: Type | None = None


class CallableType(Struct, frozen=True):
    """Something that can be called, known by its annotation only."""

    returns: Type


class ModuleType(Struct, frozen=True):
    """A module of the project."""

    path: str


class ExternalType(Struct, frozen=True):
    """Something from outside the project, by dotted name; ``()`` in it stands for a call."""

    name: str


class ColumnType(Struct, frozen=True):
    """``Model.name``: an attribute of a mapped class, taken from the class; or a column of its table, by its name."""

    cls: ProjectClass
    name: str
    by: OneWord["column", "attribute"] = "attribute"


class ColumnsType(Struct, frozen=True):
    """A collection of a class's columns, by column name (``Model.__table__.c``) or by attribute name."""

    cls: ProjectClass
    by: OneWord["column", "attribute"]


class TableType(Struct, frozen=True):
    """``Model.__table__``, or with ``inspected`` what ``inspect(Model)`` returns."""

    cls: ProjectClass
    inspected: bool = False


class QueryType(Struct, frozen=True):
    """A legacy query; one class as its only entity yields objects, all else rows."""

    entities: tuple[Type, ...]


class StatementType(Struct, frozen=True):
    """``select()``, ``update()``, ``text()`` and the like; entities are what it returns or changes."""

    kind: str
    entities: tuple[Type, ...]
    target: Type | None = None


class ResultType(Struct, frozen=True):
    """What executing a statement returns: it yields rows."""

    entities: tuple[Type, ...]


class ScalarsType(Struct, frozen=True):
    """``result.scalars()`` and what is used like it."""

    item: Type


class RowType(Struct, frozen=True):
    """One row of a result."""

    entities: tuple[Type, ...]


class PageType(Struct, frozen=True):
    """``query.paginate()``."""

    item: Type


class ListType(Struct, frozen=True):
    """Anything that is iterated over and yields ``item``."""

    item: Type


class TupleType(Struct, frozen=True):
    """A tuple of known length."""

    items: tuple[Type, ...]


class DictType(Struct, frozen=True):
    """A mapping; ``value`` is what all its values are."""

    key: Type
    value: Type


class SessionType(Struct, frozen=True):
    """An ORM session, sync or async, scoped or not."""


class OtherType(Struct, frozen=True):
    """Proven to be something else."""

    name: str


class UnionType(Struct, frozen=True):
    """One of several."""

    options: tuple[Type, ...]


class UnknownType(Struct, frozen=True):
    """Could be anything; ``why`` is a phrase for the user."""

    why: str


Type: TypeAlias = (
    ClassType
    | InstanceType
    | FunctionType
    | CallableType
    | ModuleType
    | ExternalType
    | ColumnType
    | ColumnsType
    | TableType
    | QueryType
    | StatementType
    | ResultType
    | ScalarsType
    | RowType
    | PageType
    | ListType
    | TupleType
    | DictType
    | SessionType
    | OtherType
    | UnionType
    | UnknownType
)

NOTHING = OtherType("None")
# A column's value: JSON, a number, a text; never an object of a mapped class.
PLAIN = OtherType("a plain value")


def union(types: Iterable[Type]) -> Type:
    """Return the one type that stands for all of ``types``; ``None`` counts only if nothing else does."""
    found: dict[Type, None] = {}
    for kind in types:
        found.update(dict.fromkeys(kind.options if isinstance(kind, UnionType) else (kind,)))
    if len(found) > 1:
        found.pop(NOTHING, None)
    if not found:
        return NOTHING
    return next(iter(found)) if len(found) == 1 else UnionType(tuple(found))


def options(kind: Type) -> tuple[Type, ...]:
    """Return the types that ``kind`` may be."""
    return kind.options if isinstance(kind, UnionType) else (kind,)


def same_class(first: ProjectClass, second: ProjectClass) -> bool:
    """Tell whether both are the same class statement."""
    return (first.path, first.qualname) == (second.path, second.qualname)
