"""What SQLAlchemy does with a name on a class: a look into the measured tables, and the words for it."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Literal

from msgspec import Struct

from sqla_guard.project.names import Version, cells, measured_version

Kind = Literal["column", "object", "metadata", "bare annotation", "unknown"]
"""What a name is bound to: something mapped; another object; a ``MetaData`` or ``registry``, as it should be."""

Verdict = Literal["raises", "raises later", "unmapped class", "warns", "not mapped", "mangled", "shadowed"]
"""What happens at run time, the worst first."""

WORST_FIRST: tuple[Verdict, ...] = (
    "raises",
    "raises later",
    "unmapped class",
    "warns",
    "not mapped",
    "mangled",
    "shadowed",
)

# What is said of each verdict. ``{words}`` are SQLAlchemy's own.
_TEXTS: dict[str, str] = {
    "raises": "importing this raises {words}",
    "raises later": "the class can be made, but using it raises {words}",
    "unmapped class": "the whole class is silently not mapped, it has no table",
    "warns": "importing this warns, SAWarning: {words}",
    "not mapped": "it is silently not mapped, there is no such column or attribute at run time",
    "mangled": "Python mangles it, so attribute and column are called `_{class}{name}`",
    "shadowed": "this hides SQLAlchemy's own `{name}` on the model, and code that asks for it gets the attribute",
}
_SHADOWED: dict[str, str] = {
    "metadata": "this hides the MetaData on the model: a joined-table subclass and `{class}.metadata` then fail",
    "registry": "this hides the class registry on the model, and SQLAlchemy 2.1 warns of it",
    "query": "this hides Flask-SQLAlchemy's `{class}.query`: `{class}.query.filter_by()` raises AttributeError",
    "query_class": "`{class}.query` then raises TypeError, Flask-SQLAlchemy takes the attribute for the class to make",
}

# Kinds that the tables have for a few names only, and what stands for them elsewhere.
_ALIKE: dict[str, str] = {
    "Mapped relationship": "Mapped with a value",
    "declared_attr mapped_column": "mapped_column",
    "synonym": "relationship",
    **dict.fromkeys(("deferred", "column_property", "declared_attr Column"), "Column"),
    **dict.fromkeys(("hybrid_property", "method", "classmethod", "staticmethod", "nested class"), "property"),
    **dict.fromkeys(("ClassVar constant", "annotated constant", "declared_attr constant", "dict"), "constant"),
}
_RESERVED = frozenset({"metadata", "registry"})


class Outcome(Struct, frozen=True):
    """What happens at run time.

    Attributes:
        severity: ``error`` where the class cannot be made or used.
        text: One sentence.
        raises: Whether importing the module fails.
        verdict: The same in one word.
    """

    severity: Literal["error", "warning"]
    text: str
    raises: bool
    verdict: Verdict = "raises"


class Cell(Struct, frozen=True):
    """A question to the tables.

    Attributes:
        name: The name.
        placement: Where the class stands that binds it: ``direct``, ``mixin before the base`` and so on.
        kind: What it is bound to.
        style: How the class that is mapped is declared.
        class_name: Name of that class.
        type_name: Python type of a constant.
    """

    name: str
    placement: str
    kind: str
    style: str
    class_name: str
    type_name: str


def outcome(version: Version, cell: Cell) -> Outcome | None:
    """Return what SQLAlchemy ``version`` does; ``None`` where nothing breaks."""
    measured = _measured(version, cell)
    verdict = _verdict(measured)
    if verdict is None:
        return None
    words = measured.removeprefix(verdict).removeprefix(": ")
    words = words.replace("{class}", cell.class_name).replace("'{type}' object", f"'{cell.type_name}' object")
    template = _SHADOWED.get(cell.name, _TEXTS[verdict]) if verdict == "shadowed" else _TEXTS[verdict]
    text = template.replace("{words}", words).replace("{class}", cell.class_name).replace("{name}", cell.name)
    fails = verdict in ("raises", "raises later", "unmapped class")
    return Outcome("error" if fails else "warning", text, verdict == "raises", verdict)


def may_break(version: Version, name: str, kinds: Collection[str], placements: Collection[str]) -> bool:
    """Tell whether ``name``, bound to something of one of ``kinds``, breaks a class in one of ``placements``."""
    kinds = {*kinds, *(_ALIKE.get(kind, kind) for kind in kinds)}
    places = _places(version, name)
    styles = (places.get(placement, {}).get(kind, {}) for placement in placements for kind in kinds)
    return any(_verdict(measured) for by_style in styles for measured in by_style.values())


def hidden_on(class_name: str, name: str) -> Outcome:
    """Return what a reserved name that reflection puts on a class leads to, in all versions that were measured."""
    own = "MetaData" if name == "metadata" else "class registry"
    text = f"reflection asks no one, `{class_name}.{name}` is then the column and hides the {own}"
    return Outcome("warning", text, False, "shadowed")


def _measured(version: Version, cell: Cell) -> str:
    places = _places(version, cell.name)
    kind = cell.kind if cell.name in _RESERVED or cell.style == "SQLModel" else _ALIKE.get(cell.kind, cell.kind)
    styles = places.get(cell.placement, {}).get(kind, {})
    return styles.get(cell.style) or styles.get("*", "fine")


def _places(version: Version, name: str) -> Mapping[str, Mapping[str, Mapping[str, str]]]:
    table = cells(measured_version(version))
    return table.get(name) or table.get(_pattern(name), {})


def _verdict(measured: str) -> Verdict | None:
    return next((v for v in WORST_FIRST if measured == v or measured.startswith(f"{v}: ")), None)


def _pattern(name: str) -> str:
    if name.startswith("_sa_"):
        return "_sa_*"
    if name.startswith("__"):
        return "__*__" if name.endswith("__") else "__*"
    return "_private" if name.startswith("_") else ""
