"""What of a script has run when a step is reached, and whether the step is reached at each start."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from sqla_guard.core.source import Span
from sqla_guard.facts.script import Reach
from sqla_guard.read.python.certainty import FUNCTIONS, certainty, standing
from sqla_guard.read.python.nodes import children
from sqla_guard.read.python.runs import is_run, uses
from sqla_guard.read.python.script_tree import Tree, called

# 0012_events.py, m3_events.py, migration_039.py: one of a row of files, each of which runs once.
_NUMBERED_FILE = re.compile(r"(?:[A-Za-z]{1,10}_?)?\d+(?:_\w*)?|\w+_\d{2,}")
_DEEPEST = 6

Place = ast.FunctionDef | ast.AsyncFunctionDef | ast.Module


def unreached(tree: Tree, step: ast.stmt) -> str:
    """Return why ``step`` may not run at each start, as far as its own file tells; empty where it does."""
    stem = tree.source.path.rpartition("/")[2].removesuffix(".py")
    if _NUMBERED_FILE.fullmatch(stem):
        return "its file is one of a numbered history"
    certain, why = certainty(tree, step)
    if certain != "always":
        return f"the step depends on {why}"
    function = tree.function(step)
    if function is None:
        return ""
    if standing(function) not in ("plain", "start"):
        return f"a decorator decides when `{function.name}` runs"
    if any(function in tree.ancestors(node) for node in tree.nodes.of(ast.Yield, ast.YieldFrom)):
        return f"`{function.name}` is a generator"
    return ""


def reach(tree: Tree, step: ast.stmt) -> Reach:
    """Return how ``step`` is reached."""
    return _Order(tree, step).reach()


class _Order:
    def __init__(self, tree: Tree, step: ast.stmt) -> None:
        self._tree = tree
        self._step = step
        self._home: Place = tree.function(step) or tree.module
        found = tree.nodes.of(*FUNCTIONS)
        self._functions = [n for n in found if isinstance(n, FUNCTIONS)]
        self._called: dict[Place, list[tuple[Place, ast.expr]]] = {}
        # Where the step has run for sure: behind these places, each in its function.
        self._passed: dict[Place, int] = {self._home: tree.span(step).end}
        for _ in range(_DEEPEST):
            for function in [p for p in self._passed if not isinstance(p, ast.Module)]:
                for place, at in self._calls(function):
                    if certainty(tree, at)[0] == "always":
                        end = tree.span(at).end
                        self._passed[place] = min(end, self._passed.get(place, end))

    def reach(self) -> Reach:
        home = self._home
        function = "" if isinstance(home, ast.Module) else home.name
        later = [self._tree.span(f) for f in self._functions if f is not home and self._runs_later(f, 0)]
        return Reach(
            function=function,
            method=isinstance(self._tree.parent(home), ast.ClassDef),
            body=Span(0, len(self._tree.source.text)) if isinstance(home, ast.Module) else self._tree.span(home),
            functions=tuple(self._tree.span(f) for f in self._functions if f is not home),
            later=tuple(later),
            tails=tuple(Span(at, self._end(place)) for place, at in self._passed.items() if place is not home),
            earlier=frozenset(self._called_before()),
        )

    def _end(self, place: Place) -> int:
        return len(self._tree.source.text) if isinstance(place, ast.Module) else self._tree.span(place).end

    def _calls(self, function: ast.FunctionDef | ast.AsyncFunctionDef) -> list[tuple[Place, ast.expr]]:
        """Return the places of the file that run ``function``; none where it is handed on as well."""
        if function not in self._called:
            method = isinstance(self._tree.parent(function), ast.ClassDef)
            found = list(uses(self._tree, function.name, self._tree.source.path, method))
            runs = found if all(is_run(self._tree, node) for node in found) else []
            self._called[function] = [(self._tree.function(node) or self._tree.module, node) for node in runs]
        return self._called[function]

    def _runs_later(self, function: ast.FunctionDef | ast.AsyncFunctionDef, depth: int) -> bool:
        """Tell whether a function only ever runs behind the step."""
        calls = self._calls(function)
        if not calls or depth > _DEEPEST:
            return False
        for place, at in calls:
            behind = place in self._passed and self._tree.span(at).start > self._passed[place]
            if not behind and (isinstance(place, ast.Module) or not self._runs_later(place, depth + 1)):
                return False
        return True

    def _called_before(self) -> Iterator[str]:
        """Yield the names that are read before the step is reached, those of called attributes among them."""
        pending: list[tuple[Place, int | None]] = list(self._passed.items())
        seen: set[ast.AST] = set()
        while pending:
            place, until = pending.pop()
            for statement in place.body:
                for call in _run_by(statement):
                    if isinstance(call, ast.Name) and (until is None or self._tree.span(call).end < until):
                        yield call.id
                    if not isinstance(call, ast.Call) or (until is not None and self._tree.span(call).end >= until):
                        continue
                    yield called(call)
                    local = [f for f in self._functions if f.name == called(call) and f not in seen]
                    seen.update(local)
                    pending += [(f, None) for f in local if f not in self._passed]


def _run_by(statement: ast.stmt) -> Iterator[ast.AST]:
    """Yield the nodes that run with a statement; the body of a function runs when that is called."""
    pending: list[ast.AST] = [statement]
    while pending:
        node = pending.pop()
        yield node
        if not isinstance(node, FUNCTIONS):
            pending.extend(children(node))
