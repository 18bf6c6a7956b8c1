"""SQL in Python that may name a column though no database call in sight is given it."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from sqla_guard.core.source import Span
from sqla_guard.facts.operations import TableName


class Telling(Struct, frozen=True):
    """The words by which a file may speak of a column.

    Attributes:
        table: The table.
        column: The column, in lower case.
        classes: Names of the classes that map the table.
        kept: Names by which modules may know strings of others that hold the table's or the column's name.
    """

    table: TableName
    column: str
    classes: frozenset[str]
    kept: frozenset[str]


class Loose(Struct, frozen=True):
    """A place that speaks of a table or its column, or may.

    Attributes:
        kind: ``names`` (a statement names the column), ``open`` (the columns that a statement of the table names are
            put in at run time), ``filled`` (something else is: pieces may go there), ``rows`` (a statement reads whole
            rows), ``given`` (a call about the table is given the column's name), ``piece`` (a piece of SQL names it),
            ``loose piece`` (the same in a file that does not speak of the table) or ``word`` (the bare word).
        span: The place.
        names: Where the name stands in it; empty where that is not one place each.
        shared: Whether it stands outside of functions, for everybody.
    """

    kind: Literal["names", "open", "filled", "rows", "given", "piece", "loose piece", "word"]
    span: Span
    names: tuple[Span, ...] = ()
    shared: bool = False
