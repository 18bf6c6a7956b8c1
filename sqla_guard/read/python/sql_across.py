"""SQL between modules: what a module runs for others, what it has others run, what it keeps for them."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from sqla_guard.core.source import SourceFile, Span
from sqla_guard.facts.operations import (
    AddColumn,
    Carrier,
    CreateTable,
    SqlFact,
)
from sqla_guard.facts.passed_on import ROOT, Helper, Outside, OwnSql, PassedOn
from sqla_guard.facts.reserved_words import RESERVED
from sqla_guard.read.python.literals import Mapped, expression_span
from sqla_guard.read.python.nodes import Nodes, nodes_of
from sqla_guard.read.python.sql_bindings import Binding, bound_by
from sqla_guard.read.python.sql_callees import Callees
from sqla_guard.read.python.sql_calls import SqlCall, find_sql_calls, given, passed_name, rebound
from sqla_guard.read.python.sql_names import called_name, dotted_name, parameter_names
from sqla_guard.read.python.sql_values import Values
from sqla_guard.read.python.sql_ways import Ways
from sqla_guard.read.sql import moved, read_sql
from sqla_guard.read.sql.dialect import Dialect

_DDL = re.compile(r"\b(?:create|alter|drop|rename)\s[^;]{0,60}?\b(?:table|view)\b|\bsp_rename\b", re.IGNORECASE)
# A query or a data change matters where it names a column of interest.
_QUERY = re.compile(
    r"\b(?:insert\s+(?:\w+\s+)?into|update|delete\s+from|select|merge\s+into|replace\s+into|copy)\s", re.IGNORECASE
)
_WANTED = re.compile(r"\b(?:" + "|".join(sorted(RESERVED)) + r")\b", re.IGNORECASE)
_PLAIN = (ast.FunctionDef, ast.AsyncFunctionDef)
_BINDERS = (ast.Assign, ast.AnnAssign, ast.AugAssign, ast.Call)
_DISPLAYS = (ast.List, ast.Tuple, ast.Set)
# Calls that give back what they were given, or its items.
_TRANSPARENT = frozenset(
    ("text", "DDL", "SQL", "str", "dedent", "cleandoc", "list", "tuple", "sorted", "reversed", "iter", "enumerate")
)
_METHODS = frozenset(
    ("format", "strip", "lstrip", "rstrip", "replace", "items", "values", "split", "splitlines", "bindparams")
)
_MODULE_LEVEL = (ast.Module, ast.If, ast.Try, ast.With)
_DEEPEST = 6


def read_called(source: SourceFile) -> tuple[str, ...]:
    """Return the dotted names of imported functions that a file calls with something that may be SQL.

    A method of an object has the object's class in front, with brackets: ``app.Runner().run``.

    Raises:
        UnparsableFile: The file is no Python.
    """
    values = Values(source, nodes_of(source))
    callees = Callees(values)
    imported, star = _imported(values.nodes)
    found: dict[str, None] = {}
    for call in values.nodes.of(ast.Call):
        assert isinstance(call, ast.Call)
        call = callees.written_out(call)
        given_to = [*call.args, *(k.value for k in call.keywords)]
        if not any(isinstance(a, (ast.Name, ast.Attribute, *_DISPLAYS)) or _is_text(a) for a in given_to):
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
    nodes = nodes_of(source)
    imported, star = _imported(nodes)
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
    values = Values(source, nodes)
    held: list[tuple[str, ast.AST]] = []
    for node in nodes.of(*_BINDERS):
        if values.function(node) is None:
            held += [(_owner(node, values) or name, binding.value) for name, binding, _ in bound_by(node)]
    for node in nodes.of(*_PLAIN):
        if isinstance(nodes.parents[node], _MODULE_LEVEL) and isinstance(node, _PLAIN):
            held += [(node.name, part) for part in ast.walk(node) if isinstance(part, ast.Return)]
            local = [part for part in ast.walk(node) if isinstance(part, ast.Assign)]
            held += [(node.name, part.value) for part in local]
    found: dict[str, None] = {}
    for _ in range(_DEEPEST):
        known = len(found)
        found.update((name, None) for name, value in held if _holds_sql(value, found))
        if len(found) == known:
            break
    return tuple(found)


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
    reader = _Outsides(values)
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


def _owner(node: ast.AST, values: Values) -> str | None:
    """Return the class at the top of the module whose body binds something at ``node``."""
    name = None
    current = values.parents.get(node)
    while current is not None:
        name = current.name if isinstance(current, ast.ClassDef) else name
        current = values.parents.get(current)
    return name


def _holds_sql(value: ast.AST, names: Iterable[str]) -> bool:
    for part in ast.walk(value):
        if isinstance(part, ast.Name) and part.id in names:
            return True
        if _is_text(part) and isinstance(part, ast.Constant) and _DDL.search(str(part.value)):
            return True
    texts = [str(part.value) for part in ast.walk(value) if _is_text(part) and isinstance(part, ast.Constant)]
    return any(map(_QUERY.search, texts)) and any(map(_WANTED.search, texts))


def _may_name(text: str) -> bool:
    return _QUERY.search(text) is not None and _WANTED.search(text) is not None


def _is_text(node: ast.AST) -> bool:
    if isinstance(node, (ast.JoinedStr, ast.BinOp)):
        return True
    return isinstance(node, ast.Constant) and isinstance(node.value, (str, bytes))


def _imported(nodes: Nodes) -> tuple[set[str], bool]:
    """Return the names that imports bind, and whether one of them is a star."""
    names: set[str] = set()
    for node in nodes.of(ast.Import, ast.ImportFrom):
        if isinstance(node, (ast.Import, ast.ImportFrom)):
            whole = isinstance(node, ast.Import)
            names |= {a.asname or (a.name.partition(".")[0] if whole else a.name) for a in node.names}
    return names - {"*"}, "*" in names


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
        around, root = values.class_around(sink.call), _root(sink.argument)
        if around is None or sink.wrapper:
            continue
        at, each = expression_span(sink.call, values.source).start, False
        if isinstance(root, ast.Name):
            bound = values.bindings(root.id, values.function(sink.call), sink.call)
            each = len(bound) == 1 and bound[0].element and bound[0].position is None
            root = _root(bound[0].value) if len(bound) == 1 else root
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


@dataclass(frozen=True)
class _Found:
    chain: tuple[str, ...]
    form: str
    each: bool
    position: int | None


class _Outsides:
    """Finds what of other modules a module runs or keeps."""

    def __init__(self, values: Values) -> None:
        self._values = values
        self._path = values.source.path
        self._names, self._star = _imported(values.nodes)
        self._ways = Ways(values)

    def run(self, calls: Iterable[SqlCall]) -> Iterator[Outside]:
        for sink in calls:
            yield from self._at(sink.call, sink.argument, False, sink.down)

    def given(self, helpers: Iterable[Helper]) -> Iterator[Outside]:
        """Yield the lists that the module gives to functions which run each item."""
        each = {h.name: h for h in helpers if h.each}
        for call in self._values.nodes.of(ast.Call) if each else ():
            helper = each.get(dotted_name(call.func)) if isinstance(call, ast.Call) else None
            argument = given(call, helper) if helper is not None and isinstance(call, ast.Call) else None
            if argument is not None and isinstance(call, ast.Call):
                yield from self._at(call, argument, True, False)

    def held(self) -> Iterator[Outside]:
        """Yield what the module keeps under names of its own."""
        for node in self._values.nodes.of(*_BINDERS):
            if self._values.function(node) is not None:
                continue
            for name, binding, _ in bound_by(node):
                owner = _owner(node, self._values) or name
                value = binding.value
                for part in value.values if isinstance(value, ast.Dict) else [value]:
                    for found in self._in(part, None, isinstance(part, _DISPLAYS), 0):
                        yield Outside(found.chain, found.form, found.each, found.position, self._path, holder=owner)

    def _at(self, call: ast.Call, argument: ast.expr, each: bool, down: bool) -> Iterator[Outside]:
        function = self._values.function(call)
        found = list(self._in(argument, function, each, 0))
        if not found:
            return
        used = {n.id for n in ast.walk(argument) if isinstance(n, ast.Name)}
        for way in self._ways.to(call, used):
            site = way.site if way.site is not None else self._values.statement(call)
            at = expression_span(site, self._values.source).start
            unsure = self._ways.is_conditional(call, way)
            for f in found:
                yield Outside(
                    f.chain, f.form, f.each, f.position, self._path, at, way.down or down, self._asks(call), unsure
                )

    def _asks(self, node: ast.AST) -> bool:
        current: ast.AST | None = node
        while current is not None and not isinstance(current, _PLAIN):
            if isinstance(current, ast.If):
                return True
            current = self._values.parents.get(current)
        return False

    def _in(self, node: ast.expr, function: ast.AST | None, each: bool, depth: int) -> Iterator[_Found]:
        """Yield what ``node``, or each of its items, takes from other modules."""
        if depth > _DEEPEST:
            return
        if isinstance(node, ast.IfExp):
            for part in (node.body, node.orelse):
                yield from self._in(part, function, each, depth + 1)
        elif each and isinstance(node, _DISPLAYS):
            for item in node.elts:
                inner = item.value if isinstance(item, ast.Starred) else item
                yield from self._in(inner, function, isinstance(item, ast.Starred), depth + 1)
        elif each and isinstance(node, ast.BinOp):
            for part in (node.left, node.right):
                yield from self._in(part, function, True, depth + 1)
        else:
            yield from self._at_root(node, function, each, depth)

    def _at_root(self, node: ast.expr, function: ast.AST | None, each: bool, depth: int) -> Iterator[_Found]:
        root = _root(node)
        chain = tuple(dotted_name(root).split("."))
        first = root
        while isinstance(first, ast.Attribute):
            first = first.value
        if not isinstance(first, ast.Name):
            return
        bound = self._values.bindings(first.id, function, first)
        if bound and len(chain) == 1:
            for binding in bound:
                yield from self._bound(binding, node, root, each, depth)
        elif not bound and self._is_imported(first.id, function):
            yield _Found(chain, ast.unparse(_with(ast.Name(ROOT, ast.Load()), node, root)), each, None)

    def _bound(self, binding: Binding, node: ast.expr, root: ast.expr, each: bool, depth: int) -> Iterator[_Found]:
        function = self._values.function(binding.statement) if binding.statement is not None else None
        if binding.element:
            if not each:
                for found in self._in(binding.value, function, True, depth + 1):
                    yield replace(found, position=binding.position)
            return
        for found in self._in(binding.value, function, each, depth + 1):
            if each == found.each:
                inner = ast.parse(found.form, mode="eval").body
                yield replace(found, form=ast.unparse(_with(inner, node, root)))
            else:
                yield found

    def _is_imported(self, name: str, function: ast.AST | None) -> bool:
        while function is not None:
            if name in parameter_names(function):
                return False
            function = self._values.function(function)
        return name in self._names or self._star


def _root(node: ast.expr) -> ast.expr:
    """Return the name with attributes that ``node`` makes something of."""
    while True:
        if isinstance(node, ast.Call):
            if isinstance(node.func, ast.Attribute) and node.func.attr in _METHODS:
                node = node.func.value
            elif called_name(node) in _TRANSPARENT and node.args:
                node = node.args[0]
            else:
                node = node.func
        elif isinstance(node, (ast.Subscript, ast.Await, ast.NamedExpr)):
            node = node.value
        elif isinstance(node, ast.BinOp):
            node = node.left
        else:
            return node


def _with(new: ast.expr, node: ast.expr, old: ast.expr) -> ast.expr:
    """Return ``node`` with ``new`` in place of ``old``, which stands in it."""

    def copy(part: object) -> object:
        if part is old:
            return new
        if isinstance(part, list):
            return [copy(item) for item in part]
        if not isinstance(part, ast.AST):
            return part
        return type(part)(**{name: copy(value) for name, value in ast.iter_fields(part)})

    made = copy(node)
    assert isinstance(made, ast.expr)
    return made
