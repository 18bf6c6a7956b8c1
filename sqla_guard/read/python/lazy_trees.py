"""Small questions to libcst trees, without ``libcst.matchers``, whose import takes longer than most checks."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import TypeVar

import libcst as cst

_Node = TypeVar("_Node", bound=cst.CSTNode)
_SCOPES = (cst.FunctionDef, cst.Lambda, cst.ClassDef)
_BARE = cst.Module(body=[])


def below(node: cst.CSTNode, kind: type[_Node], nested: bool = True) -> Iterator[_Node]:
    """Yield the nodes of ``kind`` in ``node``, itself included, in source order.

    Args:
        node: Where to look.
        kind: The class of the nodes.
        nested: Whether to look into functions, classes and lambdas inside ``node`` too.
    """
    if isinstance(node, kind):
        yield node
    for child in _children(node):
        if nested or not isinstance(child, _SCOPES):
            yield from below(child, kind, nested)


@lru_cache(maxsize=20_000)
def _children(node: cst.CSTNode) -> tuple[cst.CSTNode, ...]:
    """Return the nodes directly in ``node``, in source order: libcst visits a node anew for each answer."""
    return tuple(node.children)


def outer_calls(node: cst.CSTNode) -> Iterator[cst.Call]:
    """Yield the calls below ``node`` that are not inside other calls, nor in nested functions."""
    if isinstance(node, cst.Call):
        yield node
    elif not isinstance(node, _SCOPES):
        for child in _children(node):
            yield from outer_calls(child)


def code(node: cst.CSTNode) -> str:
    """Return ``node`` as written, parentheses included."""
    return _BARE.code_for_node(node)


def root_name(node: cst.CSTNode) -> str | None:
    """Return ``x`` for ``x``, ``x.a``, ``x[k].b`` and the like."""
    while isinstance(node, (cst.Attribute, cst.Subscript)):
        node = node.value
    return node.value if isinstance(node, cst.Name) else None


def has_await(node: cst.CSTNode) -> bool:
    """Tell whether a coroutine may be suspended inside ``node``."""
    if next(below(node, cst.Await, nested=False), None):
        return True
    return any(c.asynchronous is not None for c in below(node, cst.CompFor, nested=False))


def leaves(node: cst.CSTNode) -> bool:
    """Tell whether control can leave ``node`` other than by falling out of it or raising."""
    kinds = (cst.Return, cst.Break, cst.Continue, cst.Yield)
    return any(next(below(node, kind, nested=False), None) is not None for kind in kinds)
