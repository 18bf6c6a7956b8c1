"""Reading a condition: which shared places may still be empty where it holds, or where it does not."""

from __future__ import annotations

import ast
from collections.abc import Container, Mapping

from msgspec import Struct, field

from sqla_guard.facts.lazy import TestForm
from sqla_guard.read.python.lazy_slots import Slots

_HARMLESS_CALLS = frozenset({"isinstance", "len", "bool", "getattr", "hasattr", "id", "type"})


class Condition(Struct):
    """What a condition says.

    Attributes:
        empty: Names that may be empty where the condition has the asked truth, with how it asks.
        other: Whether it has parts that say nothing of emptiness.
        calls: Whether it calls something whose second call might differ.
        orders: Whether it compares by order or does arithmetic.
        compares: Whether it compares for (in)equality with something that is not empty.
    """

    empty: dict[str, TestForm] = field(default_factory=dict)
    other: bool = False
    calls: bool = False
    orders: bool = False
    compares: bool = False

    @property
    def form(self) -> TestForm:
        """The one way of asking, or ``mixed``."""
        forms = set(self.empty.values())
        return next(iter(forms)) if len(forms) == 1 else "mixed"


class Places(Struct, frozen=True):
    """What a condition can speak of.

    Attributes:
        slots: The shared places of the function.
        aliases: Local names that a place was read into.
        kept: Local names that a test of a place was kept in, with the test.
        sentinels: Module-level names of objects that mean "nothing yet".
    """

    slots: Slots
    aliases: Mapping[str, str] = field(default_factory=dict)
    kept: Mapping[str, ast.expr] = field(default_factory=dict)
    sentinels: Container[str] = ()

    def key(self, node: ast.expr) -> str | None:
        """Return the place that an expression reads, directly or through a local name."""
        if isinstance(node, ast.Name) and node.id in self.aliases:
            return self.aliases[node.id]
        return self.slots.of(node)


def read_condition(test: ast.expr, truth: bool, places: Places) -> Condition:
    """Return what holds of the shared places where ``test`` is true (or false, by ``truth``).

    Args:
        test: The condition.
        truth: The branch that is asked about.
        places: What it can speak of.
    """
    condition = Condition()
    _read(test, truth, condition, places)
    if condition.empty:
        _scan(test, condition)
    return condition


def _read(test: ast.expr, truth: bool, into: Condition, places: Places) -> None:
    match test:
        case ast.UnaryOp(op=ast.Not(), operand=inner):
            _read(inner, not truth, into, places)
        case ast.BoolOp(values=values):
            for value in values:
                _read(value, truth, into, places)
        case ast.Compare(left=left, ops=[operator], comparators=[right]):
            _compare(left, operator, right, truth, into, places)
        case ast.Call(func=ast.Name("isinstance"), args=[subject, _]) if not truth:
            _note(subject, "type", into, places)
        case ast.Call(func=ast.Name("hasattr"), args=[owner, ast.Constant(value=str(name))]):
            key = None if truth else places.slots.attribute(owner, name)
            if key is not None:
                into.empty.setdefault(key, "hasattr")
            else:
                into.other = True
        case ast.Name(id=name) if name in places.kept:
            _read(places.kept[name], truth, into, places)
        case _ if not truth:
            _note(test, "falsy", into, places)
        case _:
            into.other = True


def _compare(
    left: ast.expr, operator: ast.cmpop, right: ast.expr, truth: bool, into: Condition, places: Places
) -> None:
    if isinstance(operator, (ast.In, ast.NotIn)):
        key = places.slots.member(left, right)
        if key is not None and isinstance(operator, ast.NotIn) == truth:
            into.empty.setdefault(key, "hasattr")
        else:
            into.other = True
        return
    identical = isinstance(operator, (ast.Is, ast.IsNot))
    same = isinstance(operator, (ast.Is, ast.Eq))
    sentinel = identical and isinstance(right, ast.Name) and right.id in places.sentinels
    empty = True if sentinel else _empty_constant(right)
    if not (same or isinstance(operator, (ast.IsNot, ast.NotEq))):
        into.other = True
    elif empty is None:
        into.compares = True
        into.other = True
    elif (same == truth) == empty:
        form: TestForm = "is-none" if identical else "equals-none"
        _note(left, form if sentinel or _is_none(right) else "falsy", into, places)


def _empty_constant(node: ast.expr) -> bool | None:
    """Tell whether a constant is an empty one; ``None`` for anything but None, True and False."""
    if isinstance(node, ast.Constant) and (node.value is None or isinstance(node.value, bool)):
        return node.value is not True
    return None


def _is_none(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and node.value is None


def _note(subject: ast.expr, form: TestForm, into: Condition, places: Places) -> None:
    if isinstance(subject, ast.NamedExpr):
        subject, form = subject.value, "walrus"
    key = places.key(subject)
    while key is None and isinstance(subject, ast.Subscript):
        subject, form = subject.value, "element"
        key = places.key(subject)
    if key is not None:
        into.empty.setdefault(key, form)
    else:
        into.other = True


def _scan(test: ast.expr, into: Condition) -> None:
    """Note calls and arithmetic in a condition."""
    for node in ast.walk(test):
        match node:
            case ast.Call(func=ast.Name(id=name)):
                into.calls |= name not in _HARMLESS_CALLS
            case ast.Call(func=func):
                into.calls |= not (isinstance(func, ast.Attribute) and func.attr == "get")
            case ast.Compare(ops=ops):
                into.orders |= any(isinstance(op, (ast.Lt, ast.LtE, ast.Gt, ast.GtE)) for op in ops)
            case ast.BinOp():
                into.orders = True
