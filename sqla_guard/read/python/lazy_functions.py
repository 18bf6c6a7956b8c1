"""A module's functions, uses and writes, as the index of lazily made objects keeps them."""

from __future__ import annotations

import ast
from functools import cached_property
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from sqla_guard.read.python.lazy_places import (
    bound_in,
    containers_in,
    escapes,
    identifiers,
    instance_parameter,
    shared_places,
)
from sqla_guard.read.python.lazy_slots import Slots
from sqla_guard.read.python.lazy_trees import statements_below

if TYPE_CHECKING:
    from sqla_guard.read.python.lazy_module import ModuleIndex

FunctionNode = ast.FunctionDef | ast.AsyncFunctionDef


class FunctionInfo(Struct, eq=False, dict=True):
    """A function with the shared places that it can reach.

    Attributes:
        index: Its module.
        node: The statement.
        qualname: Qualified name.
        top: The top-level statement that holds it.
        class_node: The class that it is a method of.
        outer: The function around it.
    """

    index: ModuleIndex
    node: FunctionNode
    qualname: str
    top: ast.stmt
    class_node: ast.ClassDef | None
    outer: FunctionNode | None

    @property
    def in_class(self) -> bool:
        """Whether it is a method."""
        return self.class_node is not None

    @property
    def in_function(self) -> bool:
        """Whether it is nested in another function."""
        return self.outer is not None

    @cached_property
    def _declarations(self) -> list[ast.Global | ast.Nonlocal]:
        if not self.index.declares(self.node):
            return []
        own = statements_below(self.node, nested=False)
        return [g for g in own if isinstance(g, (ast.Global, ast.Nonlocal))]

    @cached_property
    def declared(self) -> frozenset[str]:
        """Names in its ``global`` and ``nonlocal`` statements."""
        return frozenset(n for g in self._declarations for n in g.names)

    @cached_property
    def nonlocals(self) -> frozenset[str]:
        """Those of the declared names that are not the module's."""
        return frozenset(n for g in self._declarations if isinstance(g, ast.Nonlocal) for n in g.names)

    @cached_property
    def slots(self) -> Slots:
        """The shared places as it writes them."""
        slots = self._slots_of_single
        # Whether there is but one instance takes a look at all calls of the module.
        if slots.singleton and self.class_node is not None and self.class_node.name not in self.index.singletons:
            return replace(slots, singleton=False, kinds={})
        return slots

    @cached_property
    def _slots_of_single(self) -> Slots:
        """The shared places as it writes them if its class has only one instance."""
        owner, outer = self.class_node, self.outer
        first, first_is_class = instance_parameter(self.node) if owner else ("", False)
        closed = frozenset(containers_in(outer.body)) if outer else frozenset()
        private: frozenset[str] = frozenset()
        shares = bool(self.nonlocals) or (bool(closed) and self.index.holds(self.node, closed))
        if outer is not None and shares and not escapes(self.node, outer):
            # Each call of the outer function has its own, and nothing else calls the inner one.
            private, closed = self.nonlocals & bound_in(outer), frozenset()
        return Slots(
            self.declared - private,
            self.node.name,
            self.qualname.rpartition(".")[0] if owner else "",
            first,
            first_is_class,
            self.index.class_names,
            bool(first) and not first_is_class,
            self.index.containers,
            closed,
            self.node,
        )

    @cached_property
    def identifiers(self) -> frozenset[str]:
        """Names and attributes read anywhere in it."""
        return identifiers(self.node)

    def is_candidate(self) -> bool:
        """Tell whether it both reads and binds a shared place itself."""
        slots = self._slots_of_single
        return self._may_share(slots) and (self.slots is slots or self._may_share(self.slots))

    def _may_share(self, slots: Slots) -> bool:
        read, bound = shared_places(self.node, slots)
        return bool(read & bound)


class Use(Struct, frozen=True):
    """A mention of a name, with the function around it (empty at module level) and the lock held there."""

    name: str
    function: str
    lock: str | None


class Write(Struct, frozen=True):
    """An assignment or deletion of a shared place in a function."""

    name: str
    function: str
    lock: str | None
    statement: ast.stmt
    empties: bool
