"""What DDL and SQL do to tables and columns: one vocabulary for every carrier.

``op.add_column(...)``, ``session.execute(text("ALTER TABLE ... ADD ..."))`` and a line of a ``.sql`` file all become
the same facts, so that one rule judges them all.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from msgspec import Struct

from sqla_guard.core.source import Span

Direction = Literal["up", "down"]
_KEPT = 63


class Identifier(Struct, frozen=True):
    """A name as it stands in the file.

    Attributes:
        name: The name without quotes, folded the way the dialect folds it when unquoted (lower case, or the
            dialect's upper case turned to lower), so that equal names compare equal.
        span: The characters of the file to replace when the name changes, without quotes; ``None`` where the name is
            put together from several literals and cannot be replaced in one piece.
        quoted: Whether SQL quotes stand around it.
    """

    name: str
    span: Span | None
    quoted: bool = False


# A struct would compare all of its fields.
@dataclass(frozen=True, slots=True)
class TableName:
    """A table.

    Attributes:
        name: Its name, folded like :attr:`Identifier.name`.
        schema: Its schema, folded as well: the written one, else the first of ``path``, if any.
        path: Where no schema is written, but the script says where to look: the schemas in their order. What is made
            lands in the first.
    """

    name: str
    schema: str | None = None
    path: tuple[str, ...] = field(default=(), compare=False)


def kept(name: str) -> str:
    """Return what PostgreSQL keeps of a name: its first 63 bytes, whole characters only."""
    return name if len(name) <= _KEPT // 4 else name.encode()[:_KEPT].decode(errors="ignore")


class Guard(Struct, frozen=True):
    """Python that asks before it runs DDL: ``if not table_exists("events"): ...``.

    Attributes:
        statement: The whole ``if`` statement.
        around: Whether the DDL stands inside it; ``False`` for an early ``if table_exists("events"): return``.
        column: The literal in the test that names the added column, to be renamed along with it.
    """

    statement: Span
    around: bool = True
    column: Identifier | None = None


class Carrier(Struct, frozen=True):
    """Where an operation stands.

    Attributes:
        path: The file.
        kind: ``sql-file``, ``python-sql`` (SQL in a Python string that reaches a database call), ``alembic``, or
            ``core`` (a ``Table`` that the module creates).
        statement: The SQL statement, or the Python call, as characters of the file.
        direction: ``up``, ``down`` (a downgrade function or a down section).
        rerunnable: Whether it is written to be run again at each deploy (``IF NOT EXISTS``, or guarded by Python).
        guard: The innermost Python guard around it, if any.
        conditional: Whether it runs only where something out of the database's sight, such as a setting, says so.
        runs_at: Where the outermost call stands that leads to it, if it stands in a function that others call.
        runs_in: The file that runs it, and that ``runs_at`` is of, if that is another one than ``path``.
        runs_as: What that file calls the SQL, where it gives all of it to one call: ``ddl.CREATE``; empty elsewhere.
        through: The file of the function that hands it to the database, if that is another one.
    """

    path: str
    kind: Literal["sql-file", "python-sql", "alembic", "core"]
    statement: Span
    direction: Direction = "up"
    rerunnable: bool = False
    guard: Guard | None = None
    runs_at: int | None = None
    conditional: bool = False
    runs_in: str | None = None
    runs_as: str = ""
    through: str | None = None

    @property
    def runner(self) -> str:
        """The file that runs it."""
        return self.runs_in or self.path

    @property
    def place(self) -> Span:
        """Where it runs, as characters of :attr:`runner`."""
        if self.runs_in is None or self.runs_at is None:
            return self.statement
        return Span(self.runs_at, self.runs_at + 1)

    @property
    def moment(self) -> tuple[int, int]:
        """A sort key: the order in which the operations of a file run."""
        return self.statement.start if self.runs_at is None else self.runs_at, self.statement.start


class CreateTable(Struct, frozen=True):
    """``CREATE TABLE``, also ``… AS SELECT`` and ``SELECT … INTO``, ``CREATE VIEW`` and ``CREATE TYPE … AS (…)``.

    Attributes:
        table: The table or view.
        columns: Its columns in order. One that a query passes on under its own name has no span.
        carrier: Where it stands.
        partial: Whether some columns could not be read.
        kind: What is made; a temporary table is gone when its session ends.
        like: Tables whose columns it takes as well: ``LIKE``, ``INHERITS``, ``PARTITION OF``, ``SELECT *``.
        replaces: Whether what was there under the name goes: ``CREATE OR REPLACE``.
        of: The type whose attributes are its columns, now and later; it is in ``like``, too.
    """

    table: TableName
    columns: tuple[Identifier, ...]
    carrier: Carrier
    partial: bool = False
    kind: Literal["table", "temporary", "view", "type"] = "table"
    like: tuple[TableName, ...] = ()
    replaces: bool = False
    of: TableName | None = None


class AddColumn(Struct, frozen=True):
    """``ALTER TABLE ... ADD COLUMN``."""

    table: TableName
    column: Identifier
    carrier: Carrier


class RenameColumn(Struct, frozen=True):
    """``ALTER TABLE ... RENAME COLUMN old TO new``, ``CHANGE``, ``sp_rename``."""

    table: TableName
    old: Identifier
    new: Identifier
    carrier: Carrier


class DropColumn(Struct, frozen=True):
    """``ALTER TABLE ... DROP COLUMN``."""

    table: TableName
    column: Identifier
    carrier: Carrier


class DropTable(Struct, frozen=True):
    """``DROP TABLE``, ``DROP VIEW``."""

    table: TableName
    carrier: Carrier


class RenameTable(Struct, frozen=True):
    """``ALTER TABLE ... RENAME TO``, ``SET SCHEMA``."""

    table: TableName
    new: TableName
    carrier: Carrier


class SetType(Struct, frozen=True):
    """``ALTER TABLE ... OF type``, and ``NOT OF``, for which ``of`` is ``None``: the columns stay."""

    table: TableName
    of: TableName | None
    carrier: Carrier


class ColumnReference(Struct, frozen=True):
    """SQL that names an existing column: in DML, a query, an index, a constraint, a comment.

    Attributes:
        table: The table it is resolved to; ``None`` where the statement alone does not say.
        column: The identifier.
        candidates: Where ``table`` is ``None``: the tables it can belong to, innermost query first. It belongs to the
            first of them that has such a column.
        role: ``output`` where it stands bare in a result list, so that it also names the result; ``plain`` elsewhere;
            ``fixed`` where it cannot be edited safely (trigger or function body, dynamic SQL).
    """

    table: TableName | None
    column: Identifier
    role: Literal["output", "plain", "fixed"]
    carrier: Carrier
    candidates: tuple[TableName, ...] = ()


class UnreadSql(Struct, frozen=True):
    """SQL that may matter and could not be read; ``reason`` in a few words.

    Attributes:
        tables: Tables that it names, as far as can be told; empty where it may concern any.
    """

    reason: str
    carrier: Carrier
    tables: tuple[TableName, ...] = ()


Operation = CreateTable | AddColumn | RenameColumn | DropColumn | DropTable | RenameTable | SetType
SqlFact = Operation | ColumnReference | UnreadSql
