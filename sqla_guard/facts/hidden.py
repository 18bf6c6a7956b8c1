"""A column that a class body or a ``Table()`` names, whatever its name is."""

from __future__ import annotations

from msgspec import Struct

from sqla_guard.core.source import Span
from sqla_guard.facts.reserved import ReservedName
from sqla_guard.facts.values import Value


class NamedAttribute(Struct, frozen=True):
    """A name that a class body binds to a value or annotates.

    Attributes:
        binding: The name and what it is bound to, in the form that reserved names have.
    """

    binding: ReservedName


class NamedColumn(Struct, frozen=True):
    """A ``Column("name", ...)`` among the arguments of a ``Table()``.

    Attributes:
        path: The file.
        name: The column's key in ``Table.c``.
        span: Where that stands.
        table: What is called to make the table.
        column: What is called to make the column.
    """

    path: str
    name: str
    span: Span
    table: Value
    column: Value
