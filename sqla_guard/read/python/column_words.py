"""Where Python names a column outside of SQL statements: constraints of a model, and its bare table."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from typing import Literal

from sqla_guard.core.source import SourceFile, Span
from sqla_guard.facts.operations import Carrier, ColumnReference, Identifier, TableName
from sqla_guard.read.python.bodies import bodies_of
from sqla_guard.read.python.script_tree import Tree, called, is_string, tree_mentioning
from sqla_guard.read.sql_marker import may_be_spelled

Role = Literal["plain", "fixed"]

_FRAGMENTS = frozenset({"CheckConstraint", "Computed", "DDL", "literal_column", "text", "FetchedValue"})
_FRAGMENT_KEYWORDS = frozenset({"sqltext", "server_default", "server_onupdate", "postgresql_where", "sqlite_where"})
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
_OPENING = re.compile(r"[rRuU]?('''|\"\"\"|'|\")")
_SQL_TEXT = re.compile(r"'(?:[^']|'')*'")
_COLLECTIONS = frozenset({"c", "columns"})
_TABLE = re.compile(r"able(?<=\b[tT]able)[\s\\]*\(")
_NO_ROWS = frozenset({"db", "Base", "self", "cls", "op", "meta"})


def read_column_words(
    source: SourceFile, table: TableName, column: str, classes: frozenset[str]
) -> tuple[ColumnReference, ...]:
    """Return the places that name ``column`` of ``table``.

    Those that are ``fixed`` cannot be edited here; where they have a span, somebody else may know better.

    Args:
        source: The file.
        table: The table.
        column: The column.
        classes: Names of the classes that map the table.

    Raises:
        UnparsableFile: The file is no Python.
    """
    if not _may_speak(source, table.name, classes):
        return ()
    tree = tree_mentioning(source, re.compile(re.escape(column), re.IGNORECASE))
    return tuple(_Reader(tree, table, column, classes).read())


def _may_speak(source: SourceFile, table: str, classes: frozenset[str]) -> bool:
    """Tell whether a module may define one of ``classes``, ask it for its table, or have the table by its name."""
    text = source.text
    named = [name for name in classes if name in text]
    if named and ("__table__" in text or any(re.search(rf"class[\s\\]+{name}\b", text) for name in named)):
        return True
    if not _TABLE.search(text) or not _TABLE.search(bodies_of(source).code or text):
        return False
    lowered = text.lower()
    return table in lowered or may_be_spelled(table, lowered.encode("utf-8", "surrogatepass"))


class _Reader:
    def __init__(self, tree: Tree, table: TableName, column: str, classes: frozenset[str]) -> None:
        self._tree = tree
        self._table = table
        self._column = column
        self._classes = classes
        self._word = re.compile(rf"(?<![\w:]){re.escape(column)}(?!\w)", re.IGNORECASE)

    def read(self) -> Iterator[ColumnReference]:
        for node in self._tree.nodes.of(ast.ClassDef):
            if isinstance(node, ast.ClassDef) and node.name in self._classes:
                for statement in node.body:
                    if not isinstance(statement, _FUNCTIONS) or statement.name == "__table_args__":
                        yield from self._fragments(statement)
        for call in self._tree.nodes.of(ast.Call):
            first = call.args[0] if isinstance(call, ast.Call) and call.args else None
            if isinstance(call, ast.Call) and isinstance(first, ast.Constant) and first.value == self._table.name:
                if called(call) == "Table":
                    yield from self._fragments(call)
                if called(call) == "table" and any(self._is_word(n) for n in ast.walk(call)):
                    yield self._fixed(call)
        yield from self._through_the_table()

    def _fragments(self, top: ast.AST) -> Iterator[ColumnReference]:
        for node in ast.walk(top):
            if isinstance(node, ast.Call) and called(node) in _FRAGMENTS:
                yield from (r for part in node.args for r in self._fragment(part))
            if isinstance(node, ast.keyword) and node.arg in _FRAGMENT_KEYWORDS:
                yield from self._fragment(node.value)

    def _fragment(self, node: ast.expr) -> Iterator[ColumnReference]:
        """Yield the name in a piece of SQL: to be edited if it stands there once, in a plain string."""
        texts = [n.value for n in ast.walk(node) if isinstance(n, ast.Constant) and isinstance(n.value, str)]
        if isinstance(node, ast.Call) or not any(self._word.search(text) for text in texts):
            return
        opening = _OPENING.match(self._tree.text(node))
        plain = isinstance(node, ast.Constant) and opening is not None
        inside = self._tree.text(node)[opening.end() : -len(opening[1])] if opening else ""
        names = list(self._word.finditer(_SQL_TEXT.sub(lambda m: " " * len(m[0]), texts[0])))
        if not plain or inside != texts[0] or len(names) > 1:
            yield self._fixed(node)
        elif names and opening is not None:
            start = self._tree.span(node).start + opening.end()
            span = Span(start + names[0].start(), start + names[0].end())
            yield self._reference(Identifier(self._column, span), node)

    def _through_the_table(self) -> Iterator[ColumnReference]:
        """Yield names given to, or read from, ``Model.__table__``, whose rows go by column."""
        for node in self._tree.nodes.of(ast.Attribute):
            owner = getattr(node, "value", None) if getattr(node, "attr", "") == "__table__" else None
            if owner is not None and getattr(owner, "id", getattr(owner, "attr", "")) in self._classes:
                scope = self._tree.function(node) or self._tree.module
                yield from (r for n in ast.walk(scope) for r in self._core_uses(n))

    def _core_uses(self, node: ast.AST) -> Iterator[ColumnReference]:
        if isinstance(node, ast.Call):
            for keyword in node.keywords:
                if keyword.arg == self._column:
                    yield self._keyword(node, keyword)
        elif isinstance(node, ast.Dict):
            yield from (self._string(k) for k in node.keys if k is not None and self._is_word(k))
        elif isinstance(node, ast.Subscript):
            if self._is_word(node.slice) and getattr(node.value, "attr", "") not in _COLLECTIONS:
                yield self._string(node.slice)
        elif isinstance(node, ast.Attribute) and node.attr == self._column and isinstance(node.value, ast.Name):
            end = self._tree.span(node).end
            identifier = Identifier(self._column, Span(end - len(self._column), end))
            if node.value.id not in _NO_ROWS and not node.value.id[:1].isupper():
                yield self._reference(identifier, node, "fixed")

    def _keyword(self, call: ast.Call, keyword: ast.keyword) -> ColumnReference:
        """Return the name of a keyword, which ends somewhere before its value."""
        start = self._tree.source.text.rindex(self._column, 0, self._tree.span(keyword.value).start)
        return self._reference(Identifier(self._column, Span(start, start + len(self._column))), call, "fixed")

    def _string(self, node: ast.expr) -> ColumnReference:
        opening = _OPENING.match(self._tree.text(node))
        start = self._tree.span(node).start + (opening.end() if opening else 0)
        return self._reference(Identifier(self._column, Span(start, start + len(self._column))), node, "fixed")

    def _is_word(self, node: ast.AST) -> bool:
        return is_string(node) and getattr(node, "value", "") == self._column

    def _fixed(self, node: ast.AST) -> ColumnReference:
        return self._reference(Identifier(self._column, None), node, "fixed")

    def _reference(self, identifier: Identifier, node: ast.AST, role: Role = "plain") -> ColumnReference:
        assert isinstance(node, (ast.expr, ast.stmt))
        carrier = Carrier(self._tree.source.path, "python-sql", self._tree.span(node))
        return ColumnReference(self._table, identifier, role, carrier)
