"""Whether a statement runs each time its function does."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from sqla_guard.facts.runs import Certainty, Standing
from sqla_guard.read.python.nodes import children
from sqla_guard.read.python.script_tree import Tree, called, is_string

FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
_OWN_SCOPE = (*FUNCTIONS, ast.Lambda, ast.ClassDef)
_LOOPS = (ast.For, ast.AsyncFor, ast.While)
_MAYBE = (ast.Lambda, ast.ExceptHandler, ast.match_case, ast.comprehension, ast.ListComp, ast.SetComp, ast.DictComp)
_DATABASES = r"postgres\w*|pg|sqlite3?|mysql|mariadb|mssql|oracle|dialect\w*"
_DIALECT = re.compile(rf"(?:is|use|using|on)?_*(?:{_DATABASES})", re.IGNORECASE)
_BESIDE_DIALECT = re.compile(
    r"bind|engine|conn\w*|session|db|self|name|startswith|lower|get_bind|url|drivername|str", re.IGNORECASE
)
_SETTINGS = re.compile(
    r"environ|getenv|settings?|\w{0,99}config|args|argv|options|debug|testing|\w{0,99}production|env|dry_run|verbose",
    re.IGNORECASE,
)
# What asks the database how far it is.
_STATE = re.compile(
    r"execut\w*|scalar\w*|fetch\w*|\w{0,99}version\w*|\w{0,99}tables?|\w{0,99}columns?|inspect\w*|has_\w+|\w{0,99}exists?\w*|count|first|"
    r"rows?|applied|pending|\w{0,99}done\w*|current|revision\w*|query|open|is_file|initiali[sz]ed",
    re.IGNORECASE,
)
_EXITS = frozenset({"exit", "_exit", "quit"})
_AT_START = re.compile(
    r"on_event|startup|before_serving|before_first_request|before_app_first_request|lifespan|listener"
)
_HARMLESS = frozenset({"staticmethod", "classmethod", "asynccontextmanager", "contextmanager", "wraps"})
_ASKED_FOR = frozenset(
    {"command", "route", "get", "post", "put", "patch", "delete", "task", "cli", "argument", "option"}
)

Doubt = tuple[Certainty, str]
SURE: Doubt = ("always", "")


def certainty(tree: Tree, node: ast.AST) -> Doubt:
    """Return whether ``node`` runs whenever the function around it does, and what it depends on."""
    worst, child = SURE, node
    for around in tree.ancestors(node):
        if isinstance(around, (*FUNCTIONS, ast.Module)):
            return _worse(worst, _left_before(tree, around.body, child))
        worst = _worse(worst, _held_back(tree, around, child))
        for block in ("body", "orelse", "finalbody"):
            statements = getattr(around, block, None)
            if isinstance(statements, list):
                worst = _worse(worst, _left_before(tree, statements, child))
        child = around
    return worst


def standing(function: ast.FunctionDef | ast.AsyncFunctionDef) -> Standing:
    """Return what the decorators of a function make of it."""
    found: set[Standing] = set()
    for decorator in function.decorator_list:
        target = decorator.func if isinstance(decorator, ast.Call) else decorator
        last = getattr(target, "attr", getattr(target, "id", ""))
        words = [last, *(str(n.value) for n in ast.walk(decorator) if is_string(n) and isinstance(n, ast.Constant))]
        if any(_AT_START.search(word) for word in words) or last == "asynccontextmanager":
            found.add("start")
        elif last in _ASKED_FOR:
            found.add("command")
        elif last not in _HARMLESS:
            return "odd"
    return "start" if "start" in found else "command" if found else "plain"


def _worse(one: Doubt, other: Doubt) -> Doubt:
    order = ("always", "settings", "unproven")
    return max(one, other, key=lambda doubt: order.index(doubt[0]))


def _held_back(tree: Tree, around: ast.AST, child: ast.AST) -> Doubt:
    """Return what ``around`` makes of running ``child``, a node directly in it."""
    if isinstance(around, (ast.If, ast.IfExp)):
        return SURE if child is around.test else _condition(tree, around.test, isinstance(around, ast.If))
    if isinstance(around, ast.BoolOp):
        return SURE if child is around.values[0] else ("unproven", "a condition")
    if isinstance(around, _LOOPS):
        return SURE if _runs_once(around, child) else ("unproven", "a loop")
    if isinstance(around, _MAYBE):
        return "unproven", "an `except`" if isinstance(around, ast.ExceptHandler) else "a condition"
    return SURE


def _runs_once(loop: ast.AST, child: ast.AST) -> bool:
    """Tell whether a loop is entered for sure: an endless one, or one that only tries again."""
    if isinstance(loop, ast.While):
        return child is loop.test or (isinstance(loop.test, ast.Constant) and bool(loop.test.value))
    items = getattr(loop, "iter", None)
    return child is items or (isinstance(items, ast.Call) and called(items) == "range")


def _condition(tree: Tree, test: ast.expr, statement: bool) -> Doubt:
    if isinstance(test, ast.Constant) and test.value:
        return SURE
    words = list(_words(tree, test, 0))
    if statement and "__name__" in words:
        return SURE
    if _is_of_global(tree, test, ast.Is):
        return SURE
    asked = f"`if {tree.text(test)}`" if len(tree.text(test)) < 50 else "a condition"
    numbers = any(isinstance(n, ast.Constant) and isinstance(n.value, (int, float)) for n in ast.walk(test))
    known = [w for w in words if _DIALECT.fullmatch(w)]
    if known and not numbers and all(_DIALECT.fullmatch(w) or _BESIDE_DIALECT.fullmatch(w) for w in words):
        return SURE  # the same database answers alike each time
    if any(_SETTINGS.fullmatch(w) for w in words) and not any(_STATE.fullmatch(w) for w in words):
        return "settings", asked
    return "unproven", asked


def _is_of_global(tree: Tree, test: ast.expr, operator: type[ast.cmpop]) -> bool:
    """Tell whether a test is that of a global made on first use: each start of the program has its first."""
    if not isinstance(test, ast.Compare) or not isinstance(test.ops[0], operator):
        return False
    name, nothing, function = test.left, test.comparators[0], tree.function(test)
    if not isinstance(name, ast.Name) or not isinstance(nothing, ast.Constant) or nothing.value is not None:
        return False
    return function is not None and any(isinstance(s, ast.Global) and name.id in s.names for s in ast.walk(function))


def _words(tree: Tree, node: ast.AST, depth: int) -> Iterator[str]:
    """Yield the identifiers of an expression; a name that is bound once counts as what it is bound to."""
    for part in ast.walk(node):
        if isinstance(part, ast.Attribute):
            yield part.attr
        elif isinstance(part, ast.Name):
            bound = _bound_to(tree, part) if depth < 3 else None
            if bound is None or _DIALECT.fullmatch(part.id) or _SETTINGS.fullmatch(part.id):
                yield part.id
            if bound is not None:
                yield from _words(tree, bound, depth + 1)


def _bound_to(tree: Tree, name: ast.Name) -> ast.expr | None:
    here = tree.function(name)
    found = (node for node in tree.assigned.get(name.id, ()) if isinstance(node, ast.Assign))
    values = [node.value for node in found if tree.function(node) in (here, None)]
    return values[0] if len(values) == 1 else None


def _left_before(tree: Tree, statements: list[ast.stmt], child: ast.AST) -> Doubt:
    """Return what statements before ``child`` in its block make of reaching it: ``if …: return``."""
    worst = SURE
    if child not in statements:
        return worst
    for statement in statements[: statements.index(child)]:
        if statement not in tree.ways_out:
            tree.ways_out[statement] = tuple(_ways_out(statement, False))
        for way_out in tree.ways_out[statement]:
            worst = _worse(worst, _taken(tree, way_out, statement))
    return worst


def _ways_out(node: ast.AST, looping: bool) -> Iterator[ast.AST]:
    """Yield what leaves a block from inside ``node``; an error does not, as the next start tries again."""
    if isinstance(node, _OWN_SCOPE):
        return
    if isinstance(node, ast.Return) or (isinstance(node, (ast.Break, ast.Continue)) and not looping):
        yield node
    if isinstance(node, ast.Call) and called(node) in _EXITS and not _fails(node):
        yield node
    for child in children(node):
        yield from _ways_out(child, looping or isinstance(node, _LOOPS))


def _fails(call: ast.Call) -> bool:
    return bool(call.args) and isinstance(call.args[0], ast.Constant) and call.args[0].value not in (0, None, False)


def _taken(tree: Tree, way_out: ast.AST, top: ast.stmt) -> Doubt:
    """Return what a way out means for the statements behind ``top``, which holds it."""
    conditions: list[Doubt] = []
    child = way_out
    if child is not top:
        for around in tree.ancestors(way_out):
            if isinstance(around, ast.If) and child is not around.test:
                made = _is_of_global(tree, around.test, ast.IsNot)
                conditions.append(SURE if made else _condition(tree, around.test, False))
            if around is top:
                break
            child = around
    if conditions and all(certain in ("always", "settings") for certain, _ in conditions):
        return "settings", conditions[0][1]
    line = getattr(way_out, "lineno", 0)
    return "unproven", f"the way out in line {line}"
