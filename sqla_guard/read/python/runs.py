"""Places that run a function of the project, or hand it on to something that may."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from sqla_guard.core.source import SourceFile
from sqla_guard.core.words import begun
from sqla_guard.facts.runs import Run
from sqla_guard.read.python.certainty import certainty, standing
from sqla_guard.read.python.script_tree import Tree, called, is_string, tree_mentioning

# Calls that run the function they are given.
_RUNNERS = frozenset({"run_sync", "to_thread", "run_in_threadpool", "start_soon", "create_task", "ensure_future"})
_STARTED = frozenset({"target", "on_startup", "lifespan"})


def read_runs(source: SourceFile, name: str, home: str, method: bool = False) -> tuple[Run, ...]:
    """Return the places of ``source`` that run the function ``name`` of the file ``home``.

    Args:
        source: The file to look into.
        name: The function's own name.
        home: The path of the file that defines it.
        method: Whether it is a method, whose owner is not looked at.

    Raises:
        UnparsableFile: The file is no Python.
    """
    tree = tree_mentioning(source, re.compile(begun(rf"{re.escape(name)}\b", rf"{re.escape(module_name(home))}\b")))
    found = [_run(tree, node) for node in uses(tree, name, home, method)]
    return tuple(sorted(found, key=lambda run: run.span))


def uses(tree: Tree, name: str, home: str, method: bool) -> Iterator[ast.expr]:
    """Yield what of a file names the function ``name`` of the file ``home``, be it to run it or to hand it on."""
    own = tree.source.path == home
    stem = module_name(home)
    functions, modules = _imported(tree, name, stem)
    if own and not method:
        functions.add(name)
    for node in tree.nodes.of(ast.Name):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load) and node.id in functions:
            yield node
    for node in tree.nodes.of(ast.Attribute):
        if isinstance(node, ast.Attribute) and node.attr == name and isinstance(node.ctx, ast.Load):
            owner = node.value
            last = owner.attr if isinstance(owner, ast.Attribute) else getattr(owner, "id", "")
            if method or last in modules or (not own and last == stem):
                yield node
    for node in tree.nodes.of(ast.Call):
        if isinstance(node, ast.Call) and called(node) == "getattr":
            yield from (a for a in node.args[1:2] if is_string(a) and a.value == name)  # type: ignore[attr-defined]


def _imported(tree: Tree, name: str, stem: str) -> tuple[set[str], set[str]]:
    """Return what the file calls the function, and what it calls its module."""
    functions: set[str] = set()
    modules: set[str] = set()
    for node in tree.nodes.of(ast.ImportFrom, ast.Import):
        if isinstance(node, ast.ImportFrom):
            last = (node.module or "").rpartition(".")[2]
            for alias in node.names:
                if alias.name == stem:
                    modules.add(alias.asname or alias.name)
                elif alias.name in (name, "*") and (last == stem or not last):
                    functions.add(alias.asname or name)
        elif isinstance(node, ast.Import):
            modules |= {a.asname or stem for a in node.names if a.name.rpartition(".")[2] == stem}
    return functions, modules


def module_name(path: str) -> str:
    """Return the last word of a module's name."""
    parts = path.removesuffix(".py").split("/")
    return parts[-2] if parts[-1] == "__init__" and len(parts) > 1 else parts[-1]


def _run(tree: Tree, node: ast.expr) -> Run:
    span, around = tree.span(node), tree.function(node)
    inside = around.name if around else ""
    stands = standing(around) if around else "plain"
    if not is_run(tree, node):
        return Run(span, "unproven", inside, stands, "is handed on as a value")
    certain, why = certainty(tree, node)
    return Run(span, certain, inside, stands, f"depends on {why}" if why else "")


def is_run(tree: Tree, node: ast.expr) -> bool:
    """Tell whether ``node``, which names a function, is called or given to what calls it."""
    parent = tree.parent(node)
    if isinstance(parent, ast.Call):
        return parent.func is node or called(parent) in _RUNNERS
    return isinstance(parent, ast.keyword) and parent.arg in _STARTED
