"""A module's functions, uses and writes, as the index of lazily made objects keeps them."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from functools import cached_property

from sqla_guard.read.python.lazy_places import identifiers, shared_places
from sqla_guard.read.python.lazy_slots import Slots

FunctionNode = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass
class FunctionInfo:
    """A function with the shared places that it can reach.

    Attributes:
        node: The statement.
        qualname: Qualified name.
        in_class: Whether it is a method.
        in_function: Whether it is nested in another function.
        declared: Names in its ``global`` and ``nonlocal`` statements.
        top: The top-level statement that holds it.
        slots: The shared places as it writes them.
        class_node: The class that it is a method of.
        outer: The function around it.
        nonlocals: Those of the declared names that are not the module's.
    """

    node: FunctionNode
    qualname: str
    in_class: bool
    in_function: bool
    declared: frozenset[str]
    top: ast.stmt
    slots: Slots
    class_node: ast.ClassDef | None = None
    outer: FunctionNode | None = None
    nonlocals: frozenset[str] = frozenset()

    @cached_property
    def identifiers(self) -> frozenset[str]:
        """Names and attributes read anywhere in it."""
        return identifiers(self.node)

    def is_candidate(self) -> bool:
        """Tell whether it both reads and binds a shared place itself."""
        read, bound = shared_places(self.node, self.slots)
        return bool(read & bound)


@dataclass(frozen=True)
class Use:
    """A mention of a name, with the function around it (empty at module level) and the lock held there."""

    name: str
    function: str
    lock: str | None


@dataclass(frozen=True)
class Write:
    """An assignment or deletion of a shared place in a function."""

    name: str
    function: str
    lock: str | None
    statement: ast.stmt
    empties: bool
