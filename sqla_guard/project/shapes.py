"""What a value can turn out to be, as far as finding uses of a mapped class needs it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal as OneWord
from typing import TypeAlias

from sqla_guard.project.symbols import ProjectClass, ProjectFunction


@dataclass(frozen=True, slots=True)
class ClassType:
    """A class of the project, or an alias of it made by ``aliased()``."""

    cls: ProjectClass


@dataclass(frozen=True, slots=True)
class InstanceType:
    """An instance of a class of the project, or of a subclass."""

    cls: ProjectClass


@dataclass(frozen=True, slots=True)
class FunctionType:
    """A function of the project, or a method taken from ``owner``."""

    function: ProjectFunction
    owner: Type | None = None


@dataclass(frozen=True, slots=True)
class CallableType:
    """Something that can be called, known by its annotation only."""

    returns: Type


@dataclass(frozen=True, slots=True)
class ModuleType:
    """A module of the project."""

    path: str


@dataclass(frozen=True, slots=True)
class ExternalType:
    """Something from outside the project, by dotted name; ``()`` in it stands for a call."""

    name: str


@dataclass(frozen=True, slots=True)
class ColumnType:
    """``Model.name``: an attribute of a mapped class, taken from the class; or a column of its table, by its name."""

    cls: ProjectClass
    name: str
    by: OneWord["column", "attribute"] = "attribute"


@dataclass(frozen=True, slots=True)
class ColumnsType:
    """A collection of a class's columns, by column name (``Model.__table__.c``) or by attribute name."""

    cls: ProjectClass
    by: OneWord["column", "attribute"]


@dataclass(frozen=True, slots=True)
class TableType:
    """``Model.__table__``, or with ``inspected`` what ``inspect(Model)`` returns."""

    cls: ProjectClass
    inspected: bool = False


@dataclass(frozen=True, slots=True)
class QueryType:
    """A legacy query; one class as its only entity yields objects, all else rows."""

    entities: tuple[Type, ...]


@dataclass(frozen=True, slots=True)
class StatementType:
    """``select()``, ``update()``, ``text()`` and the like; entities are what it returns or changes."""

    kind: str
    entities: tuple[Type, ...]
    target: Type | None = None


@dataclass(frozen=True, slots=True)
class ResultType:
    """What executing a statement returns: it yields rows."""

    entities: tuple[Type, ...]


@dataclass(frozen=True, slots=True)
class ScalarsType:
    """``result.scalars()`` and what is used like it."""

    item: Type


@dataclass(frozen=True, slots=True)
class RowType:
    """One row of a result."""

    entities: tuple[Type, ...]


@dataclass(frozen=True, slots=True)
class PageType:
    """``query.paginate()``."""

    item: Type


@dataclass(frozen=True, slots=True)
class ListType:
    """Anything that is iterated over and yields ``item``."""

    item: Type


@dataclass(frozen=True, slots=True)
class TupleType:
    """A tuple of known length."""

    items: tuple[Type, ...]


@dataclass(frozen=True, slots=True)
class DictType:
    """A mapping; ``value`` is what all its values are."""

    key: Type
    value: Type


@dataclass(frozen=True, slots=True)
class SessionType:
    """An ORM session, sync or async, scoped or not."""


@dataclass(frozen=True, slots=True)
class OtherType:
    """Proven to be something else."""

    name: str


@dataclass(frozen=True, slots=True)
class UnionType:
    """One of several."""

    options: tuple[Type, ...]


@dataclass(frozen=True, slots=True)
class UnknownType:
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
