"""Which statements of a function bear on what is looked for in it; the others need not be followed.

A statement bears on it if it holds something of interest, gives a name that such a statement reads a value (directly or
not) or a narrower one, or leaves its block. What a statement reads is told by the words on its lines, so a few too many
are followed at most.
"""

from __future__ import annotations

import ast
import re
import unicodedata
from collections.abc import Callable, Iterator

from sqla_guard.core.source import SourceFile
from sqla_guard.read.python.script_tree import names_in

_WORD = re.compile(r"[^\W\d]\w*")
_DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
_LEAVES = (ast.Return, ast.Raise, ast.Break, ast.Continue)
_TELL = (ast.If, ast.While, ast.Assert)
# What a condition tells something of a name with.
_TELLING = frozenset({"isinstance", "type"})
_GROWS = frozenset({"append", "add", "appendleft", "extend"})
_BLOCKS = ("body", "orelse", "finalbody")
_HOLDING = frozenset({"body", "cases"})

Path = tuple[ast.stmt, ...]
"""A statement behind those around it."""


class Bearing:
    """Finds such statements in functions of one file."""

    def __init__(self, source: SourceFile, wanted: Callable[[ast.stmt | ast.expr], bool]) -> None:
        """Look in ``source`` for what bears on the nodes that are ``wanted``."""
        self._source = source
        self._wanted = wanted

    def of(self, body: list[ast.stmt]) -> frozenset[ast.stmt]:
        """Return the statements of a function that bear on what is wanted, with all around and in them."""
        read: set[str] = set()
        found: set[ast.stmt] = set()
        undecided: list[tuple[Path, frozenset[str]]] = []
        for path in _own(body, ()):
            statement = path[-1]
            if isinstance(statement, ast.Match) or any(map(self._wanted, _parts(statement))):
                read |= self._words(statement)
                found.update(path, _inside(statement))
            elif isinstance(statement, _LEAVES) or never_returns(statement):
                found.update(path)
            else:
                binds = self._told(statement) if isinstance(statement, _TELL) else frozenset(_bound(statement))
                undecided += [(path, binds)] if binds else []
        while bearing := [path for path, binds in undecided if not binds.isdisjoint(read)]:
            undecided = [(path, binds) for path, binds in undecided if binds.isdisjoint(read)]
            read = read.union(*(self._words(path[-1]) for path in bearing))
            found.update(*bearing)
        return frozenset(found)

    def _told(self, statement: ast.stmt) -> frozenset[str]:
        """Return the names that a condition may tell something of."""
        words = self._words(statement)
        return frozenset() if words.isdisjoint(_TELLING) else words

    def _words(self, statement: ast.stmt) -> frozenset[str]:
        """Return the words on the lines of a statement, without its blocks; of a definition only where it is wanted."""
        if isinstance(statement, _DEFINITIONS) and not self._wanted(statement):
            return frozenset()
        return frozenset(word for part in _parts(statement) for word in self._words_of(part))

    def _words_of(self, node: ast.stmt | ast.expr) -> list[str]:
        starts, end = self._source.line_starts, node.end_lineno or node.lineno
        text = self._source.text[starts[node.lineno - 1] : starts[end] if end < len(starts) else None]
        return _WORD.findall(text if text.isascii() else unicodedata.normalize("NFKC", text))


def never_returns(node: ast.stmt) -> bool:
    """Tell whether a statement ends the program."""
    match node:
        case ast.Expr(value=ast.Call(func=ast.Attribute(value=ast.Name(id="sys"), attr="exit"))):
            return True
        case ast.Expr(value=ast.Call(func=ast.Name(id="exit" | "quit"))):
            return True
        case _:
            return False


def _own(body: list[ast.stmt], around: Path) -> Iterator[Path]:
    """Yield the statements of a function, each with those around it; definitions are not looked into."""
    for statement in body:
        path = (*around, statement)
        yield path
        if not (isinstance(statement, _DEFINITIONS) or _HOLDING.isdisjoint(statement._fields)):
            for block in (statement, *getattr(statement, "handlers", ()), *getattr(statement, "cases", ())):
                for name in _BLOCKS:
                    yield from _own(getattr(block, name, []), path)


def _inside(statement: ast.stmt) -> Iterator[ast.stmt]:
    """Yield what is followed together with a statement: the body of a class, the cases of a match."""
    if isinstance(statement, (ast.ClassDef, ast.Match)):
        yield from (node for node in ast.walk(statement) if isinstance(node, ast.stmt))


def _parts(node: ast.stmt) -> Iterator[ast.stmt | ast.expr]:
    """Yield a statement, or of one with blocks all that is not in them."""
    if isinstance(node, _DEFINITIONS):
        yield from (node, *node.decorator_list)
        return
    if not hasattr(node, "body"):
        yield node
        return
    for name in ("test", "target", "iter"):
        yield from filter(None, (getattr(node, name, None),))
    for item in getattr(node, "items", ()):
        yield from filter(None, (item.context_expr, item.optional_vars))
    yield from (handler.type for handler in getattr(node, "handlers", ()) if handler.type)


def _bound(node: ast.stmt) -> Iterator[str]:
    """Yield the names that a statement itself binds, or adds something to."""
    match node:
        case ast.Assign(targets=targets) | ast.Delete(targets=targets):
            yield from names_in(*targets)
        case ast.AnnAssign(target=target) | ast.AugAssign(target=target) | ast.For(target=target):
            yield from names_in(target)
        case ast.AsyncFor(target=target):
            yield from names_in(target)
        case ast.With(items=items) | ast.AsyncWith(items=items):
            yield from names_in(*(item.optional_vars for item in items if item.optional_vars))
        case ast.Import(names=aliases) | ast.ImportFrom(names=aliases):
            yield from (alias.asname or alias.name.partition(".")[0] for alias in aliases)
        case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
            yield name
        case ast.Expr(value=ast.Call(func=ast.Attribute(value=ast.Name(id=name), attr=attr))) if attr in _GROWS:
            yield name
        case _:
            yield from (handler.name for handler in getattr(node, "handlers", ()) if handler.name)
