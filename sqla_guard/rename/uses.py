"""Which references mean a given attribute of a given mapped class: proven, possible, or not at all."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from sqla_guard.core.source import SourceFile
from sqla_guard.facts.references import Reference
from sqla_guard.facts.summaries import Summary
from sqla_guard.facts.values import Attr, Call, ClassRef, Imported, Item, Name, Unknown, Value
from sqla_guard.project.project import Project
from sqla_guard.project.shapes import (
    ClassType,
    ColumnsType,
    ColumnType,
    ExternalType,
    FunctionType,
    InstanceType,
    ListType,
    QueryType,
    RowType,
    StatementType,
    Type,
    UnknownType,
    options,
)
from sqla_guard.project.symbols import ProjectClass
from sqla_guard.project.types import TypeOf
from sqla_guard.rename.family import Family

# ``how`` of a proven use that names the database column, not the attribute: it only changes with the column.
NAMES_COLUMN = "names the column"
NAMES_ATTRIBUTE = "names the attribute"

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
_COLUMN_STRINGS = frozenset({"order_by", "group_by", "with_only_columns", "on_conflict_do_update"})
# Calls in a class body whose strings name attributes, or columns, of that class.
_BODY_ATTRIBUTES = frozenset({"synonym", "validates", "__mapper_args__", "composite"})
_BODY_COLUMNS = frozenset(
    {"Index", "UniqueConstraint", "PrimaryKeyConstraint", "ForeignKeyConstraint", "ExcludeConstraint"}
)
_BULK = frozenset({"bulk_insert_mappings", "bulk_update_mappings"})
# What only the MetaData of a declarative base has; on ``Model.metadata`` they say which of the two is meant.
_METADATA_ONLY = frozenset(
    [
        "bind",
        "clear",
        "create_all",
        "drop_all",
        "is_bound",
        "naming_convention",
        "reflect",
        "remove",
        "sorted_tables",
        "tables",
    ]
)


@dataclass(frozen=True, slots=True)
class Uses:
    """The verdict on all references.

    Attributes:
        proven: Path, reference and how (:data:`NAMES_ATTRIBUTE` or :data:`NAMES_COLUMN`).
        to_look_at: Path, reference and why it may be a use, as the beginning of a sentence.
    """

    proven: tuple[tuple[str, Reference, str], ...]
    to_look_at: tuple[tuple[str, Reference, str], ...]


@dataclass(frozen=True, slots=True)
class _Proven:
    how: str = NAMES_ATTRIBUTE


@dataclass(frozen=True, slots=True)
class _Perhaps:
    why: str


_Verdict = _Proven | _Perhaps | None


def find_uses(
    project: Project,
    cls: ProjectClass,
    attribute: str,
    references: Mapping[str, tuple[Reference, ...]],
    summarise: Callable[[SourceFile], Summary] | None = None,
) -> Uses:
    """Return which of ``references`` name ``attribute`` of ``cls``.

    Args:
        project: The project of the class.
        cls: The mapped class that declares the attribute.
        attribute: Its name.
        references: References by path, as the reader found them; those to other names are ignored.
        summarise: Reads what functions without a return annotation give back.
    """
    types = project.once(("types", summarise), lambda: TypeOf(project, summarise))
    judge = _Judge(types, Family(types, cls), attribute)
    proven, to_look_at = [], []
    for path, reference in ((p, r) for p in sorted(references) for r in references[p]):
        if reference.name not in (attribute, "**"):
            continue
        match judge.verdict(path, reference):
            case _Proven(how=how):
                proven.append((path, reference, how))
            case _Perhaps(why=why):
                to_look_at.append((path, reference, why))
    return Uses(tuple(proven), tuple(to_look_at))


class _Judge:
    """Judges references to one attribute."""

    def __init__(self, types: TypeOf, family: Family, attribute: str) -> None:
        self._types = types
        self._family = family
        self._attribute = attribute
        self._shown = f"`{family.cls.definition.name}`"

    def verdict(self, path: str, reference: Reference) -> _Verdict:
        """Return what one reference is."""
        match reference.kind:
            case "attribute":
                return self._accessed(path, reference)
            case "keyword" | "unpacked":
                return self._keyword(path, reference)
            case "key":
                return self._key(path, reference)
            case "string":
                return self._string(path, reference)

    # owner.name

    def _accessed(self, path: str, reference: Reference) -> _Verdict:
        owner = self._types.of(path, reference.owner)
        if isinstance(owner, ClassType) and reference.outer in _METADATA_ONLY:
            # On the class, the MetaData has been there all along; JSON columns have none of these.
            return None
        if isinstance(owner, ClassType) and isinstance(reference.owner, (Name, Imported, Attr)):
            # A class that is named is that class; only behind ``cls`` there may be a subclass.
            return _Proven() if self._family.includes(owner.cls) else None
        verdict = self._on(owner)
        if isinstance(verdict, _Perhaps) and self._family.excluded_by(reference.also_used):
            return None
        return verdict

    def _on(self, owner: Type) -> _Verdict:
        """Return what naming the attribute on ``owner`` is."""
        verdicts = [(option, self._on_one(option)) for option in options(owner)]
        doubts = [v for _, v in verdicts if isinstance(v, _Perhaps)]
        proofs = [v for _, v in verdicts if isinstance(v, _Proven)]
        if doubts:
            return doubts[0]
        if not proofs:
            return None
        others = [o for o, v in verdicts if v is None and self._has_it_too(o)]
        if others:
            return _Perhaps(f"it may be a {self._shown} or a {_named(others[0])}")
        return proofs[0]

    def _on_one(self, owner: Type) -> _Verdict:
        match owner:
            case ClassType(cls=cls) | InstanceType(cls=cls):
                if self._family.includes(cls):
                    return _Proven()
                if self._family.may_be(cls):
                    return _Perhaps(f"a `{cls.definition.name}` may be a {self._shown}")
                return None
            case RowType(entities=entities):
                return _Proven() if any(self._is_column(e) for e in entities) else None
            case ColumnsType(cls=cls, by=by):
                if not self._family.includes(cls):
                    return None
                return _Proven() if by == "attribute" else _Proven(NAMES_COLUMN)
            case ExternalType(name=name) if self._family.has_external_base(name):
                return _Perhaps(f"a `{name.removesuffix('()')}` may be a {self._shown}")
            case UnknownType(why=why):
                return _Perhaps(f"{why}; it may be a {self._shown}")
            case _:
                return None

    def _is_column(self, entity: Type) -> bool:
        return isinstance(entity, ColumnType) and entity.name == self._attribute and self._family.includes(entity.cls)

    def _has_it_too(self, other: Type) -> bool:
        """Tell whether ``other``, proven not to be the class, has an attribute of that name."""
        if isinstance(other, (InstanceType, ClassType)):
            member = self._types.attribute(other, self._attribute)
            return not isinstance(member, UnknownType)
        return False

    # f(name=...), f(**x)

    def _keyword(self, path: str, reference: Reference) -> _Verdict:
        call = _call_of(reference.owner)
        if call is None:
            return None
        found = [self._takes_keyword(path, call, kind, reference) for kind in self._callees(path, call)]
        doubts = [v for v in found if isinstance(v, _Perhaps)]
        proofs = [v for v in found if isinstance(v, _Proven)]
        if reference.kind == "unpacked":
            sure = doubts or proofs or self._takes_dicts(path, call)
            return _Perhaps(f"if it holds `{self._attribute}`, {self._shown} takes it") if sure else None
        return doubts[0] if doubts else (proofs[0] if proofs else None)

    def _takes_dicts(self, path: str, call: Call) -> bool:
        """Tell whether ``call`` is ``query.update(values)`` or the like for the class."""
        if not isinstance(call.func, Attr):
            return False
        if call.func.name in _BULK and call.args:
            return self._concerns(self._types.of(path, call.args[0]))
        if call.func.name not in ("values", "update"):
            return False
        return self._about(self._types.of(path, call.func.of), call.func.name) is not None

    def _callees(self, path: str, call: Call) -> tuple[Type, ...]:
        return options(self._types.of(path, call.func))

    def _takes_keyword(self, path: str, call: Call, callee: Type, reference: Reference) -> _Verdict:
        match callee:
            case ClassType(cls=cls):
                return self._constructed(cls)
            case FunctionType(function=function):
                declared = {name for name, _ in function.definition.parameters}
                return None if self._attribute in declared else self._handed_on(path, call)
            case ExternalType(name=name) if name.endswith((".partial", ".replace")):
                first = self._types.of(path, call.args[0]) if call.args else UnknownType("nothing")
                return self._on(first) if not isinstance(first, UnknownType) else None
            case UnknownType(why=why) if isinstance(call.func, Unknown):
                return _Perhaps(f"{why}; it may be {self._shown}") if reference.kind == "keyword" else None
            case _:
                return self._method_keyword(path, call) or self._handed_on(path, call)

    def _constructed(self, cls: ProjectClass) -> _Verdict:
        if not self._family.includes(cls):
            return None
        init = self._types.members.mappings.attribute(cls, "__init__")
        declared = init[1].function.parameters if init and init[1].function else ()
        if self._attribute in {name for name, _ in declared}:
            # The class takes it under a name of its own; what it does with it is seen inside.
            return None
        return _Proven()

    def _method_keyword(self, path: str, call: Call) -> _Verdict:
        """Judge ``filter_by(name=...)`` and ``update(Model).values(name=...)``."""
        if not isinstance(call.func, Attr) or call.func.name not in ("filter_by", "values"):
            return None
        return self._about(self._types.of(path, call.func.of), call.func.name)

    def _about(self, owner: Type, method: str) -> _Verdict:
        """Return what naming the attribute to a method of a query or statement is."""
        for option in options(owner):
            match option:
                case QueryType(entities=entities) | StatementType(kind="select", entities=entities):
                    # ``filter_by`` looks at the entity joined last, which may be any of several.
                    found = [e for e in entities if self._concerns(e)]
                    if found:
                        return _Proven() if len(entities) == 1 else _Perhaps(f"{self._shown} is queried")
                case StatementType(target=target) if target is not None and self._concerns(target):
                    return _Proven()
                case UnknownType() if method == "filter_by":
                    return _Perhaps(f"the query may be one for {self._shown}")
                case ListType(item=item) if method == "filter_by" and self._concerns(item):
                    return _Proven()
        return None

    def _concerns(self, entity: Type) -> bool:
        return isinstance(entity, (ClassType, InstanceType, ColumnType)) and self._family.includes(entity.cls)

    def _handed_on(self, path: str, call: Call) -> _Verdict:
        """Judge ``get_or_create(Model, name=...)``: the helper is likely to hand it to the class."""
        for argument in call.args:
            kind = self._types.of(path, argument)
            if isinstance(kind, ClassType) and self._family.includes(kind.cls):
                return _Perhaps(f"the function is handed {self._shown} too")
        return None

    # f({name: ...})

    def _key(self, path: str, reference: Reference) -> _Verdict:
        call = _call_of(reference.owner)
        if call is None:
            return None
        if any(key == "**" for key, _ in call.keywords):
            for callee in self._callees(path, call):
                verdict = self._takes_keyword(path, call, callee, reference)
                if verdict is not None:
                    return verdict
        if not isinstance(call.func, Attr):
            return None
        method = call.func.name
        if method in ("update", "values", "set_", "on_conflict_do_update", "on_duplicate_key_update"):
            verdict = self._about(self._types.of(path, call.func.of), method)
            excluded = method.startswith("on_") and isinstance(verdict, _Proven)
            return _Proven(NAMES_COLUMN) if excluded else verdict
        if method in _BULK and call.args:
            first = self._types.of(path, call.args[0])
            return _Proven() if self._concerns(first) else None
        if method in ("execute", "scalars", "scalar") and call.args:
            return self._parameters(self._types.of(path, call.args[0]))
        return None

    def _parameters(self, statement: Type) -> _Verdict:
        """Judge ``execute(insert(Model), [{name: ...}])``."""
        if isinstance(statement, StatementType) and statement.kind in ("insert", "update"):
            return self._about(statement, "values")
        return None

    # f("name")

    def _string(self, path: str, reference: Reference) -> _Verdict:
        if isinstance(reference.owner, Item):
            return self._picked(self._types.of(path, reference.owner.of))
        in_body = self._in_own_body(path, reference.function)
        if isinstance(reference.owner, Attr) and in_body:
            return _Proven()
        call = _call_of(reference.owner)
        if call is None:
            return None
        called = _last_name(call.func)
        if in_body and called in _BODY_ATTRIBUTES:
            return _Proven()
        if in_body and called in _BODY_COLUMNS:
            return _Proven(NAMES_COLUMN)
        if called in _BY_NAME:
            return self._by_name(path, call, called)
        return self._query_string(path, call, called)

    def _picked(self, owner: Type) -> _Verdict:
        """Judge ``row["name"]`` and ``columns["name"]``; objects have no such access."""
        found = [o for o in options(owner) if isinstance(o, (ColumnsType, RowType))]
        verdicts = [v for v in map(self._on_one, found) if v is not None]
        return verdicts[0] if verdicts else None

    def _by_name(self, path: str, call: Call, called: str) -> _Verdict:
        is_builtin = called.endswith("attr") and not isinstance(call.func, Attr)
        if len(call.args) < 2 and not (call.args and call.keywords):
            return None
        kind = self._types.of(path, call.args[0])
        return self._on(kind) if is_builtin else self._on_known(kind)

    def _on_known(self, kind: Type) -> _Verdict:
        verdict = self._on(kind)
        return verdict if isinstance(verdict, _Proven) else None

    def _query_string(self, path: str, call: Call, called: str) -> _Verdict:
        if not isinstance(call.func, Attr):
            return None
        owner = self._types.of(path, call.func.of)
        if called in _COLUMN_STRINGS:
            return _Proven(NAMES_COLUMN) if isinstance(self._about(owner, called), _Proven) else None
        if called in _ATTRIBUTE_STRINGS:
            verdict = self._about(owner, called)
            return verdict if isinstance(verdict, _Proven) else self._on_known(owner)
        return None

    def _in_own_body(self, path: str, function: str) -> bool:
        kind = self._types.of(path, ClassRef(function)) if function else None
        return isinstance(kind, ClassType) and self._family.includes(kind.cls)


def _call_of(owner: Value) -> Call | None:
    """Return the call of a reference; where it was read twice, either tells."""
    for option in options_of(owner):
        if isinstance(option, Call):
            return option
    return None


def options_of(value: Value) -> Iterable[Value]:
    """Return the values that ``value`` may be."""
    return getattr(value, "options", (value,))


def _last_name(value: Value) -> str:
    if isinstance(value, Attr):
        return value.name
    return str(getattr(value, "id", getattr(value, "name", "")))


def _named(kind: Type) -> str:
    if isinstance(kind, (InstanceType, ClassType)):
        return f"`{kind.cls.definition.name}`"
    return "something else"
