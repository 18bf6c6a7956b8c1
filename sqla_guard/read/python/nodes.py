"""All nodes of a module, walked once and remembered: ``ast.walk`` costs more than parsing, and every reader asks."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import lru_cache

from sqla_guard.core.source import SourceFile
from sqla_guard.read.python.parse import parse

# Nothing is asked of load and store marks, operators and plain strings.
_NO_NODES = frozenset(
    (
        *("arg", "attr", "conversion", "ctx", "id", "is_async", "kind", "kwd_attrs", "level", "module", "op", "ops"),
        *("rest", "simple", "type_comment", "type_ignores"),
    )
)


# What is known of each kind of node; a constant may hold anything, but no node.
_fields: dict[type[ast.AST], tuple[str, ...]] = {ast.Constant: ()}


def children(node: ast.AST) -> list[ast.AST]:
    """Return the nodes directly in ``node``, as ``ast.iter_child_nodes`` gives them, but load, store and operators."""
    kind = node.__class__
    names = _fields.get(kind)
    if names is None:
        names = _fields[kind] = tuple(f for f in kind._fields if f not in _NO_NODES)
    found: list[ast.AST] = []
    for name in names:
        value = getattr(node, name, None)
        if value.__class__ is list:
            if value:
                found += [item for item in value if isinstance(item, ast.AST)]
        elif isinstance(value, ast.AST):
            found.append(value)
    return found


def nodes_in(node: ast.AST) -> list[ast.AST]:
    """Return ``node`` and all nodes in it, breadth first, as ``ast.walk`` yields them but in half the time."""
    found = [node]
    for inner in found:  # grows while it is read
        found += children(inner)
    return found


class Nodes:
    """The nodes of one module.

    Attributes:
        module: The tree.
        parents: The node directly around each node.
    """

    def __init__(self, module: ast.Module) -> None:
        """Walk ``module``."""
        self.module = module
        self.parents: dict[ast.AST, ast.AST] = {}
        self._all: list[ast.AST] = [module]
        self._places: dict[type[ast.AST], list[int]] = {}
        fields, places = _fields, self._places
        parents, pending = self.parents, self._all
        for place, node in enumerate(pending):  # grows while it is read: breadth first, as ``ast.walk``
            kind = node.__class__
            if kind in places:
                places[kind].append(place)
            else:
                places[kind] = [place]
            names = fields.get(kind)
            if names is None:
                names = fields[kind] = tuple(f for f in kind._fields if f not in _NO_NODES)
            for name in names:
                value = getattr(node, name, None)
                if value.__class__ is list:
                    for item in value:
                        if isinstance(item, ast.AST):
                            parents[item] = node
                            pending.append(item)
                elif isinstance(value, ast.AST):
                    parents[value] = node
                    pending.append(value)

    def of(self, *kinds: type[ast.AST]) -> Iterator[ast.AST]:
        """Yield the nodes of exactly these kinds, in the order of :func:`ast.walk`."""
        return map(self._all.__getitem__, sorted(place for kind in kinds for place in self._places.get(kind, ())))

    def __iter__(self) -> Iterator[ast.AST]:
        """Yield every node, in the order of :func:`ast.walk`."""
        return iter(self._all)


@lru_cache(maxsize=4)
def nodes_of(source: SourceFile) -> Nodes:
    """Return the nodes of ``source``; several readers share them, so nobody may change them.

    Raises:
        UnparsableFile: The text is not Python.
    """
    return Nodes(parse(source))
