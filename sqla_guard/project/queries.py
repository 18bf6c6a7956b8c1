"""What SQLAlchemy's queries, statements, results and sessions give back: method names as data."""

from __future__ import annotations

from collections.abc import Callable

from sqla_guard.project.shapes import (
    NOTHING,
    PLAIN,
    ClassType,
    ColumnsType,
    ColumnType,
    InstanceType,
    ListType,
    OtherType,
    PageType,
    QueryType,
    ResultType,
    RowType,
    ScalarsType,
    SessionType,
    StatementType,
    TableType,
    TupleType,
    Type,
    UnionType,
    UnknownType,
    union,
)

PACKAGES = frozenset({"sqlalchemy", "flask_sqlalchemy", "flask_sqlalchemy_lite", "sqlmodel"})

# Refine a query or statement without changing what it returns.
_REFINING = frozenset(
    [
        "add_cte",
        "autoflush",
        "bindparams",
        "correlate",
        "correlate_except",
        "distinct",
        "enable_assertions",
        "enable_eagerloads",
        "execution_options",
        "except_",
        "except_all",
        "fetch",
        "filter",
        "filter_by",
        "for_update",
        "from_self",
        "from_statement",
        "group_by",
        "having",
        "intersect",
        "intersect_all",
        "join",
        "join_from",
        "limit",
        "logger",
        "offset",
        "on_conflict_do_nothing",
        "on_conflict_do_update",
        "on_duplicate_key_update",
        "options",
        "order_by",
        "outerjoin",
        "outerjoin_from",
        "params",
        "populate_existing",
        "prefix_with",
        "reset_joinpoint",
        "select_from",
        "select_entity_from",
        "set_label_style",
        "slice",
        "suffix_with",
        "union",
        "union_all",
        "values",
        "where",
        "with_for_update",
        "with_hint",
        "with_parent",
        "with_session",
        "with_statement_hint",
        "yield_per",
        "ordered_values",
        "inline",
        "dialect_options",
        "with_dialect_options",
        "tablesample",
        "lateral",
    ]
)
_QUERY_ONE = frozenset({"first", "one", "one_or_none", "get", "get_or_404", "first_or_404", "one_or_404"})
_TO_COLUMNS = frozenset({"subquery", "cte", "alias"})
_ROWS = frozenset({"all", "fetchall", "fetchmany", "partitions", "freeze"})
_ONE = frozenset({"first", "one", "one_or_none", "fetchone"})
_SAME_RESULT = frozenset({"unique", "tuples", "columns", "yield_per", "execution_options"})
_SCALAR = frozenset({"scalar", "scalar_one", "scalar_one_or_none"})
_STATEMENTS = frozenset({"insert", "update", "delete", "select"})

SESSIONS = frozenset(
    [
        "Session",
        "AsyncSession",
        "scoped_session",
        "async_scoped_session",
        "sessionmaker()",
        "async_sessionmaker()",
        "SignallingSession",
        "scoped_session()",
        "async_scoped_session()",
    ]
)
# Methods that prove, by their argument, that what they are called on works like a session.
SESSION_METHODS = frozenset(
    [
        "query",
        "get",
        "get_one",
        "get_or_404",
        "first_or_404",
        "one_or_404",
        "execute",
        "scalars",
        "scalar",
        "scalar_one",
        "stream",
        "stream_scalars",
        "exec",
        "merge",
        "refresh",
    ]
)


def is_session(name: str) -> bool:
    """Tell whether an external name stands for a session."""
    package, _, rest = name.partition(".")
    if package not in PACKAGES or not rest:
        return False
    last = rest.rpartition(".")[2]
    if last == "session" and package.startswith("flask_sqlalchemy"):
        return True
    return last.endswith("()") and last[:-2] in SESSIONS


def entity_value(entity: Type) -> Type:
    """Return what a row holds for an entity of its statement."""
    match entity:
        case ClassType(cls=cls):
            return InstanceType(cls)
        case UnionType(options=options):
            return union(entity_value(option) for option in options)
        case UnknownType() | InstanceType():
            return entity
        case _:
            return PLAIN


def first_value(entities: tuple[Type, ...]) -> Type:
    """Return what the first column of a row holds."""
    return entity_value(entities[0]) if entities else PLAIN


def query_item(entities: tuple[Type, ...]) -> Type:
    """Return what a legacy query yields."""
    if len(entities) == 1 and isinstance(entities[0], (ClassType, UnknownType, UnionType)):
        return entity_value(entities[0])
    return RowType(entities)


def columns_of(entities: tuple[Type, ...]) -> Type:
    """Return the ``.c`` of a subquery: a whole entity has its columns' names there, a single attribute its own."""
    found: list[Type] = []
    for entity in entities:
        if isinstance(entity, ColumnType):
            found.append(ColumnsType(entity.cls, entity.by))
        elif isinstance(entity, (ClassType, TableType)):
            found.append(ColumnsType(entity.cls, "column"))
    return union(found) if found else OtherType("columns of a subquery")


def method(owner: Type, name: str, arguments: Callable[[], tuple[Type, ...]]) -> Type | None:  # noqa: C901 - a case a type
    """Return what ``owner.name(...)`` gives back; ``None`` if ``owner`` is nothing of SQLAlchemy's."""
    match owner:
        case QueryType(entities=entities):
            return _query(owner, entities, name, arguments)
        case StatementType(entities=entities):
            return _statement(owner, entities, name, arguments)
        case ResultType(entities=entities):
            return _result(owner, entities, name, arguments)
        case ScalarsType(item=item):
            return _scalars(owner, item, name)
        case SessionType():
            return session_method(name, arguments())
        case TableType(inspected=False) if name in _STATEMENTS:
            return StatementType(name, (owner,) if name == "select" else (), owner)
        case TableType(inspected=False) if name in _TO_COLUMNS:
            return owner
        case PageType():
            return owner if name in ("next", "prev") else ListType(OtherType("page numbers"))
        case RowType(entities=entities):
            # A row as a dict has the same names.
            if name in ("_asdict", "_replace"):
                return owner
            return TupleType(tuple(entity_value(e) for e in entities)) if name == "tuple" else PLAIN
        case _:
            return None


def _query(owner: Type, entities: tuple[Type, ...], name: str, arguments: Callable[[], tuple[Type, ...]]) -> Type:
    if name in _REFINING:
        return owner
    if name in _QUERY_ONE:
        return query_item(entities)
    if name == "all":
        return ListType(query_item(entities))
    if name == "scalar":
        return first_value(entities)
    if name == "paginate":
        return PageType(query_item(entities))
    return _reshaped(QueryType, entities, name, arguments)


def _reshaped(
    make: Callable[[tuple[Type, ...]], Type],
    entities: tuple[Type, ...],
    name: str,
    arguments: Callable[[], tuple[Type, ...]],
) -> Type:
    if name in ("with_entities", "with_only_columns"):
        return make(arguments())
    if name in ("add_columns", "add_entity", "add_column", "column"):
        return make((*entities, *arguments()))
    if name in _TO_COLUMNS:
        # Only ever used through ``.c``.
        return columns_of(entities)
    return PLAIN


def _statement(
    owner: StatementType,
    entities: tuple[Type, ...],
    name: str,
    arguments: Callable[[], tuple[Type, ...]],
) -> Type:
    if name in _REFINING:
        return owner
    if name == "returning":
        return StatementType(owner.kind, arguments(), owner.target)
    return _reshaped(lambda chosen: StatementType(owner.kind, chosen, owner.target), entities, name, arguments)


def _result(owner: Type, entities: tuple[Type, ...], name: str, arguments: Callable[[], tuple[Type, ...]]) -> Type:
    if name in _SAME_RESULT:
        return owner
    if name in _SCALAR:
        return first_value(entities)
    if name == "scalars":
        # ``scalars(1)`` picks another column; which one is not worth following.
        return ScalarsType(first_value(entities) if not arguments() else _any_value(entities))
    if name == "mappings":
        return ScalarsType(RowType(entities))
    if name in _ROWS:
        return ListType(RowType(entities))
    return RowType(entities) if name in _ONE else PLAIN


def _any_value(entities: tuple[Type, ...]) -> Type:
    return union(entity_value(e) for e in entities)


def _scalars(owner: Type, item: Type, name: str) -> Type:
    if name in _ROWS:
        return ListType(item)
    if name in _ONE:
        return item
    return owner if name in _SAME_RESULT else PLAIN


def session_method(name: str, arguments: tuple[Type, ...]) -> Type:
    """Return what a session's method gives back."""
    first = arguments[0] if arguments else NOTHING
    match name, first:
        case "query", _:
            return QueryType(arguments)
        case "get" | "get_one" | "get_or_404", _:
            return entity_value(first)
        case "execute" | "stream" | "exec" | "connection", StatementType(entities=entities):
            # SQLModel's ``exec`` yields objects for one entity.
            single = name == "exec" and len(entities) == 1
            return ScalarsType(first_value(entities)) if single else ResultType(entities)
        case "scalars" | "stream_scalars", StatementType(entities=entities):
            return ScalarsType(first_value(entities))
        case "scalar" | "scalar_one" | "first_or_404" | "one_or_404", StatementType(entities=entities):
            return first_value(entities)
        case "merge", _:
            return first
        case "execute" | "scalars" | "scalar" | "stream" | "exec" | "stream_scalars", _:
            return _executed(name, first)
        case "__call__" | "begin" | "begin_nested" | "no_autoflush", _:
            return SessionType()
        case _:
            return PLAIN


def _executed(name: str, statement: Type) -> Type:
    """Return the result of what is no ORM statement in sight."""
    match statement:
        case UnknownType():
            return UnknownType("the result of a statement that is not in sight")
        case QueryType(entities=entities):
            return ResultType(entities)
        case _:
            return ResultType(()) if name in ("execute", "stream") else PLAIN


def statement(name: str, arguments: tuple[Type, ...]) -> Type | None:
    """Return what a function of SQLAlchemy gives back, by its last name; ``None`` if it is not known here."""
    first = arguments[0] if arguments else NOTHING
    if name == "select":
        return StatementType("select", arguments)
    if name in _STATEMENTS:
        return StatementType(name, (), first)
    if name in ("text", "literal_column"):
        return StatementType("text", ())
    if name in ("aliased", "with_polymorphic", "AliasedClass", "alias"):
        return first
    if name == "Query":
        return QueryType(arguments)
    if name in ("object_session", "async_object_session"):
        return SessionType()
    return None


def row_attribute(entities: tuple[Type, ...], name: str) -> Type:
    """Return ``row.name``."""
    for entity in entities:
        if isinstance(entity, ClassType) and entity.cls.definition.name == name:
            return InstanceType(entity.cls)
    unknown = next((e for e in entities if isinstance(e, UnknownType)), None)
    return unknown if unknown is not None else PLAIN
