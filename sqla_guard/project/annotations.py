"""What annotations stand for."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING

from sqla_guard.facts.values import (
    Call,
    ClassRef,
    Display,
    Imported,
    Item,
    Literal,
    Name,
    OneOf,
    Unknown,
    Value,
    dotted,
)
from sqla_guard.project import containers, queries
from sqla_guard.project.shapes import (
    NOTHING,
    PLAIN,
    CallableType,
    ClassType,
    ExternalType,
    FunctionType,
    InstanceType,
    ListType,
    OtherType,
    SessionType,
    TupleType,
    Type,
    UnknownType,
    options,
    union,
)
from sqla_guard.project.symbols import External, Made, ProjectClass, ProjectModule

if TYPE_CHECKING:
    from sqla_guard.project.types import TypeOf

# How many modules may hand an alias on.
_IMPORTS = 8

_NO_VARIABLES: Mapping[str, Type] = MappingProxyType({})
_ANYTHING = frozenset({"Any", "object", "AnyStr", "TypeVar()", "ParamSpec()", "NewType()", "Self"})


def holds(types: TypeOf, path: str, annotation: Value, variables: Mapping[str, Type] = _NO_VARIABLES) -> Type:
    """Return what a name with this annotation holds; ``variables`` are type variables that are known."""
    match annotation:
        case Name(id=name) if name in variables:
            return variables[name]
        case ClassRef(qualname=name) if name in variables:
            return variables[name]
        case Literal(value=None):
            return NOTHING
        case Literal(value=str(text)) if text.isidentifier():
            return holds(types, path, Name(text), variables)
        case OneOf(options=several):
            return union(holds(types, path, option, variables) for option in several)
        case Unknown() | Literal():
            return UnknownType("an annotation that cannot be read")
        case Item(of=of, key=key):
            return _parametrised(types, path, of, key, variables)
        case Display(items=items):
            return TupleType(tuple(holds(types, path, i, variables) for i in items))
        case _:
            return _plain(types, path, annotation)


def _plain(types: TypeOf, path: str, annotation: Value) -> Type:
    alias = _parametrised_alias(types, path, annotation) if isinstance(annotation, Name) else None
    if alias is not None:
        return holds(types, *alias)
    symbol = types.project.resolve(path, annotation)
    if isinstance(symbol, External) and symbol.made is not None and symbol.name.endswith("TypeVar()"):
        return _alias(types, symbol.made)
    if isinstance(symbol, Made) and symbol.value != annotation:
        # An alias: ``Events = list[Event]``.
        return _alias(types, symbol)
    return _instance(types, types.of(path, annotation))


def _parametrised_alias(types: TypeOf, path: str, name: Name) -> tuple[str, Value] | None:
    """Return where an alias such as ``Events = list[Event]`` is defined, and as what.

    Resolving it would leave ``list``: a class with parameters is still that class.
    """
    for _ in range(_IMPORTS):
        outline = types.project.outline(path)
        values = outline.bindings.get(name.id, ()) if outline else ()
        if len(values) == 1 and isinstance(values[0], (Item, OneOf)):
            return path, values[0]
        imports = [i for i in outline.imports if i.local == name.id and i.name] if outline else []
        if len(imports) != 1 or imports[0].name is None:
            return None
        module = types.project.resolve(path, Imported(imports[0].module, None, imports[0].level))
        if not isinstance(module, ProjectModule):
            return None
        path, name = module.path, Name(imports[0].name)
    return None


def _alias(types: TypeOf, made: Made) -> Type:
    if isinstance(made.value, Call):
        called = types.of(made.path, made.value.func)
        if isinstance(called, ExternalType) and called.name.rpartition(".")[2] == "TypeVar":
            bound = made.value.keyword("bound")
            bounded = holds(types, made.path, bound) if bound is not None else None
            return bounded or UnknownType("a type variable")
        return UnknownType("an annotation that is computed")
    if isinstance(made.value, (Item, OneOf, Name)):
        return holds(types, made.path, made.value)
    return UnknownType("an annotation that is computed")


def _instance(types: TypeOf, of: Type) -> Type:
    """Return what an annotation that evaluates to ``of`` allows."""
    match of:
        case ClassType(cls=cls):
            return InstanceType(cls)
        case SessionType():
            return of
        case ExternalType(name=name):
            return _external(name)
        case UnknownType():
            return of
        case _:
            return UnknownType("an annotation that is computed")


def _external(name: str) -> Type:
    last = name.rpartition(".")[2]
    if last in _ANYTHING:
        return UnknownType(f"annotated as `{last.removesuffix('()')}`")
    if queries.is_session(f"{name}()"):
        return SessionType()
    bare = containers.generic(name, ())
    if bare is not None:
        return bare
    if name.partition(".")[0] in ("typing", "typing_extensions", "collections"):
        return UnknownType(f"annotated as `{last}`")
    if name in ("builtins.tuple", "typing.Tuple"):
        return ListType(UnknownType("an element of a tuple"))
    if name.partition(".")[0] == "builtins":
        return PLAIN
    return ExternalType(f"{name}()")


def _parametrised(types: TypeOf, path: str, of: Value, key: Value, variables: Mapping[str, Type]) -> Type:
    base = types.of(path, of)
    parts = key.items if isinstance(key, Display) else (key,)
    if isinstance(base, ClassType):
        return InstanceType(base.cls)
    name = base.name if isinstance(base, ExternalType) else (dotted(of) or "")
    last = name.rpartition(".")[2]
    if last == "Callable":
        return CallableType(holds(types, path, parts[-1], variables)) if len(parts) == 2 else UnknownType("a callable")
    if last == "Annotated":
        return holds(types, path, parts[0], variables)
    held = tuple(holds(types, path, part, variables) for part in parts)
    if last in ("tuple", "Tuple"):
        # ``tuple[Event, ...]``; the ellipsis is no value.
        endless = len(parts) == 2 and isinstance(parts[1], Unknown)
        return ListType(held[0]) if endless else TupleType(held)
    if last in ("type", "Type"):
        return union(ClassType(o.cls) if isinstance(o, InstanceType) else o for o in options(held[0]))
    found = containers.generic(name, held)
    if found is not None:
        return found
    return ExternalType(f"{name}()") if isinstance(base, ExternalType) else OtherType(name)


def returned(types: TypeOf, function: FunctionType, arguments: Callable[[], tuple[Type, ...]]) -> Type:
    """Return what a function with a return annotation gives back."""
    definition, path = function.function.definition, function.function.path
    assert definition.returns is not None
    if dotted(definition.returns) in ("Self", "typing.Self", "typing_extensions.Self"):
        owner = function.owner
        return InstanceType(owner.cls) if isinstance(owner, (InstanceType, ClassType)) else PLAIN
    return holds(types, path, definition.returns, dict(_variables(types, function, arguments)))


def _variables(
    types: TypeOf, function: FunctionType, arguments: Callable[[], tuple[Type, ...]]
) -> Iterator[tuple[str, Type]]:
    """Yield what type variables stand for, by the class that a method is called on.

    ``class Events(Repository[Event])`` with ``class Repository(Generic[T])`` makes ``T`` an ``Event``.
    """
    owner = function.owner
    if isinstance(owner, (InstanceType, ClassType)):
        yield from _own_class(types, function, owner)
        for cls in types.members.mappings.linear(owner.cls):
            for base in cls.definition.bases:
                if isinstance(base, Item):
                    yield from _bound_by(types, cls, base)
    definition = function.function.definition
    given = arguments()
    parameters = [p for p in definition.parameters if p[0] not in ("self", "cls")]
    for (_, annotation), argument in zip(parameters, given, strict=False):
        match annotation, argument:
            case Item(of=Name(id="type" | "Type"), key=Name(id=variable)), ClassType(cls=cls):
                yield variable, InstanceType(cls)
            case Name(id=variable), InstanceType(cls=cls) if len(variable) <= 2 or variable.endswith("T"):
                yield variable, InstanceType(cls)


def _own_class(types: TypeOf, function: FunctionType, owner: InstanceType | ClassType) -> Iterator[tuple[str, Type]]:
    """Yield what a base class's own name means in annotations of its methods.

    ``def save(self) -> "Base"`` in a base class that maps nothing itself is how ``Self`` was written before there
    was one.
    """
    path = function.function.path
    name = function.function.definition.qualname.rpartition(".")[0]
    definer = types.of(path, ClassRef(name)) if name else None
    if isinstance(definer, ClassType) and types.members.mappings.of(definer.cls).role != "mapped":
        yield definer.cls.definition.name, InstanceType(owner.cls)


def _bound_by(types: TypeOf, cls: ProjectClass, base: Item) -> Iterator[tuple[str, Type]]:
    generic = types.project.resolve(cls.path, base.of)
    if not isinstance(generic, ProjectClass):
        return
    given = base.key.items if isinstance(base.key, Display) else (base.key,)
    for declared in generic.definition.bases:
        if isinstance(declared, Item):
            names = declared.key.items if isinstance(declared.key, Display) else (declared.key,)
            for name, value in zip(names, given, strict=False):
                found = types.of(cls.path, value)
                if isinstance(name, Name) and isinstance(found, ClassType):
                    yield name.id, InstanceType(found.cls)
