"""Which other attributes a function reads on the same name.

An object on which ``page_content`` is read as well cannot be an instance of a class without such an attribute. That
only counts where both reads happen in one run: the other read stands in the same block or in one around it, and nothing
asks what the object is.
"""

from __future__ import annotations

import ast
from collections import defaultdict

from sqla_guard.read.python.nodes import children
from sqla_guard.read.python.scopes import FUNCTIONS, bound_in, parameters

_Path = tuple[int, ...]
# Who asks what an object is may go on to use it in several ways.
_QUESTIONS = frozenset({"callable", "getattr", "hasattr", "isinstance", "issubclass", "type", "vars"})
_OWN_SCOPE = (*FUNCTIONS, ast.ClassDef)
_COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)


class Companions:
    """The attribute reads of one function, class body or module, without the functions inside."""

    def __init__(self, node: ast.AST) -> None:
        """Read ``node``."""
        self._reads: dict[str, list[tuple[_Path, str]]] = defaultdict(list)
        self._of_node: dict[ast.AST, tuple[str, _Path]] = {}
        self._doubtful: set[str] = set()
        self._variables: dict[str, int] = {}
        self._next = 0
        body: list[ast.stmt] = getattr(node, "body", [])
        if isinstance(node, ast.Lambda):
            self._visit(node.body, ())
            return
        counts = bound_in(body).counts
        if isinstance(node, FUNCTIONS):
            counts.update(p.arg for p in parameters(node.args))
        self._rebound = {name for name, count in counts.items() if count > 1}
        self._block(body, ())

    def of(self, node: ast.AST, name: str) -> frozenset[str]:
        """Return the other attributes read on the owner of ``node``, an access to attribute ``name``."""
        if node not in self._of_node:
            return frozenset()
        key, path = self._of_node[node]
        root = key.partition(".")[0]
        if root.partition("@")[0] in self._doubtful or root in getattr(self, "_rebound", ()):
            return frozenset()
        reads = self._reads[key]
        return frozenset(a for where, a in reads if a != name and path[: len(where)] == where)

    def _block(self, body: list[ast.stmt], path: _Path) -> None:
        for statement in body:
            self._statement(statement, path)

    def _statement(self, node: ast.stmt, path: _Path) -> None:
        if isinstance(node, _OWN_SCOPE):
            return
        for child in children(node):
            if isinstance(child, ast.expr):
                self._visit(child, path)
            elif isinstance(child, ast.withitem):
                self._visit(child.context_expr, path)
        for field in ("body", "orelse", "finalbody"):
            inner = getattr(node, field, None)
            if isinstance(inner, list) and inner:
                runs_anyway = isinstance(node, (ast.With, ast.AsyncWith)) or field == "finalbody"
                self._block(inner, path if runs_anyway else self._branch(path))
        for handler in getattr(node, "handlers", ()):
            self._handler(handler, path)
        for case in getattr(node, "cases", ()):
            self._block(case.body, self._branch(path))

    def _handler(self, handler: ast.ExceptHandler, path: _Path) -> None:
        if handler.type is not None and "AttributeError" in ast.dump(handler.type):
            # Trying an attribute is asking for it; nothing in this function is certain.
            self._doubtful.update(key.partition(".")[0].partition("@")[0] for key in self._reads)
        self._block(handler.body, self._branch(path))

    def _branch(self, path: _Path) -> _Path:
        self._next += 1
        return (*path, self._next)

    def _visit(self, node: ast.AST, path: _Path) -> None:
        match node:
            case ast.Attribute(attr=attr, value=value):
                key = self._key(value)
                if key is not None:
                    self._of_node[node] = (key, path)
                    if isinstance(node.ctx, ast.Load):
                        self._reads[key].append((path, attr))
                self._visit(value, path)
            case ast.IfExp(test=test, body=body, orelse=orelse):
                self._visit(test, path)
                self._visit(body, self._branch(path))
                self._visit(orelse, self._branch(path))
            case ast.BoolOp(values=values):
                self._visit(values[0], path)
                for value in values[1:]:
                    path = self._branch(path)
                    self._visit(value, path)
            case ast.Lambda():
                self._inner(node, [p.arg for p in parameters(node.args)], [node.body], path)
            case _ if isinstance(node, _COMPREHENSIONS):
                self._comprehension(node, path)
            case _:
                self._asked(node)
                for child in children(node):
                    self._visit(child, path)

    def _comprehension(self, node: ast.AST, path: _Path) -> None:
        generators: list[ast.comprehension] = getattr(node, "generators", [])
        names = [n.id for g in generators for n in ast.walk(g.target) if isinstance(n, ast.Name)]
        parts: list[ast.expr] = [e for g in generators for e in (g.iter, *g.ifs)]
        parts += [p for f in ("elt", "key", "value") if (p := getattr(node, f, None)) is not None]
        self._inner(node, names, parts, path)

    def _inner(self, node: ast.AST, names: list[str], parts: list[ast.expr], path: _Path) -> None:
        """Visit a comprehension or lambda, whose variables are not those outside of the same name."""
        before = self._variables
        self._next += 1
        self._variables = {**before, **dict.fromkeys(names, self._next)}
        inside = self._branch(path)
        for part in parts:
            self._visit(part, inside)
        self._variables = before

    def _asked(self, node: ast.AST) -> None:
        match node:
            case ast.Call(func=ast.Name(id=question), args=[ast.Name(id=name), *_]):
                if question in _QUESTIONS:
                    self._doubtful.add(name)

    def _key(self, node: ast.expr) -> str | None:
        names: list[str] = []
        while isinstance(node, ast.Attribute):
            names.append(node.attr)
            node = node.value
        if not isinstance(node, ast.Name):
            return None
        number = self._variables.get(node.id)
        root = node.id if number is None else f"{node.id}@{number}"
        return ".".join([root, *reversed(names)])
