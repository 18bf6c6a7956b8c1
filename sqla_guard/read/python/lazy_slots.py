"""Which expressions of a function stand for a place that all threads share.

A place has a key, the same however it is written: ``X`` for a declared global or nonlocal, ``Pool._instance`` for
``cls._instance``, ``type(self)._instance``, ``self.__class__._instance`` and ``Pool._instance``, ``app.state.db``,
``_holder['x']`` for an element of a container that outlives the call.
"""

from __future__ import annotations

import ast
from collections.abc import Container
from functools import cached_property

from msgspec import Struct, field

from sqla_guard.facts.lazy import SlotKind
from sqla_guard.read.python.nodes import nodes_in

_STATE_OWNERS = frozenset({"app", "application", "fastapi_app", "api", "server"})
_SINGLETON_METHODS = frozenset({"__new__", "__call__"})


class Slots(Struct, dict=True):
    """The shared places as one function writes them.

    Attributes:
        declared: Names of its ``global`` and ``nonlocal`` statements.
        function: Its own name.
        owner: Qualified name of the class that it is a method of; empty for a function.
        first: Its first parameter, where that stands for the instance or the class.
        first_is_class: Whether it stands for the class.
        classes: Classes of the module, by the name that reaches them.
        singleton: Whether ``first`` is the only instance of its class, made at module level.
        containers: Module-level names bound to a dict or list display.
        closed: Names of an enclosing function bound to a dict or list display.
        node: The function, whose local names hide those of the module.
    """

    declared: frozenset[str]
    function: str = ""
    owner: str = ""
    first: str = ""
    first_is_class: bool = False
    classes: frozenset[str] = frozenset()
    singleton: bool = False
    containers: Container[str] = ()
    closed: frozenset[str] = frozenset()
    node: ast.AST | None = None
    kinds: dict[str, SlotKind] = field(default_factory=dict)

    @cached_property
    def hidden(self) -> frozenset[str]:
        """Local names."""
        nodes = nodes_in(self.node) if self.node is not None else []
        stored = {n.id for n in nodes if isinstance(n, ast.Name) and not isinstance(n.ctx, ast.Load)}
        return frozenset(stored | {n.arg for n in nodes if isinstance(n, ast.arg)}) - self.declared

    def of(self, node: ast.expr) -> str | None:
        """Return the key of an expression."""
        match node:
            case ast.Name(id=name):
                return self.name(name)
            case ast.Attribute(value=base, attr=attr):
                return self.attribute(base, attr)
            case ast.Subscript(value=base, slice=index):
                return self.element(base, index)
            case ast.Call(func=ast.Name("getattr"), args=[base, ast.Constant(value=str(attr)), *_]):
                return self.attribute(base, attr)
            case ast.Call(func=ast.Attribute(value=base, attr="get"), args=[index, *_]):
                return self.element(base, index)
            case _:
                return None

    def name(self, name: str) -> str | None:
        """Return the key of a bare name."""
        return self._noted(name, "global") if name in self.declared else None

    def member(self, left: ast.expr, right: ast.expr) -> str | None:
        """Return the key of what ``left in right`` asks for: an element, or ``"x" in cls.__dict__``."""
        match left, right:
            case ast.Constant(value=str(attr)), ast.Attribute(value=owner, attr="__dict__"):
                return self.attribute(owner, attr)
            case _:
                return self.element(right, left)

    def _noted(self, key: str, kind: SlotKind) -> str:
        self.kinds.setdefault(key, kind)
        return key

    def attribute(self, base: ast.expr, attr: str) -> str | None:
        """Return the key of ``base.attr``, where ``base`` is a class, the one instance or an application's state."""
        if attr.startswith("__") and attr.endswith("__"):
            return None
        owner = self._class(base)
        if owner:
            return self._noted(f"{owner}.{attr}", "class")
        if self._is_state(base):
            return self._noted(f"app.state.{attr}", "state")
        if self.singleton and isinstance(base, ast.Name) and base.id == self.first:
            return self._noted(f"{self.first}.{attr}", "instance")
        return None

    def _class(self, base: ast.expr) -> str | None:
        """Return the class that ``base`` stands for."""
        match base:
            case ast.Name(id=name) if name == self.first and self.first_is_class:
                return self.owner.rpartition(".")[2]
            case ast.Name(id=name) if name in self.classes and name not in self.hidden:
                return name
            case ast.Attribute(value=ast.Name(id=name), attr="__class__") if name == self.first:
                return self.owner.rpartition(".")[2]
            case ast.Call(func=ast.Name("type"), args=[ast.Name(id=name)]) if name == self.first and self.owner:
                return self.owner.rpartition(".")[2]
            case _:
                return None

    @staticmethod
    def _is_state(base: ast.expr) -> bool:
        match base:
            case ast.Attribute(value=ast.Name(id=name), attr="state"):
                return name in _STATE_OWNERS
            case ast.Attribute(value=ast.Attribute(attr=name), attr="state"):
                return name in _STATE_OWNERS
            case _:
                return False

    def element(self, base: ast.expr, index: ast.expr) -> str | None:
        """Return the key of ``base[index]``, where ``base`` is a container that outlives the call."""
        constant = isinstance(index, ast.Constant)
        match base:
            case ast.Name(id=name) if name in self.closed and name not in self.declared:
                return self._noted(f"{name}[{ast.unparse(index)}]", "element" if constant else "keyed")
            case ast.Name(id=name) if constant and name not in self.hidden | self.declared:
                return self._noted(f"{name}[{ast.unparse(index)}]", "element") if name in self.containers else None
            case ast.Attribute(attr="__dict__"):
                return None
            case ast.Attribute(value=owner, attr=attr) if (name := self._class(owner) or "") and (
                constant or self.function in _SINGLETON_METHODS
            ):
                kind: SlotKind = "element" if constant else "keyed"
                return self._noted(f"{name}.{attr}[{ast.unparse(index)}]", kind)
            case _:
                return None
