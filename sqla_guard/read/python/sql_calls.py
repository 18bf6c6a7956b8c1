"""Calls that hand a string to a database."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from msgspec import Struct

from sqla_guard.facts.passed_on import Helper
from sqla_guard.read.python.nodes import Nodes
from sqla_guard.read.python.sql_callees import Callees
from sqla_guard.read.python.sql_names import called_name, parameter_names
from sqla_guard.read.python.sql_values import Values

_EXECUTES = frozenset(
    [
        "execute",
        "executemany",
        "executescript",
        "exec_driver_sql",
        "execute_sql",
        "run_sql",
        "fetch",
        "fetchrow",
        "fetchval",
        "fetch_all",
        "fetch_one",
        "fetch_val",
        "scalar",
        "scalars",
        "read_sql",
        "read_sql_query",
        "raw",
        "mogrify",
    ]
)
_TEXTS = frozenset(("text", "DDL"))
_SQL_KEYWORDS = frozenset(("statement", "sql", "query", "sqltext", "clause", "operation", "con"))
_PACKAGES = frozenset(("sa", "sqlalchemy", "db"))


# Functions of the module, each with itself, the place and name of the parameter, and the file it goes through.
_Helpers = dict[str, tuple[ast.AST, int, str, "str | None"]]


class SqlCall(Struct, frozen=True):
    """A call with the argument that is SQL.

    Attributes:
        call: The call.
        argument: The expression of the SQL.
        certain: Whether the argument is SQL whatever it looks like (``text(...)``, ``op.execute``).
        wrapper: Whether the call only wraps it (``text(...)``), and something else runs it.
        down: Whether it undoes, whatever function it stands in.
        through: The file of the function that is called, if another module defines it.
    """

    call: ast.Call
    argument: ast.expr
    certain: bool
    wrapper: bool
    down: bool = False
    through: str | None = None


def find_sql_calls(values: Values, outside: tuple[Helper, ...] = ()) -> list[SqlCall]:
    """Return the calls of a module that take SQL, those that run it before those that wrap it.

    Args:
        values: The module.
        outside: Functions of other modules that hand their argument to a database.
    """
    texts, packages, op = _imported(values.nodes)
    steps = _steps(values.nodes)
    callees = Callees(values)
    calls = [node for node in values.nodes.of(ast.Call) if isinstance(node, ast.Call)]
    whole = [(call, callees.written_out(call)) for call in calls]
    found: list[SqlCall] = []
    for call, made in whole:
        name = called_name(made)
        argument = _argument(made)
        if isinstance(call.func, ast.Name) and call.func.id in steps:
            found += _step(call)
            continue
        if argument is None:
            continue
        if _is_text(made, texts, packages):
            found.append(SqlCall(call, argument, True, True))
        elif isinstance(made.func, ast.Attribute) and name in _EXECUTES:
            root = made.func.value
            certain = isinstance(root, ast.Name) and root.id in op
            found.append(SqlCall(call, argument, certain, False))
    found += [sink for call, made in whole for sink in _outside(call, made, outside, callees, values)]
    if not found:
        return []
    found += _through_helpers(whole, found, values)
    order = {id(call): index for index, call in enumerate(calls)}
    return sorted(found, key=lambda f: (f.wrapper, f.call.lineno, f.call.col_offset, order[id(f.call)]))


def _argument(call: ast.Call) -> ast.expr | None:
    if call.args and not isinstance(call.args[0], ast.Starred):
        return call.args[0]
    return next((k.value for k in call.keywords if k.arg in _SQL_KEYWORDS), None)


def _imported(nodes: Nodes) -> tuple[set[str], set[str], set[str]]:
    """Return the local names of ``text``/``DDL``, of packages that offer them, and of Alembic's ``op``."""
    texts: set[str] = set()
    packages = set(_PACKAGES)
    op = {"op"}
    for node in nodes.of(ast.Import, ast.ImportFrom):
        if isinstance(node, ast.ImportFrom):
            module = node.module or ""
            for alias in node.names:
                if alias.name in _TEXTS and module.split(".")[0] in ("sqlalchemy", "sqlmodel", "flask_sqlalchemy"):
                    texts.add(alias.asname or alias.name)
                elif alias.name == "op" and module == "alembic":
                    op.add(alias.asname or alias.name)
                elif module.split(".")[0] == "sqlalchemy":
                    packages.add(alias.asname or alias.name)
        elif isinstance(node, ast.Import):
            packages |= {a.asname for a in node.names if a.asname and a.name.split(".")[0] == "sqlalchemy"}
    return texts, packages, op


def _steps(nodes: Nodes) -> set[str]:
    """Return the local names of yoyo's ``step``."""
    found = (n for n in nodes.of(ast.ImportFrom) if isinstance(n, ast.ImportFrom) and n.module == "yoyo")
    return {alias.asname or alias.name for node in found for alias in node.names if alias.name == "step"}


def _step(call: ast.Call) -> list[SqlCall]:
    """Return what ``step("CREATE …", "DROP …")`` does and how it is undone."""
    given = dict(zip(("apply", "rollback"), call.args, strict=False))
    given.update({k.arg: k.value for k in call.keywords if k.arg in ("apply", "rollback")})
    return [SqlCall(call, value, False, False, name == "rollback") for name, value in given.items()]


def _is_text(call: ast.Call, texts: set[str], packages: set[str]) -> bool:
    if isinstance(call.func, ast.Name):
        return call.func.id in texts
    if not isinstance(call.func, ast.Attribute) or call.func.attr not in _TEXTS:
        return False
    root = call.func.value
    while isinstance(root, ast.Attribute):
        root = root.value
    return isinstance(root, ast.Name) and root.id in packages


def _through_helpers(calls: list[tuple[ast.Call, ast.Call]], found: list[SqlCall], values: Values) -> list[SqlCall]:
    """Return the calls of functions of the module that pass their argument on to one of ``found``."""
    helpers: _Helpers = {}
    for _ in range(4):
        known = len(helpers)
        for sink in [*found, *_calls_of(calls, helpers)]:
            name = passed_name(sink.argument)
            function = values.function(sink.call)
            if name is None or not isinstance(function, (ast.FunctionDef, ast.AsyncFunctionDef)):
                continue
            names = parameter_names(function)
            if name in names and not rebound(name, function, values):
                offset = 1 if names[0] in ("self", "cls") else 0
                helpers.setdefault(function.name, (function, names.index(name) - offset, name, sink.through))
        if len(helpers) == known:
            break
    return [c for c in _calls_of(calls, helpers) if c.call not in {f.call for f in found}]


def passed_name(argument: ast.expr) -> str | None:
    """Return the name that is passed on as it is, or inside ``text(...)``."""
    while isinstance(argument, ast.Call):
        if isinstance(argument.func, ast.Attribute) and not argument.args:
            argument = argument.func.value
        elif argument.args:
            argument = argument.args[0]
        else:
            return None
    return argument.id if isinstance(argument, ast.Name) else None


def rebound(name: str, function: ast.AST, values: Values) -> bool:
    """Tell whether a function gives its parameter another value."""
    bound = values.bindings(name, function)
    return any(values.function(b.value) is function and not b.element for b in bound)


def _outside(
    call: ast.Call, made: ast.Call, helpers: tuple[Helper, ...], callees: Callees, values: Values
) -> Iterator[SqlCall]:
    """Yield what ``call``, written out in full as ``made``, gives to one of ``helpers``."""
    names = callees.names(made) if helpers else ()
    for helper in helpers:
        argument = given(made, helper) if helper.name in names else None
        if argument is None:
            continue
        items = values.items(argument, values.function(call)) if helper.each else [argument]
        for item in items:
            yield SqlCall(call, item, False, False, through=helper.module)


def given(call: ast.Call, helper: Helper) -> ast.expr | None:
    """Return what ``call`` gives for the parameter of ``helper``."""
    named = next((k.value for k in call.keywords if k.arg == helper.parameter), None)
    if named is not None or helper.position >= len(call.args):
        return named
    before = call.args[: helper.position + 1]
    return None if any(isinstance(a, ast.Starred) for a in before) else before[-1]


def _calls_of(
    calls: list[tuple[ast.Call, ast.Call]], helpers: dict[str, tuple[ast.AST, int, str, str | None]]
) -> list[SqlCall]:
    out: list[SqlCall] = []
    for call, made in calls:
        helper = helpers.get(called_name(made))
        if helper is None:
            continue
        _, index, name, through = helper
        argument = next((k.value for k in made.keywords if k.arg == name), None)
        if argument is None and 0 <= index < len(made.args):
            argument = made.args[index]
        if argument is not None and not isinstance(argument, ast.Starred):
            out.append(SqlCall(call, argument, False, False, through=through))
    return out
