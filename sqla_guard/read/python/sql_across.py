"""SQL between modules: what a module runs for others, what it has others run, what it keeps for them."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterable, Iterator, Mapping

from msgspec.structs import replace

from sqla_guard.core.source import SourceFile, Span
from sqla_guard.facts.operations import (
    AddColumn,
    Carrier,
    CreateTable,
    SqlFact,
)
from sqla_guard.facts.passed_on import Helper, Outside, OwnSql, PassedOn
from sqla_guard.facts.reserved_words import RESERVED
from sqla_guard.read.python.literals import Mapped, expression_span
from sqla_guard.read.python.nodes import Nodes, nodes_in, nodes_of
from sqla_guard.read.python.sql_bindings import bound_by
from sqla_guard.read.python.sql_callees import Callees
from sqla_guard.read.python.sql_calls import SqlCall, find_sql_calls, given, passed_name, rebound
from sqla_guard.read.python.sql_given import Given
from sqla_guard.read.python.sql_names import dotted_name, parameter_names
from sqla_guard.read.python.sql_outsides import Outsides, imported_names, owner_of, root_of
from sqla_guard.read.python.sql_values import Values
from sqla_guard.read.sql import moved, read_sql
from sqla_guard.read.sql.dialect import Dialect

_DDL = re.compile(r"\b(?:create|alter|drop|rename)\s[^;]{0,60}?\b(?:table|view)\b|\bsp_rename\b", re.IGNORECASE)
# A query or a data change matters where it names a column of interest.
_QUERY = re.compile(
    r"\b(?:insert\s+(?:\w+\s+)?into|update|delete\s+from|select|merge\s+into|replace\s+into|copy|index|comment\s+on)\s",
    re.IGNORECASE,
)
_WANTED = re.compile(r"\b(?:" + "|".join(sorted(RESERVED)) + r")\b", re.IGNORECASE)
_PLAIN = (ast.FunctionDef, ast.AsyncFunctionDef)
_BINDERS = (ast.Assign, ast.AnnAssign, ast.AugAssign, ast.Call)
_DISPLAYS = (ast.List, ast.Tuple, ast.Set)
_MODULE_LEVEL = (ast.Module, ast.If, ast.Try, ast.With)
_DEEPEST = 6


def read_called(source: SourceFile) -> tuple[str, ...]:
    """Return the dotted names of imported functions that a file calls with something that may be SQL of its own.

    A method of an object has the object's class in front, with brackets: ``app.Runner().run``.

    Raises:
        UnparsableFile: The file is no Python.
    """
    given_sql = Given(nodes_of(source))
    return _called(source, given_sql.among)


def read_handed(source: SourceFile) -> tuple[str, ...]:
    """Return the same for what a file hands on to other functions, wherever it has that from.

    Raises:
        UnparsableFile: The file is no Python.
    """
    kinds = (ast.Name, ast.Attribute, ast.Subscript, ast.Call, *_DISPLAYS)
    return _called(source, lambda given_to: any(isinstance(a, kinds) or _is_text(a) for a in given_to))


def read_passing(source: SourceFile) -> tuple[str, ...]:
    """Return the same for what a file hands on to other functions of what its own functions are given.

    Raises:
        UnparsableFile: The file is no Python.
    """
    nodes = nodes_of(source)
    names = {name for function in nodes.of(*_PLAIN) for name in parameter_names(function)}
    for loop in nodes.of(ast.For, ast.AsyncFor, ast.comprehension):
        names |= {n.id for n in ast.walk(loop.target) if isinstance(n, ast.Name)}  # type: ignore[attr-defined]
    return _called(source, lambda given_to: any(not names.isdisjoint(_passed(a)) for a in given_to))


def _given_to(call: ast.Call) -> list[ast.expr]:
    return [*call.args, *(k.value for k in call.keywords)]


def _passed(argument: ast.expr) -> set[str]:
    """Return the names that ``argument`` passes on as they are, or as items of a list."""
    if isinstance(argument, (*_DISPLAYS, ast.BinOp)):
        return {part.id for part in ast.walk(argument) if isinstance(part, ast.Name)}
    name = passed_name(argument)
    return {name} if name is not None else set()


def _called(source: SourceFile, matters: Callable[[list[ast.expr]], bool]) -> tuple[str, ...]:
    values = Values(source, nodes_of(source))
    calls = [call for call in values.nodes.of(ast.Call) if isinstance(call, ast.Call)]
    if not any(matters(_given_to(call)) for call in calls):
        return ()
    callees = Callees(values)
    imported, star = imported_names(values.nodes)
    found: dict[str, None] = {}
    for call in map(callees.written_out, calls):
        if not matters(_given_to(call)):
            continue
        for name in callees.names(call):
            first = re.split(r"[.(]", name)[0]
            if first in imported or (star and first == name):
                found[name] = None
    return tuple(found)


def read_embedded(source: SourceFile) -> tuple[tuple[str, ...], ...]:
    """Return the dotted names that a file imports and puts into strings of its own.

    Raises:
        UnparsableFile: The file is no Python.
    """
    return embedded_in(nodes_of(source))


def embedded_in(nodes: Nodes) -> tuple[tuple[str, ...], ...]:
    """Return the same for some of the nodes of a file."""
    imported, star = imported_names(nodes)
    found: dict[tuple[str, ...], None] = {}
    for node in nodes.of(ast.FormattedValue, ast.BinOp, ast.Call, ast.AugAssign):
        for part in _put_in(node):
            chain = tuple(dotted_name(part).split("."))
            if chain[0] in imported or (star and chain[0]):
                found[chain] = None
    return tuple(found)


def _put_in(node: ast.AST) -> list[ast.expr]:
    """Return the expressions that ``node`` puts into a string, if it makes one."""
    if isinstance(node, (ast.FormattedValue, ast.AugAssign)):
        return [node.value]
    if isinstance(node, ast.BinOp):
        sides = [node.left, node.right]
        inner = [side.elts if isinstance(side, ast.Tuple) else [side] for side in sides]
        return [part for side in inner for part in side]
    formats = isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "format"
    if not formats or not isinstance(node, ast.Call):
        return []
    owner = [node.func.value] if isinstance(node.func, ast.Attribute) else []
    return [*owner, *node.args, *(k.value for k in node.keywords)]


def read_kept_sql(source: SourceFile) -> tuple[str, ...]:
    """Return the names of a module under which it keeps SQL: constants, lists, classes, functions that give it back.

    Raises:
        UnparsableFile: The file is no Python.
    """
    nodes = nodes_of(source)
    if not _says_sql(nodes.of(ast.Constant)):
        return ()
    values = Values(source, nodes)
    held: list[tuple[str, ast.AST]] = []
    for node in nodes.of(*_BINDERS):
        if values.function(node) is None:
            held += [(owner_of(node, values) or name, binding.value) for name, binding, _ in bound_by(node)]
    for node in nodes.of(*_PLAIN):
        if isinstance(nodes.parents[node], _MODULE_LEVEL) and isinstance(node, _PLAIN):
            inner = nodes_in(node)
            held += [(node.name, part) for part in inner if isinstance(part, ast.Return)]
            held += [(node.name, part.value) for part in inner if isinstance(part, ast.Assign)]
    found: dict[str, None] = {}
    parts = [(name, nodes_in(value)) for name, value in held]
    says = [(name, _says_sql(inner), {n.id for n in inner if isinstance(n, ast.Name)}) for name, inner in parts]
    for _ in range(_DEEPEST):
        known = len(found)
        found.update((name, None) for name, sql, names in says if sql or not names.isdisjoint(found))
        if len(found) == known:
            break
    return tuple(found)


def read_helpers(source: SourceFile, helpers: tuple[Helper, ...]) -> tuple[Helper, ...]:
    """Return the functions of a module that hand SQL to a database; see :func:`read_passed_on`.

    Raises:
        UnparsableFile: The file is no Python.
    """
    values = Values(source, nodes_of(source))
    return tuple(_helpers(values, find_sql_calls(values, helpers), helpers))


def read_passed_on(source: SourceFile, helpers: tuple[Helper, ...]) -> PassedOn:
    """Return what a module does with SQL of other modules.

    Args:
        source: The module.
        helpers: Functions of yet other modules, under the names that it calls them by.

    Raises:
        UnparsableFile: The file is no Python.
    """
    values = Values(source, nodes_of(source))
    calls = find_sql_calls(values, helpers)
    own = tuple(_helpers(values, calls, helpers))
    reader = Outsides(values)
    outsides = (*reader.run(calls), *reader.given((*own, *helpers)), *reader.held())
    return PassedOn(own, tuple(dict.fromkeys(outsides)), tuple(dict.fromkeys(_templates(values, calls))))


def read_run_elsewhere(
    source: SourceFile, values: Values, uses: Iterable[Outside], wanted: frozenset[str], dialect: Dialect
) -> list[SqlFact]:
    """Return the facts of the SQL that a module keeps and other modules run.

    Args:
        source: The module.
        values: Its nodes and bindings.
        uses: Who runs what, in names of this module.
        wanted: Names, in lower case, whose references are reported.
        dialect: What is known of the dialect.
    """
    facts: list[SqlFact] = []
    done: set[tuple[str, int, str, int, bool]] = set()
    for use in uses:
        for value in _values_of(use, values):
            places = [(a, b) for a, b, number in value.origins if number >= 0 and a >= 0]
            if not places or not (_DDL.search(value.text) or _may_name(value.text)):
                continue
            key = (value.text, places[0][0], use.path, use.at, use.down)
            if key in done:
                continue
            done.add(key)
            span = Span(min(a for a, _ in places), max(b for _, b in places))
            home = Carrier(
                source.path,
                "python-sql",
                span,
                "down" if use.down else "up",
                runs_at=use.at,
                runs_in=use.path,
                runs_as=use.written,
                conditional=use.conditional,
            )
            for fact in read_sql(value.text, dialect.certain, wanted, dialect.likely):
                makes = use.asks and isinstance(fact, (CreateTable, AddColumn))
                facts.append(_placed(fact, value, home, makes))
    return facts


def _placed(fact: SqlFact, value: Mapped, home: Carrier, asks: bool) -> SqlFact:
    return moved(fact, value.place, lambda inner: replace(home, rerunnable=inner.rerunnable or asks))


def _values_of(use: Outside, values: Values) -> Iterator[Mapped]:
    expression = ast.parse(use.form, mode="eval").body
    parts = values.elements(expression, None, 0, use.position) if use.each else [expression]
    for part in parts:
        yield from values.evaluate(part, None, {})


def _says_sql(nodes: Iterable[ast.AST]) -> bool:
    """Tell whether strings among ``nodes`` can be DDL, or a query with a reserved name."""
    texts = [str(node.value) for node in nodes if isinstance(node, ast.Constant) and _is_text(node)]
    return any(map(_DDL.search, texts)) or (any(map(_WANTED.search, texts)) and any(map(_QUERY.search, texts)))


def _may_name(text: str) -> bool:
    return _QUERY.search(text) is not None and _WANTED.search(text) is not None


def _is_text(node: ast.AST) -> bool:
    if isinstance(node, (ast.JoinedStr, ast.BinOp)):
        return True
    return isinstance(node, ast.Constant) and isinstance(node.value, (str, bytes))


def _helpers(values: Values, calls: list[SqlCall], outside: tuple[Helper, ...]) -> Iterator[Helper]:
    """Yield what at the top of the module hands a parameter, or each of its items, to a database.

    Functions, methods under the name of their class, and names for a ``partial``.
    """
    path, callees = values.source.path, Callees(values)
    own: dict[str, Helper] = {}
    for sink in calls:
        name, function = passed_name(sink.argument), values.function(sink.call)
        if name is not None and isinstance(function, _PLAIN):
            own.update((h.name, h) for h in _helper(name, function, values))
    yield from own.values()
    names = {h.name: h for h in outside if h.each}
    for call in values.nodes.of(ast.Call):
        helper = names.get(dotted_name(call.func)) if isinstance(call, ast.Call) else None
        function = values.function(call)
        argument = given(call, helper) if helper is not None and isinstance(call, ast.Call) else None
        if isinstance(argument, ast.Name) and isinstance(function, _PLAIN):
            parameters = parameter_names(function)
            if argument.id in parameters:
                yield Helper(function.name, parameters.index(argument.id), argument.id, True, path)
    yield from _partial(values, callees, {**{h.name: h for h in outside}, **own})


def _templates(values: Values, calls: list[SqlCall]) -> Iterator[OwnSql]:
    """Yield the attributes of ``self`` that methods run."""
    for sink in calls:
        around, root = values.class_around(sink.call), root_of(sink.argument)
        if around is None or sink.wrapper:
            continue
        at, each = expression_span(sink.call, values.source).start, False
        if isinstance(root, ast.Name):
            bound = values.bindings(root.id, values.function(sink.call), sink.call)
            each = len(bound) == 1 and bound[0].element and bound[0].position is None
            root = root_of(bound[0].value) if len(bound) == 1 else root
        if isinstance(root, ast.Attribute) and isinstance(root.value, ast.Name) and root.value.id in ("self", "cls"):
            yield OwnSql(around.name, root.attr, each, at)


def _partial(values: Values, callees: Callees, helpers: Mapping[str, Helper]) -> Iterator[Helper]:
    """Yield the names of the module for a helper that has some of its parameters already."""
    for node in values.nodes.of(ast.Assign):
        target = node.targets[0] if isinstance(node, ast.Assign) and len(node.targets) == 1 else None
        if not isinstance(target, ast.Name) or values.function(node) is not None or not isinstance(node, ast.Assign):
            continue
        call = ast.copy_location(ast.Call(node.value, [], []), node.value)
        made = callees.written_out(call)
        helper = helpers.get(dotted_name(made.func)) if made is not call else None
        if helper is not None and helper.position >= len(made.args):
            yield replace(helper, name=target.id, position=helper.position - len(made.args))


def _helper(name: str, function: ast.FunctionDef | ast.AsyncFunctionDef, values: Values) -> Iterator[Helper]:
    parameters, path = parameter_names(function), values.source.path
    owner = values.parents[function]
    known = function.name
    if isinstance(owner, ast.ClassDef):
        known = f"{owner.name}.{function.name}"
        bare = any(dotted_name(d) == "staticmethod" for d in function.decorator_list)
        parameters = parameters if bare else parameters[1:]
    if name in parameters:
        if not rebound(name, function, values):
            yield Helper(known, parameters.index(name), name, False, path)
        return
    for binding in values.bindings(name, function):
        items = binding.value
        if binding.element and binding.position is None and isinstance(items, ast.Name) and items.id in parameters:
            yield Helper(known, parameters.index(items.id), items.id, True, path)
