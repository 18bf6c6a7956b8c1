"""Which classes SQLAlchemy maps, decided by what their bases resolve to."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Literal as OneWord

from msgspec import Struct

from sqla_guard.core.words import heirs_in
from sqla_guard.facts.outline import Attribute
from sqla_guard.facts.values import Literal, Value
from sqla_guard.project.project import Project
from sqla_guard.project.symbols import External, Made, ProjectClass, Symbol, Unresolved

# Calls and attributes that yield a declarative base.
_MADE_BASES = frozenset(
    {
        "sqlalchemy.orm.declarative_base()",
        "sqlalchemy.orm.registry().generate_base()",
        "sqlalchemy.ext.automap.automap_base()",
        "flask_sqlalchemy.SQLAlchemy().Model",
        "flask_appbuilder.Model",
        "flask_appbuilder.models.sqla.Model",
        "flask_appbuilder.models.sqla.Base",
        "airflow.models.base.Base",
        "ckan.plugins.toolkit.BaseModel",
        "sqlalchemy.orm.registry().as_declarative_base()",
    }
)

# Abstract bases of Advanced Alchemy (Litestar re-exports them): a subclass is mapped.
_ADVANCED_ALCHEMY = re.compile(
    r"(?:advanced_alchemy\.(?:base|extensions\.\w+\.base)|litestar\.(?:contrib|plugins)\.sqlalchemy\.base|"
    r"advanced_alchemy\.extensions\.\w+|litestar\.plugins\.sqlalchemy)(?:\.base)?\."
    r"(?:(?:UUID|UUIDv6|UUIDv7|BigInt|Identity|NanoID|Default)(?:Audit)?Base|AdvancedDeclarativeBase)"
)

# Classes of other packages that have nothing to do with mapping, so that nothing more has to be known of them.
_NO_MODELS = frozenset(
    {
        "abc",
        "attr",
        "attrs",
        "builtins",
        "collections",
        "ctypes",
        "dataclasses",
        "enum",
        "marshmallow",
        "msgspec",
        "pydantic",
        "pydantic_settings",
        "threading",
        "typing",
        "typing_extensions",
        "unittest",
    }
)

# Classes whose direct subclass is a declarative base, not a mapped class.
_BASE_MAKERS = frozenset(
    {
        "sqlalchemy.orm.DeclarativeBase",
        "sqlalchemy.orm.DeclarativeBaseNoMeta",
        "sqlalchemy.orm.decl_api.DeclarativeBase",
    }
)

# Decorators that map the class under them, and those that turn it into a base.
_MAPPING_DECORATORS = frozenset(
    {
        "sqlalchemy.orm.registry().mapped",
        "sqlalchemy.orm.registry().mapped_as_dataclass",
        "sqlalchemy.orm.mapped_as_dataclass",
        "sqlalchemy.orm.registry().mapped()",
        "sqlalchemy.orm.registry().mapped_as_dataclass()",
    }
)
_BASE_DECORATORS = frozenset(
    {
        "sqlalchemy.orm.as_declarative()",
        "sqlalchemy.orm.registry().as_declarative_base()",
    }
)

_SQLMODEL = "sqlmodel.SQLModel"

Role = OneWord["mapped", "base", "abstract", "mixin", "plain", "unknown"]


class Mapping(Struct, frozen=True):
    """What a class is to SQLAlchemy.

    Attributes:
        role: ``mapped``; ``base`` (a declarative base); ``abstract`` (derives from a base, maps nothing itself);
            ``mixin`` (plain, but a mapped class derives from it); ``plain`` (neither); ``unknown`` (a base could not
            be resolved).
        style: Dotted name of what maps it, such as ``flask_sqlalchemy.SQLAlchemy().Model``.
        why: For ``unknown``, the base that could not be resolved, in a few words.
    """

    role: Role
    style: str = ""
    why: str = ""


class Mappings:
    """Verdicts on classes, remembered."""

    def __init__(self, project: Project) -> None:
        """Judge classes of ``project``."""
        self.project = project

    @classmethod
    def of_project(cls, project: Project) -> Mappings:
        """Return the verdicts of ``project``, the same object each time."""
        return project.once(cls, lambda: cls(project))

    def of(self, cls: ProjectClass) -> Mapping:
        """Return what ``cls`` is to SQLAlchemy."""
        # A class that derives from itself in a cycle of imports is nobody's mapping.
        key = ("mapping", cls.path, cls.qualname)
        return self.project.once(key, lambda: self._judge(cls), lambda: Mapping("plain"))

    def bases(self, cls: ProjectClass) -> tuple[Symbol, ...]:
        """Return the bases of ``cls`` in the order written."""
        return tuple(self.project.resolve(cls.path, base) for base in cls.definition.bases)

    def linear(self, cls: ProjectClass) -> tuple[ProjectClass, ...]:
        """Return ``cls`` and the project classes it derives from, nearest first, each once."""
        found: dict[tuple[str, str], ProjectClass] = {}
        pending = [cls]
        while pending:
            current = pending.pop(0)
            key = current.path, current.qualname
            if key not in found:  # nor is a class that seems to derive from itself followed again
                found[key] = current
                pending.extend(base for base in self.bases(current) if isinstance(base, ProjectClass))
        return tuple(found.values())

    def attribute(self, cls: ProjectClass, name: str) -> tuple[ProjectClass, Attribute] | None:
        """Return the nearest class that binds ``name``, with the binding."""
        for owner in self.linear(cls):
            attribute = owner.definition.attribute(name)
            if attribute is not None:
                return owner, attribute
        return None

    def table(self, cls: ProjectClass) -> str | None:
        """Return the table name of a mapped class where it is a plain string, in its body or a base's."""
        found = self.attribute(cls, "__tablename__")
        if found is None:
            return self.implied_table(cls)
        value = found[1].value
        return value.value if isinstance(value, Literal) and isinstance(value.value, str) else None

    def schema(self, cls: ProjectClass) -> str | None:
        """Return the schema that ``__table_args__`` names, if any."""
        found = self.attribute(cls, "__table_args__")
        return _schema_in(found[1].value) if found else None

    def implied_table(self, cls: ProjectClass) -> str | None:
        """Return the table name that the base derives from the name of a mapped class, if it does that."""
        style = self.of(cls).style
        if style.startswith("flask_sqlalchemy."):
            return _snake_case(cls.definition.name)
        return cls.definition.name.lower() if style == _SQLMODEL else None

    def _judge(self, cls: ProjectClass) -> Mapping:
        decorated = self._by_decorator(cls)
        if decorated is not None:
            return decorated
        unknown: Mapping | None = None
        for base in self.bases(cls):
            verdict = self._by_base(cls, base)
            if verdict.role in ("mapped", "base", "abstract"):
                return verdict
            if verdict.role == "unknown":
                unknown = unknown or verdict
        return unknown or Mapping("plain")

    def _by_decorator(self, cls: ProjectClass) -> Mapping | None:
        for decorator in cls.definition.decorators:
            symbol = self.project.resolve(cls.path, decorator)
            if isinstance(symbol, External) and symbol.name in _MAPPING_DECORATORS:
                return Mapping("mapped", symbol.name)
            if isinstance(symbol, External) and symbol.name in _BASE_DECORATORS:
                return Mapping("base", symbol.name)
        return None

    def _by_base(self, cls: ProjectClass, base: Symbol) -> Mapping:
        match base:
            case External(name=name) if name in _BASE_MAKERS:
                return Mapping("base", name)
            case External(name=name) if self.is_declarative(base):
                return self._declared(cls, name)
            case External(name=name) if name == _SQLMODEL:
                return self._sqlmodel(cls)
            case External():
                return Mapping("plain")
            case ProjectClass():
                return self._inherited(cls, self.of(base))
            case Unresolved(why=why):
                return Mapping("unknown", why=why)
            case Made():
                return Mapping("unknown", why="a base class is computed")
            case _:
                return Mapping("plain")

    def is_declarative(self, base: Symbol) -> bool:
        """Tell whether a class outside of the project is a declarative base."""
        if not isinstance(base, External):
            return False
        configured = base.name in self.project.config.declarative_bases
        return configured or base.name in _MADE_BASES or _ADVANCED_ALCHEMY.fullmatch(base.name) is not None

    def is_out_of_sight(self, cls: ProjectClass) -> bool:
        """Tell whether a base of ``cls`` comes from a package of which nothing is known."""
        return any(
            isinstance(base, External) and base.name.partition(".")[0] not in _NO_MODELS
            for owner in self.linear(cls)
            for base in self.bases(owner)
        )

    def _inherited(self, cls: ProjectClass, base: Mapping) -> Mapping:
        if base.role == "plain" or base.role == "unknown":
            return base
        if base.style == _SQLMODEL:
            return self._sqlmodel(cls)
        return self._declared(cls, base.style)

    def _declared(self, cls: ProjectClass, style: str) -> Mapping:
        abstract = cls.definition.attribute("__abstract__")
        if abstract is not None and abstract.value == Literal(True):
            return Mapping("abstract", style)
        return Mapping("mapped", style)

    def _sqlmodel(self, cls: ProjectClass) -> Mapping:
        is_table = dict(cls.definition.keywords).get("table") == Literal(True)
        return Mapping("mapped" if is_table else "abstract", _SQLMODEL)


def _schema_in(value: Value | None) -> str | None:
    """Return the ``schema`` entry of a ``__table_args__`` value."""
    from sqla_guard.facts.values import Dictionary, Display

    if isinstance(value, Display) and value.items:
        value = value.items[-1]
    if isinstance(value, Dictionary):
        for key, entry in value.entries:
            if key == Literal("schema") and isinstance(entry, Literal) and isinstance(entry.value, str):
                return entry.value
    return None


def _snake_case(name: str) -> str:
    """Return the table name that Flask-SQLAlchemy derives from a class name."""
    spaced = re.sub(r"(?<=[a-z0-9])([A-Z])|(?<!^)([A-Z])(?=[a-z])", r"_\g<0>", name)
    return spaced.lower().lstrip("_")


def subclasses(project: Project, mappings: Mappings, cls: ProjectClass) -> Iterator[ProjectClass]:
    """Yield the classes of the project that derive from ``cls``, directly or not."""
    if is_local(cls):
        return
    seen: set[tuple[str, str]] = {(cls.path, cls.qualname)}
    pending = [cls.definition.name]
    while pending:
        for path, heirs in project.heirs(cls.path, pending.pop()).items():
            if not project.may_import_inner(path) and not any(path == of for of, _ in seen):
                continue  # its classes derive from each other and from those of packages
            for candidate in _named(project, path, {str(name) for name, _ in heirs}):
                key = (path, candidate.qualname)
                if key not in seen and any(
                    isinstance(b, ProjectClass) and (b.path, b.qualname) in seen for b in mappings.bases(candidate)
                ):
                    seen.add(key)
                    pending.append(candidate.definition.name)
                    yield candidate


def is_local(cls: ProjectClass) -> bool:
    """Tell whether a class is made in a function, so that no name of a module leads to it."""
    return "<locals>" in cls.qualname


def may_pass_on(cls: ProjectClass) -> bool:
    """Tell whether what a class binds that is not mapped itself can take effect in others."""
    return not cls.definition.decorators and not is_local(cls)


def has_field_tables(project: Project, near: str) -> bool:
    """Tell whether a class of the project of ``near`` may be a table of SQLModel: ``class Event(Base, table=True)``."""
    root = project.workspace.disk.project_root(near)
    return project.once(("field tables", root), lambda: _has_field_tables(project, near))


def _has_field_tables(project: Project, near: str) -> bool:
    for path in project.files_giving(near, "table"):
        names = {str(name) for name, _ in heirs_in(project.workspace.raw(path)).get(b"table", ())}
        if names and any(dict(cls.definition.keywords).get("table") for cls in _named(project, path, names)):
            return True
    return False


def _named(project: Project, path: str, names: set[str]) -> Iterator[ProjectClass]:
    """Yield the classes of a module that have one of ``names``, read from its bytes; all of them for an empty one."""
    if "" not in names and project.workspace.raw(path).isascii():
        yield from (ProjectClass(path, definition) for definition in project.classes_called(path, frozenset(names)))
        return
    outline = project.outline(path)
    for definition in outline.classes.values() if outline else ():
        yield ProjectClass(path, definition)


def may_be_mixed_in(project: Project, cls: ProjectClass) -> bool:
    """Tell whether a class that derives from ``cls``, directly or not, may be mapped though ``cls`` is not.

    Something else than ``cls`` has to map it: another base, or a decorator.
    """
    seen = {cls.definition.name}
    pending = list(seen)
    while pending:
        for heirs in project.heirs(cls.path, pending.pop()).values():
            for name, alone in heirs:
                if not alone:
                    return True
                if name not in seen:
                    seen.add(str(name))
                    pending.append(str(name))
    return False
