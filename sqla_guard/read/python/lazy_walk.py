"""A walk over a whole module for what concerns its lazily made objects: who calls, who writes, under which lock."""

from __future__ import annotations

import ast
from collections.abc import Sequence
from typing import TYPE_CHECKING

from sqla_guard.read.python.lazy_functions import FunctionInfo, Use, Write
from sqla_guard.read.python.lazy_places import assignment
from sqla_guard.read.python.lazy_trees import text_of
from sqla_guard.read.python.lock_words import has_lock_word, is_lock_expression

if TYPE_CHECKING:
    from sqla_guard.read.python.lazy_module import ModuleIndex

_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)


class Walk:
    """Notes every mention of a function and every write of a declared global, with the lock held there."""

    def __init__(self, index: ModuleIndex) -> None:
        self.index = index
        self.infos = {id(f.node): f for f in index.functions}
        self.names = frozenset(f.node.name for f in index.functions)
        self.acquires = any(word in index.source.text for word in ("acquire", "release"))

    def text(self, node: ast.expr) -> str:
        """Return an expression as written."""
        return text_of(self.index.source, node)

    def run(self) -> None:
        """Walk the whole module."""
        self.body(self.index.tree.body, None, None)

    def body(self, statements: Sequence[ast.stmt], function: FunctionInfo | None, lock: str | None) -> None:
        """Walk statements of ``function`` (none: of the module), where ``lock`` is held."""
        for node in statements:
            lock = self._held(node, lock)
            if self.index.matters(node):
                self.node(node, function, lock)

    def node(self, node: ast.AST, function: FunctionInfo | None, lock: str | None) -> None:
        """Walk one node."""
        if isinstance(node, _FUNCTIONS):
            for decorator in node.decorator_list:
                self.node(decorator, function, lock)
            info = self.infos.get(id(node), function)
            locked = next((t for t in map(self.text, node.decorator_list) if has_lock_word(t)), None)
            self.body(node.body, info, locked)
            return
        self._note(node, function, lock)
        if isinstance(node, (ast.With, ast.AsyncWith)):
            texts = [self.text(item.context_expr) for item in node.items]
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
            self.index.uses.append(Use(node.id, where, lock))
        elif isinstance(node, ast.Attribute) and node.attr in self.names:
            self.index.uses.append(Use(node.attr, where, lock))
        elif function and isinstance(node, (ast.Assign, ast.AnnAssign, ast.AugAssign, ast.Delete)):
            targets, value = assignment(node)
            empties = isinstance(node, ast.Delete) or (isinstance(value, ast.Constant) and not value.value)
            for target in targets:
                for place in (n for n in ast.walk(target) if isinstance(n, (ast.Name, ast.Attribute, ast.Subscript))):
                    key = None if isinstance(place.ctx, ast.Load) else function.slots.of(place)
                    if key is not None:
                        self.index.writes.append(Write(key, where, lock, node, empties))

    def _held(self, node: ast.AST, lock: str | None) -> str | None:
        """Return the lock held from ``node`` on, given ``X.acquire()`` and ``X.release()`` as statements."""
        if not self.acquires or not isinstance(node, (ast.Expr, ast.Assign, ast.If)):
            return lock
        call = node.value if not isinstance(node, ast.If) else node.test
        for inner in ast.walk(call):
            if isinstance(inner, ast.Call) and isinstance(inner.func, ast.Attribute):
                owner = self.text(inner.func.value)
                if inner.func.attr == "acquire" and is_lock_expression(owner, self.index.guards):
                    return owner
                if inner.func.attr == "release" and owner == lock:
                    return None
        return lock
