"""A name that SQLAlchemy reserves, bound in a class body."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from sqla_guard.core.source import Span
from sqla_guard.facts.values import Value

RESERVED = frozenset({"metadata", "registry"})


@dataclass(frozen=True, slots=True)
class Constructor:
    """The call that makes a column or the like, with what an explicit column name needs.

    Attributes:
        func: What is called.
        insert_at: Offset of the first argument; of the closing parenthesis where there is none.
        empty: Whether the call has no arguments at all.
        first: The first positional argument, if any.
        first_span: Its characters.
        name_span: The value of a ``name=`` keyword, if any.
    """

    func: Value
    insert_at: int
    empty: bool
    first: Value | None
    first_span: Span | None
    name_span: Span | None


@dataclass(frozen=True, slots=True)
class ReservedName:
    """A class attribute with a reserved name.

    Attributes:
        path: The file.
        owner: Qualified name of the class.
        name: The reserved name.
        span: Where it stands.
        form: ``assignment``, ``annotation`` (no value), ``method`` or ``class``.
        value: What it is bound to, for an assignment.
        annotation: Its annotation, if any.
        annotation_end: Offset behind the annotation.
        decorators: Decorators of a method, outermost first.
        constructor: The call on the right-hand side, if it is one.
    """

    path: str
    owner: str
    name: str
    span: Span
    form: Literal["assignment", "annotation", "method", "class"]
    value: Value | None = None
    annotation: Value | None = None
    annotation_end: int = 0
    decorators: tuple[Value, ...] = ()
    constructor: Constructor | None = None
