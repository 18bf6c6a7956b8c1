"""An Alembic revision file, as far as the graph and the look of the next one need it."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from sqla_guard.core.source import Span

Slot = Literal["revision", "down_revision", "branch_labels", "depends_on"]


class RevisionLayout(Struct, frozen=True):
    """Where the parts of a revision file stand, for writing another one like it.

    Attributes:
        docstring: The module docstring's literal, if any.
        op_import: The statement that binds ``op``.
        op: The name that ``alembic.op`` has.
        imports_end: End of the last import at the top.
        values: The expression assigned to each variable, the revision first.
        upgrade: The function ``upgrade`` up to the colon; ``None`` where there is none.
        downgrade: The function ``downgrade`` up to the colon.
        notes: Docstrings of the two functions, as literals.
    """

    docstring: Span | None
    op_import: Span | None
    op: str
    imports_end: int
    values: tuple[tuple[Slot, Span], ...]
    upgrade: Span | None
    downgrade: Span | None
    notes: tuple[Span | None, Span | None]


class Revision(Struct, frozen=True):
    """One revision.

    Attributes:
        path: The file.
        id: The revision's identifier.
        parents: ``down_revision``; empty for a base, several for a merge.
        branch_labels: Names of the branch that starts here.
        depends_on: Revisions (or branch labels) that must run before.
        message: First line of the docstring.
        create_date: What the docstring says after ``Create Date:``; empty where it says nothing.
        batch: How often the file uses ``batch_alter_table``.
        plain: How often it alters tables without that.
        problem: What could not be read, in a few words; empty where all could.
        layout: Where the parts stand.
        text: The whole file.
    """

    path: str
    id: str
    parents: tuple[str, ...]
    branch_labels: tuple[str, ...]
    depends_on: tuple[str, ...]
    message: str
    create_date: str
    batch: int
    plain: int
    problem: str
    layout: RevisionLayout
    text: str
