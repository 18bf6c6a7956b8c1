"""What a writer of renames is asked for, and what it answers."""

from __future__ import annotations

from msgspec import Struct

from sqla_guard.core.fix import Edit, ImportNeed
from sqla_guard.facts.operations import TableName


class ColumnRename(Struct, frozen=True):
    """The wish: one column gets another name.

    Attributes:
        table: The table.
        old: The column's name in the database.
        new: Its new name.
        dialect: As sqlglot calls it; empty where it is not known, or where there are several.
        existing: What else is known of the column, as keywords and expressions for Alembic's ``alter_column``.
    """

    table: TableName
    old: str
    new: str
    dialect: str = ""
    existing: tuple[tuple[str, str], ...] = ()


class Change(Struct, frozen=True):
    """The edits that fulfil it, and the imports that they need."""

    edits: tuple[Edit, ...]
    imports: tuple[ImportNeed, ...] = ()


class Refusal(Struct, frozen=True):
    """Why it cannot be written, in a few words that can follow ``because``."""

    reason: str


Outcome = Change | Refusal
