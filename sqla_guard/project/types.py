"""What an expression evaluates to, as far as it matters for mapped classes and what comes out of their queries."""

from __future__ import annotations

import builtins
from collections.abc import Callable

from sqla_guard.core.source import SourceFile
from sqla_guard.facts.summaries import Summary
from sqla_guard.facts.values import (
    Attr,
    Awaited,
    Call,
    Chained,
    ClassRef,
    Dictionary,
    Display,
    Element,
    Entered,
    Imported,
    InstanceOf,
    Item,
    Literal,
    Name,
    Narrowed,
    OneOf,
    Starred,
    Unknown,
    Value,
)
from sqla_guard.project import containers, queries
from sqla_guard.project.annotations import holds, returned
from sqla_guard.project.attributes import attribute_of_query, external_attribute, with_attributes
from sqla_guard.project.members import Members
from sqla_guard.project.project import Project
from sqla_guard.project.shapes import (
    NOTHING,
    PLAIN,
    CallableType,
    ClassType,
    ColumnsType,
    ColumnType,
    DictType,
    ExternalType,
    FunctionType,
    InstanceType,
    ListType,
    ModuleType,
    OtherType,
    RowType,
    SessionType,
    StatementType,
    TableType,
    TupleType,
    Type,
    UnionType,
    UnknownType,
    options,
    union,
)
from sqla_guard.project.symbols import (
    External,
    Made,
    ProjectClass,
    ProjectFunction,
    ProjectModule,
    Symbol,
    Unresolved,
)

_BUILTINS = frozenset(dir(builtins))
# A type that grows without end, as from ``x = [x]``, is of no use.
_DEPTH = 100
_THROUGH_ITSELF = UnknownType("something that is defined through itself")


# Methods of Pydantic models and the like that return an object of the class they are called on.
_RETURN_THEIR_CLASS = frozenset(
    [
        "construct",
        "copy",
        "from_orm",
        "model_construct",
        "model_copy",
        "model_validate",
        "model_validate_json",
        "parse_file",
        "parse_obj",
        "parse_raw",
        "validate",
    ]
)


# Functions that give back a dict with the attributes of an object.
_BY_ATTRIBUTE = frozenset({"builtins.vars", "dataclasses.asdict"})


class TypeOf:
    """Evaluates values; every answer is remembered."""

    def __init__(self, project: Project, summarise: Callable[[SourceFile, str], Summary] | None = None) -> None:
        """Evaluate in ``project``.

        Args:
            project: Follows names.
            summarise: Reads what functions return; without it, only annotations tell.
        """
        self.project = project
        self.members = Members(self, project, summarise)
        self._depth = 0

    def of(self, path: str, value: Value) -> Type:
        """Return what ``value``, an expression of module ``path``, evaluates to."""
        # By identity: values share their parts, so that hashing one can cost more than evaluating it.
        key = ("type", id(self), path, id(value))
        if self._depth > _DEPTH and not self.project.has(key):
            self.project.cut()
            return _THROUGH_ITSELF
        return self.project.once(key, lambda: (self._deeper(path, value), value), lambda: (_THROUGH_ITSELF, value))[0]

    def _deeper(self, path: str, value: Value) -> Type:
        self._depth += 1
        try:
            return self._of(path, value)
        finally:
            self._depth -= 1

    def annotated(self, path: str, annotation: Value) -> Type:
        """Return what a name with this annotation holds."""
        return holds(self, path, annotation)

    def _of(self, path: str, value: Value) -> Type:
        match value:
            case Name() | Imported() | ClassRef():
                return self._name(path, value)
            case Attr(of=of, name=name):
                return self._attribute(path, value, self.of(path, of), name)
            case Call():
                return self._call(path, value)
            case Item(of=of, key=key):
                return self._item(self.of(path, of), key)
            case Element(of=of):
                return self._element(self.of(path, of))
            case InstanceOf(annotation=annotation):
                return self.annotated(path, annotation)
            case OneOf(options=several):
                return union(self.of(path, option) for option in several)
            case Unknown(why=why):
                return UnknownType(why)
            case _:
                return self._other(path, value)

    def _other(self, path: str, value: Value) -> Type:
        match value:
            case Literal(value=constant):
                return NOTHING if constant is None else PLAIN
            case Awaited(of=of) | Starred(of=of):
                # A coroutine function's result is taken for what it returns.
                return self.of(path, of)
            case Entered(of=of):
                entered = self.of(path, of)
                # What a ``@contextmanager`` function yields.
                return containers.element(entered) if isinstance(entered, ListType) else self._entered(entered)
            case Display(kind=kind, items=items):
                return self._display(path, kind, items)
            case Dictionary(entries=entries):
                keys = [self.of(path, k) for k, _ in entries if k is not None]
                values = [self.of(path, v) if k is not None else self._unpacked(path, v) for k, v in entries]
                unfilled = UnknownType("a value of a dict that is filled elsewhere")
                return DictType(union(keys), union(values) if entries else unfilled)
            case Narrowed(of=of, to=to, negated=negated):
                return self._narrowed(self.of(path, of), self.annotated(path, to), negated)
            case Chained(root=root, steps=steps):
                return self._chained(path, root, steps)
            case _:
                return UnknownType("an expression of an unknown kind")

    def _unpacked(self, path: str, value: Value) -> Type:
        inner = self.of(path, value)
        return inner.value if isinstance(inner, DictType) else UnknownType("a value of a dict")

    def _entered(self, of: Type) -> Type:
        if isinstance(of, (InstanceType, ExternalType)) and not isinstance(of, SessionType):
            return UnknownType("what a context manager gives")
        return of

    # Names and attributes

    def _name(self, path: str, value: Value) -> Type:
        kind = self.symbol(self.project.resolve(path, value), path, value)
        if isinstance(kind, UnknownType) and isinstance(value, Name):
            package = self._package(path, value.id)
            if package is not None:
                return package
            if value.id in _BUILTINS:
                return ExternalType(f"builtins.{value.id}")
            # Annotations and relationships may name classes that the module does not import.
            cls = self.members.registry.find(path, value.id) if value.id[:1].isupper() else None
            return ClassType(cls) if cls is not None else kind
        return kind

    def _package(self, path: str, name: str) -> Type | None:
        """Return the package that ``import a.b`` and ``import a.c`` bind, several modules as they name."""
        outline = self.project.outline(path)
        imports = [i for i in outline.imports if i.local == name] if outline else []
        if imports and all(i.name is None and i.module.split(".")[0] == name for i in imports):
            return self.symbol(self.project.resolve(path, Imported(name, None, 0)), path, Name(name))
        return None

    def symbol(self, symbol: Symbol, path: str, value: Value) -> Type:
        """Return the type of a resolved name; ``value`` is the name."""
        match symbol:
            case External(made=Made(path=where, value=Call() as made)) if (where, made) != (path, value):
                # What a call of a package gives back may be an alias of a class, or a query for it.
                return self.of(where, made)
            case External(name=name):
                return SessionType() if queries.is_session(name) else ExternalType(name)
            case ProjectClass():
                return ClassType(symbol)
            case ProjectFunction():
                return FunctionType(symbol)
            case ProjectModule(path=module):
                return ModuleType(module)
            case Made(path=where, value=made) if (where, made) != (path, value):
                return self.of(where, made)
            case Unresolved(why=why):
                return UnknownType(why)
            case _:
                return UnknownType("a name that is not followed")

    def _attribute(self, path: str, value: Attr, owner: Type, name: str) -> Type:
        if isinstance(owner, ModuleType):
            return self._of_module(path, value, owner)
        return union(self.attribute(option, name) for option in with_attributes(owner))

    def _of_module(self, path: str, value: Attr, owner: ModuleType) -> Type:
        symbol = self.project.resolve(path, value)
        if isinstance(symbol, Made) and symbol.value == value:
            symbol = self.project.resolve(owner.path, Name(value.name))
        return self.symbol(symbol, path, value)

    def attribute(self, owner: Type, name: str) -> Type:
        """Return ``owner.name``."""
        match owner:
            case ClassType(cls=cls):
                return self.members.of(cls, name, on_class=True)
            case InstanceType(cls=cls):
                return self.members.of(cls, name, on_class=False)
            case ExternalType(name=external):
                return external_attribute(external, name)
            case RowType(entities=entities):
                return owner if name == "_mapping" else queries.row_attribute(entities, name)
            case UnknownType():
                return UnknownType(f"`.{name}` of something that is not known")
            case _:
                return attribute_of_query(owner, name)

    # Calls

    def _call(self, path: str, value: Call) -> Type:
        def arguments() -> tuple[Type, ...]:
            return tuple(self.of(path, a) for a in _entities(value.args))

        if isinstance(value.func, Attr):
            owner = self.of(path, value.func.of)
            if not isinstance(owner, ModuleType):
                several = [
                    self._method(o, value.func.name, arguments) for o in self._with_method(owner, value.func.name)
                ]
                if all(kind is not None for kind in several):
                    return union(kind for kind in several if kind is not None)
        called = options(self.of(path, value.func))
        return union(self._called(kind, path, value, arguments) for kind in called)

    def _with_method(self, owner: Type, name: str) -> tuple[Type, ...]:
        """Return the options of ``owner`` that a method can be called on."""
        objects = [o for o in options(owner) if isinstance(o, InstanceType)]
        if any(isinstance(self.attribute(o, name), FunctionType) for o in objects):
            return with_attributes(owner)
        return options(owner)

    def _method(self, owner: Type, name: str, arguments: Callable[[], tuple[Type, ...]]) -> Type | None:
        known = queries.method(owner, name, arguments)
        if known is not None:
            return known
        match owner:
            case ListType():
                return containers.list_method(owner, name)
            case DictType():
                return containers.dict_method(owner, name)
            case InstanceType() | ClassType():
                member = self.attribute(owner, name)
                if not isinstance(member, UnknownType):
                    return None
                if name in _RETURN_THEIR_CLASS:
                    return InstanceType(owner.cls)
                return self._like_a_session(name, arguments) or member
            case UnknownType() | ExternalType() | SessionType():
                return self._like_a_session(name, arguments)
            case _:
                return None

    def _like_a_session(self, name: str, arguments: Callable[[], tuple[Type, ...]]) -> Type | None:
        """Take a receiver for a session if what it is handed proves it."""
        if name not in queries.SESSION_METHODS:
            return None
        given = arguments()
        if not given:
            return None
        match name, given[0]:
            case "query", ClassType() | ColumnType():
                return queries.session_method(name, given)
            case "get" | "get_one" | "get_or_404", ClassType() if len(given) > 1:
                return queries.session_method(name, given)
            case _, StatementType():
                return queries.session_method(name, given)
            case "merge", InstanceType():
                return given[0]
            case _:
                return None

    def _called(self, kind: Type, path: str, value: Call, arguments: Callable[[], tuple[Type, ...]]) -> Type:
        match kind:
            case ClassType(cls=cls):
                return InstanceType(cls)
            case FunctionType():
                return self.call_result(kind, arguments)
            case ExternalType(name=name):
                return self._external_call(name, path, value, arguments)
            case CallableType(returns=returns):
                return returns
            case SessionType():
                return kind
            case UnknownType(why=why):
                return UnknownType(why)
            case _:
                return PLAIN if not isinstance(kind, InstanceType) else UnknownType("a call")

    def call_result(self, function: FunctionType, arguments: Callable[[], tuple[Type, ...]] = tuple) -> Type:
        """Return what calling a function of the project gives back."""
        definition = function.function.definition
        if definition.returns is None:
            return self.members.returned(function.function)
        return returned(self, function, arguments)

    def _external_call(self, name: str, path: str, value: Call, arguments: Callable[[], tuple[Type, ...]]) -> Type:
        package, _, _ = name.partition(".")
        last = name.rpartition(".")[2]
        given = arguments()
        if package in queries.PACKAGES:
            return self._sqlalchemy_call(name, last, given)
        if last == "cast" and package in ("typing", "typing_extensions") and len(value.args) == 2:
            return self.annotated(path, value.args[0])
        if name in _BY_ATTRIBUTE and given and isinstance(given[0], InstanceType):
            return ColumnsType(given[0].cls, "attribute")
        known = containers.function(name, given)
        if known is not None:
            return known
        if last[:1].isupper():
            return ExternalType(f"{name}()")
        if containers.passes_objects_on(name) or any(containers.may_carry(a) for a in given):
            return UnknownType(f"what `{last}()` returns")
        return ExternalType(f"{name}()")

    def _sqlalchemy_call(self, name: str, last: str, given: tuple[Type, ...]) -> Type:
        known = queries.statement(last, given)
        if known is not None:
            return known
        if queries.is_session(f"{name}()"):
            return SessionType()
        if last == "inspect" and given and isinstance(given[0], (ClassType, InstanceType)):
            return TableType(given[0].cls, inspected=True)
        return ExternalType(f"{name}()")

    # Containers

    def _display(self, path: str, kind: str, items: tuple[Value, ...]) -> Type:
        if kind == "tuple" and not any(isinstance(i, Starred) for i in items):
            return TupleType(tuple(self.of(path, i) for i in items))
        if not items:
            return ListType(UnknownType("an element of a list that is filled elsewhere"))
        return ListType(
            union(self._element(self.of(path, i.of)) if isinstance(i, Starred) else self.of(path, i) for i in items)
        )

    def _element(self, of: Type) -> Type:
        """Return what iterating yields; an object that defines ``__iter__`` may yield anything."""
        if isinstance(of, UnionType):
            # Of "one or many", only the many can be iterated over.
            many = [o for o in of.options if not isinstance(o, InstanceType)]
            return union(containers.element(o) for o in many or of.options)
        return containers.element(of)

    def _item(self, of: Type, key: Value) -> Type:
        if isinstance(of, ColumnsType) and isinstance(key, Literal) and isinstance(key.value, str):
            return ColumnType(of.cls, key.value, of.by)
        if key == Unknown("slice"):
            return containers.item(of, None, is_slice=True)
        number = key.value if isinstance(key, Literal) and isinstance(key.value, int) else None
        if isinstance(of, UnionType):
            many = [o for o in of.options if not isinstance(o, InstanceType)]
            return union(containers.item(o, number) for o in many or of.options)
        return containers.item(of, number)

    def _narrowed(self, of: Type, to: Type, negated: bool) -> Type:
        if negated:
            kept = [o for o in options(of) if not self._is_a(o, to)]
            return union(kept) if kept else of
        found = [self._both(option, target) for option in options(of) for target in options(to)]
        return union(f for f in found if f is not None) if any(f is not None for f in found) else to

    def _both(self, of: Type, to: Type) -> Type | None:
        """Return what is both; ``None`` if nothing is."""
        if isinstance(to, UnknownType):
            return of
        if isinstance(of, UnknownType):
            return to
        if isinstance(of, InstanceType) and isinstance(to, InstanceType):
            if self._is_a(of, to):
                return of
            return to if self._is_a(to, of) else None
        if isinstance(of, ListType) and isinstance(to, ListType):
            return to if isinstance(of.item, UnknownType) else of
        if isinstance(of, DictType) and isinstance(to, DictType):
            return to if isinstance(of.value, UnknownType) else of
        if type(of) is type(to) or isinstance(to, (OtherType, ExternalType)):
            return of
        return None

    def _is_a(self, of: Type, to: Type) -> bool:
        if isinstance(of, InstanceType):
            names = {(c.path, c.qualname) for c in self.members.mappings.linear(of.cls)}
            return any(isinstance(t, InstanceType) and (t.cls.path, t.cls.qualname) in names for t in options(to))
        return of in options(to)

    def _chained(self, path: str, root: Value, steps: tuple[Call, ...]) -> Type:
        """Return all that a chain can be: apply its steps until nothing new comes out."""
        found = list(options(self.of(path, root)))
        for kind in found:
            for step in steps:
                after = self._step(path, kind, step)
                found.extend(o for o in options(after) if o not in found and len(found) < 20)
        return union(found)

    def _step(self, path: str, of: Type, step: Call) -> Type:
        def arguments() -> tuple[Type, ...]:
            return tuple(self.of(path, a) for a in _entities(step.args))

        assert isinstance(step.func, Attr)
        known = self._method(of, step.func.name, arguments)
        if known is not None:
            return known
        return self._called(self.attribute(of, step.func.name), path, step, arguments)


def _entities(arguments: tuple[Value, ...]) -> tuple[Value, ...]:
    """Return positional arguments; the list of the old ``select([a, b])`` is spread out."""
    if len(arguments) == 1 and isinstance(arguments[0], Display) and arguments[0].kind == "list":
        return arguments[0].items
    return arguments
