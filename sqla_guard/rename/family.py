"""A mapped class with its bases and subclasses: what may be an instance of it, and what cannot be."""

from __future__ import annotations

from functools import cached_property

from sqla_guard.project.mapped import subclasses
from sqla_guard.project.shapes import InstanceType, UnknownType, same_class
from sqla_guard.project.symbols import External, ProjectClass, Symbol
from sqla_guard.project.types import TypeOf

# Attributes that SQLAlchemy and its companions put on every mapped class and object.
_GIVEN = frozenset({"metadata", "query", "query_class", "registry"})

# External bases whose attributes are all of them among the above; of others nothing is known.
_TRANSPARENT = frozenset(
    [
        "Model",
        "DeclarativeBase",
        "DeclarativeBaseNoMeta",
        "MappedAsDataclass",
        "AsyncAttrs",
        "ABC",
        "Generic",
        "Base",
        "DeferredReflection",
        "ConcreteBase",
        "AbstractConcreteBase",
        "object",
        "UserMixin",
    ]
)
_OF_MIXINS = {
    "UserMixin": frozenset({"is_active", "is_authenticated", "is_anonymous", "get_id"}),
    "AsyncAttrs": frozenset({"awaitable_attrs"}),
}


class Family:
    """One class and its relatives.

    Attributes:
        cls: The class.
    """

    def __init__(self, types: TypeOf, cls: ProjectClass) -> None:
        """Look for the relatives of ``cls``."""
        self.cls = cls
        self._types = types
        self._mappings = types.members.mappings

    @cached_property
    def _ancestors(self) -> frozenset[tuple[str, str]]:
        return frozenset(_key(c) for c in self._mappings.linear(self.cls))

    @cached_property
    def _descendants(self) -> tuple[ProjectClass, ...]:
        return tuple(subclasses(self._types.project, self._mappings, self.cls))

    @cached_property
    def _related(self) -> tuple[ProjectClass, ...]:
        members = {_key(c): c for top in (self.cls, *self._descendants) for c in self._mappings.linear(top)}
        return tuple(members.values())

    @cached_property
    def _external_bases(self) -> tuple[Symbol, ...]:
        return tuple(
            base
            for relative in self._related
            for base in self._mappings.bases(relative)
            if not isinstance(base, ProjectClass)
        )

    @property
    def members(self) -> tuple[ProjectClass, ...]:
        """The class and its subclasses."""
        return (self.cls, *self._descendants)

    def includes(self, cls: ProjectClass) -> bool:
        """Tell whether ``cls`` is the class or a subclass of it."""
        if same_class(cls, self.cls):
            return True
        return any(_key(c) == _key(self.cls) for c in self._mappings.linear(cls))

    def may_be(self, cls: ProjectClass) -> bool:
        """Tell whether an instance of ``cls``, which is no subclass, may still be one of the class."""
        if _key(cls) in self._ancestors:
            return True
        if any(_key(base) == _key(cls) for d in self._descendants for base in self._mappings.linear(d)):
            # A mixin of a subclass.
            return True
        return self._is_protocol(cls)

    def _is_protocol(self, cls: ProjectClass) -> bool:
        bases = self._mappings.bases(cls)
        if not any(isinstance(b, External) and b.name.rpartition(".")[2] == "Protocol" for b in bases):
            return False
        names = frozenset(a.name for a in cls.definition.attributes if not a.name.startswith("__"))
        return not self.excluded_by(names)

    def has_external_base(self, name: str) -> bool:
        """Tell whether ``name`` is an instance, with ``()``, of an external class that the class derives from."""
        return any(isinstance(base, External) and f"{base.name}()" == name for base in self._external_bases)

    def excluded_by(self, names: frozenset[str]) -> bool:
        """Tell whether an object that has all of ``names`` cannot be of the class or a subclass."""
        return bool(names) and self._is_known_completely and not all(map(self._has, names))

    @cached_property
    def _is_known_completely(self) -> bool:
        for base in self._external_bases:
            last = base.name.rpartition(".")[2].removesuffix("()") if isinstance(base, External) else ""
            if last not in _TRANSPARENT and last not in ("declarative_base", "generate_base"):
                return False
        dynamic = {"__getattr__", "__getattribute__"}
        return not any(c.definition.attribute(name) for c in self._related for name in dynamic)

    def _has(self, name: str) -> bool:
        if name in _GIVEN or name.startswith(("_sa_", "__")) or hasattr(object, name):
            return True
        if any(name in names for names in _OF_MIXINS.values()):
            return True
        if any(c.definition.attribute(name) for c in self._related):
            return True
        return any(
            not isinstance(self._types.attribute(InstanceType(c), name), UnknownType)
            for c in (self.cls, *self._descendants)
        )


def _key(cls: ProjectClass) -> tuple[str, str]:
    return cls.path, cls.qualname
