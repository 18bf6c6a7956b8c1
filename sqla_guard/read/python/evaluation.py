"""Expressions to values, with local names replaced by what they hold at that point."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from sqla_guard.facts.values import (
    Attr,
    Call,
    ClassRef,
    Dictionary,
    Display,
    Element,
    InstanceOf,
    Item,
    Literal,
    Name,
    Narrowed,
    Starred,
    Unknown,
    Value,
    either,
)
from sqla_guard.read.python.expressions import Expressions
from sqla_guard.read.python.growth import Growth
from sqla_guard.read.python.scopes import Scope, State, parameters

TOO_DEEP = Unknown("an expression that is nested too deeply to be followed")
_IMPLICIT_CLASS_METHODS = frozenset({"__new__", "__init_subclass__", "__class_getitem__"})
# Expressions that are more than their parts: they narrow names, bind some of their own, or grow.
_FOLLOWED = frozenset(
    (
        *(ast.ListComp, ast.SetComp, ast.GeneratorExp, ast.DictComp),
        *(ast.IfExp, ast.BoolOp, ast.BinOp, ast.JoinedStr),
    )
)
# Decorators that hand the class, not an object, to the method.
_CLASS_DECORATORS = frozenset(
    {"classmethod", "declared_attr", "directive", "cascading", "expression", "comparator", "validator"}
)


class Evaluator(Expressions):
    """Translates expressions in the scope that is current.

    Attributes:
        scope: The scope whose names are looked up.
    """

    def __init__(self, scope: Scope, growth: Growth) -> None:
        """Start in ``scope``."""
        self.scope = scope
        self.growth = growth

    def name(self, node: ast.Name) -> Value:
        """Return what a name holds at this point."""
        return self.scope.lookup(node.id)

    def value(self, node: ast.expr) -> Value:
        """Return the value of an expression; what is not followed becomes :class:`Unknown`."""
        try:
            return self._value(node)
        except RecursionError:
            return TOO_DEEP

    def _value(self, node: ast.expr) -> Value:
        if node.__class__ not in _FOLLOWED:
            return self.growth.capped(super().value(node))
        match node:
            case ast.ListComp(elt=elt, generators=generators):
                return self._comprehension("list", elt, generators)
            case ast.SetComp(elt=elt, generators=generators):
                return self._comprehension("set", elt, generators)
            case ast.GeneratorExp(elt=elt, generators=generators):
                return self._comprehension("generator", elt, generators)
            case ast.DictComp(key=key, value=value, generators=generators):
                with self.inside(generators):
                    return Dictionary(((self.value(key), self.value(value)),))
            case ast.IfExp(test=test, body=body, orelse=orelse):
                return self._conditional(test, body, orelse)
            case ast.BoolOp(op=op, values=values):
                return self._boolean(op, values)
            case ast.BinOp(left=left, op=ast.Add(), right=right):
                added = Call(Attr(self.value(left), "__add__"), (self.value(right),))
                return self.growth.capped(added)
            case ast.JoinedStr():
                return InstanceOf(Name("str"))
            case _:
                return self.growth.capped(super().value(node))

    def _comprehension(self, kind: str, elt: ast.expr, generators: list[ast.comprehension]) -> Value:
        with self.inside(generators):
            items = (self.value(elt),)
        if kind == "list":
            return Display("list", items)
        return Display("set", items) if kind == "set" else Display("generator", items)

    @contextmanager
    def inside(self, generators: list[ast.comprehension]) -> Iterator[None]:
        """Look names up inside a comprehension: its variables, narrowed by its conditions."""
        depth = len(self.scope.overlays)
        try:
            for generator in generators:
                overlay: State = {}
                overlay.update(self.unpacked(generator.target, Element(self.value(generator.iter))))
                self.scope.overlays.append(overlay)
                for test in generator.ifs:
                    self.scope.overlays.append(self.narrowed(test, True))
            yield
        finally:
            del self.scope.overlays[depth:]

    @contextmanager
    def assuming(self, narrowed: State) -> Iterator[None]:
        """Look names up as narrowed by a condition."""
        self.scope.overlays.append(narrowed)
        try:
            yield
        finally:
            self.scope.overlays.pop()

    def _conditional(self, test: ast.expr, body: ast.expr, orelse: ast.expr) -> Value:
        with self.assuming(self.narrowed(test, True)):
            first = self.value(body)
        with self.assuming(self.narrowed(test, False)):
            second = self.value(orelse)
        return self.growth.either(first, second)

    def _boolean(self, op: ast.boolop, values: list[ast.expr]) -> Value:
        depth = len(self.scope.overlays)
        options = []
        try:
            for value in values:
                options.append(self.value(value))
                self.scope.overlays.append(self.narrowed(value, isinstance(op, ast.And)))
        finally:
            del self.scope.overlays[depth:]
        return self.growth.capped(either(options))

    def unpacked(self, target: ast.expr, value: Value) -> Iterator[tuple[str, Value]]:
        """Yield the names that assigning ``value`` to ``target`` binds."""
        match target:
            case ast.Name(id=name):
                yield name, value
            case ast.Starred(value=inner):
                yield from self.unpacked(inner, value)
            case ast.Tuple(elts=elts) | ast.List(elts=elts):
                for element, part in zip(elts, _parts(elts, value), strict=True):
                    yield from self.unpacked(element, part)

    def narrowed(self, test: ast.expr, holds: bool) -> State:
        """Return what is known about names where ``test`` holds (or does not)."""
        match test:
            case ast.UnaryOp(op=ast.Not(), operand=operand):
                return self.narrowed(operand, not holds)
            case ast.BoolOp(op=op, values=values) if isinstance(op, ast.And) == holds:
                merged: State = {}
                for value in values:
                    with self.assuming(merged):
                        merged = {**merged, **self.narrowed(value, holds)}
                return merged
            case ast.BoolOp(values=values) if all(_tested(v) == _tested(values[0]) for v in values):
                # ``isinstance(x, A) or isinstance(x, B)``: one of the two.
                options = [self.narrowed(value, holds) for value in values]
                names = {name for option in options for name in option}
                return {name: either([o[name] for o in options]) for name in names if all(name in o for o in options)}
            case ast.Call(func=ast.Name(id="isinstance"), args=[subject, classes]):
                return self._instance_test(subject, classes, holds)
            case ast.Compare(
                left=ast.Call(func=ast.Name(id="type"), args=[ast.Name() as subject]),
                ops=[ast.Is() | ast.Eq()],
                comparators=[classes],
            ) if holds:
                return self._instance_test(subject, classes, holds)
            case _:
                return {}

    def _instance_test(self, subject: ast.expr, classes: ast.expr, holds: bool) -> State:
        target = subject.target if isinstance(subject, ast.NamedExpr) else subject
        if not isinstance(target, ast.Name):
            return {}
        return {target.id: Narrowed(self.value(subject), self.class_options(classes), not holds)}

    def class_options(self, classes: ast.expr) -> Value:
        """Return the classes of an ``isinstance`` test."""
        match classes:
            case ast.Tuple(elts=elts) if elts:
                return either([self.class_options(e) for e in elts])
            case ast.BinOp(left=left, op=ast.BitOr(), right=right):
                return either([self.class_options(left), self.class_options(right)])
            case _:
                return self.value(classes)

    def given(self, arguments: ast.arguments, implicit: Value | None) -> State:
        """Return what parameters hold when a function starts.

        Args:
            arguments: The parameters.
            implicit: What the first one is, for a method.
        """
        state: State = {}
        for position, parameter in enumerate(parameters(arguments)):
            value = self._parameter(parameter)
            if position == 0 and implicit is not None and parameter.annotation is None:
                value = implicit
            if parameter is arguments.vararg:
                value = Display("list", (value,))
            elif parameter is arguments.kwarg:
                value = Dictionary(((Unknown("a keyword's name"), value),))
            state[parameter.arg] = value
        return state

    def _parameter(self, parameter: ast.arg) -> Value:
        if parameter.annotation is None:
            return Unknown(f"untyped parameter `{parameter.arg}`")
        return self.instance(parameter.annotation)


def implicit_parameter(node: ast.FunctionDef | ast.AsyncFunctionDef, class_name: str | None) -> Value | None:
    """Return what ``self`` or ``cls`` is in ``node``, a function in the body of ``class_name``."""
    if class_name is None:
        return None
    decorators = {_last_word(d) for d in node.decorator_list}
    if "staticmethod" in decorators:
        return None
    names = parameters(node.args)
    if decorators & _CLASS_DECORATORS or node.name in _IMPLICIT_CLASS_METHODS or (names and names[0].arg == "cls"):
        return ClassRef(class_name)
    return InstanceOf(ClassRef(class_name))


def _last_word(decorator: ast.expr) -> str:
    if isinstance(decorator, ast.Call):
        decorator = decorator.func
    if isinstance(decorator, ast.Attribute):
        return decorator.attr
    return decorator.id if isinstance(decorator, ast.Name) else ""


def _tested(test: ast.expr) -> str:
    """Return the name that an ``isinstance`` test is about."""
    match test:
        case ast.Call(func=ast.Name(id="isinstance"), args=[ast.Name(id=name), _]):
            return name
        case _:
            return f"?{id(test)}"


def _parts(elts: list[ast.expr], value: Value) -> Iterable[Value]:
    """Return what each target of an unpacking gets."""
    starred = next((i for i, e in enumerate(elts) if isinstance(e, ast.Starred)), len(elts))
    if starred == len(elts) and isinstance(value, Display) and value.kind in ("tuple", "list"):
        plain = not any(isinstance(i, Starred) for i in value.items)
        if plain and len(value.items) == len(elts):
            return value.items
    for_each: list[Value] = []
    for position in range(len(elts)):
        if position < starred:
            for_each.append(Item(value, Literal(position)))
        elif position == starred:
            for_each.append(Display("list", (Element(value),)))
        else:
            for_each.append(Item(value, Literal(position - len(elts))))
    return for_each
