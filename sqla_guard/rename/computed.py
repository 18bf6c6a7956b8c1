"""Attribute names that are known at run time only, and whole objects that become dicts."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeGuard

from sqla_guard.facts.references import Reference
from sqla_guard.facts.values import Attr, Call, Dictionary, Display, Element, Item, Literal, Name, OneOf, Unknown, Value
from sqla_guard.project.shapes import (
    ClassType,
    ColumnType,
    ExternalType,
    InstanceType,
    RowType,
    Type,
    UnknownType,
    options,
)
from sqla_guard.project.symbols import Made, Symbol
from sqla_guard.project.types import TypeOf
from sqla_guard.rename.family import Family
from sqla_guard.rename.verdict import Perhaps, Verdict, call_of

_TABLES = frozenset({"__table__", "__mapper__", "column_attrs", "columns", "mapper"})


class Computed:
    """Judges what names no attribute in so many words."""

    def __init__(self, types: TypeOf, family: Family, attribute: str) -> None:
        """Look for what may come to ``attribute`` of ``family``."""
        self._types = types
        self._family = family
        self._attribute = attribute
        self._shown = f"`{family.cls.definition.name}`"

    def name(self, path: str, reference: Reference) -> Verdict:
        """Judge ``getattr(event, name)``."""
        call = call_of(reference.owner)
        if call is None or len(call.args) < 2:
            return None
        key = call.args[1]
        names = self._names(path, key)
        if names is not None and self._attribute not in names:
            return None
        owner = self._types.of(path, call.args[0])
        if not any(map(self._is_one, options(owner))) and not (_unknown(owner) and _reads_table(key)):
            return None
        if _reads_table(key):
            return Perhaps(
                f"it goes by the columns of a {self._shown}, where the attribute and the column"
                " may be called differently now"
            )
        return Perhaps(f"the attribute is named at run time; if that comes to `{self._attribute}`, it is `{{new}}` now")

    def whole(self, path: str, reference: Reference) -> Verdict:
        """Judge ``vars(event)`` and ``row._asdict()``, whose keys are the names of attributes."""
        for option in options(self._types.of(path, reference.owner)):
            match option:
                case InstanceType() if self._is_one(option) and reference.outer != "dict":
                    return Perhaps(f"the keys of this are the attributes of a {self._shown}, so `{{new}}` is one now")
                case RowType(entities=entities) if any(map(self._is_it, entities)):
                    return Perhaps("the keys of this are the attributes that were selected, so `{new}` is one now")
        return None

    def _is_it(self, entity: Type) -> bool:
        return isinstance(entity, ColumnType) and entity.name == self._attribute and self._family.includes(entity.cls)

    def _is_one(self, kind: Type) -> bool:
        if not isinstance(kind, (InstanceType, ClassType)):
            return False
        return self._family.includes(kind.cls) or self._family.may_be(kind.cls)

    def _names(self, path: str, key: Value) -> frozenset[str] | None:
        """Return what a name can come to; ``None`` where that is not written down."""
        match key:
            case Literal(value=str(text)):
                return frozenset({text})
            case Element(of=of):
                return self._elements(path, of)
            case Item(of=Element(of=Call(func=Attr(of=Dictionary() as of, name="items"))), key=Literal(value=0)):
                return self._elements(path, of)
            case OneOf(options=several):
                return self._all(path, several)
            case Name():
                symbol = self._types.project.resolve(path, key)
                return self._names(symbol.path, symbol.value) if _is_other(symbol, key) else None
            case _:
                return None

    def _elements(self, path: str, of: Value) -> frozenset[str] | None:
        match of:
            case Display(kind=kind, items=items) if kind != "generator":
                return self._all(path, items)
            case Dictionary(entries=entries) if all(key is not None for key, _ in entries):
                return self._all(path, tuple(key for key, _ in entries if key is not None))
            case Name():
                symbol = self._types.project.resolve(path, of)
                return self._elements(symbol.path, symbol.value) if _is_other(symbol, of) else None
            case _:
                return None

    def _all(self, path: str, values: tuple[Value, ...]) -> frozenset[str] | None:
        found = [self._names(path, value) for value in values]
        return frozenset().union(*(f for f in found if f)) if found and all(f is not None for f in found) else None


def _is_other(symbol: Symbol, name: Value) -> TypeGuard[Made]:
    return isinstance(symbol, Made) and symbol.value != name


def _unknown(kind: Type) -> bool:
    return any(isinstance(o, (UnknownType, ExternalType)) for o in options(kind))


def _reads_table(key: Value) -> bool:
    """Tell whether a name is taken from a table or mapper, as in ``[c.name for c in x.__table__.columns]``."""
    return any(isinstance(part, Attr) and part.name in _TABLES for part in _parts(key))


def _parts(value: Value, depth: int = 0) -> Iterator[Value]:
    yield value
    if depth > 12:
        return
    match value:
        case Attr(of=of) | Element(of=of) | Item(of=of):
            yield from _parts(of, depth + 1)
        case Call(func=func, args=args):
            for part in (func, *args):
                yield from _parts(part, depth + 1)
        case Display(items=items) | OneOf(options=items):
            for part in items:
                yield from _parts(part, depth + 1)
        case Unknown():
            return
