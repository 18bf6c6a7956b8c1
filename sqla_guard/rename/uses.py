"""Which references mean a given attribute of a given mapped class: proven, possible, or not at all."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from msgspec import Struct

from sqla_guard.core.source import SourceFile
from sqla_guard.facts.references import Reference
from sqla_guard.facts.summaries import Summary
from sqla_guard.facts.values import Attr, Call, Imported, Name, Unknown, Value
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
    TableType,
    Type,
    UnknownType,
    options,
)
from sqla_guard.project.symbols import ProjectClass
from sqla_guard.project.types import TypeOf
from sqla_guard.rename.computed import Computed
from sqla_guard.rename.family import Family
from sqla_guard.rename.strings import Strings
from sqla_guard.rename.verdict import (
    NAMES_ATTRIBUTE,
    NAMES_COLUMN,
    Perhaps,
    Proven,
    Verdict,
    call_of,
    named,
)

__all__ = ["NAMES_ATTRIBUTE", "NAMES_COLUMN", "Uses", "find_uses"]

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
# Of these, what nothing else is likely to have, be the owner known or not.
_METADATA_METHODS = frozenset({"create_all", "drop_all", "naming_convention", "sorted_tables"})


class Uses(Struct, frozen=True):
    """The verdict on all references.

    Attributes:
        proven: Path, reference and how (:data:`NAMES_ATTRIBUTE` or :data:`NAMES_COLUMN`).
        to_look_at: Path, reference and why it may be a use, as the beginning of a sentence.
    """

    proven: tuple[tuple[str, Reference, str], ...]
    to_look_at: tuple[tuple[str, Reference, str], ...]


def find_uses(
    project: Project,
    cls: ProjectClass,
    attribute: str,
    references: Mapping[str, tuple[Reference, ...]],
    summarise: Callable[[SourceFile, str], Summary] | None = None,
    version: tuple[int, int] = (2, 0),
) -> Uses:
    """Return which of ``references`` name ``attribute`` of ``cls``.

    Args:
        project: The project of the class.
        cls: The mapped class that declares the attribute.
        attribute: Its name.
        references: References by path, as the reader found them; those to other names are ignored.
        summarise: Reads what functions without a return annotation give back.
        version: Of SQLAlchemy: before 2.0 ``insert(Model)`` takes the names of columns.
    """
    types = project.once(("types", summarise), lambda: TypeOf(project, summarise))
    judge = _Judge(types, Family(types, cls), attribute, version)
    proven, to_look_at = [], []
    for path, reference in ((p, r) for p in sorted(references) for r in references[p]):
        if reference.name not in (attribute, "**"):
            continue
        match judge.verdict(path, reference):
            case Proven(how=how):
                proven.append((path, reference, how))
            case Perhaps(why=why):
                to_look_at.append((path, reference, why))
    return Uses(tuple(proven), tuple(to_look_at))


class _Judge:
    """Judges references to one attribute."""

    def __init__(self, types: TypeOf, family: Family, attribute: str, version: tuple[int, int]) -> None:
        self._types = types
        self._family = family
        self._attribute = attribute
        self._shown = f"`{family.cls.definition.name}`"
        self._strings = Strings(types, family, attribute, self)
        self._computed = Computed(types, family, attribute)
        self._insert_takes_columns = version < (2, 0)

    def verdict(self, path: str, reference: Reference) -> Verdict:
        """Return what one reference is."""
        match reference.kind:
            case "attribute":
                return self._accessed(path, reference)
            case "keyword" | "unpacked":
                return self._keyword(path, reference)
            case "key":
                return self._key(path, reference)
            case "string":
                return self._strings.verdict(path, reference)
            case "computed":
                return self._computed.name(path, reference)
            case "whole":
                return self._computed.whole(path, reference)
            case "handed":
                return None

    # owner.name

    def _accessed(self, path: str, reference: Reference) -> Verdict:
        owner = self._types.of(path, reference.owner)
        if isinstance(owner, ClassType) and reference.outer in _METADATA_ONLY:
            # On the class, the MetaData has been there all along; JSON columns have none of these.
            return None
        if isinstance(owner, ClassType) and isinstance(reference.owner, (Name, Imported, Attr)):
            # A class that is named is that class; only behind ``cls`` there may be a subclass.
            return Proven() if self._family.includes(owner.cls) else None
        verdict = self.on(owner)
        if isinstance(verdict, Perhaps) and reference.outer in _METADATA_METHODS:
            # ``self.base.metadata.create_all()``, whatever the base is.
            return None
        if isinstance(verdict, Perhaps) and self._family.excluded_by(reference.also_used):
            return None
        return verdict

    def on(self, owner: Type) -> Verdict:
        """Return what naming the attribute on ``owner`` is."""
        verdicts = [(option, self._on_one(option)) for option in options(owner)]
        doubts = [v for _, v in verdicts if isinstance(v, Perhaps)]
        proofs = [v for _, v in verdicts if isinstance(v, Proven)]
        if doubts:
            return doubts[0]
        if not proofs:
            return None
        if len(set(proofs)) > 1:
            return Perhaps("it may be the attribute or the column")
        others = [o for o, v in verdicts if v is None and self._has_it_too(o)]
        if others:
            return Perhaps(f"it may be a {self._shown} or a {named(others[0])}")
        return proofs[0]

    def _on_one(self, owner: Type) -> Verdict:
        match owner:
            case ClassType(cls=cls) | InstanceType(cls=cls):
                if self._family.includes(cls):
                    return Proven()
                if self._family.may_be(cls):
                    return Perhaps(f"a `{cls.definition.name}` may be a {self._shown}")
                return None
            case RowType(entities=entities):
                return next((Proven(how) for e in entities if (how := self._as_column(e))), None)
            case ColumnsType(cls=cls, by=by):
                if not self._family.includes(cls):
                    return None
                return Proven() if by == "attribute" else Proven(NAMES_COLUMN)
            case ExternalType(name=name) if self._family.has_external_base(name):
                return Perhaps(f"a `{name.removesuffix('()')}` may be a {self._shown}")
            case UnknownType(why=why):
                return Perhaps(f"{why}; it may be a {self._shown}")
            case _:
                return None

    def _as_column(self, entity: Type) -> str:
        """Return by which name a row has the attribute, if it has."""
        match entity:
            case ColumnType(cls=cls, name=name, by=by) if name == self._attribute and self._family.includes(cls):
                return NAMES_COLUMN if by == "column" else NAMES_ATTRIBUTE
            case TableType(cls=cls, inspected=False) if self._family.includes(cls):
                return NAMES_COLUMN
        return ""

    def _has_it_too(self, other: Type) -> bool:
        """Tell whether ``other``, proven not to be the class, has an attribute of that name."""
        if isinstance(other, (InstanceType, ClassType)):
            member = self._types.attribute(other, self._attribute)
            return not isinstance(member, UnknownType)
        return False

    # f(name=...), f(**x)

    def _keyword(self, path: str, reference: Reference) -> Verdict:
        call = call_of(reference.owner)
        if call is None:
            return None
        found = [self._takes_keyword(path, call, kind, reference) for kind in self._callees(path, call)]
        doubts = [v for v in found if isinstance(v, Perhaps)]
        proofs = [v for v in found if isinstance(v, Proven)]
        if reference.kind == "unpacked":
            sure = doubts or proofs or self._takes_dicts(path, call)
            return Perhaps(f"if it holds `{self._attribute}`, {self._shown} takes it") if sure else None
        return doubts[0] if doubts else (proofs[0] if proofs else None)

    def _takes_dicts(self, path: str, call: Call) -> bool:
        """Tell whether ``call`` is ``query.update(values)`` or the like for the class."""
        if not isinstance(call.func, Attr):
            return False
        if call.func.name in _BULK and call.args:
            return self._concerns(self._types.of(path, call.args[0]))
        if call.func.name not in ("values", "update"):
            return False
        return self.about(self._types.of(path, call.func.of), call.func.name) is not None

    def _callees(self, path: str, call: Call) -> tuple[Type, ...]:
        return options(self._types.of(path, call.func))

    def _takes_keyword(self, path: str, call: Call, callee: Type, reference: Reference) -> Verdict:
        match callee:
            case ClassType(cls=cls):
                return self._constructed(cls)
            case FunctionType(function=function):
                declared = {name for name, _ in function.definition.parameters}
                return None if self._attribute in declared else self._handed_on(path, call)
            case ExternalType(name=name) if name.endswith((".partial", ".replace")):
                first = self._types.of(path, call.args[0]) if call.args else UnknownType("nothing")
                return self.on(first) if not isinstance(first, UnknownType) else None
            case UnknownType(why=why) if isinstance(call.func, Unknown):
                return Perhaps(f"{why}; it may be {self._shown}") if reference.kind == "keyword" else None
            case _:
                return self._method_keyword(path, call) or self._handed_on(path, call)

    def _constructed(self, cls: ProjectClass) -> Verdict:
        if not self._family.includes(cls):
            return None
        init = self._types.members.mappings.attribute(cls, "__init__")
        declared = init[1].function.parameters if init and init[1].function else ()
        if self._attribute in {name for name, _ in declared}:
            # The class takes it under a name of its own; what it does with it is seen inside.
            return None
        return Proven()

    def _method_keyword(self, path: str, call: Call) -> Verdict:
        """Judge ``filter_by(name=...)`` and ``update(Model).values(name=...)``."""
        if not isinstance(call.func, Attr) or call.func.name not in ("filter_by", "values"):
            return None
        owner = self._types.of(path, call.func.of)
        joined = self._joined_last(path, call.func.of) if call.func.name == "filter_by" else None
        if joined is None:
            return self.about(owner, call.func.name)
        if isinstance(joined, UnknownType):
            known = self.about(owner, call.func.name)
            return Perhaps(f"{joined.why}, and `filter_by` asks what was joined last") if known else None
        return Proven() if self._concerns(joined) else None

    def _joined_last(self, path: str, chain: Value) -> Type | None:
        """Return what a query was last joined to; ``filter_by`` is about that."""
        while isinstance(chain, Call) and isinstance(chain.func, Attr):
            if chain.func.name in ("join", "outerjoin") and chain.args:
                kind = self._types.of(path, chain.args[0])
                if isinstance(kind, ColumnType):
                    kind = self._types.attribute(InstanceType(kind.cls), kind.name)
                found = [o.item if isinstance(o, ListType) else o for o in options(kind)]
                known = [o for o in found if isinstance(o, (ClassType, InstanceType))]
                return known[0] if known else UnknownType("the join is not followed")
            if chain.func.name in ("reset_joinpoint", "select_from"):
                return None
            chain = chain.func.of
        return None

    def about(self, owner: Type, method: str) -> Verdict:
        """Return what naming the attribute to a method of a query or statement is."""
        for option in options(owner):
            match option:
                case QueryType(entities=entities) | StatementType(kind="select", entities=entities):
                    # ``filter_by`` looks at the entity joined last, which may be any of several.
                    found = [e for e in entities if self._concerns(e)]
                    if found:
                        return Proven() if len(entities) == 1 else Perhaps(f"{self._shown} is queried")
                case StatementType(kind=kind, target=target) if target is not None and self._concerns(target):
                    by_column = isinstance(target, TableType) or (kind == "insert" and self._insert_takes_columns)
                    return Proven(NAMES_COLUMN) if by_column else Proven()
                case UnknownType() if method == "filter_by":
                    return Perhaps(f"the query may be one for {self._shown}")
                case ListType(item=item) if method == "filter_by" and self._concerns(item):
                    return Proven()
        return None

    def _concerns(self, entity: Type) -> bool:
        kinds = (ClassType, InstanceType, ColumnType, TableType)
        return isinstance(entity, kinds) and self._family.includes(entity.cls)

    def _handed_on(self, path: str, call: Call) -> Verdict:
        """Judge ``get_or_create(Model, name=...)``: the helper is likely to hand it to the class."""
        for argument in call.args:
            kind = self._types.of(path, argument)
            if isinstance(kind, ClassType) and self._family.includes(kind.cls):
                return Perhaps(f"the function is handed {self._shown} too")
        return None

    # f({name: ...})

    def _key(self, path: str, reference: Reference) -> Verdict:
        call = call_of(reference.owner)
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
            verdict = self.about(self._types.of(path, call.func.of), method)
            excluded = method.startswith("on_") and isinstance(verdict, Proven)
            return Proven(NAMES_COLUMN) if excluded else verdict
        if method in _BULK and call.args:
            first = self._types.of(path, call.args[0])
            return Proven() if self._concerns(first) else None
        if method in ("execute", "scalars", "scalar") and call.args:
            return self._parameters(self._types.of(path, call.args[0]))
        return None

    def _parameters(self, statement: Type) -> Verdict:
        """Judge ``execute(insert(Model), [{name: ...}])``."""
        if isinstance(statement, StatementType) and statement.kind in ("insert", "update"):
            verdict = self.about(statement, "values")
            by_column = self._insert_takes_columns and isinstance(verdict, Proven)
            return Proven(NAMES_COLUMN) if by_column else verdict
        return None
