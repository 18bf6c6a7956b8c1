"""Reading a guarded block: what it assigns, calls and holds, in the order of its lines."""

from __future__ import annotations

import ast
from collections.abc import Container, Iterator, Sequence
from typing import NamedTuple

from msgspec import Struct, field

from sqla_guard.core.source import SourceFile
from sqla_guard.facts.lazy import GlobalSet
from sqla_guard.facts.values import Literal, Unknown, Value
from sqla_guard.read.python.lazy_tests import Places, read_condition
from sqla_guard.read.python.lazy_trees import SCOPES, WITHS, below, blocks, has_await, text_of
from sqla_guard.read.python.lazy_values import LocalValues
from sqla_guard.read.python.lock_words import is_lock_expression, makes_lock
from sqla_guard.read.python.parse import span_of


class Words(NamedTuple):
    """Words of a function's text without which its tree need not be looked through for what they stand for.

    Attributes:
        acquires: Whether it may take or give back a lock by a call.
        awaits: Whether it may be suspended.
        binds: Whether it may bind names in expressions.
        yields: Whether it may yield.
    """

    acquires: bool
    awaits: bool
    binds: bool
    yields: bool

    @classmethod
    def of(cls, text: str) -> Words:
        """Return those of ``text``."""
        return cls(
            "acquire" in text or "release" in text, "await" in text or "async" in text, ":=" in text, "yield" in text
        )


class Locks(Struct, frozen=True):
    """How a function's locks are told: names known as guards, and names of locks made in the function."""

    known: Container[str]
    own: frozenset[str]
    words: Words

    def held(self, expression: str) -> str | None:
        """Return ``expression`` if entering it takes a lock that others can hold too."""
        if makes_lock(expression) or expression.strip() in self.own:
            return None
        return expression if is_lock_expression(expression, self.known) else None

    def entered(self, node: ast.stmt, source: SourceFile) -> str | None:
        """Return the lock that a ``with`` statement takes."""
        items = node.items if isinstance(node, WITHS) else ()
        return next((h for i in items if (h := self.held(text_of(source, i.context_expr)))), None)

    def after(self, node: ast.stmt, lock: str | None, source: SourceFile) -> str | None:
        """Return the lock held from ``node`` on, given ``X.acquire()`` and ``X.release()`` as statements."""
        if not self.words.acquires:
            return lock
        header: ast.AST = node.test if isinstance(node, ast.If) else node
        if isinstance(node, _COMPOUND) and header is node:
            return lock
        for call in below(header, nested=False):
            match call:
                case ast.Call(func=ast.Attribute(value=owner, attr="acquire")):
                    lock = self.held(text_of(source, owner)) or lock
                case ast.Call(func=ast.Attribute(value=owner, attr="release")) if text_of(source, owner) == lock:
                    lock = None
        return lock


_TRIES = tuple(getattr(ast, name) for name in ("Try", "TryStar") if hasattr(ast, name))
_COMPOUND = (*SCOPES, *WITHS, *_TRIES, ast.If, ast.For, ast.AsyncFor, ast.While, ast.Match)


class BlockReader(Struct):
    """Collects the assignments of a block; one use each."""

    source: SourceFile
    places: Places
    values: LocalValues
    locks: Locks
    sets: list[GlobalSet] = field(default_factory=list)
    awaited: bool = False
    inside: bool = False
    late: bool = False
    again: frozenset[str] = frozenset()
    awake: frozenset[str] = frozenset()  # tested since the last suspension

    def read(self, body: Sequence[ast.stmt], lock: str | None, direct: bool = True) -> None:
        """Read ``body``, where ``lock`` is held; ``direct`` for the guarded block itself."""
        for node in body:
            held, lock = lock, self.locks.after(node, lock, self.source)
            if lock != held:
                self.again = frozenset()
            if not isinstance(node, _COMPOUND):
                self._simple(node, lock, direct)
            elif not isinstance(node, SCOPES):
                self._compound(node, lock)

    def _compound(self, node: ast.stmt, lock: str | None) -> None:
        for header in _headers(node):
            self._expressions(header, lock, node)
        again = self.again
        if isinstance(node, WITHS):
            taken = self.locks.entered(node, self.source)
            lock, self.again = taken or lock, frozenset() if taken else again
        elif isinstance(node, ast.If):
            self._tested(node.test)
        elif isinstance(node, (ast.For, ast.AsyncFor)):
            self._target(node.target, node, None, lock, direct=False)
        if isinstance(node, (ast.AsyncFor, ast.AsyncWith)):
            self._suspended(lock)
        for block in blocks(node):
            self.read(block, lock, direct=False)
        if isinstance(node, WITHS):
            self.again = again

    def _tested(self, test: ast.expr) -> None:
        asked = (read_condition(test, truth, self.places) for truth in (True, False))
        keys = frozenset(key for condition in asked for key in condition.empty)
        self.again |= keys
        self.awake |= keys

    def _suspended(self, lock: str | None) -> None:
        self.awaited, self.awake = True, frozenset()
        self.inside |= lock is not None
        self.late |= any(not s.empty for s in self.sets)

    def _simple(self, node: ast.stmt, lock: str | None, direct: bool) -> None:
        self._expressions(node, lock, node)
        match node:
            case ast.Assign(targets=targets, value=value):
                for target in targets:
                    self._target(target, node, value, lock, direct, plain=len(targets) == 1)
            case ast.AnnAssign(target=target, value=ast.expr() as value):
                self._target(target, node, value, lock, direct)
            case ast.Import(names=names) | ast.ImportFrom(names=names):
                for alias in names:
                    self._imported((alias.asname or alias.name).partition(".")[0], node, lock)
            case ast.Delete(targets=targets):
                for target in targets:
                    self._target(target, node, None, lock, direct=False, plain=False)
            case ast.Expr(value=ast.Call(func=ast.Name("setattr"), args=[owner, ast.Constant(value=str(name)), value])):
                key = self.places.slots.attribute(owner, name)
                if key is not None:
                    self._note(key, None, node, value, lock, direct=False)

    def _target(
        self,
        target: ast.expr,
        node: ast.stmt,
        value: ast.expr | None,
        lock: str | None,
        direct: bool,
        plain: bool = True,
    ) -> None:
        match target:
            case ast.Tuple(elts=elements) | ast.List(elts=elements):
                parts = value.elts if isinstance(value, (ast.Tuple, ast.List)) else ()
                for position, element in enumerate(elements):
                    part = parts[position] if len(parts) == len(elements) else value
                    self._target(element, node, part, lock, direct, plain=False)
            case ast.Starred(value=inner):
                self._target(inner, node, value, lock, direct, plain)
            case ast.Name() | ast.Attribute() | ast.Subscript():
                key = self.places.slots.of(target)
                if key is not None:
                    self._note(key, target if plain else None, node, value, lock, direct)

    def _note(
        self,
        key: str,
        target: ast.expr | None,
        node: ast.stmt,
        value: ast.expr | None,
        lock: str | None,
        direct: bool,
    ) -> None:
        deleted = isinstance(node, ast.Delete)
        assigns = isinstance(node, (ast.Assign, ast.AnnAssign))
        self.sets.append(
            GlobalSet(
                key,
                span_of(self.source, node),
                span_of(self.source, target) if target is not None and assigns else None,
                Literal(None) if deleted else self.value(value),
                span_of(self.source, value or node),
                deleted or (value is not None and _is_empty(value)),
                direct,
                lock,
                (self.awaited and key not in self.awake) or (value is not None and self._awaits(value)),
                key in self.again,
            )
        )

    def value(self, node: ast.expr | None) -> Value:
        """Return the value of an expression as facts speak of it."""
        if node is None:
            return Unknown("loop variable")
        try:
            return self.values.value(node)
        except RecursionError:
            return Unknown("nested too deeply")

    def _imported(self, name: str, node: ast.stmt, lock: str | None) -> None:
        if name in self.places.slots.declared:
            span = span_of(self.source, node)
            self.sets.append(GlobalSet(name, span, None, Unknown("import"), span, lock=lock))

    def _expressions(self, header: ast.AST, lock: str | None, node: ast.stmt) -> None:
        for walrus in below(header, nested=False) if self.locks.words.binds else ():
            if isinstance(walrus, ast.NamedExpr) and walrus.target.id in self.places.slots.declared:
                self._note(walrus.target.id, None, node, walrus.value, lock, direct=False)
        if self._awaits(header):
            self._suspended(lock)

    def _awaits(self, node: ast.AST) -> bool:
        return self.locks.words.awaits and has_await(node)


def _is_empty(node: ast.expr) -> bool:
    """Tell whether an expression is ``None``, ``False``, zero or an empty string."""
    if not isinstance(node, ast.Constant):
        return False
    value = node.value
    return value is None or (isinstance(value, (bool, int, float, str)) and not value)


def _headers(node: ast.stmt) -> Iterator[ast.expr]:
    """Yield the expressions of a compound statement that are evaluated before its blocks."""
    for name in ("test", "iter", "subject"):
        value = getattr(node, name, None)
        if value is not None:
            yield value
    if isinstance(node, WITHS):
        yield from (item.context_expr for item in node.items)
