"""Follows names through a module, statement by statement.

A small abstract interpretation: each local name holds a :class:`~sqla_guard.facts.values.Value`; branches are joined,
loops are read twice so that a rebinding later in the body is seen at its top, and twice more with those inside of them
together. Functions are read after the code around them, because they run later: they see everything that an outer name
is ever bound to.

What is looked for on the way is the business of the :class:`Visitor` that is handed in.
"""

from __future__ import annotations

import ast
from collections import deque
from collections.abc import Iterable
from typing import Protocol

from msgspec.structs import replace

from sqla_guard.facts.values import (
    Attr,
    Call,
    ClassRef,
    Display,
    Element,
    Entered,
    Imported,
    InstanceOf,
    Item,
    Literal,
    Name,
    Narrowed,
    Starred,
    Unknown,
    Value,
)
from sqla_guard.read.python.bearing import never_returns
from sqla_guard.read.python.evaluation import Evaluator, implicit_parameter
from sqla_guard.read.python.growth import Growth
from sqla_guard.read.python.patterns import Patterns
from sqla_guard.read.python.scopes import (
    FunctionNode,
    Scope,
    State,
    bound_in,
    followed_in_order,
    join,
    nonlocals_inside,
    parameters,
)


class Visitor(Protocol):
    """What looks at the code while it is followed."""

    def wants(self, node: ast.stmt) -> bool:
        """Tell whether anything in ``node``, a definition, has to be followed."""

    def expression(self, node: ast.expr, flow: Flow) -> None:
        """Look at an expression that is about to be evaluated; it may bind names with a walrus."""

    def pattern(self, node: ast.MatchClass, flow: Flow) -> None:
        """Look at a class pattern."""

    def bearing(self, body: list[ast.stmt]) -> frozenset[ast.stmt] | None:
        """Return the statements of a function that have to be followed; ``None`` for all."""

    def returned(self, node: ast.expr | None, flow: Flow) -> None:
        """Look at what a function returns."""

    def stored(self, target: ast.Attribute, value: Value, flow: Flow) -> None:
        """Look at an assignment to an attribute."""


class _Loop:
    """The states with which a loop is left by ``break``, and with which its body ends, also by ``continue``."""

    def __init__(self) -> None:
        self.breaks: list[State | None] = []
        self.ends: list[State | None] = []


class Flow:
    """Runs over a module.

    Attributes:
        scope: The scope that is being read.
        evaluate: Translates expressions in it.
    """

    def __init__(self, visitor: Visitor, text: str) -> None:
        """Report to ``visitor`` what is in a module of this text."""
        # Few modules have either, and to look for them takes time.
        self._has_nonlocals = "nonlocal" in text
        self._has_walruses = ":=" in text
        self.visitor = visitor
        self.growth = Growth()
        self.scope = Scope("module", "", None, ast.Module([], []))
        self.evaluate = Evaluator(self.scope, self.growth)
        self._patterns = Patterns(self)
        self._followed: frozenset[ast.stmt] | None = None
        # Functions with the scope around them, lambdas with their own.
        self._later: deque[tuple[FunctionNode | ast.Lambda, Scope]] = deque()
        self._loops: list[_Loop] = []
        # Those inside of the outermost one that is being read, be they open or not.
        self._inner: dict[ast.stmt, _Loop] = {}
        # What was bound since each ``try`` began, as its handlers may see any of it.
        self._tries: list[list[tuple[str, Value]]] = []

    def module(self, tree: ast.Module) -> None:
        """Follow a whole module."""
        self._enter(Scope("module", "", None, tree, locals=followed_in_order(tree)))
        self.block(tree.body)
        while self._later:
            self._function(*self._later.popleft())

    # Scopes

    def _enter(self, scope: Scope) -> None:
        self.scope = self.evaluate.scope = scope

    def defer_lambda(self, node: ast.Lambda, given: State) -> None:
        """Read the body of ``node`` later, with the parameters in ``given`` holding that."""
        outer = self.scope
        names = [p.arg for p in parameters(node.args)]
        state = {n: given.get(n, Unknown(f"parameter `{n}` of a lambda")) for n in names}
        scope = Scope("function", outer.qualname, outer, node, frozenset(names))
        scope.captured = outer.visible_overlay()
        scope.state = state
        scope.ever = {name: [value] for name, value in state.items()}
        self._later.append((node, scope))

    def _function(self, node: FunctionNode | ast.Lambda, outer: Scope) -> None:
        self._loops, self._tries = [], []
        if isinstance(node, ast.Lambda):
            self._enter(outer)
            self.see(node.body)
            return
        bound = bound_in(node.body, self._has_walruses)
        names = {p.arg for p in parameters(node.args)}
        inner = nonlocals_inside(node) if self._has_nonlocals else set()
        prefix = outer.qualname + (".<locals>." if outer.kind == "function" else ".")
        scope = Scope(
            "function",
            (prefix if outer.qualname else "") + node.name,
            outer,
            node,
            locals=frozenset((names | set(bound.counts)) - bound.globals - bound.nonlocals),
            globals=frozenset(bound.globals),
            shared=frozenset(inner | bound.nonlocals),
        )
        self._enter(outer)
        class_name = outer.qualname if outer.kind == "class" else None
        given = self.evaluate.given(node.args, implicit_parameter(node, class_name))
        self._enter(scope)
        scope.state = dict(given)
        scope.ever = {name: [value] for name, value in given.items()}
        self._followed = self.visitor.bearing(node.body)
        self.block(node.body)
        if scope.state is not None:
            self.visitor.returned(None, self)

    def _class(self, node: ast.ClassDef) -> None:
        outer = self.scope
        prefix = outer.qualname + (".<locals>." if outer.kind == "function" else ".")
        qualname = (prefix if outer.qualname else "") + node.name
        for expression in (*node.decorator_list, *node.bases, *(k.value for k in node.keywords)):
            self.see(expression)
        if self.visitor.wants(node):
            declared = frozenset(bound_in(node.body).globals)
            self._enter(Scope("class", qualname, outer, node, globals=declared))
            self.block(node.body)
            self._enter(outer)
        self.bind(node.name, ClassRef(qualname))

    # Names

    def bind(self, name: str, value: Value) -> None:
        """Let ``name`` hold ``value`` from here on."""
        scope = self.scope
        if name in scope.globals or name in scope.shared:
            return
        if scope.kind == "module" and name not in scope.locals:
            return
        if scope.state is None:
            scope.state = {}
        value = self.growth.capped(value)
        scope.state[name] = value
        scope.ever.setdefault(name, []).append(value)
        for frame in self._tries:
            frame.append((name, value))

    def assign(self, target: ast.expr, value: Value) -> None:
        """Assign ``value`` to ``target``, which may be a pattern of names."""
        for name, part in self.evaluate.unpacked(target, value):
            self.bind(name, part)
        self._look_at_target(target, value)

    def _look_at_target(self, target: ast.expr, value: Value) -> None:
        match target:
            case ast.Attribute():
                self.see(target)
                self.visitor.stored(target, value, self)
            case ast.Subscript():
                self.see(target)
            case ast.Starred(value=inner):
                self._look_at_target(inner, Unknown("starred target"))
            case ast.Tuple(elts=elts) | ast.List(elts=elts):
                for position, element in enumerate(elts):
                    self._look_at_target(element, Item(value, Literal(position)))

    def see(self, node: ast.expr | None) -> None:
        """Show an expression to the visitor."""
        if node is not None:
            self.visitor.expression(node, self)

    def narrow(self, narrowed: State) -> None:
        """Take what a condition tells about names into the state."""
        if self.scope.state is not None:
            local = {n: v for n, v in narrowed.items() if n in self.scope.locals}
            self.scope.state = {**self.scope.state, **local}

    # Statements

    def block(self, statements: list[ast.stmt]) -> None:
        """Follow statements in order; afterwards the state is ``None`` if their end is never reached."""
        unreachable = False
        for statement in statements:
            if self._followed is not None and statement not in self._followed:
                continue
            if self.scope.state is None:
                # Still looked at, knowing nothing.
                unreachable, self.scope.state = True, {}
            self._statement(statement)
        if unreachable:
            self.scope.state = None

    def _statement(self, node: ast.stmt) -> None:
        match node:
            case ast.Assign(targets=targets, value=value):
                self.see(value)
                result = self.evaluate.value(value)
                for target in targets:
                    self.assign(target, result)
            case ast.Expr(value=value):
                self.see(value)
                self._filled(value)
                if never_returns(node):
                    self.scope.state = None
            case ast.If(test=test, body=body, orelse=orelse):
                self.see(test)
                self._branches(test, body, orelse)
            case ast.For(target=target, iter=iterable) | ast.AsyncFor(target=target, iter=iterable):
                self.see(iterable)
                self._loop(node, target, Element(self.evaluate.value(iterable)))
            case ast.While():
                self._loop(node, None, None)
            case ast.With(items=items, body=body) | ast.AsyncWith(items=items, body=body):
                self._with(items, body)
            case ast.Try():
                self._try(node.body, node.handlers, node.orelse, node.finalbody)
            case _:
                self._other_statement(node)

    def _other_statement(self, node: ast.stmt) -> None:
        match node:
            case ast.FunctionDef() | ast.AsyncFunctionDef():
                self._define(node)
            case ast.ClassDef():
                self._class(node)
            case ast.AnnAssign():
                self.see(node.value)
                if node.value is not None or self.scope.kind == "class":
                    self.assign(node.target, self._annotated(node.annotation, node.value))
            case ast.AugAssign():
                self.see(node.value)
                self._augmented(node.target, node.value)
            case ast.Import() | ast.ImportFrom():
                self._import(node)
            case ast.Return(value=value):
                self._return(value)
            case ast.Delete(targets=targets):
                self._delete(targets)
            case _:
                self._jump_or_rest(node)

    def _delete(self, targets: list[ast.expr]) -> None:
        for target in targets:
            self.see(target)
            if isinstance(target, ast.Name):
                self.bind(target.id, Unknown(f"`{target.id}` was deleted"))

    def _filled(self, node: ast.expr) -> None:
        """Let a list that was written down here grow by what is appended to it."""
        match node:
            case ast.Call(
                func=ast.Attribute(value=ast.Name(id=name), attr="append" | "add" | "appendleft"),
                args=[argument],
            ):
                added = self.evaluate.value(argument)
            case ast.Call(func=ast.Attribute(value=ast.Name(id=name), attr="extend"), args=[argument]):
                added = Starred(self.evaluate.value(argument))
            case _:
                return
        held = self.scope.lookup(name)
        shown = held.of if isinstance(held, Narrowed) else held
        if name not in self.scope.locals or not isinstance(shown, Display):
            return
        if shown.kind in ("list", "set") and added not in shown.items and len(shown.items) < 8:
            longer = Display(shown.kind, (*shown.items, added))
            self.bind(name, replace(held, of=longer) if isinstance(held, Narrowed) else longer)

    def _jump_or_rest(self, node: ast.stmt) -> None:
        match node:
            case ast.Raise(exc=exc, cause=cause):
                self.see(exc)
                self.see(cause)
                self.scope.state = None
            case ast.Break() | ast.Continue():
                if self._loops:
                    loop = self._loops[-1]
                    ways = loop.breaks if isinstance(node, ast.Break) else loop.ends
                    ways.append(self.scope.state)
                self.scope.state = None
            case ast.Assert(test=test, msg=message):
                self.see(test)
                self.see(message)
                self.narrow(self.evaluate.narrowed(test, True))
            case ast.Match(subject=subject, cases=cases):
                self.see(subject)
                self._match(subject, cases)
            case _ if hasattr(node, "handlers"):
                # ``except*``, which this interpreter's ``ast`` may not know by name.
                self._try(*(getattr(node, f) for f in ("body", "handlers", "orelse", "finalbody")))

    def _annotated(self, annotation: ast.expr, value: ast.expr | None) -> Value:
        """Return what an annotated name holds: what it is given, in the light of its annotation."""
        given = self.evaluate.value(value) if value is not None else Literal(None)
        if isinstance(given, (Unknown, Literal)):
            return self.evaluate.instance(annotation)
        return Narrowed(given, self.evaluate.annotation(annotation))

    def _augmented(self, target: ast.expr, value: ast.expr) -> None:
        if not isinstance(target, ast.Name):
            self.see(target)
            return
        before = self.scope.lookup(target.id)
        self.bind(target.id, Call(Attr(before, "__add__"), (self.evaluate.value(value),)))

    def _return(self, value: ast.expr | None) -> None:
        self.see(value)
        self.visitor.returned(value, self)
        self.scope.state = None

    def _define(self, node: FunctionNode) -> None:
        defaults = (*node.args.defaults, *(d for d in node.args.kw_defaults if d is not None))
        for expression in (*node.decorator_list, *defaults):
            self.see(expression)
        if self.scope.kind == "class":
            self.bind(node.name, Attr(ClassRef(self.scope.qualname), node.name))
        elif self.scope.kind == "module":
            self.bind(node.name, Name(node.name))
        else:
            self.bind(node.name, Unknown(f"local function `{node.name}`"))
        if self.visitor.wants(node):
            self._later.append((node, self.scope))

    def _import(self, node: ast.Import | ast.ImportFrom) -> None:
        for alias in node.names:
            local = alias.asname or alias.name.partition(".")[0]
            if self.scope.kind == "module":
                self.bind(local, Name(local))
            elif isinstance(node, ast.ImportFrom):
                self.bind(local, Imported(node.module or "", alias.name, node.level))
            else:
                self.bind(local, Imported(alias.name if alias.asname else local, None, 0))

    # Branches

    def _branches(self, test: ast.expr, body: list[ast.stmt], orelse: list[ast.stmt]) -> None:
        before = self.scope.state
        when_true = self.evaluate.narrowed(test, True)
        when_false = self.evaluate.narrowed(test, False)
        self.narrow(when_true)
        self.scope.state = dict(self.scope.state or {})
        self.block(body)
        after_body = self.scope.state
        self.scope.state = dict(before or {})
        self.narrow(when_false)
        self.block(orelse)
        self.scope.state = join([after_body, self.scope.state], self.growth)

    def _loop(self, node: ast.For | ast.AsyncFor | ast.While, target: ast.expr | None, item: Value | None) -> None:
        before = dict(self.scope.state or {})
        if not self._loops:
            self._inner = {}
        loop = self._inner.setdefault(node, _Loop())
        for turn in range(1 if self._loops else 4):
            if turn == 2 and len(self._inner) == 1:  # no other loop is in it
                break
            self.scope.state = join([before, *loop.ends], self.growth)
            self._loop_head(node, target, item)
            self._loops.append(loop)
            self.block(node.body)
            self._loops.pop()
            loop.ends.append(self.scope.state)
        self.scope.state = join([before, *loop.ends], self.growth)
        if isinstance(node, ast.While):
            self.narrow(self.evaluate.narrowed(node.test, False))
            if isinstance(node.test, ast.Constant) and node.test.value:
                self.scope.state = None
        if node.orelse:
            self.block(node.orelse)
        self.scope.state = join([self.scope.state, *loop.breaks], self.growth)

    def _loop_head(self, node: ast.stmt, target: ast.expr | None, item: Value | None) -> None:
        self.scope.state = dict(self.scope.state or {})
        if target is not None and item is not None:
            self.assign(target, item)
        elif isinstance(node, ast.While):
            self.see(node.test)
            self.narrow(self.evaluate.narrowed(node.test, True))

    def _with(self, items: list[ast.withitem], body: list[ast.stmt]) -> None:
        for item in items:
            self.see(item.context_expr)
            if item.optional_vars is not None:
                self.assign(item.optional_vars, Entered(self.evaluate.value(item.context_expr)))
        before = dict(self.scope.state or {})
        self._tries.append([])
        self.block(body)
        inside = self._tries.pop()
        # ``with suppress(...)`` goes on after it even if its body was left half way.
        if self.scope.state is None:
            self.scope.state = self._interrupted(before, inside)

    def _interrupted(self, before: State, bound: Iterable[tuple[str, Value]]) -> State:
        """Return the state after a block that may have been left anywhere."""
        state = dict(before)
        for name, value in bound:
            known = state.get(name)
            state[name] = value if known is None or known is value else self.growth.either(known, value)
        return state

    def _try(
        self,
        body: list[ast.stmt],
        handlers: list[ast.ExceptHandler],
        orelse: list[ast.stmt],
        finalbody: list[ast.stmt],
    ) -> None:
        before = dict(self.scope.state or {})
        self._tries.append([])
        self.block(body)
        raised = self._interrupted(before, self._tries.pop())
        if self.scope.state is not None:
            self.block(orelse)
        elif orelse:
            self.block(orelse)
            self.scope.state = None
        ends = [self.scope.state]
        for handler in handlers:
            self.scope.state = dict(raised)
            self.see(handler.type)
            if handler.name:
                self.bind(handler.name, _caught(handler.type, self.evaluate))
            self.block(handler.body)
            ends.append(self.scope.state)
        self.scope.state = join(ends, self.growth)
        if finalbody:
            self._finally(finalbody, raised)

    def _finally(self, finalbody: list[ast.stmt], raised: State) -> None:
        normal = self.scope.state
        self.scope.state = join([raised, normal], self.growth)
        self.block(finalbody)
        if normal is None:
            self.scope.state = None
            return
        self.scope.state = dict(normal)
        self.block(finalbody)

    def _match(self, subject: ast.expr, cases: list[ast.match_case]) -> None:
        before = dict(self.scope.state or {})
        value = self.evaluate.value(subject)
        ends: list[State | None] = []
        for case in cases:
            self.scope.state = dict(before)
            self._patterns.bind(case.pattern, value, subject)
            if case.guard is not None:
                self.see(case.guard)
                self.narrow(self.evaluate.narrowed(case.guard, True))
            self.block(case.body)
            ends.append(self.scope.state)
        self.scope.state = join([before, *ends], self.growth)


def _caught(kind: ast.expr | None, evaluate: Evaluator) -> Value:
    return InstanceOf(evaluate.class_options(kind)) if kind is not None else Unknown("an exception")
