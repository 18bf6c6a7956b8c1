"""What a value resolves to once imports are followed."""

from __future__ import annotations

from dataclasses import dataclass, field

from msgspec import Struct

from sqla_guard.facts.outline import Class, Function
from sqla_guard.facts.values import Value


# A struct would compare all of its fields.
@dataclass(frozen=True, slots=True)
class External:
    """Something outside the project, by its dotted name: ``sqlalchemy.orm.declarative_base``.

    What a call of it returns is written with parentheses: ``flask_sqlalchemy.SQLAlchemy().Model``.

    Attributes:
        name: The dotted name.
        made: The call it came from, where it is the result of one; not compared.
    """

    name: str
    made: Made | None = field(default=None, compare=False)


class ProjectModule(Struct, frozen=True):
    """A module of the project."""

    path: str


class ProjectClass(Struct, frozen=True):
    """A class of the project."""

    path: str
    definition: Class

    @property
    def qualname(self) -> str:
        """Qualified name inside its module."""
        return self.definition.qualname


class ProjectFunction(Struct, frozen=True):
    """A function or method of the project."""

    path: str
    definition: Function


class Made(Struct, frozen=True):
    """A value that the project computes: ``Base = declarative_base()`` resolves ``Base`` to this.

    Attributes:
        path: The module whose names ``value`` speaks of.
        value: The call, attribute of a call, literal or the like that could not be followed further as a name.
    """

    path: str
    value: Value


class Unresolved(Struct, frozen=True):
    """A name that nothing in sight defines, or that is bound to several different things."""

    why: str


Symbol = External | ProjectModule | ProjectClass | ProjectFunction | Made | Unresolved
