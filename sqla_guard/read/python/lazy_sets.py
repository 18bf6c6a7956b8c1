"""Reading a guarded block: what it assigns, calls and holds, in the order of its lines."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import libcst as cst

from sqla_guard.core.source import Span
from sqla_guard.facts.lazy import GlobalSet
from sqla_guard.facts.values import Literal, Unknown, Value
from sqla_guard.read.python.lazy_tests import Places, read_condition
from sqla_guard.read.python.lazy_trees import below, code, has_await, root_name
from sqla_guard.read.python.lazy_values import LocalValues
from sqla_guard.read.python.lock_words import is_lock_expression, makes_lock
from sqla_guard.read.python.statements import Statement

AnyStatement = cst.BaseStatement | cst.BaseSmallStatement


@dataclass(frozen=True)
class Locks:
    """How a function's locks are told: names known as guards, and names of locks made in the function."""

    known: frozenset[str]
    own: frozenset[str]

    def held(self, expression: str) -> str | None:
        """Return ``expression`` if entering it takes a lock that others can hold too."""
        if makes_lock(expression) or expression.strip() in self.own:
            return None
        return expression if is_lock_expression(expression, self.known) else None


@dataclass
class BlockReader:
    """Collects the assignments of a block; one use each."""

    statement: Statement
    places: Places
    values: LocalValues
    locks: Locks
    sets: list[GlobalSet] = field(default_factory=list)
    awaited: bool = False
    inside: bool = False
    late: bool = False
    again: frozenset[str] = frozenset()
    awake: frozenset[str] = frozenset()  # tested since the last suspension

    def read(self, body: Sequence[AnyStatement], lock: str | None, direct: bool = True) -> None:
        """Read ``body``, where ``lock`` is held; ``direct`` for the guarded block itself."""
        for node in body:
            held, lock = lock, after_acquire(node, lock, self.locks)
            if lock != held:
                self.again = frozenset()
            self._node(node, lock, direct)

    def text(self, node: cst.CSTNode) -> str:
        """Return ``node`` as written, without parentheses around it."""
        span = self.statement.span(node)
        return self.statement.source.text[span.start : span.end]

    def _node(self, node: AnyStatement, lock: str | None, direct: bool) -> None:
        if isinstance(node, cst.SimpleStatementLine):
            for small in node.body:
                self._small(small, lock, direct)
        elif isinstance(node, cst.BaseSmallStatement):
            self._small(node, lock, direct)
        elif not isinstance(node, (cst.FunctionDef, cst.ClassDef)):
            self._compound(node, lock)

    def _compound(self, node: AnyStatement, lock: str | None) -> None:
        for header in headers(node):
            self._expressions(header, lock, node)
        again = self.again
        if isinstance(node, cst.With):
            taken = next((h for i in node.items if (h := self.locks.held(self.text(i.item)))), None)
            lock, self.again = taken or lock, frozenset() if taken else again
        elif isinstance(node, cst.If):
            self._tested(node.test)
        elif isinstance(node, cst.For):
            self._target(node.target, node, None, lock, direct=False)
        if getattr(node, "asynchronous", None) is not None:
            self._suspended(lock)
        for block in blocks(node):
            self.read(block, lock, direct=False)
        if isinstance(node, cst.With):
            self.again = again

    def _tested(self, test: cst.BaseExpression) -> None:
        asked = (read_condition(test, truth, self.places) for truth in (True, False))
        keys = frozenset(key for condition in asked for key in condition.empty)
        self.again |= keys
        self.awake |= keys

    def _suspended(self, lock: str | None) -> None:
        self.awaited, self.awake = True, frozenset()
        self.inside |= lock is not None
        self.late |= any(not s.empty for s in self.sets)

    def _small(self, node: cst.BaseSmallStatement, lock: str | None, direct: bool) -> None:
        self._expressions(node, lock, node)
        if isinstance(node, cst.Assign):
            for target in node.targets:
                self._target(target.target, node, node.value, lock, direct, plain=len(node.targets) == 1)
        elif isinstance(node, cst.AnnAssign) and node.value is not None:
            self._target(node.target, node, node.value, lock, direct)
        elif isinstance(node, (cst.Import, cst.ImportFrom)) and not isinstance(node.names, cst.ImportStar):
            for alias in node.names:
                self._imported(alias, node, lock)
        elif isinstance(node, cst.Del):
            self._target(node.target, node, cst.Name("None"), lock, direct=False)
        elif isinstance(node, cst.Expr) and isinstance(node.value, cst.Call):
            self._setattr(node.value, node, lock)

    def _target(
        self,
        target: cst.BaseExpression,
        node: cst.CSTNode,
        value: cst.BaseExpression | None,
        lock: str | None,
        direct: bool,
        plain: bool = True,
    ) -> None:
        if isinstance(target, (cst.Tuple, cst.List)):
            parts = value.elements if isinstance(value, (cst.Tuple, cst.List)) else ()
            for position, element in enumerate(target.elements):
                part: cst.BaseExpression | None = value
                if len(parts) == len(target.elements):
                    part = parts[position].value
                self._target(element.value, node, part, lock, direct, plain=False)
        elif isinstance(target, (cst.Name, cst.Attribute, cst.Subscript)):
            key = self.places.slots.key(code(target.with_changes(lpar=(), rpar=())))
            if key is not None:
                self._note(key, target, node, value, lock, direct, plain)

    def _setattr(self, call: cst.Call, node: cst.CSTNode, lock: str | None) -> None:
        """``setattr(cls, "x", value)``."""
        match call:
            case cst.Call(
                func=cst.Name("setattr"),
                args=[cst.Arg(value=owner), cst.Arg(value=cst.SimpleString() as name), cst.Arg(value=value)],
            ):
                key = self.places.slots.key(f"{code(owner)}.{name.raw_value}")
                if key is not None:
                    self._note(key, call, node, value, lock, direct=False, plain=False)

    def _note(  # noqa: PLR0913 - one word each of what is noted
        self,
        key: str,
        target: cst.BaseExpression,
        node: cst.CSTNode,
        value: cst.BaseExpression | None,
        lock: str | None,
        direct: bool,
        plain: bool,
    ) -> None:
        generated = value is not None and isinstance(node, cst.Del)
        self.sets.append(
            GlobalSet(
                key,
                self.statement.span(node),
                self.statement.span(target) if plain and isinstance(node, (cst.Assign, cst.AnnAssign)) else None,
                Literal(None) if generated else self.value(value),
                self.statement.span(node if value is None or generated else value),
                value is not None and is_empty(value),
                direct,
                lock,
                (self.awaited and key not in self.awake) or (value is not None and not generated and has_await(value)),
                key in self.again,
            )
        )

    def value(self, node: cst.BaseExpression | None) -> Value:
        """Return the value of an expression as facts speak of it."""
        if node is None:
            return Unknown("loop variable")
        try:
            return self.values.value(self.statement.expression(node))
        except (SyntaxError, ValueError, RecursionError):
            return Unknown("newer syntax")

    def _imported(self, alias: cst.ImportAlias, node: cst.CSTNode, lock: str | None) -> None:
        name = root_name(alias.asname.name if alias.asname else alias.name)
        if name in self.places.slots.declared:
            span = self.statement.span(node)
            self.sets.append(GlobalSet(name, span, None, Unknown("import"), span, lock=lock))

    def _expressions(self, header: cst.CSTNode, lock: str | None, node: cst.CSTNode) -> None:
        for walrus in below(header, cst.NamedExpr, nested=False):
            if isinstance(walrus.target, cst.Name) and walrus.target.value in self.places.slots.declared:
                self._note(walrus.target.value, walrus.target, node, walrus.value, lock, direct=False, plain=False)
        if has_await(header):
            self._suspended(lock)


def after_acquire(node: cst.CSTNode, lock: str | None, locks: Locks) -> str | None:
    """Return the lock held from ``node`` on, given ``X.acquire()`` and ``X.release()`` as statements."""
    if isinstance(node, cst.If):
        header: cst.CSTNode = node.test
    elif isinstance(node, cst.SimpleStatementLine):
        header = node
    else:
        return lock
    for call in below(header, cst.Call, nested=False):
        if not isinstance(call.func, cst.Attribute) or call.func.attr.value not in ("acquire", "release"):
            continue
        owner = code(call.func.value)
        if call.func.attr.value == "acquire":
            lock = locks.held(owner) or lock
        elif owner == lock:
            lock = None
    return lock


def is_empty(node: cst.BaseExpression) -> bool:
    """Tell whether an expression is ``None``, ``False``, zero or an empty string."""
    match node:
        case cst.Name(value=name):
            return name in ("None", "False")
        case cst.Integer(value=text) | cst.Float(value=text):
            return text in ("0", "0.0", "-1")
        case cst.SimpleString(value=text):
            return text.strip("'\"") == ""
        case _:
            return False


def headers(node: cst.CSTNode) -> Iterator[cst.CSTNode]:
    """Yield the expressions of a compound statement that are evaluated before its blocks."""
    for name in ("test", "iter", "subject"):
        value = getattr(node, name, None)
        if isinstance(value, cst.BaseExpression):
            yield value
    if isinstance(node, cst.With):
        yield from (item.item for item in node.items)


def blocks(node: cst.CSTNode) -> Iterator[Sequence[AnyStatement]]:
    """Yield the statement lists inside a compound statement, ``elif`` as a list of its own."""
    if isinstance(node, (cst.FunctionDef, cst.ClassDef)):
        return
    body = getattr(node, "body", None)
    if isinstance(body, cst.BaseSuite):
        yield body.body
    orelse = getattr(node, "orelse", None)
    if isinstance(orelse, cst.If):
        yield [orelse]
    elif orelse is not None:
        yield orelse.body.body
    for handler in getattr(node, "handlers", ()):
        yield handler.body.body
    for case in getattr(node, "cases", ()):
        yield case.body.body
    final = getattr(node, "finalbody", None)
    if final is not None:
        yield final.body.body


def span_of_all(statement: Statement, body: Sequence[AnyStatement]) -> Span:
    """Return the characters from the first to the last statement of ``body``."""
    return Span(statement.span(body[0]).start, statement.span(body[-1]).end)
