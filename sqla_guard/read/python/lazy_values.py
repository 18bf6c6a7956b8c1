"""Values of a function's expressions, with its local names replaced by what they are bound to."""

from __future__ import annotations

import ast

from sqla_guard.facts.values import (
    ClassRef,
    Element,
    Entered,
    Imported,
    InstanceOf,
    Item,
    Literal,
    Unknown,
    Value,
    either,
)
from sqla_guard.read.python.expressions import Expressions
from sqla_guard.read.python.lazy_functions import FunctionNode
from sqla_guard.read.python.lazy_places import own_nodes

PARAMETER = Unknown("parameter")
"""What a parameter without annotation stands for."""


# Names followed for one expression: values repeat what they are made of, so chains of names can grow without end.
_MOST_NAMES = 100


class LocalValues(Expressions):
    """Expressions as one function sees them; every binding of a local name counts, wherever it stands."""

    def __init__(self, function: FunctionNode, declared: frozenset[str], owner: str = "", qualname: str = "") -> None:
        """Collect the local names of ``function``.

        Args:
            function: The function.
            declared: Its globals.
            owner: Qualified name of the class that it is a method of, if any.
            qualname: Its own qualified name.
        """
        self.bindings: dict[str, list[ast.expr | Value]] = {}
        self._open: set[str] = set()
        self._left = _MOST_NAMES
        self._declared = declared
        self._qualname = qualname
        arguments = function.args
        parameters = [*arguments.posonlyargs, *arguments.args, arguments.vararg, *arguments.kwonlyargs, arguments.kwarg]
        self.parameters = tuple(p.arg for p in parameters if p)
        for parameter in parameters:
            if parameter:
                known = self.instance(parameter.annotation) if parameter.annotation else PARAMETER
                self.bindings[parameter.arg] = [known]
        if owner and self.parameters:
            self._bind_first(function, ClassRef(owner))
        for node in own_nodes(function):
            self._collect(node)

    def _bind_first(self, function: FunctionNode, owner: ClassRef) -> None:
        """Say what ``self`` or ``cls`` stands for."""
        decorators = {d.id for d in function.decorator_list if isinstance(d, ast.Name)}
        if "staticmethod" not in decorators:
            is_class = "classmethod" in decorators or function.name == "__new__"
            self.bindings[self.parameters[0]] = [owner if is_class else InstanceOf(owner)]

    def _collect(self, node: ast.AST) -> None:
        match node:
            case ast.Assign(targets=targets, value=value):
                for target in targets:
                    self._bind(target, value)
            case ast.AnnAssign(target=target, value=ast.expr() as value):
                self._bind(target, value)
            case ast.NamedExpr(target=target, value=value):
                self._bind(target, value)
            case ast.For(target=target, iter=value) | ast.AsyncFor(target=target, iter=value):
                self._bind(target, Element(self.value(value)) if not self._mentions(target, value) else PARAMETER)
            case ast.With(items=items) | ast.AsyncWith(items=items):
                self._collect_entered(items)
            case ast.ExceptHandler(name=str(name)):
                self.bindings.setdefault(name, []).append(Unknown("exception"))
            case ast.Import() | ast.ImportFrom():
                self._collect_imports(node)
            case ast.ClassDef(name=name) if name not in self._declared:
                self.bindings.setdefault(name, []).append(ClassRef(f"{self._qualname}.<locals>.{name}"))

    def _collect_imports(self, node: ast.Import | ast.ImportFrom) -> None:
        match node:
            case ast.Import(names=names):
                for alias in names:
                    module = alias.name if alias.asname else alias.name.partition(".")[0]
                    self._import(alias.asname or module, Imported(module, None, 0))
            case ast.ImportFrom(names=names, module=module, level=level):
                for alias in names:
                    self._import(alias.asname or alias.name, Imported(module or "", alias.name, level))

    def _import(self, local: str, what: Imported) -> None:
        if local not in self._declared:
            self.bindings.setdefault(local, []).append(what)

    def _collect_entered(self, items: list[ast.withitem]) -> None:
        for item in items:
            target = item.optional_vars
            if target is not None and not self._mentions(target, item.context_expr):
                self._bind(target, Entered(self.value(item.context_expr)))

    @staticmethod
    def _mentions(target: ast.expr, value: ast.expr) -> bool:
        bound = {n.id for n in ast.walk(target) if isinstance(n, ast.Name)}
        return any(isinstance(n, ast.Name) and n.id in bound for n in ast.walk(value))

    def _bind(self, target: ast.expr, value: ast.expr | Value) -> None:
        match target:
            case ast.Name(id=name) if name not in self._declared:
                self.bindings.setdefault(name, []).append(value)
            case ast.Tuple(elts=elts) | ast.List(elts=elts):
                for position, element in enumerate(elts):
                    if isinstance(value, (ast.Tuple, ast.List)) and len(value.elts) == len(elts):
                        self._bind(element, value.elts[position])
                    elif isinstance(value, ast.expr):
                        self._bind(element, Unknown("unpacked"))
                    else:
                        self._bind(element, Item(value, Literal(position)))

    def name(self, node: ast.Name) -> Value:
        """Return the values bound to a local name, or the module's name."""
        bound = self.bindings.get(node.id)
        if bound is None or node.id in self._declared:
            return super().name(node)
        if not self._open:
            self._left = _MOST_NAMES
        self._left -= 1
        if node.id in self._open:
            return Unknown("bound to itself")
        if self._left < 0:
            return Unknown("too long to follow")
        self._open.add(node.id)
        try:
            return either([self.value(b) if isinstance(b, ast.expr) else b for b in bound])
        finally:
            self._open.discard(node.id)

    @property
    def locals(self) -> frozenset[str]:
        """All local names."""
        return frozenset(self.bindings)
