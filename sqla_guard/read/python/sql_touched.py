"""Which expressions of a module can make SQL, or a string with a certain word, told by the lines that they stand on.

Most strings of most files are messages. A string is SQL only where some literal that it is made of begins like a
statement, or it has the word in one. So literals are looked for in the text, and names that hold what is made of them.
"""

from __future__ import annotations

import ast
import re
from bisect import bisect_left
from collections.abc import Iterable, Iterator

from sqla_guard.core.words import begun
from sqla_guard.read.python.bodies import bodies_of
from sqla_guard.read.python.nodes import nodes_in
from sqla_guard.read.python.sql_bindings import bound_by
from sqla_guard.read.python.sql_names import FOLLOWED, VERBS, called_name
from sqla_guard.read.python.sql_values import Values

# As it is written, in lower case: escapes have a backslash, and what comments hold may be anything.
_STATEMENT = re.compile(rf"[\"'][\"']{{0,2}}(?:[\s(]|\\\\[nrt\n\r])*(?:--|/\*|(?:{VERBS.lower()})\b)")
_BINDERS = (
    *(ast.Assign, ast.AnnAssign, ast.AugAssign, ast.NamedExpr, ast.For, ast.AsyncFor, ast.comprehension, ast.Call),
)


class Touched:
    """Tells of expressions whether they can matter."""

    def __init__(self, values: Values, word: str, imported: Iterable[str]) -> None:
        """Look in a module.

        Args:
            values: The module.
            word: What matters in any string, in lower case.
            imported: Dotted names of strings of other modules.
        """
        self._values = values
        self._text = values.source.text
        code = bodies_of(values.source).code
        self._all = not code or len(values.source.lowered) != len(code)
        self._lines: list[int] = []
        self._inside: set[ast.AST] = set()
        if not self._all:
            names = {part for name in imported for part in name.split(".")}
            self._reach(set(self._literals(code, word)), names)

    def __call__(self, node: ast.expr) -> bool:
        """Tell whether ``node`` can be SQL, or a string with the word."""
        return self._all or self._on(node) or node in self._inside

    def _on(self, node: ast.expr) -> bool:
        at = bisect_left(self._lines, node.lineno)
        return at < len(self._lines) and self._lines[at] <= (node.end_lineno or node.lineno)

    def _literals(self, code: str, word: str) -> Iterator[int]:
        """Yield the lines of literals that begin like SQL, and those that the word stands on."""
        lowered = self._values.source.lowered
        for found in _STATEMENT.finditer(lowered):
            start, end = found.span()
            if code[start - 1 : start] != '"' and not code[start:end].strip('"'):
                yield self._values.source.position(start)[0]
        at = lowered.find(word)
        while at >= 0:
            if code[at] == '"':
                yield self._values.source.position(at)[0]
            at = lowered.find(word, at + 1)

    def _reach(self, lines: set[int], new: set[str]) -> None:
        """Take in ``lines`` and those that name what is bound on one of them, or one of ``new``, and so on."""
        flows = list(self._flows())
        known: set[str] = set()
        self._see(lines)
        while new := new | {name for name, value in flows if name not in known and self(value)}:
            if not all(map(str.isascii, new)):
                self._all = True  # they may be written in several ways
                return
            known |= new
            some = re.compile(rf"(?:{begun(*sorted(new))})(?!\w)")
            self._see({self._values.source.position(found.start())[0] for found in some.finditer(self._text)})
            new = set()

    def _see(self, lines: set[int]) -> None:
        self._lines = sorted({*self._lines, *lines})
        # Before Python 3.12, what stands in an f-string does not know its line.
        for node in self._values.nodes.of(ast.JoinedStr):
            if isinstance(node, ast.JoinedStr) and self._on(node):
                self._inside.update(nodes_in(node))

    def _flows(self) -> Iterator[tuple[str, ast.expr]]:
        """Yield the names that may hold a string, with what they hold; those of functions with what they give back."""
        values = self._values
        returning: set[str] = set()
        for node in values.nodes.of(ast.Return):
            function = values.function(node)
            if isinstance(node, ast.Return) and node.value is not None and function is not None:
                returning.add(getattr(function, "name", ""))
                yield getattr(function, "name", ""), node.value
        for node in values.nodes.of(*_BINDERS):
            for name, binding, _ in bound_by(node):
                value = binding.value
                if isinstance(value, ast.List) and not hasattr(value, "lineno"):
                    value = value.elts[0]  # what is appended
                is_followed = not isinstance(value, ast.Call) or called_name(value) in FOLLOWED | returning
                if is_followed and not isinstance(value, ast.Await):
                    yield name, value
