"""Python expressions to :mod:`sqla_guard.facts.values`."""

from __future__ import annotations

import ast

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

    def value(self, node: ast.expr) -> Value:  # noqa: C901, PLR0912 - one case a node type
        """Return the value of an expression; what is not followed becomes :class:`Unknown`."""
        match node:
            case ast.Name():
                return self.name(node)
            case ast.Attribute(value=of, attr=attr):
                return Attr(self.value(of), attr)
            case ast.Call():
                return self.call(node)
            case ast.Subscript(value=of, slice=key):
                return Item(self.value(of), self.value(key))
            case ast.Constant(value=constant) if constant is not ...:
                return Literal(constant)
            case ast.Starred(value=of):
                return Starred(self.value(of))
            case ast.Await(value=of):
                return Awaited(self.value(of))
            case ast.NamedExpr(value=of):
                return self.value(of)
            case ast.BoolOp(values=values):
                return either([self.value(v) for v in values])
            case ast.BinOp(left=left, op=ast.BitOr(), right=right):
                return either([self.value(left), self.value(right)])
            case ast.IfExp(body=body, orelse=orelse):
                return either([self.value(body), self.value(orelse)])
            case ast.Tuple(elts=elts):
                return Display("tuple", tuple(self.value(e) for e in elts))
            case ast.List(elts=elts):
                return Display("list", tuple(self.value(e) for e in elts))
            case ast.Set(elts=elts):
                return Display("set", tuple(self.value(e) for e in elts))
            case ast.Dict(keys=keys, values=values):
                return Dictionary(
                    tuple(
                        (None if k is None else self.value(k), self.value(v)) for k, v in zip(keys, values, strict=True)
                    )
                )
            case _:
                return Unknown(type(node).__name__.lower())

    def call(self, node: ast.Call) -> Call:
        """Return a call with its arguments; ``**x`` has the keyword ``"**"``."""
        return Call(
            self.value(node.func),
            tuple(self.value(arg) for arg in node.args),
            tuple((keyword.arg or "**", self.value(keyword.value)) for keyword in node.keywords),
        )

    def annotation(self, node: ast.expr) -> Value:
        """Return the value of an annotation: strings are read as code, unions become :class:`OneOf`."""
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
