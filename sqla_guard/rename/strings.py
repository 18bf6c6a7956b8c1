"""Strings that name an attribute or its column: which they name, if either."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

from sqla_guard.facts.references import Reference
from sqla_guard.facts.values import Attr, Call, ClassRef, Display, Item, Literal, Value
from sqla_guard.project.mapped import Mappings
from sqla_guard.project.shapes import (
    ClassType,
    ColumnsType,
    ColumnType,
    InstanceType,
    ListType,
    RowType,
    TableType,
    Type,
    UnknownType,
    options,
)
from sqla_guard.project.symbols import External, ProjectClass, Unresolved
from sqla_guard.project.types import TypeOf
from sqla_guard.rename.family import Family
from sqla_guard.rename.verdict import NAMES_COLUMN, Perhaps, Proven, Verdict, call_of, last_name

# Functions whose first argument is an object (or class) and whose second names one of its attributes.
_BY_NAME = frozenset(
    [
        "getattr",
        "setattr",
        "hasattr",
        "delattr",
        "flag_modified",
        "set_attribute",
        "get_attribute",
        "get_history",
        "del_attribute",
        "set_committed_value",
        "init_collection",
        "refresh",
        "expire",
        "is_modified",
    ]
)
# Methods of queries and loader options that take attribute names.
_ATTRIBUTE_STRINGS = frozenset(
    [
        "load_only",
        "defer",
        "undefer",
        "joinedload",
        "selectinload",
        "subqueryload",
        "lazyload",
        "raiseload",
        "noload",
        "contains_eager",
        "immediateload",
        "with_parent",
    ]
)
_COLUMN_STRINGS = frozenset(
    {"order_by", "group_by", "with_only_columns", "on_conflict_do_update", "on_conflict_do_nothing"}
)
# Calls in a class body whose strings name attributes, or columns, of that class.
_BODY_ATTRIBUTES = frozenset({"synonym", "validates", "composite"})
_BODY_COLUMNS = frozenset(
    {"Index", "UniqueConstraint", "PrimaryKeyConstraint", "ForeignKeyConstraint", "ExcludeConstraint"}
)
_FOREIGN_KEYS = frozenset({"ForeignKey", "ForeignKeyConstraint"})
_RELATIONSHIPS = frozenset({"relationship", "relation", "Relationship", "dynamic_loader"})
_PICKED = frozenset({"get", "pop", "get_property", "has_property", "contains_column", "has_key", "setdefault"})
# ``__mapper_args__`` that select columns of the table; its other strings name attributes.
_MAPPER_COLUMNS = frozenset({"include_properties", "exclude_properties", "primary_key"})
# How admin views call their lists of attribute names.
_LISTS = ("column_", "form_", "list_columns", "show_columns", "add_columns", "edit_columns", "search_columns")
_LABELS = ("label_columns", "order_columns", "description_columns", "search_fields", "ordering", "readonly_fields")


class _Judge(Protocol):
    """What the judge of all references knows."""

    def on(self, owner: Type) -> Verdict:
        """Return what naming the attribute on ``owner`` is."""

    def about(self, owner: Type, method: str) -> Verdict:
        """Return what naming the attribute to a method of a query or statement is."""


class Strings:
    """Judges strings."""

    def __init__(self, types: TypeOf, family: Family, attribute: str, judge: _Judge) -> None:
        """Judge strings that may name ``attribute`` of ``family``."""
        self._types = types
        self._family = family
        self._attribute = attribute
        self._judge = judge
        self._shown = f"`{family.cls.definition.name}`"

    def verdict(self, path: str, reference: Reference) -> Verdict:
        """Return what one string is."""
        if isinstance(reference.owner, Item):
            return self._picked(self._types.of(path, reference.owner.of))
        if isinstance(reference.owner, Attr):
            return self._in_a_body(path, reference.owner)
        call = call_of(reference.owner)
        if call is None:
            return None
        called = last_name(call.func)
        declared = self._declared(path, call, called, reference)
        if declared is not None:
            return declared
        if called in _BY_NAME:
            return self._by_name(path, call, called)
        return self._query_string(path, call, called)

    def _declared(self, path: str, call: Call, called: str, reference: Reference) -> Verdict:
        """Judge strings in what declares a mapping."""
        in_body = self._in_own_body(path, reference.function)
        if in_body and called in _BODY_ATTRIBUTES:
            return Proven()
        if called in _FOREIGN_KEYS and self._is_table(path, call):
            return Proven(NAMES_COLUMN)
        if in_body and called in _BODY_COLUMNS:
            return None if self._refers_elsewhere(call, called) else Proven(NAMES_COLUMN)
        if called in _RELATIONSHIPS:
            return self._other_side(path, call)
        if call.keyword("attribute") == Literal(self._attribute):
            return self._read_by_a_schema(path, reference.function)
        if called == "association_proxy":
            return self._proxied(path, call, reference.function, in_body)
        return None

    # Relationships

    def _other_side(self, path: str, call: Call) -> Verdict:
        """Judge ``relationship("Event", back_populates="name")``."""
        if call.keyword("back_populates") != Literal(self._attribute):
            return None
        target = self._types.members.target(path, call)
        if target is None:
            return Perhaps(f"the other side of the relationship may be {self._shown}")
        return Proven() if self._family.includes(target) or self._is_base(target) else None

    def _is_base(self, cls: ProjectClass) -> bool:
        """Tell whether the attribute that ``cls`` inherits is the one of the family."""
        found = self._types.members.mappings.attribute(cls, self._attribute)
        return found is not None and self._family.includes(found[0])

    def _proxied(self, path: str, call: Call, function: str, in_body: bool) -> Verdict:
        """Judge ``association_proxy("relationship", "attribute")``."""
        first = call.args[0] if call.args else call.keyword("target_collection")
        second = call.args[1] if len(call.args) > 1 else call.keyword("attr")
        names = (first == Literal(self._attribute), second == Literal(self._attribute))
        own = in_body and names[0]
        kind = self._types.of(path, ClassRef(function)) if function else None
        other = False
        if names[1] and isinstance(kind, ClassType) and isinstance(first, Literal) and isinstance(first.value, str):
            related = self._types.attribute(InstanceType(kind.cls), first.value)
            other = isinstance(self._judge.on(_items(related)), Proven)
            if not other and isinstance(related, UnknownType):
                return Perhaps(f"`{first.value}` may lead to {self._shown}")
        if names == (True, True) and own != other:
            return Perhaps("one of the two names belongs to another class")
        return Proven() if own or other else None

    def _read_by_a_schema(self, path: str, function: str) -> Verdict:
        """Judge ``fields.Dict(attribute="name")`` in the body of a Marshmallow schema."""
        outline = self._types.project.outline(path)
        meta = outline.classes.get(f"{function}.Meta") if outline else None
        bound = self._bound(ProjectClass(path, meta)) if meta is not None else None
        if bound is None:
            return Perhaps(f"if a {self._shown} is dumped with this, it must become `{{new}}`") if function else None
        return Proven() if bound else None

    # Tables

    def _is_table(self, path: str, call: Call) -> bool:
        """Tell whether ``ForeignKey("events.name")`` is about the table of the class."""
        mappings = self._types.members.mappings
        for text in _texts(call):
            parts = text.split(".")
            if len(parts) < 2 or parts[-1] != self._attribute:
                continue
            if parts[-2] in self._tables(mappings):
                return True
        return False

    def _tables(self, mappings: Mappings) -> frozenset[str]:
        return frozenset(table for cls in self._family.members if (table := mappings.table(cls)) is not None)

    def _refers_elsewhere(self, call: Call, called: str) -> bool:
        """Tell whether the name is, in ``Index("name", ...)``, the constraint's own."""
        return called == "Index" and bool(call.args) and self._attribute not in set(_index_columns(call))

    # Class bodies

    def _in_a_body(self, path: str, owner: Attr) -> Verdict:
        if isinstance(owner.of, Attr) and owner.of.name == "__mapper_args__":
            if not self._is_own(path, owner.of.of):
                return None
            return Proven(NAMES_COLUMN) if owner.name in _MAPPER_COLUMNS else Proven()
        if not isinstance(owner.of, ClassRef):
            return None
        return self._listed(path, owner.of, owner.name)

    def _listed(self, path: str, cls: ClassRef, name: str) -> Verdict:
        """Judge ``column_list = ["name"]`` in the body of a class."""
        kind = self._types.of(path, cls)
        outline = self._types.project.outline(path)
        definition = outline.classes.get(cls.qualname) if outline else None
        if definition is None:
            return None
        view = ProjectClass(path, definition)
        is_list = name.startswith(_LISTS) or name in _LABELS
        if isinstance(kind, ClassType) and self._family.includes(kind.cls):
            return None if name.startswith("__") else Perhaps(f"`{name}` may list attributes")
        bound = self._bound(view)
        if is_list and bound is not None:
            return Proven() if bound else None
        if is_list and self._has_foreign_base(view):
            return Perhaps(f"if `{definition.name}` shows a {self._shown}, this must become `{{new}}`")
        if name in ("fields", "exclude", "include", "only", "additional") and bound:
            return Perhaps(f"it names a field made from {self._shown}")
        return None

    def _bound(self, view: ProjectClass) -> bool | None:
        """Tell whether a view or schema is made for the class; ``None`` where nothing says what it is made for."""
        value = dict(view.definition.keywords).get("model")
        for name in ("model", "datamodel"):
            attribute = view.definition.attribute(name)
            value = attribute.value if attribute and value is None else value
        if isinstance(value, Call):
            value = value.args[0] if value.args else None
        if value is None:
            return None
        kind = self._types.of(view.path, value)
        return self._family.includes(kind.cls) if isinstance(kind, ClassType) else None

    def _has_foreign_base(self, view: ProjectClass) -> bool:
        mappings = self._types.members.mappings
        bases = [base for cls in mappings.linear(view) for base in mappings.bases(cls)]
        return any(isinstance(base, (External, Unresolved)) for base in bases)

    def _is_own(self, path: str, value: Value) -> bool:
        kind = self._types.of(path, value)
        return isinstance(kind, ClassType) and self._family.includes(kind.cls)

    def _in_own_body(self, path: str, function: str) -> bool:
        return bool(function) and self._is_own(path, ClassRef(function))

    # Calls

    def _picked(self, owner: Type) -> Verdict:
        """Judge ``row["name"]`` and ``columns["name"]``; objects have no such access."""
        found = [o for o in options(owner) if isinstance(o, (ColumnsType, RowType))]
        verdicts = [v for v in map(self._judge.on, found) if v is not None]
        return verdicts[0] if verdicts else None

    def _by_name(self, path: str, call: Call, called: str) -> Verdict:
        is_builtin = called.endswith("attr") and not isinstance(call.func, Attr)
        if len(call.args) < 2 and not (call.args and call.keywords):
            return None
        kind = self._types.of(path, call.args[0])
        return self._judge.on(kind) if is_builtin else self._on_known(kind)

    def _on_known(self, kind: Type) -> Verdict:
        verdict = self._judge.on(kind)
        return verdict if isinstance(verdict, Proven) else None

    def _query_string(self, path: str, call: Call, called: str) -> Verdict:
        if not isinstance(call.func, Attr):
            return self._loose_option(called)
        owner = self._types.of(path, call.func.of)
        if called in _PICKED:
            return self._on_mapper(owner) or self._picked(owner)
        if called in _COLUMN_STRINGS:
            return Proven(NAMES_COLUMN) if isinstance(self._judge.about(owner, called), Proven) else None
        if called in _ATTRIBUTE_STRINGS:
            loaded = self._loaded(path, call.func.of)
            if loaded is not None:
                return self._on_known(loaded)
            verdict = self._judge.about(owner, called)
            return verdict if isinstance(verdict, Proven) else self._on_known(owner)
        return None

    def _loose_option(self, called: str) -> Verdict:
        if called in _ATTRIBUTE_STRINGS and called != "with_parent":
            return Perhaps(f"the option may be for a query of {self._shown}")
        return None

    def _on_mapper(self, owner: Type) -> Verdict:
        for option in options(owner):
            if isinstance(option, TableType) and option.inspected and self._family.includes(option.cls):
                return Proven()
        return None

    def _loaded(self, path: str, option: Value) -> Type | None:
        """Return what ``joinedload(User.events)`` or ``Load(Event)`` leads to, for the option chained to it."""
        if not isinstance(option, Call) or not option.args:
            return None
        called = last_name(option.func)
        if called not in _ATTRIBUTE_STRINGS and called != "Load":
            return None
        kind = self._types.of(path, option.args[-1])
        if isinstance(kind, ColumnType):
            return _items(self._types.attribute(InstanceType(kind.cls), kind.name))
        return kind if isinstance(kind, ClassType) else None


def _items(kind: Type) -> Type:
    """Return what a relationship leads to, be it one or many."""
    found = [o.item if isinstance(o, ListType) else o for o in options(kind)]
    return found[0] if found and all(o == found[0] for o in found) else kind


def _texts(call: Call) -> Iterator[str]:
    for argument in (*call.args, *(value for _, value in call.keywords)):
        items = argument.items if isinstance(argument, Display) else (argument,)
        for item in items:
            if isinstance(item, Literal) and isinstance(item.value, str):
                yield item.value


def _index_columns(call: Call) -> Iterator[str]:
    rest = Call(call.func, call.args[1:], call.keywords)
    yield from _texts(rest)
