"""What the rest of a module says about a lazily made global: other writers, callers, locks, imports, free names.

Read once a module with ``ast``; it flags nothing.
"""

from __future__ import annotations

import ast
import re
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from sqla_guard.core.source import SourceFile, Span
from sqla_guard.facts.lazy import Callers, ModuleSite, Reset
from sqla_guard.read.python.lock_words import has_lock_word, is_lock_expression, makes_lock
from sqla_guard.read.python.parse import span_of

FunctionNode = ast.FunctionDef | ast.AsyncFunctionDef
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
_SCOPES = (*_FUNCTIONS, ast.ClassDef, ast.Lambda)


@dataclass
class FunctionInfo:
    """A function with the globals it declares.

    Attributes:
        node: The statement.
        qualname: Qualified name.
        in_class: Whether it is a method.
        in_function: Whether it is nested in another function.
        declared: Names in its ``global`` statements.
        top: The top-level statement that holds it.
    """

    node: FunctionNode
    qualname: str
    in_class: bool
    in_function: bool
    declared: frozenset[str]
    top: ast.stmt

    @cached_property
    def identifiers(self) -> frozenset[str]:
        """Names and attributes read anywhere in it."""
        return identifiers(self.node)

    def is_candidate(self) -> bool:
        """Tell whether it both reads and binds a declared global itself."""
        if not self.declared:
            return False
        read: set[str] = set()
        bound: set[str] = set()
        for node in own_nodes(self.node):
            if isinstance(node, ast.Name):
                (read if isinstance(node.ctx, ast.Load) else bound).add(node.id)
            elif isinstance(node, ast.alias):
                bound.add(node.asname or node.name.partition(".")[0])
        return bool(read & bound & self.declared)


@dataclass(frozen=True)
class _Use:
    """A mention of a name, with the function around it (empty at module level) and the lock held there."""

    name: str
    function: str
    lock: str | None


@dataclass(frozen=True)
class _Write:
    """An assignment or deletion of a declared global in a function."""

    name: str
    function: str
    lock: str | None
    statement: ast.stmt
    empties: bool


def own_nodes(function: ast.AST) -> Iterator[ast.AST]:
    """Yield the nodes of a function's own scope, nested functions, classes and lambdas left out."""
    pending = list(ast.iter_child_nodes(function))
    while pending:
        node = pending.pop()
        yield node
        if not isinstance(node, _SCOPES):
            pending.extend(ast.iter_child_nodes(node))


def identifiers(node: ast.AST) -> frozenset[str]:
    """Return all names and attribute names read below ``node``."""
    found = set()
    for inner in ast.walk(node):
        if isinstance(inner, ast.Name) and isinstance(inner.ctx, ast.Load):
            found.add(inner.id)
        elif isinstance(inner, ast.Attribute):
            found.add(inner.attr)
    return frozenset(found)


@dataclass
class ModuleIndex:
    """One module, looked at from all its lazily made globals."""

    source: SourceFile
    tree: ast.Module
    functions: list[FunctionInfo] = field(default_factory=list)
    uses: list[_Use] = field(default_factory=list)
    writes: list[_Write] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Find the functions; everything else is worked out on demand."""
        for top in self.tree.body:
            self._find_functions([top], "", top, in_class=False, in_function=False)

    def _find_functions(
        self, body: Sequence[ast.AST], scope: str, top: ast.stmt, in_class: bool, in_function: bool
    ) -> None:
        for node in body:
            if isinstance(node, _FUNCTIONS):
                declared = self._declared(node)
                qualname = scope + node.name
                self.functions.append(FunctionInfo(node, qualname, in_class, in_function, declared, top))
                self._find_functions(node.body, f"{qualname}.<locals>.", top, in_class=False, in_function=True)
            elif isinstance(node, ast.ClassDef):
                self._find_functions(node.body, f"{scope}{node.name}.", top, in_class=True, in_function=in_function)
            elif isinstance(node, (ast.stmt, ast.excepthandler, ast.match_case)):
                self._find_functions(list(ast.iter_child_nodes(node)), scope, top, in_class, in_function)

    def _declared(self, node: FunctionNode) -> frozenset[str]:
        """Return the globals that a function declares; its text is asked first, as most declare none."""
        lines = self._global_lines
        position = bisect_left(lines, node.lineno)
        if position == len(lines) or lines[position] > (node.end_lineno or 0):
            return frozenset()
        return frozenset(n for g in own_nodes(node) if isinstance(g, ast.Global) for n in g.names)

    @cached_property
    def _global_lines(self) -> list[int]:
        """Lines that hold the word ``global``, in order."""
        text = self.source.text
        return [self.source.position(match.start())[0] for match in re.finditer("global", text)]

    @cached_property
    def locks(self) -> tuple[tuple[str, int], ...]:
        """Module-level names bound to a lock, with the end of the binding statement."""
        found: list[tuple[str, int]] = []
        for node in self.tree.body:
            targets, value = _assignment(node)
            if isinstance(value, ast.Call) and makes_lock(ast.unparse(value)):
                found.extend((t.id, span_of(self.source, node).end) for t in targets if isinstance(t, ast.Name))
        return tuple(found)

    @cached_property
    def guards(self) -> frozenset[str]:
        """Lock names, and functions of the module that give a locked block or lock what they decorate."""
        names = {name for name, _ in self.locks}
        for function in self.functions:
            node = function.node
            inner = [n for n in ast.walk(node) if isinstance(n, (ast.With, ast.AsyncWith))]
            locks = any(
                is_lock_expression(ast.unparse(i.context_expr), frozenset(names)) for w in inner for i in w.items
            )
            yields = any(isinstance(n, (ast.Yield, ast.YieldFrom)) for n in ast.walk(node))
            wraps = any(isinstance(n, _FUNCTIONS) for n in ast.walk(node) if n is not node)
            if locks and (yields or wraps):
                names.add(node.name)
        return frozenset(names)

    @cached_property
    def _walked(self) -> bool:
        _Walk(self).run()
        return True

    def resets(self, names: frozenset[str], besides: str) -> tuple[Reset, ...]:
        """Return the places outside function ``besides`` that empty one of ``names``."""
        assert self._walked
        return tuple(
            Reset(w.name, w.function, span_of(self.source, w.statement), w.lock, self._stands_alone(w.statement))
            for w in self.writes
            if w.name in names and w.empties and w.function != besides
        )

    def only_booleans(self, name: str) -> bool:
        """Tell whether every assignment to global ``name`` in the module is ``True`` or ``False``."""
        assert self._walked
        values = [_assignment(w.statement)[1] for w in self.writes if w.name == name]
        for node in self.tree.body:
            targets, value = _assignment(node)
            values.extend(value for t in targets if isinstance(t, ast.Name) and t.id == name)
        return bool(values) and all(isinstance(v, ast.Constant) and isinstance(v.value, bool) for v in values)

    def callers(self, function: FunctionInfo) -> Callers:
        """Return who uses ``function`` in the module."""
        assert self._walked
        uses = [u for u in self.uses if u.name == function.node.name and u.function != function.qualname]
        return Callers(
            any(not u.function for u in uses),
            tuple(dict.fromkeys(u.function for u in uses if u.function and u.lock)),
            tuple(dict.fromkeys(u.function for u in uses if u.function and not u.lock)),
        )

    def reaches_itself(self, function: FunctionInfo) -> bool:
        """Tell whether what ``function`` calls in this module can come back to it."""
        known: dict[str, ast.AST] = {f.node.name: f.node for f in self.functions if f.node is not function.node}
        for node in self.tree.body:
            if isinstance(node, ast.ClassDef) and node is not function.top:
                known[node.name] = node
        seen: set[str] = set()
        pending = set(function.identifiers)
        while pending:
            name = pending.pop()
            if name == function.node.name:
                return True
            if name not in seen and name in known:
                pending |= identifiers(known[name])
            seen.add(name)
        return False

    def reads(self, function_name: str, name: str) -> bool:
        """Tell whether a function of the module called ``function_name`` mentions ``name``."""
        return any(f.node.name == function_name and name in f.identifiers for f in self.functions)

    def site(self, function: FunctionInfo, name: str) -> ModuleSite:
        """Return what a fixer of ``name`` in ``function`` needs to know."""
        bound = next((span_of(self.source, n) for n in self.tree.body if name in _bound_names(n)), None)
        imports = [n for n in self.tree.body if isinstance(n, (ast.Import, ast.ImportFrom))]
        module_name, constructors, ends = _threading_names(self.source, imports)
        rebound = any("threading" in _bound_names(n) for n in self.tree.body if n not in imports)
        return ModuleSite(
            bound,
            self.whole(function.top),
            self._all_names,
            self.locks,
            frozenset(n for n, _ in self.locks if n in self._read_names),
            module_name,
            constructors,
            ends,
            tuple(span_of(self.source, n) for n in imports if getattr(n, "module", "") != "__future__"),
            not rebound and (module_name == "threading" or "threading" not in self._imported),
        )

    @cached_property
    def _imported(self) -> frozenset[str]:
        nodes = [n for n in self.tree.body if isinstance(n, (ast.Import, ast.ImportFrom))]
        return frozenset(a.asname or a.name.partition(".")[0] for n in nodes for a in n.names)

    @cached_property
    def _all_names(self) -> frozenset[str]:
        found: set[str] = set()
        for node in ast.walk(self.tree):
            for key in ("id", "attr", "arg", "name", "asname", "rest"):
                value = getattr(node, key, None)
                if isinstance(value, str):
                    found.update(value.split("."))
            if isinstance(node, (ast.Global, ast.Nonlocal)):
                found.update(node.names)
        return frozenset(found)

    @cached_property
    def _read_names(self) -> frozenset[str]:
        return identifiers(self.tree)

    def whole(self, node: ast.stmt) -> Span:
        """Return the span of a statement from its first decorator on."""
        span = span_of(self.source, node)
        decorators = getattr(node, "decorator_list", [])
        if not decorators:
            return span
        first = span_of(self.source, decorators[0]).start
        return Span(self.source.text.rindex("@", 0, first + 1), span.end)

    def _stands_alone(self, node: ast.stmt) -> bool:
        span = span_of(self.source, node)
        line, column = self.source.position(span.start)
        before = self.source.line(line)[: column - 1]
        last, end_column = self.source.position(span.end)
        after = self.source.line(last)[end_column - 1 :].strip()
        return not before.strip() and (not after or after.startswith("#"))


class _Walk:
    """Notes every mention of a function and every write of a declared global, with the lock held there."""

    def __init__(self, index: ModuleIndex) -> None:
        self.index = index
        self.infos = {id(f.node): f for f in index.functions}
        self.names = frozenset(f.node.name for f in index.functions)

    def run(self) -> None:
        self.body(self.index.tree.body, None, None)

    def body(self, statements: Sequence[ast.AST], function: FunctionInfo | None, lock: str | None) -> None:
        for node in statements:
            lock = self._held(node, lock)
            self.node(node, function, lock)

    def node(self, node: ast.AST, function: FunctionInfo | None, lock: str | None) -> None:
        if isinstance(node, _FUNCTIONS):
            for decorator in node.decorator_list:
                self.node(decorator, function, lock)
            info = self.infos.get(id(node), function)
            locked = next((t for t in map(ast.unparse, node.decorator_list) if has_lock_word(t)), None)
            self.body(node.body, info, locked)
            return
        self._note(node, function, lock)
        if isinstance(node, (ast.With, ast.AsyncWith)):
            texts = [ast.unparse(item.context_expr) for item in node.items]
            lock = next((t for t in texts if is_lock_expression(t, self.index.guards)), lock)
        for _, value in ast.iter_fields(node):
            if isinstance(value, list) and value and isinstance(value[0], ast.stmt):
                self.body(value, function, lock)
            elif isinstance(value, list):
                for item in value:
                    if isinstance(item, ast.AST):
                        self.node(item, function, lock)
            elif isinstance(value, ast.AST):
                self.node(value, function, lock)

    def _note(self, node: ast.AST, function: FunctionInfo | None, lock: str | None) -> None:
        where = function.qualname if function else ""
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load) and node.id in self.names:
            self.index.uses.append(_Use(node.id, where, lock))
        elif isinstance(node, ast.Attribute) and node.attr in self.names:
            self.index.uses.append(_Use(node.attr, where, lock))
        elif function and isinstance(node, (ast.Assign, ast.AnnAssign, ast.AugAssign, ast.Delete)):
            targets, value = _assignment(node)
            empties = isinstance(node, ast.Delete) or (isinstance(value, ast.Constant) and not value.value)
            for target in targets:
                for name in (n for n in ast.walk(target) if isinstance(n, ast.Name)):
                    if name.id in function.declared and not isinstance(name.ctx, ast.Load):
                        self.index.writes.append(_Write(name.id, where, lock, node, empties))

    def _held(self, node: ast.AST, lock: str | None) -> str | None:
        """Return the lock held from ``node`` on, given ``X.acquire()`` and ``X.release()`` as statements."""
        if not isinstance(node, (ast.Expr, ast.Assign, ast.If)):
            return lock
        call = node.value if not isinstance(node, ast.If) else node.test
        for inner in ast.walk(call):
            if isinstance(inner, ast.Call) and isinstance(inner.func, ast.Attribute):
                owner = ast.unparse(inner.func.value)
                if inner.func.attr == "acquire" and is_lock_expression(owner, self.index.guards):
                    return owner
                if inner.func.attr == "release" and owner == lock:
                    return None
        return lock


def _assignment(node: ast.AST) -> tuple[list[ast.expr], ast.expr | None]:
    match node:
        case ast.Assign(targets=targets, value=value):
            return targets, value
        case ast.AnnAssign(target=target, value=value):
            return [target], value
        case ast.AugAssign(target=target):
            return [target], None
        case ast.Delete(targets=targets):
            return targets, None
        case _:
            return [], None


def _bound_names(top: ast.stmt) -> frozenset[str]:
    """Return what a top-level statement binds at module level."""
    if isinstance(top, (*_FUNCTIONS, ast.ClassDef)):
        return frozenset({top.name})
    found: set[str] = set()
    for node in [top, *own_nodes(top)]:
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            found.add(node.id)
        elif isinstance(node, (*_FUNCTIONS, ast.ClassDef)):
            found.add(node.name)
        elif isinstance(node, ast.alias):
            found.add(node.asname or node.name.partition(".")[0])
    return frozenset(found)


def _threading_names(
    source: SourceFile, imports: Sequence[ast.Import | ast.ImportFrom]
) -> tuple[str | None, tuple[tuple[str, str], ...], tuple[tuple[str, int], ...]]:
    """Return the module's name, names of lock classes, and where each is bound."""
    module_name: str | None = None
    constructors: list[tuple[str, str]] = []
    ends: list[tuple[str, int]] = []
    for node in imports:
        end = span_of(source, node).end
        for alias in node.names:
            local = alias.asname or alias.name
            if isinstance(node, ast.Import) and alias.name == "threading":
                module_name = module_name or local
                ends.append((local, end))
            elif isinstance(node, ast.ImportFrom) and node.module == "threading" and alias.name in ("Lock", "RLock"):
                constructors.append((alias.name, local))
                ends.append((local, end))
    return module_name, tuple(constructors), tuple(ends)
