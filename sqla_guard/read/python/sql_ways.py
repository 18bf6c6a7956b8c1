"""The ways in which a statement of a module runs: who calls the function around it, with which literals.

``upgrade()`` may leave its work to functions of the file, and a helper such as ``add_column(table, name)`` says
something new at each call. A way gives the direction, the arguments and the place in ``upgrade`` that it starts from.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cached_property
from itertools import product

from msgspec import Struct, field

from sqla_guard.read.python.sql_names import Function, called_name
from sqla_guard.read.python.sql_values import Values

_MOST = 64
_DEEPEST = 5
_UNDOES = frozenset(("downgrade", "down", "rollback", "backward", "backwards", "revert", "undo"))
# Words of a question about the database: which one it is, what it holds.
_DATABASE = re.compile(
    r"dialect|inspect|exist|has_|table|column|index|constraint|bind|conn|engine|offline|as_sql|context|\bop\b|schema"
    r"|sqlite|postgres|mysql|pg_|_pg|uri|url|dsn|version|missing|execute|scalar|fetch|row|count",
    re.IGNORECASE,
)
_PLAIN = (ast.FunctionDef, ast.AsyncFunctionDef)


class Way(Struct, frozen=True):
    """One way to get to a statement.

    Attributes:
        down: Whether it undoes a migration.
        env: Parameters of the function around the statement, with the expressions they stand for.
        site: The outermost call that leads to the statement; ``None`` where none is known to.
    """

    down: bool
    env: dict[str, ast.expr] = field(default_factory=dict)
    site: ast.Call | None = None


class Ways:
    """Answers for one module."""

    def __init__(self, values: Values) -> None:
        """Remember what names are bound to."""
        self._values = values
        self._kept: list[ast.AST] = []

    def to(self, node: ast.AST, used: set[str]) -> list[Way]:
        """Return the ways to ``node``; none where nothing in a revision calls the function around it.

        Args:
            node: A statement or expression.
            used: Names that its meaning depends on.
        """
        function = self._values.function(node)
        if isinstance(function, _PLAIN) and (self._is_revision or self._takes(function, used)):
            ways = self._through(function, 0)
            if ways is not None:
                return ways
        return [Way(self._undoes(function))]

    def is_conditional(self, node: ast.AST, way: Way) -> bool:
        """Tell whether an operation of a revision depends on more than what the database is and holds."""
        places = [node] if way.site is None else [node, way.site]
        return self._is_revision and any(self._depends(place) for place in places)

    def _depends(self, node: ast.AST) -> bool:
        child, parent = node, self._values.parents.get(node)
        while parent is not None and not isinstance(child, Function):
            if isinstance(parent, ast.If) and child is not parent.test and not self._is_about_the_database(parent.test):
                return True
            for block in (getattr(parent, key, None) for key in ("body", "orelse", "finalbody")):
                if isinstance(block, list) and child in block and any(map(self._leaves, block[: block.index(child)])):
                    return True
            child, parent = parent, self._values.parents.get(parent)
        return False

    def _leaves(self, statement: ast.AST) -> bool:
        leaving = isinstance(statement, ast.If) and isinstance(statement.body[-1], (ast.Return, ast.Continue))
        return leaving and isinstance(statement, ast.If) and not self._is_about_the_database(statement.test)

    def _is_about_the_database(self, test: ast.expr) -> bool:
        texts = [ast.unparse(test)]
        for name in ast.walk(test):
            if isinstance(name, ast.Name):
                texts += [ast.unparse(b.value) for b in self._values.bindings(name.id, self._values.function(test))]
        return any(_DATABASE.search(text) for text in texts)

    @cached_property
    def _functions(self) -> dict[str, ast.FunctionDef | ast.AsyncFunctionDef]:
        found: dict[str, ast.FunctionDef | ast.AsyncFunctionDef] = {}
        for node in self._values.nodes.of(*_PLAIN):
            if isinstance(node, _PLAIN):
                found[node.name] = node
        return found

    @cached_property
    def _is_revision(self) -> bool:
        return "upgrade" in self._functions and bool(self._values.bindings("down_revision", None))

    @cached_property
    def _calls(self) -> dict[str, list[ast.Call]]:
        calls: dict[str, list[ast.Call]] = {}
        for node in self._values.nodes.of(ast.Call):
            if isinstance(node, ast.Call) and called_name(node) in self._functions and _is_own(node.func):
                calls.setdefault(called_name(node), []).append(node)
        return calls

    def _takes(self, function: ast.AST, used: set[str]) -> bool:
        return bool(used & {a.arg for a in _parameters(function)} - {"self", "cls"})

    def _undoes(self, function: ast.AST | None) -> bool:
        while function is not None:
            if getattr(function, "name", "").split("_")[0] in _UNDOES:
                return True
            function = self._values.function(function)
        return False

    def _through(self, function: ast.FunctionDef | ast.AsyncFunctionDef, depth: int) -> list[Way] | None:
        """Return the ways into ``function``, ``None`` where the callers tell nothing."""
        calls = self._calls.get(function.name, [])
        entry = self._is_revision and function.name in ("upgrade", "downgrade")
        if entry or depth > _DEEPEST:
            return None
        if self._functions.get(function.name) is not function:
            # Another function of the name comes later: in the same module nobody calls this one.
            return [] if self._is_revision and self._values.function(function) is None else None
        if not calls:
            named = self._is_revision and not self._undoes(function) and not self._is_mentioned(function.name)
            return [] if named else None
        found: list[Way] = []
        for call in calls:
            found += self._by(call, function, depth)
        return found[:_MOST]

    def _is_mentioned(self, name: str) -> bool:
        return any(isinstance(n, ast.Name) and n.id == name for n in self._values.nodes.of(ast.Name))

    def _by(self, call: ast.Call, function: ast.AST, depth: int) -> Iterator[Way]:
        around = self._values.function(call)
        outer = self._through(around, depth + 1) if isinstance(around, _PLAIN) else None
        ways = [Way(self._undoes(around))] if outer is None else outer
        given = dict(_given(call, function))
        names = {n.id for value in given.values() for n in ast.walk(value) if isinstance(n, ast.Name)}
        rounds = [self._values.rounds(call, names, way.env) or [{}] for way in ways]
        for way, env in [pair for w, r in zip(ways, rounds, strict=True) for pair in product([w], r)]:
            known = {**way.env, **env}
            grounded = {name: self._grounded(value, known) for name, value in given.items()}
            yield Way(way.down or self._undoes(function), grounded, way.site or call)

    def _grounded(self, value: ast.expr, env: dict[str, ast.expr]) -> ast.expr:
        """Return ``value`` with the names of ``env`` replaced by what they stand for."""
        if isinstance(value, ast.Name):
            return env.get(value.id, value)
        if not any(isinstance(n, ast.Name) and n.id in env for n in ast.walk(value)):
            return value
        made = _Replaced(env).copy(value)
        self._kept.append(made)  # values are remembered by identity, which must not be given to another node
        return made


class _Replaced:
    """Copies an expression with some of its names replaced; positions stay."""

    def __init__(self, env: dict[str, ast.expr]) -> None:
        self._env = env

    def copy(self, node: ast.expr) -> ast.expr:
        copied = self._copy(node)
        assert isinstance(copied, ast.expr)
        return copied

    def _copy(self, node: object) -> object:
        if isinstance(node, ast.Name) and node.id in self._env:
            return self._env[node.id]
        if isinstance(node, list):
            return [self._copy(item) for item in node]
        if not isinstance(node, ast.AST):
            return node
        made = type(node)(**{name: self._copy(value) for name, value in ast.iter_fields(node)})
        return ast.copy_location(made, node) if "lineno" in node._attributes else made


def _is_own(func: ast.expr) -> bool:
    """Tell whether what is called is a function of this module: ``f``, ``self.f``."""
    if isinstance(func, ast.Attribute):
        return isinstance(func.value, ast.Name) and func.value.id in ("self", "cls")
    return isinstance(func, ast.Name)


def _parameters(function: ast.AST) -> list[ast.arg]:
    if not isinstance(function, Function):
        return []
    return [*function.args.posonlyargs, *function.args.args, *function.args.kwonlyargs]


def _given(call: ast.Call, function: ast.AST) -> Iterator[tuple[str, ast.expr]]:
    """Yield the parameters of ``function`` with what ``call`` gives them, or their defaults."""
    if not isinstance(function, Function):
        return
    names = [a.arg for a in (*function.args.posonlyargs, *function.args.args)]
    if names[:1] in (["self"], ["cls"]) and isinstance(call.func, ast.Attribute):
        names = names[1:]
    defaults = function.args.defaults
    if defaults:
        yield from zip(names[-len(defaults) :], defaults, strict=False)
    for argument, default in zip(function.args.kwonlyargs, function.args.kw_defaults, strict=True):
        if default is not None:
            yield argument.arg, default
    for name, value in zip(names, call.args, strict=False):
        if isinstance(value, ast.Starred):
            return
        yield name, value
    known = {*names, *(a.arg for a in function.args.kwonlyargs)}
    yield from ((k.arg, k.value) for k in call.keywords if k.arg in known)
