"""Names in syntax trees: what is called, what a function takes, what a loop's target stands for."""

from __future__ import annotations

import ast
from collections.abc import Iterator

Function = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)

# Calls through which a string goes, by what they do with it.
WRAPPERS = frozenset(("text", "DDL", "SQL", "str", "literal_column", "Identifier", "quoted_name"))
SEQUENCES = frozenset(("list", "tuple", "sorted", "reversed", "set", "iter", "filter"))
PASSED_ON = frozenset(("bindparams", "execution_options", "columns", "encode", "decode", "as_string"))
STRIPS = frozenset(("strip", "lstrip", "rstrip"))
DEDENTS = frozenset(("dedent", "cleandoc"))
PARTS = frozenset(("items", "values", "split", "splitlines"))
# What the text of a statement begins with.
VERBS = (
    "CREATE|ALTER|DROP|RENAME|COMMENT|EXEC|EXECUTE|INSERT|UPDATE|DELETE|SELECT|WITH|MERGE|REPLACE|DO|COPY|"
    "BEGIN|IF|DECLARE|EXPLAIN|GRANT|TRUNCATE|SET|PRAGMA|USE|GO|VALUES|START|LOCK|COMMIT"
)
# What puts something into a collection.
GROWS = frozenset(("append", "appendleft", "extend", "insert", "add", "update", "setdefault", "put"))
FOLLOWED = WRAPPERS | SEQUENCES | PASSED_ON | STRIPS | DEDENTS | PARTS | {"format", "join", "enumerate"}


def matched(target: ast.expr, item: ast.expr) -> dict[str, ast.expr]:
    """Return what the names of a loop's ``target`` stand for in the round of ``item``."""
    if isinstance(target, ast.Name):
        return {target.id: item}
    found: dict[str, ast.expr] = {}
    if isinstance(target, (ast.Tuple, ast.List)) and isinstance(item, (ast.Tuple, ast.List)):
        for part, value in zip(target.elts, item.elts, strict=False):
            found.update(matched(part, value))
    return found


def called_name(node: ast.Call) -> str:
    """Return the last word of what is called."""
    if isinstance(node.func, ast.Attribute):
        return node.func.attr
    return node.func.id if isinstance(node.func, ast.Name) else ""


def dotted_name(node: ast.expr) -> str:
    """Return ``a.b.c`` for a name with attributes; empty for anything else."""
    words: list[str] = []
    while isinstance(node, ast.Attribute):
        words.append(node.attr)
        node = node.value
    return ".".join([node.id, *reversed(words)]) if isinstance(node, ast.Name) else ""


def parameter_names(function: ast.AST) -> list[str]:
    """Return the names of the parameters of a function."""
    if not isinstance(function, Function):
        return []
    arguments = function.args
    named = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs, arguments.vararg, arguments.kwarg]
    return [argument.arg for argument in named if argument is not None]


def part_of(item: ast.expr, position: int | None) -> Iterator[ast.expr]:
    """Yield ``item``, or what it has at ``position`` if it is a tuple or list that long."""
    if position is None:
        yield item
    elif isinstance(item, (ast.Tuple, ast.List)) and position < len(item.elts):
        yield item.elts[position]


def pairs_of(display: ast.Dict) -> Iterator[ast.Tuple]:
    """Yield the keys of a dictionary with their values."""
    for key, value in zip(display.keys, display.values, strict=True):
        if key is not None:
            yield ast.Tuple([key, value], ast.Load())
