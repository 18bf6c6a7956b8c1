"""Close reading of one function that may make a shared object lazily; what it yields is what the rules judge."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Sequence
from functools import cached_property

from msgspec import Struct

from sqla_guard.core.source import SourceFile, Span
from sqla_guard.facts.lazy import GlobalSet, Guard, LazyInit, Load, LockKind, Shape, SlotKind, TestForm
from sqla_guard.read.python.lazy_around import Surroundings
from sqla_guard.read.python.lazy_early import EarlySight
from sqla_guard.read.python.lazy_functions import FunctionInfo
from sqla_guard.read.python.lazy_inits import init_call, made_whole, works_after_new
from sqla_guard.read.python.lazy_loads import Read, is_log, mutations, read_places
from sqla_guard.read.python.lazy_module import ModuleIndex
from sqla_guard.read.python.lazy_sets import BlockReader, Locks, Words
from sqla_guard.read.python.lazy_strings import long_strings
from sqla_guard.read.python.lazy_tests import Condition, Places, read_condition
from sqla_guard.read.python.lazy_trees import (
    WITHS,
    below,
    blocks,
    outer_calls,
    span_of_all,
    statements_below,
    text_of,
    yields,
)
from sqla_guard.read.python.lazy_values import LocalValues
from sqla_guard.read.python.lock_words import has_lock_word, makes_lock
from sqla_guard.read.python.parse import span_of


class _Region(Struct, frozen=True):
    """A test with the statements that it guards, before it is put into words."""

    shape: Shape
    condition: Condition
    test: ast.expr
    statement: ast.stmt
    body: Sequence[ast.stmt]
    lock: str | None
    read_lock: str | None = None


class FunctionReader:
    """Finds the guarded regions of a function, and puts them into words."""

    def __init__(self, index: ModuleIndex, info: FunctionInfo) -> None:
        self.source = index.source
        self.index = index
        self.info = info
        self.node = info.node
        self.values = LocalValues(info.node, info.declared, info.slots.owner, info.qualname)
        self.words = Words.of(self.text(info.node))
        self.locks = Locks(index.guards, self._own_locks(), self.words)
        self.slots = info.slots
        self.aliases: dict[str, str] = {}
        self.alias_spans: dict[str, Span] = {}
        self.kept: dict[str, ast.expr] = {}
        self.decided: set[str] = set()
        self.read_locks: dict[str, str | None] = {}
        self.places = Places(self.slots, self.aliases, self.kept, index.sentinels)
        self.regions: list[_Region] = []
        self.decorator_lock = self._decorator_lock()
        self.block(info.node.body, self.decorator_lock)

    def facts(self) -> Iterator[LazyInit]:
        """Yield the lazy initialisations of the function, in source order."""
        return map(self._fact, self.regions)

    @cached_property
    def nodes(self) -> list[ast.AST]:
        """All nodes of the function."""
        return list(below(self.node))

    @cached_property
    def statements(self) -> list[ast.AST]:
        """All its statements."""
        return list(statements_below(self.node))

    @cached_property
    def reads(self) -> list[Read]:
        """All its reads of shared places."""
        return read_places(self.source, self.node, self.slots, self.index.matters)

    @cached_property
    def _class(self) -> ast.ClassDef | None:
        return self.index.class_of(self.info)

    def _own_locks(self) -> frozenset[str]:
        """Return names bound to a lock that is made in this very call."""
        found = set()
        for node in self.statements:
            match node:
                case ast.Assign(targets=[ast.Name(id=name), *_], value=ast.Call() as value):
                    if name not in self.info.declared and makes_lock(self.text(value)):
                        found.add(name)
        return frozenset(found)

    def _decorator_lock(self) -> str | None:
        texts = map(self.text, self.node.decorator_list)
        return next((t for t in texts if has_lock_word(t) or t.partition("(")[0] in self.index.guards), None)

    def span(self, node: ast.stmt | ast.expr) -> Span:
        """Return the characters of ``node``."""
        return span_of(self.source, node)

    def text(self, node: ast.stmt | ast.expr) -> str:
        """Return ``node`` as written."""
        return text_of(self.source, node)

    def block(self, body: Sequence[ast.stmt], lock: str | None, after: Sequence[ast.stmt] = ()) -> None:
        """Read the statements of a block that is not guarded itself; ``after`` run behind a ``with`` around it."""
        held = lock
        for position, node in enumerate(body):
            lock = self.locks.after(node, lock, self.source)
            rest = body[position + 1 :]
            if isinstance(node, ast.If):
                if self._conditional(node, rest, lock) or (after and not rest and self._fast_path(node, after, held)):
                    return
            elif isinstance(node, ast.Assign):
                self._assigned(node, lock)
            else:
                inner = self.locks.entered(node, self.source) or lock
                for block in blocks(node):
                    self.block(block, inner, rest if inner != lock else ())

    def _fast_path(self, node: ast.If, after: Sequence[ast.stmt], lock: str | None) -> bool:
        """Read ``with lock: if X is not None: return X`` with what follows the ``with``, where the lock is gone."""
        if node.orelse or not isinstance(node.body[-1], ast.Return):
            return False
        opposite = read_condition(node.test, False, self.places)
        return self._keep(_Region("early-return", opposite, node.test, node, after, None, lock))

    def _assigned(self, node: ast.Assign, lock: str | None) -> None:
        match node.targets:
            case [ast.Name(id=target)] if target not in self.slots.declared:
                self._read_into(target, node, lock)
            case [target, *_]:
                key = self.places.key(target)
                if key is not None:
                    self._one_liner(node, key, lock)

    def _read_into(self, target: str, node: ast.Assign, lock: str | None) -> None:
        """Follow a local name that a place, or a test of one, is read into."""
        key = self.places.key(node.value)
        if key is not None:
            self.aliases[target] = key
            self.alias_spans[target] = self.span(node)
            self.read_locks[target] = lock
        elif isinstance(node.value, (ast.Compare, ast.UnaryOp, ast.BoolOp, ast.Call)):
            self._keep_test(target, node.value, lock)

    def _keep_test(self, target: str, value: ast.expr, lock: str | None) -> None:
        if any(read_condition(value, truth, self.places).empty for truth in (True, False)):
            self.kept[target] = value
            self.read_locks[target] = lock

    def _one_liner(self, node: ast.Assign, target: str, lock: str | None) -> None:
        """``X = X or make()``, ``X = make() if X is None else X``."""
        match node.value:
            case ast.BoolOp(op=ast.Or(), values=[test, *_]):
                truth = False
            case ast.IfExp(test=test, body=body):
                truth = self.places.key(body) != target
            case _:
                return
        condition = read_condition(test, truth, self.places)
        if target in condition.empty:
            self.regions.append(_Region("expression", condition, test, node, [node], lock))

    def _conditional(self, node: ast.If, rest: Sequence[ast.stmt], lock: str | None) -> bool:
        """Read an ``if``; tell whether it was an early return whose rest is a region."""
        condition = read_condition(node.test, True, self.places)
        self._branch(_Region("if", condition, node.test, node, node.body, lock))
        self._keep_decision(node)
        opposite = read_condition(node.test, False, self.places)
        match node.orelse:
            case [ast.If() as other] if self._is_elif(other):
                self._conditional(other, (), lock)
            case [_, *_]:
                self._branch(_Region("else", opposite, node.test, node, node.orelse, lock))
            case _ if rest and isinstance(node.body[-1], ast.Return):
                return self._keep(_Region("early-return", opposite, node.test, node, rest, lock))
        return False

    def _is_elif(self, node: ast.If) -> bool:
        return self.source.text.startswith("elif", self.span(node).start)

    def _keep_decision(self, node: ast.If) -> None:
        """Follow ``make = True`` where a place was found empty: a test of ``make`` is one of the place."""
        is_elif = len(node.orelse) == 1 and isinstance(node.orelse[0], ast.If) and self._is_elif(node.orelse[0])
        for body, truth in ((node.body, True), ([] if is_elif else node.orelse, False)):
            if not body or not read_condition(node.test, truth, self.places).empty:
                continue
            for line in body:
                match line:
                    case ast.Assign(targets=[ast.Name(id=name)], value=ast.Constant(value=True)) if (
                        name not in self.slots.declared
                    ):
                        self.kept[name] = node.test if truth else ast.UnaryOp(ast.Not(), node.test)
                        self.decided.add(name)

    def _branch(self, region: _Region) -> None:
        if not self._keep(region):
            self.block(region.body, region.lock)

    def _keep(self, region: _Region) -> bool:
        """Remember a region that sets what its test found empty; tell whether it did."""
        tested = region.condition.empty.keys()
        if not tested or not any(s.name in tested and not s.empty for s in self._read(region).sets):
            return False
        self.regions.append(region)
        return True

    def _read(self, region: _Region) -> BlockReader:
        reader = BlockReader(self.source, self.places, self.values, self.locks)
        reader.read(region.body, region.lock)
        return reader

    def _fact(self, region: _Region) -> LazyInit:
        """Put a region into words."""
        condition = region.condition
        reader = self._read(region)
        sets = reader.sets
        tested = tuple(n for n in condition.empty if any(s.name == n for s in sets))
        filled = [s for s in sets if s.name in tested and not s.empty]
        lock = region.lock or (filled[0].lock if all(s.lock for s in filled) else None)
        names = frozenset(tested)
        sight = EarlySight(self.source, self.index, region.body, sets, names, self.slots)
        early = sight.judge(())[0]
        body = _needed(self.source, region, sets, bool(early))
        guarded = span_of_all(self.source, body)
        loads = self._loads(names, guarded, self.span(region.test))
        work = [call for node in body for call in outer_calls(node)]
        return LazyInit(
            path=self.source.path,
            function=self.info.qualname,
            span=self.index.whole(self.node),
            name_span=self._name_span(),
            is_async=isinstance(self.node, ast.AsyncFunctionDef),
            is_generator=self.words.yields and yields(self.node),
            parameters=self.values.parameters,
            decorators=tuple(map(self.values.value, self.node.decorator_list)),
            decorator_texts=tuple(map(self.text, self.node.decorator_list)),
            shape=region.shape,
            form=self._form(condition, tested),
            tested=tested,
            test=self._with_parentheses(region.test),
            test_calls=condition.calls,
            others_tested=condition.other,
            expires=condition.orders,
            rebuilds=condition.compares,
            statement=self.span(region.statement),
            guarded=guarded,
            guarded_inline=self._is_inline(region),
            alias=self._alias(region.test),
            sets=tuple(sets),
            work=tuple(reader.value(call) for call in work if not is_log(call)),
            imports_only=all(is_log(call) for call in work),
            mutates=any(True for _ in mutations(self.source, self.node, names, self.slots)),
            early=early,
            early_simple=bool(early) and sight.judge(loads)[1],
            loads=loads,
            locals=self.values.locals,
            strings=long_strings(self.source, self.nodes),
            yields_guarded=self.words.yields and any(map(yields, body)),
            lock=lock,
            lock_kind=self._lock_kind(lock),
            around=Surroundings(self.index, self.info, names, tested[0], self.span(region.statement)),
            in_class=self.info.in_class,
            in_function=self.info.in_function,
            kind=self._kind(filled[-1].name),
            written=self._written(region, filled[-1].name),
            owner=self.slots.owner,
            guard=self._guard(region, filled),
            retest=self._retest(region.test),
            decided=any(name in self.kept for name in _names(region.test)),
            thread_lock=lock is not None and not self._enters_asynchronously(lock),
            awaits_inside=reader.inside,
            awaits_after=reader.late,
            init_after=self._init_after(),
            registry=self._fills_registry(),
            read_lock=self._read_lock(region),
            init_call=init_call(self._class, self.node),
            made_whole=made_whole(self._class, self.node, self.locks),
        )

    def _name_span(self) -> Span:
        start = self.span(self.node).start
        # Between the keywords and the name only white space and line continuations can stand.
        match = re.compile(r"(?:async[\s\\]+)?def[\s\\]+").match(self.source.text, start)
        assert match is not None
        return Span(match.end(), match.end() + len(self.node.name))

    def _loads(self, names: frozenset[str], guarded: Span, test: Span) -> tuple[Load, ...]:
        """Return the reads of the places ``names``; of one inside another only the outer one."""
        loads: list[Load] = []
        for read in self.reads:
            if read.name in names and not (loads and loads[-1].span.contains(read.span)):
                loads.append(read.load(guarded, test))
        return tuple(loads)

    def _kind(self, name: str) -> SlotKind:
        return "nonlocal" if name in self.info.nonlocals else self.slots.kinds.get(name, "global")

    def _written(self, region: _Region, name: str) -> str:
        """Return the place as the function writes it where it is set."""
        for node in region.body:
            for target in below(node):
                if not isinstance(target, (ast.Attribute, ast.Subscript)) or not isinstance(target.ctx, ast.Store):
                    continue
                if self.slots.of(target) == name:
                    return self.text(target)
        return name

    def _read_lock(self, region: _Region) -> str | None:
        read = _names(region.test)
        return region.read_lock or next((k for n, k in self.read_locks.items() if k and n in read), None)

    def _guard(self, region: _Region, filled: Sequence[GlobalSet]) -> Guard:
        """Return what the lock in sight does for the assignments."""
        locks = {s.lock for s in filled}
        before = self._read_lock(region)
        if region.lock is not None:
            return "released" if None in locks else "held"
        if None in locks:
            if before is not None and locks == {None}:
                return "released"
            own = self.locks.own - {s.name for s in filled}
            return "fresh" if own or self._fresh_with() else "none"
        if all(s.retested for s in filled):
            return "checked"
        return "other-lock" if before is not None and before not in locks else "unchecked"

    def _retest(self, test: ast.expr) -> Span | None:
        """Return the expression behind a local name that the test only reads."""
        name = test.id if isinstance(test, ast.Name) else ""
        return self.span(self.kept[name]) if name in self.kept and name not in self.decided else None

    def _enters_asynchronously(self, lock: str) -> bool:
        withs = (n for n in self.statements if isinstance(n, ast.AsyncWith))
        return any(self.text(item.context_expr) == lock for w in withs for item in w.items)

    def _init_after(self) -> bool:
        """Tell whether ``__init__`` of the class works on what this ``__new__`` has handed out."""
        return works_after_new(self._class, self.node, self.locks)

    def _fills_registry(self) -> bool:
        """Tell whether the function runs for each class that is defined, while modules are imported."""
        name, owner = self.node.name, self.info.class_node
        bases = [ast.unparse(b) for b in owner.bases] if owner else []
        meta = any(b == "type" or b.endswith(("Meta", "ABCMeta")) for b in bases) and name != "__call__"
        return name in ("__init_subclass__", "__set_name__") or (
            name in ("__init__", "__new__") and (meta or (name == "__init__" and self.slots.first_is_class))
        )

    def _form(self, condition: Condition, tested: Sequence[str]) -> TestForm:
        if all(self.index.only_booleans(name) for name in tested):
            return "flag"
        return condition.form

    def _alias(self, test: ast.expr) -> tuple[str, Span] | None:
        """Return the local that ``test`` reads a global through, if any."""
        read = _names(test)
        return next(((name, span) for name, span in self.alias_spans.items() if name in read), None)

    def _lock_kind(self, lock: str | None) -> LockKind | None:
        if lock is None:
            return "fresh" if self.locks.own or self._fresh_with() else None
        if lock == self.decorator_lock:
            return "decorator"
        return "with" if lock in self._entered else "acquire"

    def _fresh_with(self) -> bool:
        """Tell whether a lock is made and entered in one go, which guards nothing."""
        return any(map(makes_lock, self._entered))

    @cached_property
    def _entered(self) -> list[str]:
        """What stands behind ``with`` in the function."""
        return [self.text(item.context_expr) for n in self.statements if isinstance(n, WITHS) for item in n.items]

    def _with_parentheses(self, test: ast.expr) -> Span:
        (start, end), text = self.span(test), self.source.text
        # Behind a test stands no other bracket than its own.
        while (closing := _CLOSING.match(text, end)) is not None:
            start, end = text.rindex("(", 0, start), closing.end()
        return Span(start, end)

    def _is_inline(self, region: _Region) -> bool:
        """Tell whether the guarded statements stand on the line of their ``if`` or ``else``."""
        if region.shape not in ("if", "else"):
            return False
        at = self.span(region.body[0]).start
        return bool(self.source.text[self.source.line_starts[self.source.position(at)[0] - 1] : at].strip())


# What may stand between an expression and a bracket around it.
_CLOSING = re.compile(r"(?:[\s\\]|#[^\r\n]*(?:[\r\n]|\Z))*\)")


def _names(test: ast.expr) -> set[str]:
    return {n.id for n in ast.walk(test) if isinstance(n, ast.Name)}


def _needed(source: SourceFile, region: _Region, sets: Sequence[GlobalSet], early: bool) -> Sequence[ast.stmt]:
    """Return the statements that have to run under the lock.

    For an early return these are the following ones up to the last that assigns; where the global is visible before
    it is ready, all but a last ``return``.
    """
    body = region.body
    if region.shape != "early-return":
        return body
    if early:
        return body[:-1] if len(body) > 1 and isinstance(body[-1], ast.Return) else body
    end = max(s.statement.end for s in sets)
    return [node for node in body if span_of(source, node).start < end]
