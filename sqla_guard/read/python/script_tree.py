"""A module's syntax tree with parents and character spans, to read around a place."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cached_property, lru_cache

from sqla_guard.core.source import SourceFile, Span
from sqla_guard.read.python.nodes import Nodes, nodes_of
from sqla_guard.read.python.parse import span_of
from sqla_guard.read.python.sparse import parse_mentioning

_BUILDERS = frozenset({"dedent", "cleandoc"})


class Tree:
    """The syntax tree of one file.

    Attributes:
        ways_out: What leaves the block of a statement from inside it, for those statements that were asked about.
        remembering: Whether a helper may answer from memory, for those helpers that were asked about.
    """

    def __init__(self, source: SourceFile, nodes: Nodes) -> None:
        """Look at ``nodes``, those of ``source``."""
        self.source = source
        self.nodes = nodes
        self.module = nodes.module
        self._parents = self.nodes.parents
        self.ways_out: dict[ast.stmt, tuple[ast.AST, ...]] = {}
        self.remembering: dict[ast.stmt, bool] = {}

    @cached_property
    def _expressions(self) -> dict[int, list[ast.expr]]:
        """The expressions on each line, but parts of f-strings, which have no usable positions before Python 3.12."""
        lines: dict[int, list[ast.expr]] = {}
        for node, around in self._parents.items():
            if isinstance(node, ast.expr) and not isinstance(around, (ast.JoinedStr, ast.FormattedValue)):
                for line in range(node.lineno, (node.end_lineno or 0) + 1):
                    lines.setdefault(line, []).append(node)
        return lines

    @cached_property
    def strings(self) -> frozenset[str]:
        """The string literals of the module."""
        constants = (node for node in self.nodes.of(ast.Constant) if isinstance(node, ast.Constant))
        return frozenset(node.value for node in constants if isinstance(node.value, str))

    @cached_property
    def names(self) -> frozenset[str]:
        """All names that the module reads or binds."""
        return frozenset(node.id for node in self.nodes.of(ast.Name) if isinstance(node, ast.Name))

    @cached_property
    def assigned(self) -> dict[str, list[ast.Assign | ast.AnnAssign | ast.NamedExpr]]:
        """The assignments to each name, in the order of :func:`ast.walk`."""
        found: dict[str, list[ast.Assign | ast.AnnAssign | ast.NamedExpr]] = {}
        for node in self.nodes.of(ast.Assign, ast.AnnAssign, ast.NamedExpr):
            if isinstance(node, (ast.Assign, ast.AnnAssign, ast.NamedExpr)):
                targets = node.targets if isinstance(node, ast.Assign) else [node.target]
                for name in dict.fromkeys(t.id for t in targets if isinstance(t, ast.Name)):
                    found.setdefault(name, []).append(node)
        return found

    def parent(self, node: ast.AST) -> ast.AST | None:
        """Return the node directly around ``node``."""
        return self._parents.get(node)

    def ancestors(self, node: ast.AST) -> Iterator[ast.AST]:
        """Yield the nodes around ``node``, inwards out."""
        parent = self._parents.get(node)
        while parent is not None:
            yield parent
            parent = self._parents.get(parent)

    def span(self, node: ast.stmt | ast.expr) -> Span:
        """Return the characters of ``node``."""
        return span_of(self.source, node)

    def text(self, node: ast.stmt | ast.expr) -> str:
        """Return the text of ``node``."""
        span = self.span(node)
        return self.source.text[span.start : span.end]

    def function(self, node: ast.AST) -> ast.FunctionDef | ast.AsyncFunctionDef | None:
        """Return the function that ``node`` runs in."""
        for around in self.ancestors(node):
            if isinstance(around, (ast.FunctionDef, ast.AsyncFunctionDef)):
                return around
        return None

    def statement(self, node: ast.AST) -> ast.stmt:
        """Return the innermost statement that ``node`` is part of."""
        if isinstance(node, ast.stmt):
            return node
        return next(around for around in self.ancestors(node) if isinstance(around, ast.stmt))

    def suite(self, statement: ast.stmt) -> list[ast.stmt]:
        """Return the statements of the block that ``statement`` stands in."""
        parent = self._parents[statement]
        for field in ("body", "orelse", "finalbody"):
            block = getattr(parent, field, None)
            if isinstance(block, list) and statement in block:
                return block
        return [statement]

    def literal_at(self, span: Span) -> ast.expr | None:
        """Return the expression that builds the string that ``span`` stands in."""
        line = self.source.position(span.start)[0]
        best: ast.expr | None = None
        size = len(self.source.text) + 1
        for node in self._expressions.get(line, ()):
            found = self.span(node)
            if found.contains(span) and found.end - found.start < size:
                best, size = node, found.end - found.start
        if isinstance(best, ast.Call):
            return self._longest_string(best)
        return self._whole(best) if best else None

    def _longest_string(self, call: ast.Call) -> ast.expr | None:
        strings = [n for n in ast.walk(call) if isinstance(n, ast.JoinedStr) or is_string(n)]
        texts = [s for s in strings if isinstance(s, ast.expr) and not self._in_template(s)]
        longest = max(texts, key=lambda s: len(self.text(s)), default=None)
        return self._whole(longest) if longest else None

    def _in_template(self, node: ast.AST) -> bool:
        return any(isinstance(around, ast.JoinedStr) for around in self.ancestors(node))

    def _whole(self, node: ast.expr) -> ast.expr:
        """Return the expression around a string as long as that only builds a longer string."""
        while True:
            parent = self._parents.get(node)
            if isinstance(parent, (ast.BinOp, ast.IfExp, ast.JoinedStr, ast.FormattedValue)):
                node = parent
            elif isinstance(parent, ast.Attribute):
                call = self._parents.get(parent)
                if not isinstance(call, ast.Call) or call.func is not parent:
                    return node
                node = call
            elif isinstance(parent, ast.Call) and called(parent) in _BUILDERS:
                node = parent
            else:
                return node


@lru_cache(maxsize=2)
def tree_of(source: SourceFile) -> Tree:
    """Return the tree of ``source``, made once for all questions about a script.

    Raises:
        UnparsableFile: The file is no Python.
    """
    return Tree(source, nodes_of(source))


def tree_mentioning(source: SourceFile, wanted: re.Pattern[str]) -> Tree:
    """Return the tree of ``source``, in which functions may be empty whose bodies ``wanted`` is not found in.

    Raises:
        UnparsableFile: The file is no Python.
    """
    return Tree(source, Nodes(parse_mentioning(source, wanted)))


def is_string(node: ast.AST) -> bool:
    """Tell whether ``node`` is a plain string constant."""
    return isinstance(node, ast.Constant) and isinstance(node.value, str)


def called(call: ast.Call) -> str:
    """Return the last name of what is called."""
    func = call.func
    return func.attr if isinstance(func, ast.Attribute) else getattr(func, "id", "")


def names_in(*nodes: ast.AST) -> set[str]:
    """Return all names that the nodes read or bind."""
    return {n.id for node in nodes for n in ast.walk(node) if isinstance(n, ast.Name)}


def bound_by(statement: ast.stmt) -> set[str]:
    """Return the names that a statement binds in its own scope, nested blocks included."""
    names: set[str] = set()
    pending: list[ast.AST] = [statement]
    while pending:
        node = pending.pop()
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            names.add(node.name)
            continue
        if isinstance(node, (ast.Import, ast.ImportFrom)):
            names.update(alias.asname or alias.name.split(".")[0] for alias in node.names)
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            names.add(node.id)
        pending.extend(ast.iter_child_nodes(node))
    return names
