"""What the statements of a module bind names to."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from msgspec import Struct, field


class Binding(Struct):
    """One way a name gets a value: ``value`` itself, an element of it (or one position of each), or its addition."""

    value: ast.expr
    element: bool = False
    position: int | None = None
    added: bool = False
    statement: ast.stmt | None = None


class Scope(Struct):
    """Names bound in a function, a class body or the module."""

    names: dict[str, list[Binding]] = field(default_factory=dict)


def bound_by(node: ast.AST) -> Iterator[tuple[str, Binding, ast.AST]]:
    """Yield the names that ``node`` itself binds, each with its value and the place that it happens at."""
    if isinstance(node, ast.Assign):
        for target in node.targets:
            yield from _taken(target, Binding(node.value), target)
    elif isinstance(node, (ast.AnnAssign, ast.NamedExpr)) and node.value is not None:
        yield from _taken(node.target, Binding(node.value), node.target)
    elif isinstance(node, ast.AugAssign) and isinstance(node.op, ast.Add):
        yield from _taken(node.target, Binding(node.value, added=True), node.target)
    elif isinstance(node, (ast.For, ast.AsyncFor, ast.comprehension)):
        yield from _taken(node.target, Binding(node.iter, element=True), node.target)
    elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and len(node.args) == 1:
        if node.func.attr == "append" and isinstance(node.func.value, ast.Name):
            display = ast.List([node.args[0]], ast.Load())
            yield node.func.value.id, Binding(display, added=True), node
        elif node.func.attr == "extend" and isinstance(node.func.value, ast.Name):
            yield node.func.value.id, Binding(node.args[0], added=True), node


def _taken(target: ast.expr, binding: Binding, at: ast.AST) -> Iterator[tuple[str, Binding, ast.AST]]:
    """Yield the names in ``target`` with their part of what ``binding`` says of the whole."""
    if isinstance(target, ast.Name):
        yield target.id, binding, at
    elif isinstance(target, (ast.Tuple, ast.List)):
        for position, part in enumerate(target.elts):
            if binding.element:
                yield from _taken(part, Binding(binding.value, True, position), at)
            elif isinstance(binding.value, ast.Tuple) and position < len(binding.value.elts):
                yield from _taken(part, Binding(binding.value.elts[position]), at)


def line_of(binding: Binding) -> tuple[int, int]:
    """Return where a binding stands, as a sort key."""
    statement = binding.statement
    return (statement.lineno, statement.col_offset) if statement is not None else (0, 0)
