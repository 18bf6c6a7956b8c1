"""What SQLAlchemy does with a reserved name, by version; measured, see ``CONTRIBUTING.md``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from sqla_guard.project.mapped import Mapping

Kind = Literal["column", "object", "metadata", "bare annotation", "unknown"]
"""What a name is bound to: something mapped; another object; a ``MetaData`` or ``registry``, as it should be."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What happens at run time.

    Attributes:
        severity: ``error`` where the class cannot be made.
        text: One sentence.
        raises: Whether importing the module fails.
    """

    severity: Literal["error", "warning"]
    text: str
    raises: bool


def outcome(version: tuple[int, int], name: str, kind: Kind, mapping: Mapping, type_name: str) -> Outcome | None:
    """Return what SQLAlchemy ``version`` does with ``name`` on a class; ``None`` where nothing breaks.

    Args:
        version: Major and minor version.
        name: The reserved name.
        kind: What it is bound to.
        mapping: What the class is to SQLAlchemy.
        type_name: Python type of the value, for ``kind`` "object".
    """
    if kind not in ("column", "object") or mapping.role in ("plain", "unknown"):
        return None
    if _flask_takes_it_first(version, mapping):
        return None
    if name == "registry":
        return _registry(version) if mapping.role != "base" and kind == "column" else None
    if version >= (2, 1):
        return _warned("metadata", "the MetaData instance", "a Declarative class") if kind == "column" else None
    if kind == "column":
        return Outcome("error", f"importing this raises InvalidRequestError: {_reserved_text(version)}", raises=True)
    if mapping.role != "mapped":
        return None
    text = f"importing this raises AttributeError: '{type_name}' object has no attribute 'schema'"
    return Outcome("error", text, raises=True)


def _reserved_text(version: tuple[int, int]) -> str:
    if version < (2, 0):
        return "Attribute name 'metadata' is reserved for the MetaData instance when using a declarative base class."
    return "Attribute name 'metadata' is reserved when using the Declarative API."


def _registry(version: tuple[int, int]) -> Outcome | None:
    if version < (1, 4):
        return None
    if version >= (2, 1):
        return _warned("registry", "the Declarative class registry", "a Declarative class")
    return Outcome(
        "warning", "this hides the class registry on the model, and SQLAlchemy 2.1 warns of it", raises=False
    )


def _warned(name: str, instead: str, where: str) -> Outcome:
    text = f"SAWarning: Attribute name '{name}' should be left reserved for {instead} when using {where}."
    return Outcome("warning", f"importing this warns, {text}", raises=False)


def _flask_takes_it_first(version: tuple[int, int], mapping: Mapping) -> bool:
    """Flask-SQLAlchemy 3 sets ``metadata`` on each class itself, which silences a mixin's or abstract base's column."""
    return version >= (2, 0) and mapping.style.startswith("flask_sqlalchemy.") and mapping.role in ("mixin", "abstract")
