"""What a reference can turn out to be."""

from __future__ import annotations

from collections.abc import Iterable

from msgspec import Struct

from sqla_guard.facts.values import Attr, Call, Value
from sqla_guard.project.shapes import ClassType, InstanceType, Type

# ``how`` of a proven use that names the database column, not the attribute: it only changes with the column.
NAMES_COLUMN = "names the column"
NAMES_ATTRIBUTE = "names the attribute"


class Proven(Struct, frozen=True):
    """A use for sure."""

    how: str = NAMES_ATTRIBUTE


class Perhaps(Struct, frozen=True):
    """Possibly a use; ``why`` is the beginning of a sentence."""

    why: str


Verdict = Proven | Perhaps | None


def call_of(owner: Value) -> Call | None:
    """Return the call of a reference; where it was read twice, either tells."""
    for option in options_of(owner):
        if isinstance(option, Call):
            return option
    return None


def options_of(value: Value) -> Iterable[Value]:
    """Return the values that ``value`` may be."""
    return getattr(value, "options", (value,))


def last_name(value: Value) -> str:
    """Return the name that is called, without what stands before the dot."""
    if isinstance(value, Attr):
        return value.name
    return str(getattr(value, "id", getattr(value, "name", "")))


def named(kind: Type) -> str:
    """Return how a type is called in a sentence."""
    if isinstance(kind, (InstanceType, ClassType)):
        return f"`{kind.cls.definition.name}`"
    return "something else"
