"""How a home-made migration script warns: by its logger, else by ``print``."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from sqla_guard.read.python.nodes import nodes_in
from sqla_guard.read.python.script_names import visible
from sqla_guard.read.python.script_tree import Tree, bound_by, called
from sqla_guard.read.python.sql_names import dotted_name

# The method to warn with comes first, then those that take its place where a logger is never seen to have it.
_LEVELS = ("warning", "warn", "error", "info", "debug", "exception", "critical")
_MAKERS = frozenset({"getLogger", "get_logger"})
_LIBRARIES = frozenset({"logging", "loguru"})
_LOGGER = re.compile(r"(?:^|_)log(?:s|ger|ging)?(?:_|$)", re.IGNORECASE)


def voice(tree: Tree, place: ast.stmt) -> str:
    """Return what the script calls with a warning at ``place``, such as ``log.warning``.

    The function around speaks first: what it logs with, else what it prints with; then the whole script's logger. One
    that never says a word gets a ``print``: what raised instead would keep the application from starting.
    """
    function = tree.function(place)
    seen = visible(tree, place)
    if function is not None:
        logger = _logger(tree, function, seen)
        if logger or any(isinstance(n, ast.Call) and _is_print(n) for n in nodes_in(function)):
            return logger or "print"
    return _logger(tree, tree.module, seen & {name for s in tree.module.body for name in bound_by(s)}) or "print"


def _is_print(call: ast.Call) -> bool:
    return isinstance(call.func, ast.Name) and call.func.id == "print"


def _logger(tree: Tree, scope: ast.AST, names: set[str]) -> str:
    """Return the method of the logger that is in use in ``scope`` and bound at the step; empty where there is none."""
    proven = dict.fromkeys(_proven(tree))
    used: dict[str, set[str]] = {}
    for node in nodes_in(scope):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in _LEVELS:
            logger = dotted_name(node.func.value)
            if not isinstance(tree.parent(node), ast.Await) and (logger in proven or _LOGGER.search(_last(logger))):
                used.setdefault(logger, set()).add(node.func.attr)
    if isinstance(scope, ast.Module):
        used |= {name: {"warning"} for name in proven if name not in _LIBRARIES and name not in used}
    for logger, levels in used.items():
        if logger.partition(".")[0] in names:
            return f"{logger}.{'warning' if logger in proven else min(levels, key=_LEVELS.index)}"
    return ""


def _proven(tree: Tree) -> Iterator[str]:
    """Yield the names of the module that are loggers for sure."""
    for statement in tree.module.body:
        if isinstance(statement, (ast.Assign, ast.AnnAssign)) and isinstance(statement.value, ast.Call):
            if called(statement.value) in _MAKERS:
                yield from bound_by(statement)
        elif isinstance(statement, ast.Import):
            yield from _LIBRARIES & bound_by(statement)
        elif isinstance(statement, ast.ImportFrom) and statement.module in _LIBRARIES:
            yield from {"logger"} & bound_by(statement)


def _last(dotted: str) -> str:
    return dotted.rpartition(".")[2]
