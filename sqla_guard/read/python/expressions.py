"""Python expressions to :mod:`sqla_guard.facts.values`."""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import Any

from sqla_guard.facts.values import (
    Attr,
    Awaited,
    Call,
    Dictionary,
    Display,
    InstanceOf,
    Item,
    Literal,
    Name,
    OneOf,
    Starred,
    Unknown,
    Value,
    either,
)


class Expressions:
    """Translate expressions; a subclass that follows local names overrides :meth:`name`."""

    def name(self, node: ast.Name) -> Value:
        """Return what a name stands for; here, the module's name itself."""
        return Name(node.id)

    def value(self, node: ast.expr) -> Value:
        """Return the value of an expression; what is not followed becomes :class:`Unknown`."""
        # The most frequent ones first; they are nested most deeply too.
        if isinstance(node, ast.Name):
            return self.name(node)
        if isinstance(node, ast.Attribute):
            return Attr(self.value(node.value), node.attr)
        if isinstance(node, ast.Call):
            return self.call(node)
        reader = _READERS.get(type(node))
        return reader(self, node) if reader is not None else Unknown(type(node).__name__.lower())

    def call(self, node: ast.Call) -> Call:
        """Return a call with its arguments; ``**x`` has the keyword ``"**"``."""
        return Call(
            self.value(node.func),
            tuple(self.value(arg) for arg in node.args),
            tuple((keyword.arg or "**", self.value(keyword.value)) for keyword in node.keywords),
        )

    def annotation(self, node: ast.expr) -> Value:
        """Return the value of an annotation: strings are read as code, unions become :class:`OneOf`."""
        if isinstance(node, (ast.Name, ast.Attribute)):
            return self.value(node)
        match node:
            case ast.Constant(value=str(text)):
                return self._quoted(text)
            case ast.BinOp(left=left, op=ast.BitOr(), right=right):
                return either([self.annotation(left), self.annotation(right)])
            case ast.Subscript(value=of, slice=key):
                return self._parametrised(of, key)
            case ast.Tuple(elts=elts):
                return Display("tuple", tuple(self.annotation(e) for e in elts))
            case _:
                return self.value(node)

    def instance(self, annotation: ast.expr) -> Value:
        """Return what a variable with this annotation holds."""
        value = self.annotation(annotation)
        options = value.options if isinstance(value, OneOf) else (value,)
        return either([o if o == Literal(None) else InstanceOf(o) for o in options])

    def _quoted(self, text: str) -> Value:
        try:
            return self.annotation(ast.parse(text.strip(), mode="eval").body)
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            return Unknown("unreadable annotation")

    def _parametrised(self, of: ast.expr, key: ast.expr) -> Value:
        name = of.attr if isinstance(of, ast.Attribute) else of.id if isinstance(of, ast.Name) else ""
        if name == "Optional":
            return either([self.annotation(key), Literal(None)])
        if name == "Union" and isinstance(key, ast.Tuple):
            return either([self.annotation(e) for e in key.elts])
        if name == "Literal":
            return self.value(of)
        return Item(self.value(of), self.annotation(key))


# By type of node, as nearly all expressions of a module are read. Subclasses have methods of their own.
_READERS: dict[type[ast.expr], Callable[[Expressions, Any], Value]] = {
    ast.Subscript: lambda e, node: Item(e.value(node.value), e.value(node.slice)),
    ast.Constant: lambda e, node: Literal(node.value) if node.value is not ... else Unknown("constant"),
    ast.Starred: lambda e, node: Starred(e.value(node.value)),
    ast.Await: lambda e, node: Awaited(e.value(node.value)),
    ast.NamedExpr: lambda e, node: e.value(node.value),
    ast.BoolOp: lambda e, node: either([e.value(v) for v in node.values]),
    ast.BinOp: lambda e, node: (
        either([e.value(node.left), e.value(node.right)]) if isinstance(node.op, ast.BitOr) else Unknown("binop")
    ),
    ast.IfExp: lambda e, node: either([e.value(node.body), e.value(node.orelse)]),
    ast.Tuple: lambda e, node: Display("tuple", tuple([e.value(item) for item in node.elts])),
    ast.List: lambda e, node: Display("list", tuple([e.value(item) for item in node.elts])),
    ast.Set: lambda e, node: Display("set", tuple([e.value(item) for item in node.elts])),
    ast.Dict: lambda e, node: Dictionary(
        tuple([(None if k is None else e.value(k), e.value(v)) for k, v in zip(node.keys, node.values, strict=True)])
    ),
}
