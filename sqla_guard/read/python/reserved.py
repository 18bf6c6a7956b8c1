"""Class bodies read closely for names that SQLAlchemy reserves."""

from __future__ import annotations

import re

from sqla_guard.core.source import SourceFile
from sqla_guard.facts.outline import Outline
from sqla_guard.facts.reserved import RESERVED, ReservedName

_MARKER = re.compile(rb"\b(?:" + b"|".join(sorted(n.encode() for n in RESERVED)) + rb")\b")


def may_reserve(data: bytes) -> bool:
    """Tell whether a Python file can bind a reserved name in a class body."""
    return b"class" in data and _MARKER.search(data) is not None


def read_reserved_names(source: SourceFile, outline: Outline) -> tuple[ReservedName, ...]:
    """Return the reserved names bound in the class bodies of a module.

    Only a class whose outline has such a name is read closely.
    """
    marked = [c for c in outline.classes.values() if any(a.name in RESERVED for a in c.attributes)]
    if not marked:
        return ()
    from sqla_guard.read.python.class_bodies import read_class_body  # loads libcst

    return tuple(fact for definition in marked for fact in read_class_body(source, definition, RESERVED))
