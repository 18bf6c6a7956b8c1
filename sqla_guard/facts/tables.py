"""A table that a module declares under a plain name, by a mapped class or by ``Table()``."""

from __future__ import annotations

from dataclasses import dataclass, field

from sqla_guard.core.source import Span
from sqla_guard.facts.outline import Class


# A struct would compare all of its fields.
@dataclass(frozen=True, slots=True)
class DeclaredTable:
    """A declaration that runs whenever its module is imported.

    Attributes:
        path: The file.
        table: The table's name as written; ``None`` for a class that says none, whose base may derive one.
        owner: Name of the class, or of the variable that is bound to the ``Table``.
        span: Where the table's name stands, else the class's.
        definition: The class, if it is one.
    """

    path: str
    table: str | None
    owner: str
    span: Span
    definition: Class | None = field(default=None, compare=False)
