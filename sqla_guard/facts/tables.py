"""A table that a module declares under a plain name, by a mapped class or by ``Table()``."""

from __future__ import annotations

from dataclasses import dataclass

from sqla_guard.core.source import Span


@dataclass(frozen=True, slots=True)
class DeclaredTable:
    """A declaration that runs whenever its module is imported.

    Attributes:
        path: The file.
        table: The table's name as written.
        owner: Name of the class, or of the variable that is bound to the ``Table``.
        is_class: Whether it is a class.
        span: Where the table's name stands.
    """

    path: str
    table: str
    owner: str
    is_class: bool
    span: Span

    @property
    def symbol(self) -> str:
        """What findings about it are known by."""
        return self.owner
