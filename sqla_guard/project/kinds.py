"""What a name in a class body is bound to, in the words of the measured tables."""

from __future__ import annotations

from sqla_guard.facts.reserved import ReservedName
from sqla_guard.facts.values import Attr, Call, Dictionary, Display, Item, Literal, Name, Value
from sqla_guard.project.declarative import Kind
from sqla_guard.project.mapped import Mappings
from sqla_guard.project.project import Project
from sqla_guard.project.symbols import External, ProjectClass

# What is made by what, by the last part of the dotted name.
_MAKERS = {
    "Column": "Column",
    "mapped_column": "mapped_column",
    "deferred": "deferred",
    "column_property": "column_property",
    "composite": "column_property",
    "query_expression": "column_property",
    "relationship": "relationship",
    "relation": "relationship",
    "dynamic_loader": "relationship",
    "AppenderQuery": "relationship",
    "synonym": "synonym",
    "association_proxy": "association_proxy",
    "hybrid_property": "hybrid_property",
    "Field": "Field",
    "Relationship": "Relationship",
    "MetaData": "MetaData",
    "registry": "registry",
}
# Calls of the standard library that make a plain object, with the kind that it has in a class body.
_PLAIN_MAKERS = {
    "builtins.property": "property",
    "functools.cached_property": "property",
    **{f"builtins.{name}": "constant" for name in ("dict", "list", "set", "tuple", "str", "int", "frozenset")},
}
_DECORATORS = {
    "builtins.property": "property",
    "functools.cached_property": "property",
    "builtins.classmethod": "classmethod",
    "builtins.staticmethod": "staticmethod",
    "sqlalchemy.ext.hybrid.hybrid_property": "hybrid_property",
}
_LEGITIMATE = ("MetaData", "registry")
_MAPPED = frozenset(
    {
        "Column",
        "mapped_column",
        "deferred",
        "column_property",
        "relationship",
        "synonym",
        "declared_attr Column",
        "declared_attr mapped_column",
        "Mapped",
        "Mapped with a value",
        "Mapped relationship",
        "Field",
        "Field with sa_column",
        "field annotation",
        "Relationship",
    }
)
_SQLALCHEMY = ("sqlalchemy.", "flask_sqlalchemy.", "sqlmodel.", "advanced_alchemy.", "sqlalchemy_utils.")
_ANNOTATIONS = frozenset({"Mapped", "DynamicMapped", "WriteOnlyMapped"})

# What an annotation `Mapped[]` makes no difference to, or another one.
_ANNOTATED = {
    "relationship": "Mapped relationship",
    "deferred": "deferred",
    "column_property": "column_property",
    "synonym": "synonym",
    "association_proxy": "association_proxy",
}

BARE = "bare annotation"
UNKNOWN = "unknown"
AGAIN = "again"
"""A setter or the like of what the class bound to the name before."""


def kind_in_words(project: Project, fact: ReservedName) -> str:
    """Return what the name is bound to; :data:`UNKNOWN` where that is out of sight."""
    if fact.form == "class":
        return "nested class"
    if fact.form == "method":
        return _decorated(project, fact)
    last = _annotation(project, fact)
    if fact.form == "annotation":
        return "Mapped" if last in _ANNOTATIONS else BARE
    made = _assigned(project, fact)
    if last in _ANNOTATIONS:
        return _ANNOTATED.get(made, "Mapped with a value")
    if made in _LEGITIMATE or made == UNKNOWN:
        return "annotated MetaData" if made == "MetaData" and last == "ClassVar" else made
    if made == "constant" and fact.annotation is not None:
        return "ClassVar constant" if last == "ClassVar" else "annotated constant"
    return made


def coarse(kind: str) -> Kind:
    """Return the same in one of the few words that a rename needs."""
    if kind in _MAPPED:
        return "column"
    if kind in ("MetaData", "annotated MetaData", "registry"):
        return "metadata"
    if kind in (BARE, UNKNOWN):
        return "bare annotation" if kind == BARE else "unknown"
    return "object"


def type_name(fact: ReservedName) -> str:
    """Return the Python type of a constant."""
    match fact.value:
        case Literal(value=value):
            return type(value).__name__
        case Dictionary():
            return "dict"
        case Display(kind=kind):
            return kind
        case Call(func=Name(id=name)):
            return name
    return "int" if fact.form != "method" else "..."


def _decorated(project: Project, fact: ReservedName) -> str:
    for decorator in fact.decorators:
        if isinstance(decorator, Attr) and decorator.of == Name(fact.name):
            return AGAIN
        symbol = project.resolve(fact.path, decorator)
        name = symbol.name.removesuffix("()") if isinstance(symbol, External) else ""
        if ".declared_attr" in name:
            return _declared(project, fact, name)
        if name in _DECORATORS:
            return _DECORATORS[name]
        return UNKNOWN
    return "method"


def _declared(project: Project, fact: ReservedName, decorator: str) -> str:
    made = {_made(project, fact, constructor.func) if constructor else None for constructor in fact.returned}
    kinds = {kind for kind in made if kind}
    if "mapped_column" in kinds:
        return "declared_attr mapped_column"
    if any(kind in _MAPPED for kind in kinds):
        return "declared_attr Column"
    if kinds & set(_LEGITIMATE):
        return "MetaData"
    if made - {None} or (fact.returned and not _returns_constants(fact)):
        return UNKNOWN
    return "declared_attr.directive" if decorator.endswith(".directive") else "declared_attr constant"


def _returns_constants(fact: ReservedName) -> bool:
    """Tell whether a ``declared_attr`` gives back nothing that could be mapped; a name may be anything."""
    return all(constructor is None for constructor in fact.returned)


def _assigned(project: Project, fact: ReservedName) -> str:
    value = fact.value
    if isinstance(value, (Literal, Dictionary, Display)):
        return "constant"
    if value is None:
        return UNKNOWN
    made = _made(project, fact, value.func) if isinstance(value, Call) else None
    if isinstance(value, Call) and made == "Field" and any(key == "sa_column" for key, _ in value.keywords):
        return "Field with sa_column"
    return made or _named(project, fact, value)


def _made(project: Project, fact: ReservedName, called: Value) -> str | None:
    """Return what a call of ``called`` makes."""
    while isinstance(called, Item):
        called = called.of
    symbol = project.resolve(fact.path, called)
    if isinstance(symbol, ProjectClass):
        return _by_subclass(project, symbol)
    name = symbol.name if isinstance(symbol, External) else ""
    if name.startswith(_SQLALCHEMY):
        return _MAKERS.get(name.rpartition(".")[2])
    return _PLAIN_MAKERS.get(name)


def _named(project: Project, fact: ReservedName, value: Value) -> str:
    """Return what a name or attribute stands for: ``metadata = Base.metadata``, ``metadata = the_column``."""
    symbol = project.resolve(fact.path, value)
    name = symbol.name if isinstance(symbol, External) else ""
    if name.startswith(_SQLALCHEMY) and name.endswith("()"):
        return _MAKERS.get(name.rpartition(".")[2].removesuffix("()"), UNKNOWN)
    if name.endswith(".metadata") or (isinstance(value, Attr) and value.name == "metadata" and fact.name == "metadata"):
        return "MetaData"
    return "registry" if name.endswith(".registry") else UNKNOWN


def _by_subclass(project: Project, cls: ProjectClass) -> str | None:
    """Return the kind of an instance of a project class: a ``Column`` or ``MetaData`` of the project's own."""
    mappings = Mappings.of_project(project)
    for owner in mappings.linear(cls):
        for base in mappings.bases(owner):
            if isinstance(base, External) and base.name.startswith(_SQLALCHEMY):
                return _MAKERS.get(base.name.rpartition(".")[2])
    return None


def _annotation(project: Project, fact: ReservedName) -> str:
    """Return the last part of the annotation's dotted name."""
    annotation = fact.annotation.of if isinstance(fact.annotation, Item) else fact.annotation
    if annotation is None:
        return ""
    symbol = project.resolve(fact.path, annotation)
    return symbol.name.rpartition(".")[2] if isinstance(symbol, External) else ""
