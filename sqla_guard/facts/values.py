"""Expressions as data: what a name stands for, without deciding yet what that means.

A reader turns code into values; the project room resolves them through imports and class definitions. Local names
are already replaced by what they were bound to, so a value speaks of module-level names only.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal as OneWord
from typing import Union

from msgspec import Struct


class Name(Struct, frozen=True):
    """A name looked up in the module (or the builtins)."""

    id: str


class Imported(Struct, frozen=True):
    """What an import inside a function binds.

    ``import a.b`` binds ``Imported("a", None, 0)``, ``from ..x import y`` binds ``Imported("x", "y", 2)``.
    """

    module: str
    name: str | None
    level: int


class ClassRef(Struct, frozen=True):
    """A class defined in this module, by qualified name; also what ``cls`` stands for in its methods."""

    qualname: str


class Attr(Struct, frozen=True):
    """``of.name``."""

    of: Value
    name: str


class Call(Struct, frozen=True):
    """``func(*args, **keywords)``; a starred argument is :class:`Starred`, ``**x`` has the keyword ``"**"``."""

    func: Value
    args: tuple[Value, ...] = ()
    keywords: tuple[tuple[str, Value], ...] = ()

    def keyword(self, name: str) -> Value | None:
        """Return the value given for keyword ``name``, if any."""
        return next((value for key, value in self.keywords if key == name), None)


class Starred(Struct, frozen=True):
    """``*of`` in a call or display."""

    of: Value


class Item(Struct, frozen=True):
    """``of[key]``, both for values and for annotations such as ``list[Event]``."""

    of: Value
    key: Value


class Element(Struct, frozen=True):
    """What iterating over ``of`` yields."""

    of: Value


class Entered(Struct, frozen=True):
    """What ``with of as x`` binds."""

    of: Value


class Awaited(Struct, frozen=True):
    """``await of``."""

    of: Value


class InstanceOf(Struct, frozen=True):
    """Some object of which only the annotation (or, for ``self``, the class) is known."""

    annotation: Value


class Literal(Struct, frozen=True):
    """A constant."""

    value: str | bytes | int | float | complex | bool | None


class Display(Struct, frozen=True):
    """A tuple, list or set display, or a comprehension (one item: what it yields)."""

    kind: OneWord["tuple", "list", "set", "generator"]
    items: tuple[Value, ...]


class Dictionary(Struct, frozen=True):
    """A dict display; ``**x`` inside has the key ``None``."""

    entries: tuple[tuple[Value | None, Value], ...]


class OneOf(Struct, frozen=True):
    """Any of several values, where branches join or in ``a or b``; union annotations ``A | B`` too."""

    options: tuple[Value, ...]


class Narrowed(Struct, frozen=True):
    """``of`` where ``isinstance(of, to)`` is known to hold (or, ``negated``, not to hold)."""

    of: Value
    to: Value
    negated: bool = False


class Chained(Struct, frozen=True):
    """``root`` after any number of method calls out of ``steps``, in any order.

    What ``query`` is after ``if a: query = query.filter(...)`` and twenty more such lines; written out as
    :class:`OneOf`, it would double with each of them. Each step is a call whose function is an attribute of ``root``.
    """

    root: Value
    steps: tuple[Call, ...]


class Unknown(Struct, frozen=True):
    """Something the reader does not follow, with the reason."""

    why: str


Value = Union[
    Name,
    Imported,
    ClassRef,
    Attr,
    Call,
    Starred,
    Item,
    Element,
    Entered,
    Awaited,
    InstanceOf,
    Literal,
    Display,
    Dictionary,
    OneOf,
    Narrowed,
    Chained,
    Unknown,
]

NONE = Literal(None)


def either(values: Iterator[Value] | list[Value] | tuple[Value, ...]) -> Value:
    """Return the one value that stands for all of ``values``, flattened and without repetition."""
    options: dict[Value, None] = {}
    for value in values:
        options.update(dict.fromkeys(value.options if isinstance(value, OneOf) else (value,)))
    if len(options) == 1:
        return next(iter(options))
    return OneOf(tuple(options))


def dotted(value: Value) -> str | None:
    """Return ``a.b.c`` for a chain of attributes on a name, else ``None``."""
    names: list[str] = []
    while isinstance(value, Attr):
        names.append(value.name)
        value = value.of
    if not isinstance(value, Name):
        return None
    return ".".join([value.id, *reversed(names)])
