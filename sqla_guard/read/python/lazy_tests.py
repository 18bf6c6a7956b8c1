"""Reading a condition: which globals may still be empty where it holds, or where it does not."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

import libcst as cst

from sqla_guard.facts.lazy import TestForm

_HARMLESS_CALLS = frozenset({"isinstance", "len", "bool", "getattr", "id", "type"})


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


def read_condition(test: cst.BaseExpression, truth: bool, aliases: Mapping[str, str]) -> Condition:
    """Return what holds of the globals where ``test`` is true (or false, by ``truth``).

    Args:
        test: The condition.
        truth: The branch that is asked about.
        aliases: Local names that a global was read into.
    """
    condition = Condition()
    _read(test, truth, condition, aliases)
    scan = _Scan()
    test.visit(scan)
    condition.calls, condition.orders = scan.calls, scan.orders
    return condition


def _read(test: cst.BaseExpression, truth: bool, into: Condition, aliases: Mapping[str, str]) -> None:
    match test:
        case cst.UnaryOperation(operator=cst.Not(), expression=inner):
            _read(inner, not truth, into, aliases)
        case cst.BooleanOperation(left=left, right=right):
            _read(left, truth, into, aliases)
            _read(right, truth, into, aliases)
        case cst.Comparison(left=left, comparisons=[cst.ComparisonTarget(operator=operator, comparator=right)]):
            _compare(left, operator, right, truth, into, aliases)
        case cst.Call(func=cst.Name("isinstance"), args=[cst.Arg(value=subject), _]) if not truth:
            _note(subject, "type", into, aliases)
        case cst.Name() | cst.NamedExpr() if not truth:
            _note(test, "falsy", into, aliases)
        case _:
            into.other = True


def _compare(
    left: cst.BaseExpression,
    operator: cst.BaseCompOp,
    right: cst.BaseExpression,
    truth: bool,
    into: Condition,
    aliases: Mapping[str, str],
) -> None:
    identical = isinstance(operator, (cst.Is, cst.IsNot))
    same = isinstance(operator, (cst.Is, cst.Equal))
    empty = _empty_constant(right)
    if not (same or isinstance(operator, (cst.IsNot, cst.NotEqual))):
        into.other = True
    elif empty is None:
        into.compares = True
        into.other = True
    elif (same == truth) == empty:
        form: TestForm = "is-none" if identical else "equals-none"
        _note(left, form if _is_none(right) else "falsy", into, aliases)


def _empty_constant(node: cst.BaseExpression) -> bool | None:
    """Tell whether a constant is an empty one; ``None`` for anything but None, True and False."""
    if isinstance(node, cst.Name) and node.value in ("None", "False", "True"):
        return node.value != "True"
    return None


def _is_none(node: cst.BaseExpression) -> bool:
    return isinstance(node, cst.Name) and node.value == "None"


def _note(subject: cst.BaseExpression, form: TestForm, into: Condition, aliases: Mapping[str, str]) -> None:
    if isinstance(subject, cst.NamedExpr):
        subject, form = subject.value, "walrus"
    element = False
    while isinstance(subject, cst.Subscript):
        subject, element = subject.value, True
    if isinstance(subject, cst.Name):
        into.empty.setdefault(aliases.get(subject.value, subject.value), "element" if element else form)
    else:
        into.other = True


class _Scan(cst.CSTVisitor):
    """Finds calls and arithmetic in a condition."""

    def __init__(self) -> None:
        super().__init__()
        self.calls = False
        self.orders = False

    def visit_Call(self, node: cst.Call) -> None:
        if not (isinstance(node.func, cst.Name) and node.func.value in _HARMLESS_CALLS):
            self.calls = True

    def visit_ComparisonTarget(self, node: cst.ComparisonTarget) -> None:
        if isinstance(node.operator, (cst.LessThan, cst.LessThanEqual, cst.GreaterThan, cst.GreaterThanEqual)):
            self.orders = True

    def visit_BinaryOperation(self, node: cst.BinaryOperation) -> Literal[True]:
        self.orders = True
        return True
