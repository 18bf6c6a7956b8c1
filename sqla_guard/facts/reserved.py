"""A name that SQLAlchemy reserves, bound in a class body."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from sqla_guard.core.source import Span

if TYPE_CHECKING:
    from sqla_guard.facts.reserved_words import Form
    from sqla_guard.facts.values import Value


class Constructor(Struct, frozen=True):
    """The call that makes a column or the like, with what an explicit column name needs.

    Attributes:
        func: What is called.
        insert_at: Offset of the first argument; of the closing parenthesis where there is none.
        empty: Whether the call has no arguments at all.
        first: The first positional argument, if any.
        first_span: Its characters.
        name_span: The value of a ``name=`` keyword, if any.
        unpacks: Whether an argument is ``*x`` or ``**x``, which may hold the name.
        append_at: Offset behind the last argument; as ``insert_at`` where there is none.
        inner: Arguments that are calls themselves, such as the ``Column`` in ``deferred(Column())``, by position or
            keyword.
    """

    func: Value
    insert_at: int
    empty: bool
    first: Value | None
    first_span: Span | None
    name_span: Span | None
    unpacks: bool = False
    append_at: int = 0
    inner: tuple[tuple[int | str, Constructor], ...] = ()


class ReservedName(Struct, frozen=True):
    """A class attribute with a reserved name.

    Attributes:
        path: The file.
        owner: Qualified name of the class.
        name: The reserved name.
        span: Where it stands.
        form: ``assignment``, ``annotation`` (no value), ``method`` or ``class``; ``after`` for an assignment to the
            class from outside, ``backref`` for a relationship that puts the name on another class.
        value: What it is bound to, for an assignment.
        annotation: Its annotation, if any.
        annotation_end: Offset behind the annotation.
        decorators: Decorators of a method, outermost first.
        constructor: The call on the right-hand side, if it is one.
        value_span: The right-hand side.
        target: For ``after`` and ``backref``, the class that gets the name.
        returned: What the ``return`` statements of a method give back: calls, or ``None`` for anything else.
    """

    path: str
    owner: str
    name: str
    span: Span
    form: Form
    value: Value | None = None
    annotation: Value | None = None
    annotation_end: int = 0
    decorators: tuple[Value, ...] = ()
    constructor: Constructor | None = None
    value_span: Span | None = None
    returned: tuple[Constructor | None, ...] = ()
    target: Value | None = None

    @property
    def symbol(self) -> str:
        """What findings about it are known by."""
        from sqla_guard.facts.values import Attr, Imported, Name  # only findings ask

        match self.target:
            case Name(id=cls) | Attr(name=cls) | Imported(name=cls):
                return f"{self.owner or cls}.{self.name}"
        return f"{self.owner}.{self.name}"
