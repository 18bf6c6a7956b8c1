"""Where a class stands among mapped classes, and how those are declared: rows and columns of the measured tables."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct

from sqla_guard.facts.values import Attr, Call, Literal, Name
from sqla_guard.project.mapped import Mappings, may_be_mixed_in, may_pass_on, subclasses
from sqla_guard.project.project import Project
from sqla_guard.project.symbols import External, Made, ProjectClass, Symbol
from sqla_guard.project.versions import flask_sqlalchemy_major

# What maps a class, as the resolver names it, and what the tables call that.
_STYLES = {
    "sqlalchemy.orm.declarative_base()": "declarative_base",
    "sqlalchemy.orm.registry().generate_base()": "generate_base",
    "sqlalchemy.orm.as_declarative()": "as_declarative",
    "sqlalchemy.orm.registry().as_declarative_base()": "as_declarative",
    "sqlalchemy.orm.DeclarativeBase": "DeclarativeBase",
    "sqlalchemy.orm.decl_api.DeclarativeBase": "DeclarativeBase",
    "sqlalchemy.orm.DeclarativeBaseNoMeta": "DeclarativeBaseNoMeta",
    "sqlalchemy.orm.registry().mapped": "registry.mapped",
    "sqlalchemy.orm.registry().mapped()": "registry.mapped",
    "sqlalchemy.orm.registry().mapped_as_dataclass": "mapped_as_dataclass",
    "sqlalchemy.orm.registry().mapped_as_dataclass()": "mapped_as_dataclass",
    "sqlalchemy.orm.mapped_as_dataclass()": "mapped_as_dataclass",
    "sqlalchemy.ext.automap.automap_base()": "automap_base",
    "flask_sqlalchemy.SQLAlchemy().Model": "Flask-SQLAlchemy",
    "sqlmodel.SQLModel": "SQLModel",
}
OF_PLAIN_CLASSES = ("mixin before the base", "mixin after the base", "base itself")
"""The placements that a class can have that is not mapped itself."""

_DECORATED = ("registry.mapped", "mapped_as_dataclass")


class Spot(Struct, frozen=True):
    """One place that a binding takes effect in.

    Attributes:
        placement: As in the tables.
        style: As in the tables.
        mapped: The class that is mapped with it; the class itself where it is a base.
    """

    placement: str
    style: str
    mapped: ProjectClass


class Placements:
    """Finds the spots of classes."""

    def __init__(self, project: Project) -> None:
        """Look in ``project``."""
        self._project = project
        self._mappings = Mappings.of_project(project)

    def spots(self, cls: ProjectClass, name: str) -> Iterator[Spot]:
        """Yield every place where what ``cls`` binds to ``name`` takes effect."""
        role = self._mappings.of(cls).role
        if role == "mapped":
            yield Spot(self._of_mapped(cls), self.style(cls, name), cls)
        elif role == "base":
            yield Spot("base itself", self.style(cls, name), self._first_mapped(cls) or cls)
        elif role == "abstract" and self._is_sqlmodel(cls):
            yield from self._inherited(cls, name)
        elif role == "abstract":
            yield Spot("abstract base", self.style(cls, name), self._first_mapped(cls) or cls)
        elif role == "plain" and may_pass_on(cls):
            if may_be_mixed_in(self._project, cls):
                yield from self._inherited(cls, name)
            if self._is_handed_over(cls):
                yield Spot("base itself", "declarative_base(cls=)", cls)

    def style(self, cls: ProjectClass, name: str) -> str:
        """Return how ``cls`` is mapped."""
        own = self._mappings.of(cls).style
        style = _STYLES.get(own, "declarative_base")
        bases = {base.name for owner in self._mappings.linear(cls) for base in self._externals(owner)}
        if style == "Flask-SQLAlchemy":
            return self._flask_style(cls, name)
        if style == "DeclarativeBase" and any(base.endswith(".MappedAsDataclass") for base in bases):
            return "MappedAsDataclass"
        if any(base.endswith((".DeferredReflection", ".DeferredReflectionBase")) for base in bases):
            return "DeferredReflection"
        return style

    def _flask_style(self, cls: ProjectClass, name: str) -> str:
        if self._model_class(cls):
            return "Flask-SQLAlchemy with model_class"
        older = flask_sqlalchemy_major(self._project, cls.path) < 3
        # Version 2 leaves `metadata` of mixins and abstract classes to SQLAlchemy.
        return "declarative_base" if older and not name.startswith("query") else "Flask-SQLAlchemy"

    def _model_class(self, cls: ProjectClass) -> bool:
        """Tell whether the ``SQLAlchemy(model_class=...)`` behind ``cls`` is given a declarative base."""
        for owner in self._mappings.linear(cls):
            for base in owner.definition.bases:
                made = self._maker(owner.path, self._project.resolve(owner.path, base), base)
                given = made.value.keyword("model_class") if made and isinstance(made.value, Call) else None
                symbol = self._project.resolve(made.path, given) if made and given else None
                if isinstance(symbol, ProjectClass) and self._mappings.of(symbol).role == "base":
                    return True
                if isinstance(symbol, External) and symbol.name.endswith(
                    (".DeclarativeBase", ".DeclarativeBaseNoMeta")
                ):
                    return True
        return False

    def _maker(self, path: str, base: Symbol, value: object) -> Made | None:
        """Return the call of ``SQLAlchemy`` whose ``Model`` is ``base``."""
        if not isinstance(base, External) or base.name != "flask_sqlalchemy.SQLAlchemy().Model":
            return None
        if isinstance(value, Attr):
            owner = self._project.resolve(path, value.of)
            return owner.made if isinstance(owner, External) else owner if isinstance(owner, Made) else None
        return None

    def _of_mapped(self, cls: ProjectClass) -> str:
        body = cls.definition
        if body.attribute("__table__") is not None and body.attribute("__tablename__") is None:
            return "beside __table__"
        above = self._mappings.linear(cls)[1:]
        if not any(self._mappings.of(owner).role == "mapped" for owner in above):
            return "direct"
        return "joined-table subclass" if self._has_table(cls) else "single-table subclass"

    def _has_table(self, cls: ProjectClass) -> bool:
        """Tell whether a subclass has a table of its own."""
        name = cls.definition.attribute("__tablename__")
        if name is not None:
            return name.value != Literal(None)
        if self._is_sqlmodel(cls):
            return True
        return any(_is_primary_key(attribute.value) for attribute in cls.definition.attributes)

    def _is_sqlmodel(self, cls: ProjectClass) -> bool:
        return self._mappings.of(cls).style == "sqlmodel.SQLModel"

    def _inherited(self, cls: ProjectClass, name: str) -> Iterator[Spot]:
        """Yield the spots of a mixin: one for each mapped class that takes the name from it."""
        for subclass in subclasses(self._project, self._mappings, cls):
            if self._mappings.of(subclass).role != "mapped" or self._is_overridden(subclass, cls, name):
                continue
            style = self.style(subclass, name)
            first = style in _DECORATED or style == "SQLModel" or self._stands_first(subclass, cls)
            yield Spot("mixin before the base" if first else "mixin after the base", style, subclass)

    def _first_mapped(self, cls: ProjectClass) -> ProjectClass | None:
        found = subclasses(self._project, self._mappings, cls)
        return next((c for c in found if self._mappings.of(c).role == "mapped"), None)

    def _is_overridden(self, subclass: ProjectClass, mixin: ProjectClass, name: str) -> bool:
        found = self._mappings.attribute(subclass, name)
        return found is not None and (found[0].path, found[0].qualname) != (mixin.path, mixin.qualname)

    def _stands_first(self, subclass: ProjectClass, mixin: ProjectClass) -> bool:
        """Tell whether ``mixin`` comes before the declarative base in the order of inheritance."""
        for symbol in self._order(subclass, set()):
            if isinstance(symbol, ProjectClass) and symbol == mixin:
                return True
            if symbol == "base":
                return False
        return False

    def _order(self, cls: ProjectClass, seen: set[tuple[str, str]]) -> Iterator[ProjectClass | str]:
        if (cls.path, cls.qualname) in seen:
            return
        seen.add((cls.path, cls.qualname))
        yield cls
        if self._mappings.of(cls).role == "base":
            yield "base"
        for base in self._mappings.bases(cls):
            if isinstance(base, ProjectClass):
                yield from self._order(base, seen)
            elif self._mappings.is_declarative(base):
                yield "base"

    def _is_handed_over(self, cls: ProjectClass) -> bool:
        """Tell whether the class is given to ``declarative_base(cls=...)``."""
        name = cls.definition.name.encode()
        for path in self._project.files_giving(cls.path, "cls"):
            may_be = name in self._project.workspace.raw(path)
            outline = self._project.outline_of(path, "cls") if may_be else None
            for values in outline.bindings.values() if outline else ():
                for value in values:
                    given = value.keyword("cls") if isinstance(value, Call) else None
                    if isinstance(given, (Name, Attr)) and self._project.resolve(path, given) == cls:
                        return True
        return False

    def _externals(self, cls: ProjectClass) -> Iterator[External]:
        for base in self._mappings.bases(cls):
            if isinstance(base, External):
                yield base


def _is_primary_key(value: object) -> bool:
    return isinstance(value, Call) and value.keyword("primary_key") == Literal(True)
