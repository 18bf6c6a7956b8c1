"""Following names through imports to what they stand for."""

from __future__ import annotations

import builtins
from collections.abc import Callable, Iterator

from sqla_guard.core.memo import Memo
from sqla_guard.facts.outline import Import, Outline
from sqla_guard.facts.values import (
    Attr,
    Call,
    ClassRef,
    Imported,
    InstanceOf,
    Item,
    Literal,
    Name,
    OneOf,
    Value,
    dotted,
)
from sqla_guard.project.modules import ModuleFinder
from sqla_guard.project.symbols import (
    External,
    Made,
    ProjectClass,
    ProjectFunction,
    ProjectModule,
    Symbol,
    Unresolved,
)

# One thing under two names, by the name that this tool uses.
_CANONICAL = {
    "sqlalchemy.ext.declarative.declarative_base": "sqlalchemy.orm.declarative_base",
    "sqlalchemy.ext.declarative.api.declarative_base": "sqlalchemy.orm.declarative_base",
    "sqlalchemy.ext.declarative.as_declarative": "sqlalchemy.orm.as_declarative",
    "sqlalchemy.ext.declarative.declared_attr": "sqlalchemy.orm.declared_attr",
    "sqlalchemy.ext.declarative.has_inherited_table": "sqlalchemy.orm.has_inherited_table",
    "flask.ext.sqlalchemy.SQLAlchemy": "flask_sqlalchemy.SQLAlchemy",
    "sqlmodel.main.SQLModel": "sqlmodel.SQLModel",
}

# How deep aliases of aliases may go before a name counts as unresolved.
_DEPTH = 40


class Resolver:
    """Resolves values to symbols; every answer is remembered."""

    def __init__(self, finder: ModuleFinder, outline: Callable[[str, str], Outline | None], memo: Memo) -> None:
        """Use ``finder`` for imports and ``outline`` for what a module of the project declares under a name.

        What is found is kept in ``memo``.
        """
        self._finder = finder
        self._outline = outline
        self._memo = memo
        self._depth = 0

    def resolve(self, path: str, value: Value) -> Symbol:
        """Return what ``value``, an expression of module ``path``, stands for."""
        key = ("symbol", path, value)
        if self._depth > _DEPTH and not self._memo.has(key):
            self._memo.cut()
            return _through_itself()
        return self._memo.of(key, lambda: self._deeper(path, value), _through_itself)

    def _deeper(self, path: str, value: Value) -> Symbol:
        self._depth += 1
        try:
            return self._resolve(path, value)
        finally:
            self._depth -= 1

    def _resolve(self, path: str, value: Value) -> Symbol:
        match value:
            case Name(id=name):
                return self.member(path, name)
            case ClassRef(qualname=qualname):
                outline = self._outline(path, qualname.partition(".")[0])
                definition = outline.classes.get(qualname) if outline else None
                return ProjectClass(path, definition) if definition else Unresolved(f"no class `{qualname}`")
            case Imported():
                return self._imported(path, Import(value.name or value.module, value.module, value.name, value.level))
            case Attr(of=of, name=name):
                return self._attribute(self.resolve(path, of), name, Made(path, value))
            case Call(func=func):
                return self._call(self.resolve(path, func), Made(path, value))
            case Item(of=of) if not isinstance(of, (Call, Item)) and dotted(of):
                # ``Base[int]``: a parametrised class is still that class.
                symbol = self.resolve(path, of)
                return symbol if isinstance(symbol, (External, ProjectClass)) else Made(path, value)
            case OneOf(options=options):
                return _one([self.resolve(path, option) for option in options if option != Literal(None)])
            case InstanceOf(annotation=annotation):
                return self._call(self.resolve(path, annotation), Made(path, value))
            case _:
                return Made(path, value)

    def member(self, module: str, name: str) -> Symbol:
        """Return what ``name`` stands for at the top of ``module``."""
        outline = self._outline(module, name)
        if outline is None:
            return Unresolved(f"`{name}` comes from a file that cannot be parsed")
        found = list(self._definitions(outline, name))
        if found:
            return _one(found)
        for star in (i for i in outline.imports if i.local == "*"):
            symbol = self._star(module, star, name)
            if symbol is not None:
                return symbol
        if hasattr(builtins, name):
            return External(f"builtins.{name}")
        return Unresolved(f"`{name}` is not defined in {module}")

    def _definitions(self, outline: Outline, name: str) -> Iterator[Symbol]:
        """Yield everything that binds ``name``; a later definition stands after an earlier one."""
        path = outline.path
        if name in outline.classes:
            yield ProjectClass(path, outline.classes[name])
        if name in outline.functions:
            yield ProjectFunction(path, outline.functions[name])
        for item in outline.imports:
            if item.local == name:
                yield self._imported(path, item)
        for value in outline.bindings.get(name, ()):
            if value == Literal(None):
                continue
            if value != Name(name):
                yield self.resolve(path, value)

    def _star(self, module: str, star: Import, name: str) -> Symbol | None:
        target = self._module(module, star)
        if target is None or target.endswith("/"):
            is_public = star.level == 0 and not name.startswith("_") and star.module in STAR_NAMES
            return _external(f"{star.module}.{name}") if is_public and name in STAR_NAMES[star.module] else None
        if target == module:
            return None
        symbol = self.resolve(target, Name(name))
        return None if isinstance(symbol, Unresolved) else symbol

    def _module(self, path: str, item: Import) -> str | None:
        if item.level:
            return self._finder.relative(path, item.module, item.level)
        return self._finder.absolute(path, item.module)

    def _imported(self, path: str, item: Import) -> Symbol:
        target = self._module(path, item)
        if item.name is None:
            return ProjectModule(target) if target else _external(item.module)
        if target is None:
            return _external(f"{item.module}.{item.name}") if not item.level else Unresolved("outside the project")
        symbol = self._module_member(target, item.name)
        if isinstance(symbol, Unresolved) and target.endswith("/") and not item.level:
            # A folder without Python in it that happens to be called like an installed package.
            return _external(f"{item.module}.{item.name}")
        return symbol

    def _module_member(self, module: str, name: str) -> Symbol:
        symbol: Symbol = Unresolved(f"`{name}` is not defined in {module}")
        if not module.endswith("/"):
            symbol = self.resolve(module, Name(name))
        if isinstance(symbol, Unresolved):
            submodule = self._finder.submodule(module, name)
            if submodule is not None:
                return ProjectModule(submodule)
        return symbol

    def _attribute(self, of: Symbol, name: str, made: Made) -> Symbol:
        match of:
            case External(name=owner):
                return _external(f"{owner}.{name}")
            case ProjectModule(path=module):
                return self._module_member(module, name)
            case ProjectClass(path=path, definition=definition):
                nested = self.resolve(path, ClassRef(f"{definition.qualname}.{name}"))
                if isinstance(nested, ProjectClass):
                    return nested
                attribute = definition.attribute(name)
                if attribute and attribute.function:
                    return ProjectFunction(path, attribute.function)
                return self.resolve(path, attribute.value) if attribute and attribute.value else made
            case Made():
                base = self._base_instance(of)
                return _external(f"{base}.{name}") if base else made
            case _:
                return made if not isinstance(of, Unresolved) else of

    def _call(self, func: Symbol, made: Made) -> Symbol:
        match func:
            case External(name=name):
                return External(f"{name}()", made)
            case ProjectFunction(path=path, definition=definition) if definition.returns is not None:
                returned = self.resolve(path, definition.returns)
                return External(f"{returned.name}()", made) if isinstance(returned, External) else made
            case Unresolved():
                return func
            case _:
                return made

    def _base_instance(self, of: Made) -> str | None:
        """Return the external class, with ``()``, that a project class instantiated by ``of`` derives from."""
        if not isinstance(of.value, (Call, InstanceOf)):
            return None
        called = of.value.func if isinstance(of.value, Call) else of.value.annotation
        symbol = self.resolve(of.path, called)
        for _ in range(_DEPTH):
            if isinstance(symbol, External):
                return f"{symbol.name}()"
            if not isinstance(symbol, ProjectClass) or not symbol.definition.bases:
                return None
            symbol = self.resolve(symbol.path, symbol.definition.bases[-1])
        return None


def _through_itself() -> Symbol:
    return Unresolved("defined through itself")


def _external(name: str) -> External:
    return External(_CANONICAL.get(name, name))


def _one(symbols: list[Symbol]) -> Symbol:
    """Return the symbol that all of ``symbols`` agree on; what could not be resolved has no vote."""
    known = [s for s in dict.fromkeys(symbols) if not isinstance(s, Unresolved)]
    if not known:
        return symbols[0] if symbols else Unresolved("nothing is bound to it")
    classes = [s for s in known if isinstance(s, ProjectClass)]
    if len(known) == 1 or (classes and len(classes) == len(known)):
        return known[0]
    names = {s.name for s in known if isinstance(s, External)}
    if len(names) == 1 and all(isinstance(s, External) for s in known):
        return known[0]
    return Unresolved("bound to several different things")


# What ``from x import *`` brings, of the names that matter here.
STAR_NAMES: dict[str, frozenset[str]] = {
    "sqlalchemy": frozenset(
        {"Column", "MetaData", "Table", "and_", "delete", "insert", "or_", "select", "text", "update"}
    ),
    "sqlalchemy.orm": frozenset(
        {
            "DeclarativeBase",
            "DeclarativeBaseNoMeta",
            "Mapped",
            "MappedAsDataclass",
            "Session",
            "aliased",
            "backref",
            "column_property",
            "declarative_base",
            "declared_attr",
            "deferred",
            "mapped_column",
            "registry",
            "relationship",
            "sessionmaker",
            "synonym",
        }
    ),
    "sqlalchemy.ext.declarative": frozenset({"as_declarative", "declarative_base", "declared_attr"}),
    "flask_sqlalchemy": frozenset({"SQLAlchemy"}),
    "sqlmodel": frozenset({"Field", "Relationship", "Session", "SQLModel", "select"}),
}
