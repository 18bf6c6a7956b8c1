"""Reserved names on mapped classes, judged as SQLAlchemy would."""

from __future__ import annotations

from dataclasses import dataclass

from sqla_guard.core.diagnostic import NotAnalysed
from sqla_guard.facts.operations import TableName
from sqla_guard.facts.reserved import ReservedName
from sqla_guard.facts.values import Call, Item, Literal, Value
from sqla_guard.project.declarative import Kind, Outcome, outcome
from sqla_guard.project.mapped import Mapping, Mappings, subclasses
from sqla_guard.project.project import Project
from sqla_guard.project.symbols import External, ProjectClass, Unresolved

_COLUMN_MAKERS = frozenset(
    {
        "AppenderQuery",
        "Column",
        "Field",
        "Relationship",
        "column_property",
        "composite",
        "deferred",
        "dynamic_loader",
        "mapped_column",
        "query_expression",
        "relation",
        "relationship",
        "synonym",
    }
)
_SQLALCHEMY = ("sqlalchemy.", "flask_sqlalchemy.", "sqlmodel.", "advanced_alchemy.")
_MAPPED = ("Mapped", "DynamicMapped", "WriteOnlyMapped")


@dataclass(frozen=True, slots=True)
class ReservedModel:
    """A class whose attribute has a reserved name, with what that leads to.

    Attributes:
        cls: The class that binds the name.
        fact: The binding.
        kind: What it is bound to.
        mapping: What the class is to SQLAlchemy.
        outcome: What happens at run time.
        table: The table of the class, if it has one and its name is plain.
        column: The column's name in the database.
    """

    cls: ProjectClass
    fact: ReservedName
    kind: Kind
    mapping: Mapping
    outcome: Outcome
    table: TableName | None
    column: str


def judge(project: Project, fact: ReservedName) -> ReservedModel | NotAnalysed | None:
    """Return what ``fact`` leads to; ``None`` where nothing breaks."""
    outline = project.outline(fact.path)
    definition = outline.classes.get(fact.owner) if outline else None
    if definition is None:
        return None
    cls = ProjectClass(fact.path, definition)
    mappings = Mappings.of_project(project)
    mapping, kind = mappings.of(cls), kind_of(project, fact)
    if mapping.role == "unknown":
        if definition.attribute("__tablename__") is None or kind != "column":
            return _not_analysed(project, fact, mapping) if kind == "column" else None
        mapping = Mapping("mapped", "")
    if kind == "unknown":
        return _not_analysed(project, fact, mapping) if mapping.role == "mapped" else None
    if mapping.role == "plain":
        mapping = _as_mixin(project, mappings, cls, kind)
    if (
        mapping.style == "sqlmodel.SQLModel"
        and mapping.role == "abstract"
        and not _becomes_table(project, mappings, cls)
    ):
        return None
    result = outcome(project.config.sqlalchemy_version, fact.name, kind, mapping, _type_name(fact))
    if result is None:
        return None
    table = mappings.table(cls)
    name = TableName(table.lower(), mappings.schema(cls)) if table and mapping.role == "mapped" else None
    return ReservedModel(cls, fact, kind, mapping, result, name, column_name(fact))


def reserved_models(project: Project, near: str) -> tuple[ReservedModel, ...]:
    """Return every reserved name that breaks a class in the project of ``near``."""
    found: list[ReservedModel] = []
    for path in project.python_files_that_reserve(near):
        for fact in project.reserved_names(path):
            model = judge(project, fact)
            if isinstance(model, ReservedModel):
                found.append(model)
    return tuple(found)


def kind_of(project: Project, fact: ReservedName) -> Kind:
    """Return what the name is bound to, as SQLAlchemy sees it."""
    if fact.form == "method":
        return _decorated(project, fact)
    if fact.form == "class":
        return "object"
    if _is_class_variable(project, fact):
        return "metadata" if fact.value is None or _made_by(project, fact, fact.value) else "object"
    if fact.form == "annotation":
        return "column" if _is_mapped_annotation(project, fact.path, fact.annotation) else "bare annotation"
    return _assigned(project, fact)


def column_name(fact: ReservedName) -> str:
    """Return the name of the column in the database: the explicit one, else the attribute's."""
    constructor = fact.constructor
    if constructor is not None and isinstance(constructor.first, Literal) and isinstance(constructor.first.value, str):
        return constructor.first.value
    explicit = fact.value.keyword("name") if isinstance(fact.value, Call) else None
    return explicit.value if isinstance(explicit, Literal) and isinstance(explicit.value, str) else fact.name


def _assigned(project: Project, fact: ReservedName) -> Kind:
    value = fact.value
    if value is None:
        return "unknown"
    if isinstance(value, (Literal,)) or type(value).__name__ in ("Display", "Dictionary"):
        return "object"
    if _is_mapped_annotation(project, fact.path, fact.annotation):
        return "column"
    made = _made_by(project, fact, value)
    return made or "unknown"


def _made_by(project: Project, fact: ReservedName, value: Value) -> Kind | None:
    called = value.func if isinstance(value, Call) else None
    while isinstance(called, Item):
        called = called.of
    symbol = project.resolve(fact.path, called if called is not None else value)
    name = symbol.name if isinstance(symbol, External) else ""
    if isinstance(symbol, ProjectClass):
        return _by_subclass(project, symbol)
    if name.startswith(_SQLALCHEMY):
        last = name.rpartition(".")[2].removesuffix("()")
        if last in _COLUMN_MAKERS and (called is not None or name.endswith("()")):
            return "column"
        if last in ("MetaData", "registry", "metadata"):
            return "metadata"
        if last == "hybrid_property" or last == "association_proxy":
            return "object"
    return "metadata" if name.endswith((".metadata", ".registry")) else None


def _by_subclass(project: Project, cls: ProjectClass) -> Kind | None:
    """Return the kind of an instance of a project class: a ``Column`` or ``MetaData`` of the project's own."""
    for owner in Mappings.of_project(project).linear(cls):
        for base in Mappings.of_project(project).bases(owner):
            if isinstance(base, External) and base.name.startswith(_SQLALCHEMY):
                last = base.name.rpartition(".")[2]
                return "column" if last in _COLUMN_MAKERS else "metadata" if last == "MetaData" else None
    return None


def _decorated(project: Project, fact: ReservedName) -> Kind:
    for decorator in fact.decorators:
        symbol = project.resolve(fact.path, decorator)
        name = symbol.name if isinstance(symbol, External) else ""
        if ".declared_attr" in name:
            return "column"
        if isinstance(symbol, Unresolved) or not name:
            return "unknown"
    return "object"


def _is_mapped_annotation(project: Project, path: str, annotation: Value | None) -> bool:
    if not isinstance(annotation, Item):
        return False
    symbol = project.resolve(path, annotation.of)
    return isinstance(symbol, External) and symbol.name.rpartition(".")[2] in _MAPPED


def _is_class_variable(project: Project, fact: ReservedName) -> bool:
    annotation = fact.annotation.of if isinstance(fact.annotation, Item) else fact.annotation
    if annotation is None:
        return False
    symbol = project.resolve(fact.path, annotation)
    last = symbol.name.rpartition(".")[2] if isinstance(symbol, External) else ""
    return last in ("ClassVar", "MetaData", "registry")


def _type_name(fact: ReservedName) -> str:
    """Return the type that SQLAlchemy's AttributeError names for a value that is no column."""
    if fact.form == "class":
        return "type"
    if fact.form == "method":
        names = [getattr(d, "id", getattr(d, "name", "")) for d in fact.decorators]
        return next(
            (n for n in names if n in ("property", "classmethod", "staticmethod", "hybrid_property")), "function"
        )
    if isinstance(fact.value, Literal):
        return type(fact.value.value).__name__
    return {"Dictionary": "dict", "Display": getattr(fact.value, "kind", "list")}.get(
        type(fact.value).__name__, "object"
    )


def _as_mixin(project: Project, mappings: Mappings, cls: ProjectClass, kind: Kind) -> Mapping:
    """Return the mapping of the first mapped class that takes the name from ``cls``, a mixin before its base."""
    if kind != "column" or cls.definition.keywords:
        return Mapping("plain")
    for subclass in subclasses(project, mappings, cls):
        mapping = mappings.of(subclass)
        if mapping.role == "mapped" and _stands_first(mappings, subclass, cls):
            return Mapping("mixin", mapping.style)
    return Mapping("plain")


def _becomes_table(project: Project, mappings: Mappings, cls: ProjectClass) -> bool:
    """Tell whether an SQLModel without a table of its own hands its fields on to one that has."""
    return any(mappings.of(subclass).role == "mapped" for subclass in subclasses(project, mappings, cls))


def _stands_first(mappings: Mappings, subclass: ProjectClass, mixin: ProjectClass) -> bool:
    """Tell whether ``mixin`` comes before the declarative base among the bases of ``subclass``."""
    for base in mappings.bases(subclass):
        if isinstance(base, External):
            return False
        if isinstance(base, ProjectClass):
            if mixin in mappings.linear(base):
                return True
            if mappings.of(base).role in ("base", "abstract", "mapped"):
                return False
    return False


def _not_analysed(project: Project, fact: ReservedName, mapping: Mapping) -> NotAnalysed:
    line = project.source(fact.path).position(fact.span.start)[0]
    what = mapping.why or "its value could not be resolved"
    return NotAnalysed(fact.path, line, f"`{fact.owner}.{fact.name}`: {what}")
