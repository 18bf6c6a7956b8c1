"""Repairs as data: byte-exact edits over any number of files, taken whole or not at all."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

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


@dataclass(frozen=True, slots=True, order=True)
class Edit:
    """Replace the characters ``start`` to ``end`` of ``path`` by ``text``.

    An edit of a file that does not exist creates it; ``start`` and ``end`` are 0 then.
    """

    path: str
    start: int
    end: int
    text: str


@dataclass(frozen=True, slots=True, order=True)
class ImportNeed:
    """What the edited file has to import: a module such as ``threading``, or with ``name`` something from it."""

    path: str
    module: str
    name: str = ""


@dataclass(frozen=True, slots=True)
class Place:
    """A place in a file with a sentence about it."""

    path: str
    span: Span
    message: str


@dataclass(frozen=True, slots=True)
class Fix:
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
