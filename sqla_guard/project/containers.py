"""What Python's own containers and functions give back, as far as objects pass through them."""

from __future__ import annotations

import sys

from sqla_guard.project.queries import entity_value, query_item
from sqla_guard.project.shapes import (
    NOTHING,
    PLAIN,
    ClassType,
    ColumnsType,
    ColumnType,
    DictType,
    ExternalType,
    FunctionType,
    InstanceType,
    ListType,
    PageType,
    QueryType,
    ResultType,
    RowType,
    ScalarsType,
    TableType,
    TupleType,
    Type,
    UnionType,
    UnknownType,
    options,
    union,
)

_SAME_ELEMENTS = frozenset({"list", "set", "frozenset", "sorted", "reversed", "iter", "deque"})
_ELEMENT = frozenset({"next", "min", "max", "anext", "choice"})
_PLAIN_BUILTINS = frozenset(
    [
        "abs",
        "all",
        "any",
        "ascii",
        "bin",
        "bool",
        "bytearray",
        "bytes",
        "callable",
        "chr",
        "complex",
        "dir",
        "divmod",
        "float",
        "format",
        "hash",
        "hex",
        "id",
        "input",
        "int",
        "isinstance",
        "issubclass",
        "len",
        "memoryview",
        "oct",
        "open",
        "ord",
        "pow",
        "print",
        "range",
        "repr",
        "round",
        "slice",
        "str",
        "sum",
        "type",
    ]
)
_LIST_METHODS_ONE = frozenset({"pop", "popleft", "__next__", "__anext__", "__getitem__"})
_LIST_METHODS_SAME = frozenset(
    {"copy", "union", "intersection", "difference", "symmetric_difference", "__add__", "__iter__"}
)
_ITERABLES = frozenset(
    [
        "list",
        "List",
        "set",
        "Set",
        "frozenset",
        "FrozenSet",
        "Sequence",
        "MutableSequence",
        "Iterable",
        "Iterator",
        "Collection",
        "AbstractSet",
        "MutableSet",
        "Generator",
        "AsyncGenerator",
        "AsyncIterator",
        "AsyncIterable",
        "Deque",
        "deque",
        "InstrumentedList",
        "InstrumentedSet",
        "WriteOnlyMapped_",
        "KeysView",
        "ValuesView",
        "Reversible",
        "ContextManager",
        "AsyncContextManager",
        "AbstractContextManager",
        "AbstractAsyncContextManager",
    ]
)
_MAPPINGS = frozenset(
    ["dict", "Dict", "Mapping", "MutableMapping", "DefaultDict", "defaultdict", "OrderedDict", "Counter"]
)

# Modules of the standard library whose functions return what they were given, or what others gave them.
_PASSING_MODULES = frozenset(
    [
        "asyncio",
        "bisect",
        "collections",
        "concurrent",
        "contextlib",
        "contextvars",
        "copy",
        "dataclasses",
        "enum",
        "functools",
        "gc",
        "heapq",
        "importlib",
        "inspect",
        "itertools",
        "multiprocessing",
        "operator",
        "pickle",
        "queue",
        "random",
        "runpy",
        "shelve",
        "threading",
        "types",
        "typing",
        "unittest",
        "weakref",
    ]
)
# Packages that hand out objects of the project: request state, injected dependencies, tasks, caches, factories, mocks.
_PASSING_PACKAGES = frozenset(
    [
        "aiocache",
        "attr",
        "attrs",
        "cachetools",
        "celery",
        "click",
        "dependency_injector",
        "diskcache",
        "dogpile",
        "dramatiq",
        "factory",
        "fastapi",
        "fastapi_cache",
        "fastapi_pagination",
        "fastapi_users",
        "flask",
        "flask_admin",
        "flask_caching",
        "flask_jwt_extended",
        "flask_login",
        "flask_principal",
        "flask_security",
        "graphene",
        "huey",
        "injector",
        "joblib",
        "jinja2",
        "litestar",
        "lagom",
        "loguru",
        "marshmallow",
        "marshmallow_sqlalchemy",
        "mock",
        "more_itertools",
        "pydantic",
        "pytest",
        "pytest_asyncio",
        "quart",
        "redis_om",
        "returns",
        "rq",
        "sanic",
        "sqlalchemy",
        "sqlmodel",
        "sqladmin",
        "starlette",
        "strawberry",
        "tenacity",
        "toolz",
        "typer",
        "typing_extensions",
        "wtforms",
        "wtforms_sqlalchemy",
        "werkzeug",
    ]
)


def element(of: Type) -> Type:
    """Return what iterating over ``of`` yields."""
    match of:
        case UnionType(options=several):
            # Of "one or many", only the many can be iterated over.
            many = [o for o in several if not isinstance(o, InstanceType)]
            return union(element(option) for option in many or several)
        case ListType(item=item) | ScalarsType(item=item) | PageType(item=item):
            return item
        case QueryType(entities=entities):
            return query_item(entities)
        case ResultType(entities=entities):
            return RowType(entities)
        case RowType(entities=entities):
            return union(entity_value(e) for e in entities)
        case TupleType(items=items):
            return union(items)
        case DictType(key=key):
            return key
        case UnknownType() | InstanceType() | ExternalType() | FunctionType() | ClassType():
            return UnknownType("an element of something that is not known")
        case _:
            return PLAIN


def item(of: Type, key: int | None, is_slice: bool = False) -> Type:
    """Return ``of[key]``; ``key`` is ``None`` where it is no literal number."""
    match of:
        case UnionType(options=several):
            return union(item(option, key, is_slice) for option in several)
        case ListType() | QueryType() | ScalarsType() if is_slice:
            return ListType(element(of))
        case TupleType(items=items) if key is not None and -len(items) <= key < len(items):
            return items[key]
        case RowType(entities=entities) if key is not None and -len(entities) <= key < len(entities):
            return entity_value(entities[key])
        case DictType(value=value):
            return value
        case UnknownType(why=why):
            return UnknownType(why)
        case ColumnType() | ColumnsType() | TableType():
            return PLAIN
        case _:
            return element(of)


def list_method(of: ListType, name: str) -> Type:
    """Return what a method of a list or set gives back."""
    if name in _LIST_METHODS_ONE:
        return of.item
    # ``all()``, ``filter()`` and so on, for relationships that may be loaded dynamically.
    if name in _LIST_METHODS_SAME or name in ("all", "filter", "filter_by", "order_by", "limit"):
        return of
    return of.item if name in ("first", "one", "one_or_none", "get") else PLAIN


def dict_method(of: DictType, name: str) -> Type:
    """Return what a method of a dict gives back."""
    match name:
        case "values":
            return ListType(of.value)
        case "keys":
            return ListType(of.key)
        case "items":
            return ListType(TupleType((of.key, of.value)))
        case "get" | "pop" | "setdefault":
            return of.value
        case "popitem":
            return TupleType((of.key, of.value))
        case "copy":
            return of
        case _:
            return PLAIN


def function(name: str, arguments: tuple[Type, ...]) -> Type | None:
    """Return what a builtin or standard function gives back; ``None`` if it is not known here."""
    package, _, rest = name.partition(".")
    last = name.rpartition(".")[2]
    first = arguments[0] if arguments else NOTHING
    if package not in ("builtins", "itertools", "collections", "random", "copy", "typing", "asyncio"):
        return None
    if rest in _PLAIN_BUILTINS and package == "builtins":
        return PLAIN
    if last in _SAME_ELEMENTS or last == "tuple":
        return ListType(element(first)) if arguments else None
    if last in _ELEMENT:
        return union([element(first), *arguments[1:]]) if len(arguments) < 3 else union(arguments)
    if last in ("copy", "deepcopy") and package == "copy":
        return first
    return _combined(last, arguments, first)


def _combined(last: str, arguments: tuple[Type, ...], first: Type) -> Type | None:
    match last:
        case "enumerate":
            return ListType(TupleType((PLAIN, element(first))))
        case "zip" | "zip_longest" | "product":
            return ListType(TupleType(tuple(element(a) for a in arguments)))
        case "filter" | "takewhile" | "dropwhile" | "filterfalse" if len(arguments) > 1:
            return ListType(element(arguments[1]))
        case "islice" | "cycle":
            return ListType(element(first))
        case "chain":
            return ListType(union(element(a) for a in arguments))
        case "groupby":
            return ListType(TupleType((PLAIN, ListType(element(first)))))
        case "dict":
            return _dict(first) if arguments else DictType(PLAIN, _unknown_value())
        case "defaultdict" | "OrderedDict" | "Counter":
            return DictType(_unknown_value(), _unknown_value())
        case _:
            return None


def _dict(of: Type) -> Type:
    if isinstance(of, DictType):
        return of
    pair = element(of)
    if isinstance(pair, TupleType) and len(pair.items) == 2:
        return DictType(*pair.items)
    return DictType(pair, _unknown_value())


def _unknown_value() -> Type:
    return UnknownType("a value of a dict")


def generic(name: str, parameters: tuple[Type, ...]) -> Type | None:
    """Return what an annotation such as ``list[Event]`` stands for, by the dotted name before the bracket."""
    last = name.rpartition(".")[2]
    first = parameters[0] if parameters else UnknownType("an element of a container")
    if last in _ITERABLES:
        return ListType(first)
    if last in _MAPPINGS:
        value = parameters[1] if len(parameters) > 1 else UnknownType("a value of a dict")
        return DictType(first, value)
    if last in ("Mapped", "Annotated", "Required", "NotRequired", "Final", "ClassVar", "ReadOnly"):
        return first
    if last in ("Awaitable", "Coroutine"):
        return parameters[-1] if parameters else UnknownType("an awaited value")
    return _orm_generic(last, first)


def _orm_generic(last: str, first: Type) -> Type | None:
    entities = first.items if isinstance(first, TupleType) else (first,)
    classes = tuple(_as_entity(entity) for entity in entities)
    match last:
        case "DynamicMapped" | "AppenderQuery" | "Query" | "RowReturningQuery":
            return QueryType(classes)
        case "WriteOnlyMapped" | "ScalarResult" | "AsyncScalarResult" | "Sequence":
            return ScalarsType(first)
        case "Select" | "SelectOfScalar":
            from sqla_guard.project.shapes import StatementType

            return StatementType("select", classes)
        case "Result" | "CursorResult" | "AsyncResult":
            return ResultType(classes)
        case "Row":
            return RowType(classes)
        case _:
            return None


def _as_entity(of: Type) -> Type:
    return ClassType(of.cls) if isinstance(of, InstanceType) else of


def passes_objects_on(name: str) -> bool:
    """Tell whether functions of an external package may return objects of the project that they hold."""
    package = name.partition(".")[0]
    if package in sys.stdlib_module_names:
        return package in _PASSING_MODULES
    return package == "builtins" or package in _PASSING_PACKAGES


def may_carry(of: Type) -> bool:
    """Tell whether an argument holds objects of the project, or can make them."""
    return any(
        not isinstance(option, (ExternalType, ColumnType))
        and option not in (PLAIN, NOTHING)
        and isinstance(
            option, (InstanceType, ClassType, ListType, TupleType, DictType, FunctionType, QueryType, ScalarsType)
        )
        and _carried(option)
        for option in options(of)
    )


def _carried(of: Type) -> bool:
    match of:
        case ListType(item=inner) | ScalarsType(item=inner) | DictType(value=inner):
            return may_carry(inner)
        case TupleType(items=items):
            return any(may_carry(i) for i in items)
        case _:
            return True
