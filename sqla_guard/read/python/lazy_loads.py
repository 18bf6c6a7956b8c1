"""Where a function reads its lazily made globals, and where it changes what is in them."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Literal

import libcst as cst

from sqla_guard.core.source import Span
from sqla_guard.facts.lazy import Load
from sqla_guard.read.python.lazy_trees import below, code, root_name
from sqla_guard.read.python.statements import Statement

LOG_METHODS = frozenset(
    {"debug", "info", "warning", "warn", "error", "exception", "critical", "log", "notice", "print", "echo"}
)
_LOOKUPS = frozenset({"get", "keys", "values", "items", "copy", "isinstance", "len"})


def is_log(call: cst.Call) -> bool:
    """Tell whether a call only writes a message, by the method's name."""
    func = call.func
    if isinstance(func, cst.Attribute):
        return func.attr.value in LOG_METHODS
    return isinstance(func, cst.Name) and func.value in LOG_METHODS


def read_loads(
    statement: Statement, function: cst.FunctionDef, names: Collection[str], guarded: Span, test: Span
) -> tuple[Load, ...]:
    """Return every read of ``names`` in ``function``, in source order."""
    collector = _Loads(statement, names, guarded, test)
    function.body.visit(collector)
    return tuple(collector.loads)


class _Loads(cst.CSTVisitor):
    def __init__(self, statement: Statement, names: Collection[str], guarded: Span, test: Span) -> None:
        super().__init__()
        self.statement = statement
        self.names = names
        self.guarded = guarded
        self.test = test
        self.loads: list[Load] = []
        self.depth = 0
        self.logs = 0
        self.returned: set[cst.CSTNode] = set()

    def visit_Name(self, node: cst.Name) -> None:
        if node.value in self.names:
            span = self.statement.span(node)
            self.loads.append(Load(node.value, span, self._role(node, span)))

    def _role(self, node: cst.Name, span: Span) -> Literal["test", "guarded", "return", "nested", "log", "other"]:
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
        if isinstance(node.value, cst.Name):
            self.returned.add(node.value)

    def visit_Call(self, node: cst.Call) -> None:
        self.logs += is_log(node)

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
        return not isinstance(node.target, (cst.Name, cst.Tuple, cst.List))

    def visit_AnnAssign(self, node: cst.AnnAssign) -> bool:
        if node.value is not None:
            node.value.visit(self)
        return False

    def visit_Attribute(self, node: cst.Attribute) -> bool:
        node.value.visit(self)
        return False

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


def mutations(statement: Statement, node: cst.CSTNode, names: Collection[str]) -> Iterator[tuple[Span, str]]:
    """Yield the places that change or set up the value of one of ``names``, with their text.

    A method call that stands as a statement, an assignment to an attribute or element, the value handed to a call
    that stands as a statement. Reading it in an expression is none.
    """
    for small in (n for line in _lines(node) for n in line.body):
        if isinstance(small, cst.Expr):
            call = small.value.expression if isinstance(small.value, cst.Await) else small.value
            if isinstance(call, cst.Call) and not is_log(call) and _touches(call, names):
                yield statement.span(small), _shown(call)
        elif isinstance(small, cst.Assign):
            for target in small.targets:
                if _is_part_of(target.target, names):
                    yield statement.span(small), code(target.target)
        elif isinstance(small, cst.AugAssign) and _is_part_of(small.target, names):
            yield statement.span(small), code(small.target)


def _is_part_of(target: cst.BaseExpression, names: Collection[str]) -> bool:
    return not isinstance(target, cst.Name) and root_name(target) in names


def _lines(node: cst.CSTNode) -> Iterator[cst.SimpleStatementLine | cst.SimpleStatementSuite]:
    yield from below(node, cst.SimpleStatementLine)
    yield from below(node, cst.SimpleStatementSuite)


def _touches(call: cst.Call, names: Collection[str]) -> bool:
    if isinstance(call.func, cst.Attribute):
        if root_name(call.func.value) in names and call.func.attr.value not in _LOOKUPS:
            return True
    elif isinstance(call.func, cst.Name) and call.func.value in _LOOKUPS:
        return False
    return any(isinstance(arg.value, cst.Name) and arg.value.value in names for arg in call.args)


def _shown(call: cst.Call) -> str:
    """Return a call short enough for a message."""
    return " ".join(code(call.func).split()) + ("(...)" if call.args else "()")
