"""Repairs as data: byte-exact edits over any number of files, taken whole or not at all."""

from __future__ import annotations

from enum import Enum

from msgspec import Struct

from sqla_guard.core.source import Span


class Applicability(Enum):
    """How far a fix may be trusted.

    SAFE: the program means the same, or could not be imported before and every use was found and changed.
    UNSAFE: something remains for a person to judge; the fix's title says what.
    DISPLAY: shown only, never applied.
    """

    SAFE = "safe"
    UNSAFE = "unsafe"
    DISPLAY = "display"


class Edit(Struct, frozen=True, order=True):
    """Replace the characters ``start`` to ``end`` of ``path`` by ``text``.

    An edit of a file that does not exist creates it; ``start`` and ``end`` are 0 then.
    """

    path: str
    start: int
    end: int
    text: str


class ImportNeed(Struct, frozen=True, order=True):
    """What the edited file has to import: a module such as ``threading``, or with ``name`` something from it."""

    path: str
    module: str
    name: str = ""


class Place(Struct, frozen=True):
    """A place in a file with a sentence about it."""

    path: str
    span: Span
    message: str


class Fix(Struct, frozen=True):
    """One repair.

    Attributes:
        title: What it does, in the imperative.
        edits: All its edits; together they are one unit.
        applicability: How far it may be trusted.
        imports: Imports that the edited files need besides.
        to_look_at: Places that may need the same change but could not be proven.
    """

    title: str
    edits: tuple[Edit, ...]
    applicability: Applicability
    imports: tuple[ImportNeed, ...] = ()
    to_look_at: tuple[Place, ...] = ()
