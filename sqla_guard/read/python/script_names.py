"""Names at one place of a script: which are bound when it is reached."""

from __future__ import annotations

import ast
import builtins
import keyword
import re
from collections.abc import Iterable

from sqla_guard.facts.script import Layer
from sqla_guard.read.python.script_tree import Tree, bound_by, names_in

_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
# A quote that nothing closes, such as one in a comment, reaches to the end of its line.
_STRING = re.compile(
    r"'''.*?'''|\"\"\".*?\"\"\"|'(?:\\.|[^'\\\n])*(?:'|(?=\n)|\Z)|\"(?:\\.|[^\"\\\n])*(?:\"|(?=\n)|\Z)", re.DOTALL
)
_NAME = re.compile(r"(?<![\w.])([A-Za-z_]\w*)(?!\w|\s*=(?!=))")
_BOUND = re.compile(r"\bas\s+(\w+)")


def visible(tree: Tree, place: ast.stmt) -> set[str]:
    """Return the names that are bound for sure when ``place`` is reached, whatever ran before."""
    names: set[str] = set()
    child: ast.AST = place
    for around in tree.ancestors(place):
        if isinstance(around, (ast.With, ast.AsyncWith)):
            names |= {n for i in around.items if i.optional_vars for n in names_in(i.optional_vars)}
        if isinstance(around, (ast.For, ast.AsyncFor)):
            names |= names_in(around.target)
        if isinstance(around, _FUNCTIONS):
            spec = around.args
            arguments = (*spec.posonlyargs, *spec.args, *spec.kwonlyargs, spec.vararg, spec.kwarg)
            names |= {a.arg for a in arguments if a is not None}
        if isinstance(around, ast.Module) and tree.function(place):
            names |= {name for s in around.body for name in bound_by(s)}
        for field in ("body", "orelse", "finalbody"):
            block = getattr(around, field, None)
            if isinstance(block, list) and child in block:
                names |= {n for s in block[: block.index(child)] for n in _left_bound(s)}
        child = around
    return names


def _left_bound(statement: ast.stmt) -> set[str]:
    """Return what a statement leaves bound for those behind it; a closed connection is of no use to them."""
    match statement:
        case ast.With() | ast.AsyncWith() | ast.Try():
            return {name for s in statement.body for name in _left_bound(s)}
        case ast.Assign() | ast.AnnAssign() | ast.Import() | ast.ImportFrom() | ast.FunctionDef() | ast.ClassDef():
            return bound_by(statement)
        case ast.AsyncFunctionDef():
            return {statement.name}
        case _:
            return set()


def unbound(tree: Tree, place: ast.stmt, run: str, layers: Iterable[Layer]) -> str:
    """Return a name that a step like the one at ``place`` needs and that is bound too late for it, if any.

    A name that the file never binds comes from somewhere else and is left alone.
    """
    texts = [run]
    given: set[str] = set()
    for layer in layers:
        texts += [layer.header, *layer.lead, *layer.tail, *(r.before + r.after for r in layer.records)]
        given |= set(_BOUND.findall("\n".join((layer.header, *layer.tail))))
        given |= {name for lead in layer.lead for s in ast.parse(lead).body for name in bound_by(s)}
    needed = {name for text in texts for name in _NAME.findall(_STRING.sub("''", text))}
    needed -= given | visible(tree, place) | set(keyword.kwlist) | set(dir(builtins))
    bound = {n.id for n in tree.nodes.of(ast.Name) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}
    bound |= {n for s in tree.nodes.of(ast.Import, ast.ImportFrom) if isinstance(s, ast.stmt) for n in bound_by(s)}
    return min(needed & bound, default="")
