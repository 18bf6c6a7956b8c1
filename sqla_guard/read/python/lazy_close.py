"""Close reading of one function that may make a shared object lazily; what it yields is what the rules judge."""

from __future__ import annotations

import ast
from collections.abc import Sequence
from dataclasses import dataclass

import libcst as cst

from sqla_guard.core.source import SourceFile, Span
from sqla_guard.facts.lazy import GlobalSet, Guard, LazyInit, LockKind, Shape, SlotKind, TestForm
from sqla_guard.read.python.lazy_early import EarlySight
from sqla_guard.read.python.lazy_functions import FunctionInfo
from sqla_guard.read.python.lazy_inits import init_call, works_after_new
from sqla_guard.read.python.lazy_loads import is_log, mutations, read_loads
from sqla_guard.read.python.lazy_module import ModuleIndex
from sqla_guard.read.python.lazy_sets import AnyStatement, BlockReader, Locks, after_acquire, blocks, span_of_all
from sqla_guard.read.python.lazy_tests import Condition, Places, read_condition
from sqla_guard.read.python.lazy_trees import below, code, outer_calls
from sqla_guard.read.python.lazy_values import LocalValues
from sqla_guard.read.python.lock_words import has_lock_word, makes_lock
from sqla_guard.read.python.statements import Statement, read_statement


@dataclass(frozen=True)
class _Region:
    """A test with the statements that it guards, before it is put into words."""

    shape: Shape
    condition: Condition
    test: cst.BaseExpression
    statement: Span
    body: Sequence[AnyStatement]
    inline: bool
    lock: str | None
    read_lock: str | None = None
    retest: cst.BaseExpression | None = None


def read_function(source: SourceFile, index: ModuleIndex, info: FunctionInfo, whole: Span) -> tuple[LazyInit, ...]:
    """Return the lazy initialisations of one function, in source order.

    Raises:
        libcst.ParserSyntaxError: libcst does not know the function's syntax.
    """
    statement = read_statement(source, whole)
    node = statement.node
    if not isinstance(node, cst.FunctionDef):
        return ()
    walker = _Walker(statement, index, info, node)
    walker.block(node.body.body, walker.decorator_lock)
    return tuple(walker.fact(region, whole) for region in walker.regions)


class _Walker:
    """Finds the guarded regions of a function."""

    def __init__(self, statement: Statement, index: ModuleIndex, info: FunctionInfo, node: cst.FunctionDef) -> None:
        self.statement = statement
        self.source = statement.source
        self.index = index
        self.info = info
        self.node = node
        self.values = LocalValues(info.node, info.declared, info.slots.owner, info.qualname)
        self.locks = Locks(index.guards, self._own_locks())
        self.slots = info.slots
        self.aliases: dict[str, str] = {}
        self.alias_spans: dict[str, Span] = {}
        self.kept: dict[str, cst.BaseExpression] = {}
        self.decided: set[str] = set()
        self.read_locks: dict[str, str | None] = {}
        self.places = Places(self.slots, self.aliases, self.kept, index.sentinels)
        self.regions: list[_Region] = []
        self.decorator_lock = self._decorator_lock()

    def _own_locks(self) -> frozenset[str]:
        """Return names bound to a lock that is made in this very call."""
        found = set()
        for node in below(self.node, cst.Assign):
            target = node.targets[0].target
            own = isinstance(target, cst.Name) and target.value not in self.info.declared
            if isinstance(target, cst.Name) and own and makes_lock(code(node.value)):
                found.add(target.value)
        return frozenset(found)

    def _decorator_lock(self) -> str | None:
        texts = [self.text(d.decorator) for d in self.node.decorators]
        return next((t for t in texts if has_lock_word(t) or t.partition("(")[0] in self.index.guards), None)

    def text(self, node: cst.CSTNode) -> str:
        """Return ``node`` as written."""
        span = self.statement.span(node)
        return self.source.text[span.start : span.end]

    def block(self, body: Sequence[AnyStatement], lock: str | None, after: Sequence[AnyStatement] = ()) -> None:
        """Read the statements of a block that is not guarded itself; ``after`` run behind a ``with`` around it."""
        held = lock
        for position, node in enumerate(body):
            lock = after_acquire(node, lock, self.locks)
            rest = body[position + 1 :]
            if isinstance(node, cst.SimpleStatementLine):
                self._simple(node, lock)
            elif isinstance(node, cst.If):
                if self._conditional(node, rest, lock) or (after and not rest and self._fast_path(node, after, held)):
                    return
            elif isinstance(node, cst.BaseCompoundStatement):
                self._compound(node, rest, lock)

    def _compound(self, node: cst.BaseCompoundStatement, rest: Sequence[AnyStatement], lock: str | None) -> None:
        inner = lock
        if isinstance(node, cst.With):
            inner = next((h for i in node.items if (h := self.locks.held(self.text(i.item)))), lock)
        for block in blocks(node):
            self.block(block, inner, rest if inner != lock else ())

    def _fast_path(self, node: cst.If, after: Sequence[AnyStatement], lock: str | None) -> bool:
        """Read ``with lock: if X is not None: return X`` with what follows the ``with``, where the lock is gone."""
        if node.orelse is not None or not _returns(node.body):
            return False
        opposite = read_condition(node.test, False, self.places)
        span = self.statement.span(node)
        return self._keep(_Region("early-return", opposite, node.test, span, after, False, None, lock))

    def _simple(self, line: cst.SimpleStatementLine, lock: str | None) -> None:
        for node in line.body:
            match node:
                case cst.Assign(targets=[cst.AssignTarget(target=cst.Name(value=target))], value=value) if (
                    target not in self.slots.declared
                ):
                    self._read_into(target, node, value, lock)
                case cst.Assign(targets=targets):
                    key = self.places.key(targets[0].target)
                    if key is not None:
                        self._one_liner(line, node, key, lock)

    def _read_into(self, target: str, node: cst.Assign, value: cst.BaseExpression, lock: str | None) -> None:
        """Follow a local name that a place, or a test of one, is read into."""
        key = self.places.key(value)
        if key is not None:
            self.aliases[target] = key
            self.alias_spans[target] = self.statement.span(node)
            self.read_locks[target] = lock
        elif isinstance(value, (cst.Comparison, cst.UnaryOperation, cst.BooleanOperation, cst.Call)):
            self._keep_test(target, value, lock)

    def _keep_test(self, target: str, value: cst.BaseExpression, lock: str | None) -> None:
        if any(read_condition(value, truth, self.places).empty for truth in (True, False)):
            self.kept[target] = value
            self.read_locks[target] = lock

    def _one_liner(self, line: cst.SimpleStatementLine, node: cst.Assign, target: str, lock: str | None) -> None:
        """``X = X or make()``, ``X = make() if X is None else X``."""
        value, test, truth = node.value, None, True
        if isinstance(value, cst.BooleanOperation) and isinstance(value.operator, cst.Or):
            test, truth = value.left, False
        elif isinstance(value, cst.IfExp):
            test, truth = value.test, self.places.key(value.body) != target
        if test is None:
            return
        condition = read_condition(test, truth, self.places)
        if target in condition.empty:
            span = self.statement.span(node)
            self.regions.append(_Region("expression", condition, test, span, [line], False, lock))

    def _conditional(self, node: cst.If, rest: Sequence[AnyStatement], lock: str | None) -> bool:
        """Read an ``if``; tell whether it was an early return whose rest is a region."""
        span = self.statement.span(node)
        condition = read_condition(node.test, True, self.places)
        self._branch(_Region("if", condition, node.test, span, node.body.body, _is_inline(node.body), lock))
        self._keep_decision(node)
        opposite = read_condition(node.test, False, self.places)
        if isinstance(node.orelse, cst.If):
            self._conditional(node.orelse, (), lock)
        elif node.orelse is not None:
            body = node.orelse.body
            self._branch(_Region("else", opposite, node.test, span, body.body, _is_inline(body), lock))
        elif _returns(node.body) and rest:
            return self._keep(_Region("early-return", opposite, node.test, span, rest, False, lock))
        return False

    def _keep_decision(self, node: cst.If) -> None:
        """Follow ``make = True`` where a place was found empty: a test of ``make`` is one of the place."""
        otherwise = node.orelse.body if isinstance(node.orelse, cst.Else) else None
        for body, truth in ((node.body, True), (otherwise, False)):
            if body is None or not read_condition(node.test, truth, self.places).empty:
                continue
            for line in (n for n in body.body if isinstance(n, cst.SimpleStatementLine)):
                match line.body[0]:
                    case cst.Assign(
                        targets=[cst.AssignTarget(target=cst.Name(value=name))], value=cst.Name("True")
                    ) if name not in self.slots.declared:
                        self.kept[name] = node.test if truth else cst.UnaryOperation(cst.Not(), node.test)
                        self.decided.add(name)

    def _branch(self, region: _Region) -> None:
        if not self._keep(region):
            self.block(region.body, region.lock)

    def _keep(self, region: _Region) -> bool:
        """Remember a region that sets what its test found empty; tell whether it did."""
        tested = region.condition.empty.keys()
        if not tested or not any(s.name in tested and not s.empty for s in self._sets(region.body, region.lock)):
            return False
        self.regions.append(region)
        return True

    def _sets(self, body: Sequence[AnyStatement], lock: str | None) -> list[GlobalSet]:
        return self._read(body, lock).sets

    def _read(self, body: Sequence[AnyStatement], lock: str | None) -> BlockReader:
        reader = self._reader()
        reader.read(body, lock)
        return reader

    def _reader(self) -> BlockReader:
        return BlockReader(self.statement, self.places, self.values, self.locks)

    def fact(self, region: _Region, whole: Span) -> LazyInit:
        """Put a region into words."""
        condition = region.condition
        reader = self._read(region.body, region.lock)
        sets = reader.sets
        tested = tuple(n for n in condition.empty if any(s.name == n for s in sets))
        filled = [s for s in sets if s.name in tested and not s.empty]
        lock = region.lock or (filled[0].lock if all(s.lock for s in filled) else None)
        names = frozenset(tested)
        sight = EarlySight(self.statement, self.index, region.body, sets, names, self.slots)
        early = sight.judge(())[0]
        body = _needed(self.statement, region, sets, bool(early))
        guarded = span_of_all(self.statement, body)
        loads = read_loads(self.statement, self.node, names, self.slots, guarded, self.statement.span(region.test))
        work = [call for node in body for call in outer_calls(node)]
        return LazyInit(
            path=self.source.path,
            function=self.info.qualname,
            span=whole,
            name_span=self.statement.span(self.node.name),
            is_async=self.node.asynchronous is not None,
            is_generator=_yields(self.node.body),
            parameters=self.values.parameters,
            decorators=tuple(self.values.value(d) for d in self.info.node.decorator_list),
            decorator_texts=tuple(self.text(d.decorator) for d in self.node.decorators),
            shape=region.shape,
            form=self._form(condition, tested),
            tested=tested,
            test=self._with_parentheses(region.test),
            test_calls=condition.calls,
            others_tested=condition.other,
            expires=condition.orders,
            rebuilds=condition.compares,
            statement=region.statement,
            guarded=guarded,
            guarded_inline=region.inline,
            alias=self._alias(region.test),
            sets=tuple(sets),
            work=tuple(reader.value(call) for call in work if not is_log(call)),
            imports_only=all(is_log(call) for call in work),
            mutates=any(True for _ in mutations(self.statement, self.node, names, self.slots)),
            early=early,
            early_simple=sight.judge(loads)[1],
            loads=loads,
            locals=self.values.locals,
            strings=tuple(self._long_strings()),
            yields_guarded=any(_yields(node) for node in body),
            lock=lock,
            lock_kind=self._lock_kind(lock),
            resets=self.index.resets(names, self.info.qualname),
            callers=self.index.callers(self.info),
            reenters=self.index.reaches_itself(self.info),
            site=self.index.site(self.info, tested[0]),
            in_class=self.info.in_class,
            in_function=self.info.in_function,
            kind=self._kind(filled[-1].name),
            written=self._written(region, filled[-1].name),
            owner=self.slots.owner,
            guard=self._guard(region, filled),
            retest=self._retest(region.test),
            decided=any(n.value in self.kept for n in below(region.test, cst.Name)),
            thread_lock=lock is not None and not self._enters_asynchronously(lock),
            awaits_inside=reader.inside,
            awaits_after=reader.late,
            init_after=self._init_after(),
            registry=self._fills_registry(),
            read_lock=self._read_lock(region),
            own_reset=self.index.own_reset(self.info, names, region.statement),
            init_call=init_call(self.info.class_node, self.info.node),
        )

    def _kind(self, name: str) -> SlotKind:
        return "nonlocal" if name in self.info.nonlocals else self.slots.kinds.get(name, "global")

    def _written(self, region: _Region, name: str) -> str:
        """Return the place as the function writes it where it is set."""
        for node in region.body:
            for assign in below(node, cst.AssignTarget):
                target = assign.target
                if isinstance(target, (cst.Attribute, cst.Subscript)) and self.slots.key(code(target)) == name:
                    return code(target)
        return name

    def _read_lock(self, region: _Region) -> str | None:
        read = {name.value for name in below(region.test, cst.Name)}
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

    def _retest(self, test: cst.BaseExpression) -> Span | None:
        """Return the expression behind a local name that the test only reads."""
        inner = test.expression if isinstance(test, cst.UnaryOperation) else test
        kept = self.kept.get(inner.value) if isinstance(inner, cst.Name) else None
        if kept is None or (isinstance(inner, cst.Name) and inner.value in self.decided) or inner is not test:
            return None
        return self.statement.span(kept)

    def _enters_asynchronously(self, lock: str) -> bool:
        withs = (w for w in below(self.node, cst.With) if w.asynchronous is not None)
        return any(code(item.item) == lock for w in withs for item in w.items)

    def _init_after(self) -> bool:
        """Tell whether ``__init__`` of the class works on what this ``__new__`` has handed out."""
        return works_after_new(self.info.class_node, self.info.node, self.locks)

    def _fills_registry(self) -> bool:
        """Tell whether the function runs for each class that is defined, while modules are imported."""
        name, owner = self.info.node.name, self.info.class_node
        bases = [ast.unparse(b) for b in owner.bases] if owner else []
        meta = any(b == "type" or b.endswith(("Meta", "ABCMeta")) for b in bases) and name != "__call__"
        return name in ("__init_subclass__", "__set_name__") or (
            name in ("__init__", "__new__") and (meta or (name == "__init__" and self.slots.first_is_class))
        )

    def _form(self, condition: Condition, tested: Sequence[str]) -> TestForm:
        if all(self.index.only_booleans(name) for name in tested):
            return "flag"
        return condition.form

    def _alias(self, test: cst.BaseExpression) -> tuple[str, Span] | None:
        """Return the local that ``test`` reads a global through, if any."""
        read = {name.value for name in below(test, cst.Name)}
        return next(((name, span) for name, span in self.alias_spans.items() if name in read), None)

    def _lock_kind(self, lock: str | None) -> LockKind | None:
        if lock is None:
            return "fresh" if self.locks.own or self._fresh_with() else None
        if lock == self.decorator_lock:
            return "decorator"
        withs = {code(item.item) for node in below(self.node, cst.With) for item in node.items}
        return "with" if lock in withs else "acquire"

    def _fresh_with(self) -> bool:
        """Tell whether a lock is made and entered in one go, which guards nothing."""
        return any(makes_lock(code(item.item)) for node in below(self.node, cst.With) for item in node.items)

    def _with_parentheses(self, test: cst.BaseExpression) -> Span:
        span, text = self.statement.span(test), self.source.text
        start, end = span.start, span.end
        # White space over several lines is not as long as its code, which lacks the indentation; a comment in it may
        # have parentheses too.
        for _ in range(sum(code(p).count("(") for p in test.lpar)):
            start = text.rindex("(", 0, start)
        for _ in range(sum(code(p).count(")") for p in test.rpar)):
            end = text.index(")", end) + 1
        return Span(start, end)

    def _long_strings(self) -> list[Span]:
        found = [*below(self.node, cst.SimpleString), *below(self.node, cst.FormattedString)]
        spans = sorted(self.statement.span(node) for node in found)
        text = self.source.text
        return [s for s in spans if "\n" in text[s.start : s.end] or "\r" in text[s.start : s.end]]


def _yields(node: cst.CSTNode) -> bool:
    return next(below(node, cst.Yield, nested=False), None) is not None


def _is_inline(suite: cst.BaseSuite) -> bool:
    return isinstance(suite, cst.SimpleStatementSuite)


def _returns(suite: cst.BaseSuite) -> bool:
    last = suite.body[-1] if suite.body else None
    if isinstance(last, cst.SimpleStatementLine):
        last = last.body[-1]
    return isinstance(last, cst.Return)


def _needed(statement: Statement, region: _Region, sets: Sequence[GlobalSet], early: bool) -> Sequence[AnyStatement]:
    """Return the statements that have to run under the lock.

    For an early return these are the following ones up to the last that assigns; where the global is visible before
    it is ready, all but a last ``return``.
    """
    body = region.body
    if region.shape != "early-return":
        return body
    if early:
        ends_in_return = len(body) > 1 and isinstance(body[-1], cst.SimpleStatementLine)
        last = body[-1].body[0] if ends_in_return and isinstance(body[-1], cst.SimpleStatementLine) else None
        return body[:-1] if isinstance(last, cst.Return) else body
    end = max(s.statement.end for s in sets)
    return [node for node in body if statement.span(node).start < end]
