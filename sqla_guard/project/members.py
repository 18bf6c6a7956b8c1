"""The attributes of classes: relationships, columns, properties, methods, fields, names made by ``backref``."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from sqla_guard.core.look import Question, true_of
from sqla_guard.core.source import SourceFile
from sqla_guard.core.words import classes_in
from sqla_guard.facts.outline import Attribute, Class
from sqla_guard.facts.reserved import ReservedName
from sqla_guard.facts.reserved_words import RESERVED
from sqla_guard.facts.summaries import Summary
from sqla_guard.facts.values import Call, ClassRef, Item, Literal, Name, Value, dotted
from sqla_guard.project.mapped import Mappings
from sqla_guard.project.project import Project
from sqla_guard.project.queries import PACKAGES
from sqla_guard.project.shapes import (
    PLAIN,
    ClassType,
    ColumnsType,
    ColumnType,
    FunctionType,
    InstanceType,
    ListType,
    OtherType,
    QueryType,
    TableType,
    Type,
    UnionType,
    UnknownType,
    same_class,
    union,
)
from sqla_guard.project.symbols import External, ProjectClass, ProjectFunction

if TYPE_CHECKING:
    from sqla_guard.project.types import TypeOf

_RELATIONSHIPS = frozenset({"relationship", "relation", "dynamic_loader", "Relationship"})
_PROPERTIES = frozenset(
    {
        "property",
        "cached_property",
        "hybrid_property",
        "getter",
        "setter",
        "declared_attr",
        "directive",
        "cascading",
        "memoized_property",
        "reify",
    }
)


class Registry:
    """Finds classes by name alone, and the attributes that classes get from outside of their bodies."""

    def __init__(self, project: Project, mappings: Mappings) -> None:
        """Look around in ``project``."""
        self._project = project
        self._mappings = mappings

    def find(self, near: str, name: str) -> ProjectClass | None:
        """Return the one class called ``name`` in the project of ``near``; mapped ones come first."""
        last = name.rpartition(".")[2]
        found = [
            ProjectClass(path, definition)
            for path in self._with_class(near, last)
            for definition in self._classes(path)
            if definition.name == last
        ]
        mapped = [cls for cls in found if self._mappings.of(cls).role == "mapped"]
        chosen = mapped or found
        return chosen[0] if len(chosen) == 1 else None

    def backrefs(self, near: str) -> list[tuple[str, ProjectClass, Call]]:
        """Return all names given to ``backref``, each with the class and the relationship that does so."""
        root = self._project.workspace.disk.project_root(near)
        return self._project.once(("backrefs", root), lambda: list(self._all_backrefs(near)))

    def _all_backrefs(self, near: str) -> Iterator[tuple[str, ProjectClass, Call]]:
        for path in self._project.files_naming(near, frozenset({"backref"}), (".py",)):
            for definition in self._classes(path):
                yield from _backrefs_in(ProjectClass(path, definition))

    def given_outside(self, near: str) -> list[ReservedName]:
        """Return all reserved names that classes get by an assignment outside of their bodies."""
        root = self._project.workspace.disk.project_root(near)
        return self._project.once(("given outside", root), lambda: list(self._all_given_outside(near)))

    def _all_given_outside(self, near: str) -> Iterator[ReservedName]:
        for path in self._project.python_files_that_reserve(near):
            yield from (fact for fact in self._project.reserved_names(path) if fact.form == "after")

    def _classes(self, path: str) -> Iterator[Class]:
        outline = self._project.outline(path)
        yield from outline.classes.values() if outline else ()

    def _with_class(self, near: str, name: str) -> list[str]:
        # Class names are looked up without a scope in annotations and relationships, as SQLAlchemy does.
        noted = self._project.workspace.disk.noted
        return sorted(noted(Question("class", name), near, lambda: true_of(self._index(near).get(name, ()))))

    def _index(self, near: str) -> dict[str, list[str]]:
        root = self._project.workspace.disk.project_root(near)
        return self._project.once(("classes", root), lambda: self._all_classes(near))

    def _all_classes(self, near: str) -> dict[str, list[str]]:
        index: dict[str, list[str]] = {}
        aside = self._project.workspace.aside
        for path in self._project.workspace.project_files(near):
            if path.endswith(".py"):
                for name in classes_in(aside.raw(path)):
                    index.setdefault(name, []).append(path)
        return index


class Members:
    """Looks attributes of classes up."""

    def __init__(self, types: TypeOf, project: Project, summarise: Callable[[SourceFile, str], Summary] | None) -> None:
        """Evaluate what is found with ``types``."""
        self._types = types
        self._project = project
        self._summarise = summarise
        self.mappings = Mappings.of_project(project)
        self.registry = Registry(project, self.mappings)

    def of(self, cls: ProjectClass, name: str, on_class: bool) -> Type:
        """Return ``cls.name``, or that of an instance."""
        found = self.mappings.attribute(cls, name)
        if found is not None:
            return self._declared(cls, *found, on_class)
        if name == "__dict__" and not on_class:
            return ColumnsType(cls, "attribute")
        if name in RESERVED:
            given = self._given_outside(cls, name, on_class) or self._backref(cls, name, on_class)
            if given is not None:
                return given
        if on_class or name in ("__table__", "__mapper__"):
            special = self._class_attribute(cls, name)
            if special is not None:
                return special
        fields = [
            self._types.of(owner.path, value)
            for owner in self.mappings.linear(cls)
            for value in self._fields(owner, name)
        ]
        if fields:
            return union(fields)
        backref = self._backref(cls, name, on_class)
        if backref is not None:
            return backref
        return UnknownType(f"`{name}` of a `{cls.definition.name}`")

    def returned(self, function: ProjectFunction) -> Type:
        """Return what calling ``function`` gives back where it has no annotation."""
        summary = self.summary(function.path, function.definition.name)
        qualname = function.definition.qualname
        unknown = UnknownType(f"what `{function.definition.name}()` returns")
        if summary is None:
            return unknown
        yields = summary.yields.get(qualname)
        values = yields or summary.returns.get(qualname, ())
        kinds = union(
            unknown if isinstance(kind, UnknownType) else kind
            for kind in (self._types.of(function.path, value) for value in values)
        )
        return ListType(kinds) if yields else kinds

    def summary(self, path: str, name: str) -> Summary | None:
        """Return the summary of a module, as far as it is about ``name``."""
        summarise = self._summarise
        if summarise is None:
            return None
        key = ("summary", summarise, path, name)
        return self._project.once(key, lambda: self._project.read(path, lambda source: summarise(source, name)))

    def _fields(self, cls: ProjectClass, name: str) -> tuple[Value, ...]:
        summary = self.summary(cls.path, name)
        return summary.fields.get(cls.qualname, {}).get(name, ()) if summary else ()

    def _class_attribute(self, cls: ProjectClass, name: str) -> Type | None:
        mapping = self.mappings.of(cls)
        if mapping.role == "plain":
            return None
        if name in ("query", "query_class") and mapping.role != "unknown":
            return QueryType((ClassType(cls),))
        if name == "metadata":
            return OtherType("the MetaData of a declarative base")
        return TableType(cls, name == "__mapper__") if name in ("__table__", "__mapper__") else None

    def _declared(self, cls: ProjectClass, owner: ProjectClass, attribute: Attribute, on_class: bool) -> Type:
        if attribute.function is not None:
            return self._method(cls, ProjectFunction(owner.path, attribute.function), on_class)
        if attribute.kind == "class":
            nested = self._types.of(owner.path, ClassRef(f"{owner.qualname}.{attribute.name}"))
            return nested
        if on_class and self.mappings.of(cls).role in ("mapped", "abstract", "unknown"):
            return ColumnType(cls, attribute.name)
        relation = self.related(owner, attribute)
        if relation is not None:
            return relation
        if self._is_column(owner, attribute):
            return PLAIN
        if attribute.annotation is not None:
            return self._types.annotated(owner.path, attribute.annotation)
        return self._types.of(owner.path, attribute.value) if attribute.value else PLAIN

    def _method(self, cls: ProjectClass, function: ProjectFunction, on_class: bool) -> Type:
        bound = FunctionType(function, ClassType(cls) if on_class else InstanceType(cls))
        decorators = {(dotted(d) or "").rpartition(".")[2] for d in function.definition.decorators}
        if not decorators & _PROPERTIES:
            return bound
        if on_class:
            return ColumnType(cls, function.definition.name)
        if decorators & {"declared_attr", "directive", "cascading"}:
            summary = self.summary(function.path, function.definition.name)
            for value in summary.returns.get(function.definition.qualname, ()) if summary else ():
                if isinstance(value, Call) and self._is_relationship(function.path, value):
                    return self._relationship(function.path, value, function.definition.returns)
            return PLAIN
        return self._types.call_result(bound)

    def _is_column(self, owner: ProjectClass, attribute: Attribute) -> bool:
        value = attribute.value
        if not isinstance(value, Call):
            return False
        symbol = self._project.resolve(owner.path, value.func)
        return isinstance(symbol, External) and symbol.name.partition(".")[0] in PACKAGES

    # Relationships

    def related(self, owner: ProjectClass, attribute: Attribute) -> Type | None:
        """Return what a relationship holds; ``None`` if ``attribute`` is none."""
        value = attribute.value
        if isinstance(value, Call) and self._is_relationship(owner.path, value):
            return self._relationship(owner.path, value, attribute.annotation)
        return None

    def _is_relationship(self, path: str, value: Call) -> bool:
        called = (dotted(value.func) or "").rpartition(".")[2]
        if called in _RELATIONSHIPS:
            return True
        symbol = self._project.resolve(path, value.func)
        return isinstance(symbol, External) and symbol.name.rpartition(".")[2] in _RELATIONSHIPS

    def _relationship(self, path: str, value: Call, annotation: Value | None) -> Type:
        if annotation is not None:
            kind = self._types.annotated(path, annotation)
            if not isinstance(kind, UnknownType):
                return kind
        target = self.target(path, value)
        if target is None:
            return UnknownType("a relationship whose target is not in sight")
        one, many = InstanceType(target), ListType(InstanceType(target))
        if value.keyword("lazy") == Literal("dynamic"):
            return QueryType((ClassType(target),))
        if value.keyword("uselist") == Literal(False):
            return one
        if value.keyword("uselist") == Literal(True) or value.keyword("secondary") is not None:
            return many
        # One or many depends on where the foreign key is; the code that uses it knows.
        return UnionType((one, many))

    def target(self, path: str, value: Call) -> ProjectClass | None:
        """Return the class that a relationship leads to."""
        target = value.args[0] if value.args else value.keyword("argument")
        if isinstance(target, Literal) and isinstance(target.value, str):
            symbol = self._project.resolve(path, Name(target.value))
            return symbol if isinstance(symbol, ProjectClass) else self.registry.find(path, target.value)
        if target is None:
            return None
        symbol = self._project.resolve(path, target)
        return symbol if isinstance(symbol, ProjectClass) else None

    def _given_outside(self, cls: ProjectClass, name: str, on_class: bool) -> Type | None:
        """Return what ``Model.metadata = Column(...)`` behind the class has put there."""
        for fact in self.registry.given_outside(cls.path):
            if fact.name != name or fact.target is None or not isinstance(fact.value, Call):
                continue
            owner = self._project.resolve(fact.path, fact.target)
            if not isinstance(owner, ProjectClass) or not self._maps(fact.path, fact.value):
                continue
            if any(same_class(owner, c) for c in self.mappings.linear(cls)):
                if on_class:
                    return ColumnType(cls, name)
                is_relationship = self._is_relationship(fact.path, fact.value)
                return self._relationship(fact.path, fact.value, None) if is_relationship else PLAIN
        return None

    def _maps(self, path: str, value: Call) -> bool:
        """Tell whether a call makes something that is mapped, as ``MetaData()`` is not."""
        symbol = self._project.resolve(path, value.func)
        if not isinstance(symbol, External) or symbol.name.partition(".")[0] not in PACKAGES:
            return False
        return symbol.name.rpartition(".")[2] not in ("MetaData", "registry")

    def _backref(self, cls: ProjectClass, name: str, on_class: bool) -> Type | None:
        if self.mappings.of(cls).role == "plain":
            return None
        for backref, owner, relation in self.registry.backrefs(cls.path):
            target = self.target(owner.path, relation) if backref == name else None
            if target is not None and any(same_class(target, c) for c in self.mappings.linear(cls)):
                one = InstanceType(owner)
                return ColumnType(cls, name) if on_class else UnionType((one, ListType(one)))
        return None


def _backrefs_in(cls: ProjectClass) -> Iterator[tuple[str, ProjectClass, Call]]:
    for attribute in cls.definition.attributes:
        value = attribute.value
        if isinstance(value, Item):
            value = value.of
        if isinstance(value, Call):
            name = _backref_name(value.keyword("backref"))
            if name is not None:
                yield name, cls, value


def _backref_name(value: Value | None) -> str | None:
    if isinstance(value, Call) and value.args:
        value = value.args[0]
    return value.value if isinstance(value, Literal) and isinstance(value.value, str) else None
