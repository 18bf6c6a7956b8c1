"""What of other modules a module runs as SQL, or keeps under names of its own."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator

from msgspec import Struct
from msgspec.structs import replace

from sqla_guard.facts.passed_on import ROOT, Helper, Outside
from sqla_guard.read.python.literals import expression_span
from sqla_guard.read.python.nodes import Nodes
from sqla_guard.read.python.sql_bindings import Binding, bound_by
from sqla_guard.read.python.sql_calls import SqlCall, given
from sqla_guard.read.python.sql_names import called_name, dotted_name, parameter_names
from sqla_guard.read.python.sql_values import Values
from sqla_guard.read.python.sql_ways import Ways

_DISPLAYS = (ast.List, ast.Tuple, ast.Set)
_BINDERS = (ast.Assign, ast.AnnAssign, ast.AugAssign, ast.Call)
_PLAIN = (ast.FunctionDef, ast.AsyncFunctionDef)
# Calls that give back what they were given, or its items.
_TRANSPARENT = frozenset(
    ("text", "DDL", "SQL", "str", "dedent", "cleandoc", "list", "tuple", "sorted", "reversed", "iter", "enumerate")
)
_METHODS = frozenset(
    ("format", "strip", "lstrip", "rstrip", "replace", "items", "values", "split", "splitlines", "bindparams")
)
# All of what another module keeps, given to a database as it is.
_WHOLE = re.compile(rf"(?:(?:\w+\.)*(?:text|DDL)\()?{ROOT}\)?")
_DEEPEST = 6


class _Found(Struct, frozen=True):
    chain: tuple[str, ...]
    form: str
    each: bool
    position: int | None


class Outsides:
    """Finds what of other modules a module runs or keeps."""

    def __init__(self, values: Values) -> None:
        self._values = values
        self._path = values.source.path
        self._names, self._star = imported_names(values.nodes)
        self._ways = Ways(values)

    def run(self, calls: Iterable[SqlCall]) -> Iterator[Outside]:
        """Yield what the module gives to a database."""
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
                owner = owner_of(node, self._values) or name
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
                whole = way.site is None and not f.each and _WHOLE.fullmatch(f.form) is not None
                written = ".".join(f.chain) if whole else ""
                undoes = way.down or down
                asks = self._asks(call)
                yield Outside(f.chain, f.form, f.each, f.position, self._path, at, undoes, asks, unsure, written)

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
        root = root_of(node)
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


def root_of(node: ast.expr) -> ast.expr:
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


def owner_of(node: ast.AST, values: Values) -> str | None:
    """Return the class at the top of the module whose body binds something at ``node``."""
    name = None
    current = values.parents.get(node)
    while current is not None:
        name = current.name if isinstance(current, ast.ClassDef) else name
        current = values.parents.get(current)
    return name


def imported_names(nodes: Nodes) -> tuple[set[str], bool]:
    """Return the names that imports bind, and whether one of them is a star."""
    names: set[str] = set()
    for node in nodes.of(ast.Import, ast.ImportFrom):
        if isinstance(node, (ast.Import, ast.ImportFrom)):
            whole = isinstance(node, ast.Import)
            names |= {a.asname or (a.name.partition(".")[0] if whole else a.name) for a in node.names}
    return names - {"*"}, "*" in names
