"""Where a function reads its lazily made globals, and where it changes what is in them."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Literal

import libcst as cst

from sqla_guard.core.source import Span
from sqla_guard.facts.lazy import Load
from sqla_guard.read.python.lazy_slots import Slots
from sqla_guard.read.python.lazy_trees import below, code
from sqla_guard.read.python.statements import Statement

LOG_METHODS = frozenset(
    {"debug", "info", "warning", "warn", "error", "exception", "critical", "log", "notice", "print", "echo"}
)
_READYING = frozenset(
    {"reload", "load", "open", "connect", "init", "initialize", "initialise", "start", "setup", "configure", "prepare"}
)
_LOOKUPS = frozenset({"get", "keys", "values", "items", "copy", "isinstance", "len"})


def is_log(call: cst.Call) -> bool:
    """Tell whether a call only writes a message, by the method's name."""
    func = call.func
    if isinstance(func, cst.Attribute):
        return func.attr.value in LOG_METHODS
    return isinstance(func, cst.Name) and func.value in LOG_METHODS


def read_loads(
    statement: Statement, function: cst.FunctionDef, names: Collection[str], slots: Slots, guarded: Span, test: Span
) -> tuple[Load, ...]:
    """Return every read of the places ``names`` in ``function``, in source order."""
    collector = _Loads(statement, names, slots, guarded, test)
    function.body.visit(collector)
    return tuple(collector.loads)


class _Loads(cst.CSTVisitor):
    def __init__(self, statement: Statement, names: Collection[str], slots: Slots, guarded: Span, test: Span) -> None:
        super().__init__()
        self.statement = statement
        self.names = names
        self.slots = slots
        self.guarded = guarded
        self.test = test
        self.loads: list[Load] = []
        self.depth = 0
        self.logs = 0
        self.returned: set[cst.CSTNode] = set()

    def visit_Name(self, node: cst.Name) -> None:
        self._noted(node)

    def _noted(self, node: cst.Name | cst.Attribute | cst.Subscript | cst.Call) -> bool:
        """Remember ``node`` if it reads one of the places; tell whether it did."""
        key = self.slots.key(code(node.with_changes(lpar=(), rpar=())))
        if key is None or key not in self.names:
            return False
        span = self.statement.span(node)
        self.loads.append(Load(key, span, self._role(node, span)))
        return True

    def _role(self, node: cst.CSTNode, span: Span) -> Literal["test", "guarded", "return", "nested", "log", "other"]:
        if self.depth:
            return "nested"
        if self.test.contains(span):
            return "test"
        if node in self.returned:
            return "return"
        if self.logs:
            return "log"
        return "guarded" if self.guarded.contains(span) else "other"

    def visit_Return(self, node: cst.Return) -> None:
        if isinstance(node.value, (cst.Name, cst.Attribute, cst.Subscript)):
            self.returned.add(node.value)

    def visit_Call(self, node: cst.Call) -> bool:
        self.logs += is_log(node)
        return not self._noted(node)

    def leave_Call(self, original_node: cst.Call) -> None:
        self.logs -= is_log(original_node)

    def visit_FunctionDef(self, node: cst.FunctionDef) -> None:
        self.depth += 1

    def leave_FunctionDef(self, original_node: cst.FunctionDef) -> None:
        self.depth -= 1

    def visit_Lambda(self, node: cst.Lambda) -> None:
        self.depth += 1

    def leave_Lambda(self, original_node: cst.Lambda) -> None:
        self.depth -= 1

    # Names that are no reads of the global: stores, attributes, keywords, parameters, declarations.

    def visit_AssignTarget(self, node: cst.AssignTarget) -> bool:
        target = node.target
        if isinstance(target, (cst.Attribute, cst.Subscript)):
            return self.slots.key(code(target)) not in self.names
        if isinstance(target, (cst.Tuple, cst.List)):
            for element in target.elements:
                inner = element.value
                if isinstance(inner, (cst.Attribute, cst.Subscript)) and self.slots.key(code(inner)) not in self.names:
                    inner.visit(self)
            return False
        return not isinstance(target, cst.Name)

    def visit_AnnAssign(self, node: cst.AnnAssign) -> bool:
        if node.value is not None:
            node.value.visit(self)
        return False

    def visit_Attribute(self, node: cst.Attribute) -> bool:
        if not self._noted(node):
            node.value.visit(self)
        return False

    def visit_Subscript(self, node: cst.Subscript) -> bool:
        return not self._noted(node)

    def visit_Arg(self, node: cst.Arg) -> bool:
        node.value.visit(self)
        return False

    def visit_Param(self, node: cst.Param) -> bool:
        if node.default is not None:
            node.default.visit(self)
        return False

    def visit_Global(self, node: cst.Global) -> bool:
        return False

    def visit_Del(self, node: cst.Del) -> bool:
        return False


def mutations(
    statement: Statement, node: cst.CSTNode, names: Collection[str], slots: Slots
) -> Iterator[tuple[Span, str]]:
    """Yield what changes or sets up the value in one of the places ``names``, with its text.

    A method call that stands as a statement, an assignment to an attribute or element, the value handed to a call
    that stands as a statement. Reading it in an expression is none.
    """
    for small in (n for line in _lines(node) for n in line.body):
        if isinstance(small, cst.Expr):
            call = small.value.expression if isinstance(small.value, cst.Await) else small.value
            if isinstance(call, cst.Call) and not is_log(call) and _touches(call, names, slots):
                yield statement.span(small), _shown(call)
        elif isinstance(small, cst.Assign):
            call = small.value.expression if isinstance(small.value, cst.Await) else small.value
            if isinstance(call, cst.Call) and _sets_up(call, names, slots):
                yield statement.span(small), _shown(call)
            for target in small.targets:
                if _is_part_of(target.target, names, slots):
                    yield statement.span(small), code(target.target)
        elif isinstance(small, cst.AugAssign) and _is_part_of(small.target, names, slots):
            yield statement.span(small), code(small.target)


def _names(node: cst.CSTNode, names: Collection[str], slots: Slots) -> bool:
    """Tell whether ``node`` itself is one of ``names``: a place, or a local name."""
    if isinstance(node, cst.Name) and node.value in names:
        return True
    return isinstance(node, (cst.Name, cst.Attribute, cst.Subscript)) and slots.key(code(node)) in names


def _is_part_of(target: cst.BaseExpression, names: Collection[str], slots: Slots) -> bool:
    node: cst.CSTNode = target
    while isinstance(node, (cst.Attribute, cst.Subscript)):
        if _names(node, names, slots):
            return node is not target
        node = node.value
    return node is not target and _names(node, names, slots)


def _lines(node: cst.CSTNode) -> Iterator[cst.SimpleStatementLine | cst.SimpleStatementSuite]:
    yield from below(node, cst.SimpleStatementLine)
    yield from below(node, cst.SimpleStatementSuite)


def _touches(call: cst.Call, names: Collection[str], slots: Slots) -> bool:
    if isinstance(call.func, cst.Attribute):
        whole = _is_part_of(call.func, names, slots)
        if whole and call.func.attr.value not in _LOOKUPS:
            return True
    elif isinstance(call.func, cst.Name) and call.func.value in _LOOKUPS | {"setattr", "hasattr"}:
        return False
    return any(_names(arg.value, names, slots) for arg in call.args)


def _sets_up(call: cst.Call, names: Collection[str], slots: Slots) -> bool:
    """Tell whether a call whose result is kept makes the value ready, by the method's name: ``ok = X.load()``."""
    func = call.func
    verb = func.attr.value.lstrip("_").partition("_")[0] if isinstance(func, cst.Attribute) else ""
    return verb in _READYING and _is_part_of(func, names, slots)


def _shown(call: cst.Call) -> str:
    """Return a call short enough for a message."""
    return " ".join(code(call.func).split()) + ("(...)" if call.args else "()")
