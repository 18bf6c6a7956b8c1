"""Scopes of names while code is followed: what is bound where, and what it holds at a point."""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Iterator
from functools import cache
from typing import Literal

from msgspec import Struct, field

from sqla_guard.facts.values import Name, Unknown, Value, either
from sqla_guard.read.python.growth import Growth
from sqla_guard.read.python.nodes import children

FunctionNode = ast.FunctionDef | ast.AsyncFunctionDef
FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
_COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)

# Statements that bind names which stand in no expression.
_NAMING = frozenset((*FUNCTIONS, ast.ClassDef, ast.Import, ast.ImportFrom, ast.Global, ast.Nonlocal))
_BLOCKS = frozenset({"body", "orelse", "finalbody"})
# Where a statement binds names without a walrus.
_BINDING = frozenset({"target", "targets", "items", "handlers", "cases"})

State = dict[str, Value]


class Bound(Struct):
    """The names that a block of code binds in its own scope.

    Attributes:
        counts: How often each name is bound.
        globals: Names declared ``global``.
        nonlocals: Names declared ``nonlocal``.
        imported: Names bound by imports.
    """

    counts: Counter[str] = field(default_factory=Counter)
    globals: set[str] = field(default_factory=set)
    nonlocals: set[str] = field(default_factory=set)
    imported: set[str] = field(default_factory=set)


def bound_in(body: list[ast.stmt], has_walruses: bool = True) -> Bound:
    """Return the names that ``body`` binds; nested functions, classes and lambdas have their own."""
    bound = Bound()
    found: list[str] = []
    pending = list(body)
    while pending:
        node = pending.pop()
        if node.__class__ not in _NAMING:
            found += _bound_by(node, has_walruses)
            pending += _inner_statements(node)
            continue
        match node:
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
                found.append(name)
            case ast.Import(names=aliases) | ast.ImportFrom(names=aliases):
                names = [a.asname or a.name.partition(".")[0] for a in aliases]
                bound.imported.update(names)
                found += names
            case ast.Global(names=names):
                bound.globals.update(names)
            case ast.Nonlocal(names=names):
                bound.nonlocals.update(names)
    bound.counts.update(found)
    return bound


def _inner_statements(node: ast.stmt) -> Iterator[ast.stmt]:
    for name in _inner(node._fields):
        for part in getattr(node, name):
            yield from (part,) if name in _BLOCKS else part.body


@cache
def _inner(fields: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(n for n in fields if n in _BLOCKS or n in ("handlers", "cases"))


def _bound_by(node: ast.stmt, has_walruses: bool) -> Iterator[str]:
    """Yield the names that a statement binds itself, in targets, walruses, handlers and patterns."""
    for name in _binding(node._fields, has_walruses):
        value = getattr(node, name)
        if name == "handlers":
            yield from (h.name for h in value if h.name)
            continue
        for part in value if isinstance(value, list) else (value,):
            if part.__class__ is ast.Name:
                if not isinstance(part.ctx, ast.Load):
                    yield part.id
            elif isinstance(part, ast.AST):
                yield from _bound_in_expression(part)


@cache
def _binding(fields: tuple[str, ...], has_walruses: bool) -> tuple[str, ...]:
    return tuple(n for n in fields if n not in _BLOCKS and (has_walruses or n in _BINDING))


def _bound_in_expression(root: ast.AST) -> Iterator[str]:
    pending: list[tuple[ast.AST, bool]] = [(root, False)]
    while pending:
        node, in_comprehension = pending.pop()
        match node:
            case ast.Name(id=name, ctx=ast.Store() | ast.Del()):
                if not in_comprehension:
                    yield name
                continue
            case ast.Name() | ast.Constant() | ast.Lambda():
                continue
            case ast.NamedExpr(target=ast.Name(id=name), value=value):
                # A walrus is the one thing that leaves its comprehension.
                yield name
                pending.append((value, in_comprehension))
                continue
            case ast.match_case():
                yield from _captured(node.pattern)
                pending.extend([(node.guard, False)] if node.guard else [])
                continue
        inside = in_comprehension or isinstance(node, _COMPREHENSIONS)
        pending += [(child, inside) for child in children(node)]


def _captured(pattern: ast.pattern) -> Iterator[str]:
    for node in ast.walk(pattern):
        match node:
            case ast.MatchAs(name=str(name)) | ast.MatchStar(name=str(name)):
                yield name
            case ast.MatchMapping(rest=str(name)):
                yield name


def followed_in_order(tree: ast.Module) -> frozenset[str]:
    """Return the module's names that have no single definition and are therefore followed in order.

    A name that is bound once, by an import, a definition or a plain assignment, stays a name: it can be looked up.
    """
    bound = bound_in(tree.body)
    plain = set()
    for node in tree.body:
        match node:
            case ast.Assign(targets=[ast.Name(id=name)]):
                plain.add(name)
            case ast.AnnAssign(target=ast.Name(id=name)):
                plain.add(name)
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
                plain.add(name)
    return frozenset(
        name for name, count in bound.counts.items() if name not in bound.imported and (count > 1 or name not in plain)
    )


def nonlocals_inside(node: FunctionNode) -> set[str]:
    """Return the names that functions inside ``node`` declare ``nonlocal``."""
    return {
        name
        for inner in ast.walk(node)
        if isinstance(inner, FUNCTIONS) and inner is not node
        for statement in ast.walk(inner)
        if isinstance(statement, ast.Nonlocal)
        for name in statement.names
    }


def parameters(arguments: ast.arguments) -> list[ast.arg]:
    """Return all parameters in order, starred ones included."""
    found = [
        *arguments.posonlyargs,
        *arguments.args,
        arguments.vararg,
        *arguments.kwonlyargs,
        arguments.kwarg,
    ]
    return [p for p in found if p is not None]


class Scope(Struct):
    """One module, class body, function or lambda.

    Attributes:
        kind: Which of these; a lambda is a function.
        qualname: Dotted name; empty for the module; a lambda has that of the scope around it.
        parent: The scope around it.
        node: The code, to look further names up in.
        locals: Names that belong to this scope. In a module, only those that are followed in order;
            all others are the module's names and stay as such.
        globals: Names declared ``global``.
        shared: Names that inner functions rebind with ``nonlocal``, so that their value is anybody's guess.
        captured: Names of comprehensions around a lambda.
        state: What each local holds now; ``None`` after a ``return`` and the like.
        ever: All that a name was ever bound to, for closures.
        overlays: Comprehension variables and narrowed names of the expression being read.
    """

    kind: Literal["module", "class", "function"]
    qualname: str
    parent: Scope | None
    node: ast.AST
    locals: frozenset[str] = frozenset()
    globals: frozenset[str] = frozenset()
    shared: frozenset[str] = frozenset()
    captured: State = field(default_factory=dict)
    state: State | None = field(default_factory=dict)
    ever: dict[str, list[Value]] = field(default_factory=dict)
    overlays: list[State] = field(default_factory=list)

    def lookup(self, name: str) -> Value:
        """Return what ``name`` holds at this point."""
        for overlay in reversed(self.overlays):
            if name in overlay:
                return overlay[name]
        if name in self.globals:
            return Name(name)
        if name in self.locals or (self.kind == "class" and name in (self.state or {})):
            return self._local(name)
        if name in self.captured:
            return self.captured[name]
        return self.parent.seen_from_inside(name) if self.parent else Name(name)

    def _local(self, name: str) -> Value:
        if name in self.shared:
            return Unknown(f"`{name}` is rebound by an inner function")
        value = (self.state or {}).get(name)
        if value is not None:
            return value
        if self.kind == "function":
            # Never the module's name: Python would raise UnboundLocalError here.
            return Unknown(f"`{name}` has no value yet")
        return self.parent.seen_from_inside(name) if self.parent else Name(name)

    def seen_from_inside(self, name: str) -> Value:
        """Return what ``name`` may hold in a function inside this scope, whenever that runs."""
        if self.kind == "module" or name in self.globals:
            return Name(name)
        if self.kind == "function":
            if name in self.shared:
                return Unknown(f"`{name}` is rebound by an inner function")
            if name in self.locals:
                values = self.ever.get(name)
                return either(values) if values else Unknown(f"`{name}` has no value yet")
            if name in self.captured:
                return self.captured[name]
        return self.parent.seen_from_inside(name) if self.parent else Name(name)

    def visible_overlay(self) -> State:
        """Return the comprehension variables in sight, for a lambda that is read later."""
        merged: State = dict(self.captured)
        for overlay in self.overlays:
            merged.update(overlay)
        return merged


def join(states: list[State | None], growth: Growth) -> State | None:
    """Return the state where several ways through the code meet; ``None`` if none arrives."""
    arriving = [s for s in states if s is not None]
    if not arriving:
        return None
    merged = dict(arriving[0])
    for state in arriving[1:]:
        for name, value in state.items():
            known = merged.get(name)
            if known is None:
                merged[name] = value
            elif known is not value:
                merged[name] = growth.either(known, value)
    return merged
