"""Displays and calls that spell names out."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import TypeGuard


def assigned_to(node: ast.expr, scope: ast.AST) -> str | None:
    """Return the name that a class body assigns ``node`` to."""
    for statement in getattr(scope, "body", ()):
        match statement:
            case (
                ast.Assign(targets=[ast.Name(id=name)], value=value)
                | ast.AnnAssign(target=ast.Name(id=name), value=value)
            ) if value is node:
                return name
    return None


def constants(node: ast.expr) -> Iterator[ast.Constant]:
    """Yield the constants of a display; of a dict, its keys."""
    match node:
        case ast.Constant():
            yield node
        case ast.List(elts=elts) | ast.Tuple(elts=elts) | ast.Set(elts=elts):
            for element in elts:
                yield from constants(element)
        case ast.Dict(keys=keys):
            yield from (key for key in keys if isinstance(key, ast.Constant))


def is_dict_call(node: ast.expr) -> TypeGuard[ast.Call]:
    """Tell whether ``node`` is ``dict(...)``."""
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "dict"


def keys_visible(node: ast.expr) -> bool:
    """Tell whether all keys of what is unpacked are written out."""
    if isinstance(node, ast.Dict):
        return all(isinstance(key, ast.Constant) for key in node.keys)
    return is_dict_call(node) and not node.args and all(k.arg for k in node.keywords)
