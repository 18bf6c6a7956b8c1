"""Reading a condition: which shared places may still be empty where it holds, or where it does not."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

import libcst as cst

from sqla_guard.facts.lazy import TestForm
from sqla_guard.read.python.lazy_slots import Slots
from sqla_guard.read.python.lazy_trees import code

_HARMLESS_CALLS = frozenset({"isinstance", "len", "bool", "getattr", "hasattr", "id", "type"})


@dataclass
class Condition:
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


@dataclass(frozen=True)
class Places:
    """What a condition can speak of.

    Attributes:
        slots: The shared places of the function.
        aliases: Local names that a place was read into.
        kept: Local names that a test of a place was kept in, with the test.
        sentinels: Module-level names of objects that mean "nothing yet".
    """

    slots: Slots
    aliases: Mapping[str, str] = field(default_factory=dict)
    kept: Mapping[str, cst.BaseExpression] = field(default_factory=dict)
    sentinels: frozenset[str] = frozenset()

    def key(self, node: cst.BaseExpression) -> str | None:
        """Return the place that an expression reads, directly or through a local name."""
        if isinstance(node, cst.Name) and node.value in self.aliases:
            return self.aliases[node.value]
        if isinstance(node, (cst.Name, cst.Attribute, cst.Subscript, cst.Call)):
            return self.slots.key(code(node.with_changes(lpar=(), rpar=())))
        return None


def read_condition(test: cst.BaseExpression, truth: bool, places: Places) -> Condition:
    """Return what holds of the shared places where ``test`` is true (or false, by ``truth``).

    Args:
        test: The condition.
        truth: The branch that is asked about.
        places: What it can speak of.
    """
    condition = Condition()
    _read(test, truth, condition, places)
    scan = _Scan()
    test.visit(scan)
    condition.calls, condition.orders = scan.calls, scan.orders
    return condition


def _read(test: cst.BaseExpression, truth: bool, into: Condition, places: Places) -> None:
    match test:
        case cst.UnaryOperation(operator=cst.Not(), expression=inner):
            _read(inner, not truth, into, places)
        case cst.BooleanOperation(left=left, right=right):
            _read(left, truth, into, places)
            _read(right, truth, into, places)
        case cst.Comparison(left=left, comparisons=[cst.ComparisonTarget(operator=operator, comparator=right)]):
            _compare(left, operator, right, truth, into, places)
        case cst.Call(func=cst.Name("isinstance"), args=[cst.Arg(value=subject), _]) if not truth:
            _note(subject, "type", into, places)
        case cst.Call(func=cst.Name("hasattr"), args=[cst.Arg(value=owner), cst.Arg(value=cst.SimpleString() as name)]):
            key = None if truth else _attribute(owner, name, places)
            if key is not None:
                into.empty.setdefault(key, "hasattr")
            else:
                into.other = True
        case cst.Name(value=name) if name in places.kept:
            _read(places.kept[name], truth, into, places)
        case cst.Name() | cst.NamedExpr() | cst.Attribute() | cst.Subscript() if not truth:
            _note(test, "falsy", into, places)
        case cst.Call() if not truth and places.key(test) is not None:
            _note(test, "falsy", into, places)
        case _:
            into.other = True


def _attribute(owner: cst.BaseExpression, name: cst.SimpleString, places: Places) -> str | None:
    value = name.evaluated_value
    return places.slots.key(f"{code(owner)}.{value}") if isinstance(value, str) and value.isidentifier() else None


def _compare(
    left: cst.BaseExpression,
    operator: cst.BaseCompOp,
    right: cst.BaseExpression,
    truth: bool,
    into: Condition,
    places: Places,
) -> None:
    if isinstance(operator, (cst.In, cst.NotIn)):
        key = _member(left, right, places)
        if key is not None and isinstance(operator, cst.NotIn) == truth:
            into.empty.setdefault(key, "hasattr")
        else:
            into.other = True
        return
    identical = isinstance(operator, (cst.Is, cst.IsNot))
    same = isinstance(operator, (cst.Is, cst.Equal))
    sentinel = identical and isinstance(right, cst.Name) and right.value in places.sentinels
    empty = True if sentinel else _empty_constant(right)
    if not (same or isinstance(operator, (cst.IsNot, cst.NotEqual))):
        into.other = True
    elif empty is None:
        into.compares = True
        into.other = True
    elif (same == truth) == empty:
        form: TestForm = "is-none" if identical else "equals-none"
        _note(left, form if sentinel or _is_none(right) else "falsy", into, places)


def _member(left: cst.BaseExpression, right: cst.BaseExpression, places: Places) -> str | None:
    """Return the place that ``left in right`` asks for."""
    if isinstance(right, cst.Attribute) and right.attr.value == "__dict__" and isinstance(left, cst.SimpleString):
        return _attribute(right.value, left, places)
    return places.slots.key(f"{code(right)}[{code(left)}]")


def _empty_constant(node: cst.BaseExpression) -> bool | None:
    """Tell whether a constant is an empty one; ``None`` for anything but None, True and False."""
    if isinstance(node, cst.Name) and node.value in ("None", "False", "True"):
        return node.value != "True"
    return None


def _is_none(node: cst.BaseExpression) -> bool:
    return isinstance(node, cst.Name) and node.value == "None"


def _note(subject: cst.BaseExpression, form: TestForm, into: Condition, places: Places) -> None:
    if isinstance(subject, cst.NamedExpr):
        subject, form = subject.value, "walrus"
    key = places.key(subject)
    while key is None and isinstance(subject, cst.Subscript):
        subject, form = subject.value, "element"
        key = places.key(subject)
    if key is not None:
        into.empty.setdefault(key, form)
    else:
        into.other = True


class _Scan(cst.CSTVisitor):
    """Finds calls and arithmetic in a condition."""

    def __init__(self) -> None:
        super().__init__()
        self.calls = False
        self.orders = False

    def visit_Call(self, node: cst.Call) -> None:
        bare = isinstance(node.func, cst.Name) and node.func.value in _HARMLESS_CALLS
        if not bare and not (isinstance(node.func, cst.Attribute) and node.func.attr.value == "get"):
            self.calls = True

    def visit_ComparisonTarget(self, node: cst.ComparisonTarget) -> None:
        if isinstance(node.operator, (cst.LessThan, cst.LessThanEqual, cst.GreaterThan, cst.GreaterThanEqual)):
            self.orders = True

    def visit_BinaryOperation(self, node: cst.BinaryOperation) -> Literal[True]:
        self.orders = True
        return True
