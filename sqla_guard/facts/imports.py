"""The import statements at the top of a module, for putting another one among them."""

from __future__ import annotations

from msgspec import Struct

from sqla_guard.core.source import Span


class ImportStatement(Struct, frozen=True):
    """One import statement at module level.

    Attributes:
        modules: The modules it names.
        plain: ``import x`` rather than ``from x import y``.
        span: Its characters.
        names: What ``from x import y as z`` binds: ``y``, ``z`` and their characters.
    """

    modules: tuple[str, ...]
    plain: bool
    span: Span
    names: tuple[tuple[str, str, Span], ...] = ()


class ImportBlock(Struct, frozen=True):
    """Where imports stand in a module.

    Attributes:
        statements: Import statements at module level before anything else than a docstring, in order.
        bound: Modules imported whole at module level, by the name they are bound to.
        start: Offset of the first line where code can stand (after comments, docstring and ``__future__``).
    """

    statements: tuple[ImportStatement, ...]
    bound: tuple[tuple[str, str], ...]
    start: int
