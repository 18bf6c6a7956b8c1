"""How a migration script asks whether a table or a column exists, proven by how it does so."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Sequence
from typing import Literal

from sqla_guard.core.source import Span
from sqla_guard.facts.operations import AddColumn, CreateTable, Operation
from sqla_guard.facts.script import Check, Inspection
from sqla_guard.read.python.script_fresh import is_stale, remembers
from sqla_guard.read.python.script_names import visible
from sqla_guard.read.python.script_tree import Tree, called, is_string, names_in

_COLUMN_CHECK = re.compile(r"\A(?=.*col(umn)?)(?=.*(exist|has|missing))", re.IGNORECASE)
_NEGATIVE = re.compile(r"missing|absent|not_", re.IGNORECASE)
# What makes a helper answer, rather than raise, where the table itself is missing.
_ASKS_FIRST = re.compile(r"has_table|get_table_names|table_exists|\btry\s*:|information_schema", re.IGNORECASE)
_SESSION = re.compile(r"session$", re.IGNORECASE)
_CONNECTION = re.compile(r"(conn|connection|bind|engine)$", re.IGNORECASE)

Hole = Literal["table", "column"]


class Checks:
    """The checks that can be used at one place of a script."""

    def __init__(self, tree: Tree, operations: Sequence[Operation], place: ast.stmt) -> None:
        """Look from the statement ``place``, at a script whose SQL does ``operations``."""
        self._tree = tree
        self._place = place
        self._function = tree.function(place)
        self._adds = [op for op in operations if isinstance(op, AddColumn)]
        self._creates = [op for op in operations if isinstance(op, CreateTable)]
        self._visible = visible(tree, place)

    def column(self) -> Check | None:
        """Return how to ask for a column: as it is done, else by a helper's name and parameters."""
        proven = [
            check for op in self._adds for check in self._proven(op, {"table": op.table.name, "column": op.column.name})
        ]
        return self._nearest(proven) or self._by_use_of_name() or self._by_definition()

    def table(self) -> Check | None:
        """Return how to ask for a table."""
        found = [c for op in self._creates for c in self._proven(op, {"table": op.table.name})]
        return self._nearest(found)

    def asks_first(self, check: Check) -> bool:
        """Tell whether the helper answers "no" for a column of a table that is not there."""
        name = re.split(r"\W+", check.pieces[0].rstrip("( ").replace("await ", ""))
        for node in self._tree.nodes.of(ast.FunctionDef, ast.AsyncFunctionDef):
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) and node.name in name:
                body = self._tree.text(node)
                return "get_columns" not in body or bool(_ASKS_FIRST.search(body))
        return False

    def inspection(self, run: ast.expr) -> Inspection | None:
        """Return how SQLAlchemy can be asked, given the call that runs the SQL."""
        if isinstance(run, ast.Await):
            return None
        for node in ast.walk(run):
            if isinstance(node, ast.Call):
                of = [node.func.value] if isinstance(node.func, ast.Attribute) else []
                for candidate in (*of, *node.args):
                    connection = self._connection(candidate)
                    if connection:
                        return Inspection(connection, *self._inspect())
        return None

    # -- by use

    def _proven(self, op: Operation, words: dict[Hole, str]) -> Iterator[tuple[Check, ast.Call]]:
        """Yield the checks around the SQL of ``op`` that name exactly ``words``."""
        guard = op.carrier.guard
        if guard and not guard.around:
            yield from self._early(guard.statement, words)
        node = self._tree.literal_at(op.carrier.statement)
        if node is None:
            return
        inner: ast.AST = node
        for around in self._tree.ancestors(node):
            if isinstance(around, (ast.FunctionDef, ast.AsyncFunctionDef)):
                return
            if isinstance(around, ast.If):
                otherwise = any(inner is s for s in around.orelse)
                for term, negated in _terms(around.test):
                    call = term.value if isinstance(term, ast.Await) else term
                    if isinstance(call, ast.Call):
                        check = self._holed(term, call, words, negated != otherwise)
                        if check:
                            yield check, call
            inner = around

    def _early(self, span: Span, words: dict[Hole, str]) -> Iterator[tuple[Check, ast.Call]]:
        """Yield the checks in ``if table_exists(...): return``."""
        for node in self._tree.nodes.of(ast.If):
            if isinstance(node, ast.If) and self._tree.span(node) == span:
                for term, negated in _terms(node.test):
                    if isinstance(term, ast.Call):
                        check = self._holed(term, term, words, not negated)
                        if check:
                            yield check, term

    def _holed(self, term: ast.expr, call: ast.Call, words: dict[Hole, str], positive: bool) -> Check | None:
        arguments = [*call.args, *(k.value for k in call.keywords)]
        found: list[tuple[ast.expr, Hole]] = []
        for hole, word in words.items():
            match = next((a for a in arguments if _says(a, word) and a not in [n for n, _ in found]), None)
            if match is None:
                return None
            found.append((match, hole))
        if sum(map(is_string, arguments)) != len(found):
            return None
        return self._cut(term, found, positive)

    def _cut(self, term: ast.expr, found: list[tuple[ast.expr, Hole]], positive: bool) -> Check | None:
        text, span = self._tree.source.text, self._tree.span(term)
        found.sort(key=lambda pair: self._tree.span(pair[0]))
        pieces, at = [], span.start
        for node, _ in found:
            pieces.append(text[at : self._tree.span(node).start])
            at = self._tree.span(node).end
        pieces.append(text[at : span.end])
        if any("\n" in piece or "\r" in piece for piece in pieces):
            return None
        quote = self._tree.text(found[0][0])[-1]
        return Check(tuple(pieces), tuple(hole for _, hole in found), positive, quote)

    def _nearest(self, found: list[tuple[Check, ast.Call]]) -> Check | None:
        usable = [(c, call) for c, call in found if names_in(call) <= self._visible]
        # A remembered answer does not tell what the rename, or a step before it, has changed.
        usable = [(c, call) for c, call in usable if not is_stale(self._tree, call)]
        if not usable:
            return None
        here = self._place.lineno
        same = [pair for pair in usable if self._tree.function(pair[1]) is self._function]
        return min(same or usable, key=lambda pair: abs(pair[1].lineno - here))[0]

    # -- by name

    def _by_use_of_name(self) -> Check | None:
        """Return a helper by its telling name, from any call with two words: table, then column."""
        found: list[tuple[Check, ast.Call]] = []
        for call in self._tree.nodes.of(ast.Call):
            if isinstance(call, ast.Call) and _COLUMN_CHECK.search(called(call)):
                words = [a for a in call.args if is_string(a)]
                term = self._tree.parent(call)
                around = term if isinstance(term, ast.Await) else call
                if len(words) == 2:
                    holes: list[tuple[ast.expr, Hole]] = [(words[0], "table"), (words[1], "column")]
                    check = self._cut(around, holes, not _NEGATIVE.search(called(call)))
                    if check:
                        found.append((check, call))
        return self._nearest(found)

    def _by_definition(self) -> Check | None:
        for node in self._tree.module.body:
            asks = isinstance(node, ast.FunctionDef) and _COLUMN_CHECK.search(node.name)
            if isinstance(node, ast.FunctionDef) and asks and not remembers(self._tree, node):
                check = self._from_parameters(node)
                if check:
                    return check
        return None

    def _from_parameters(self, function: ast.FunctionDef) -> Check | None:
        spec = function.args
        names = [a.arg for a in (*spec.posonlyargs, *spec.args)]
        table = next((n for n in names if "table" in n.lower()), None)
        column = next((n for n in names if "col" in n.lower() and n != table), None)
        if table is None or column is None:
            return None
        optional = set(names[len(names) - len(spec.defaults) :]) if spec.defaults else set()
        pieces, holes, text = [], list[Hole](), f"{function.name}("
        for position, name in enumerate(n for n in names if n not in optional):
            text += ", " if position else ""
            if name in (table, column):
                pieces.append(text)
                holes.append("table" if name == table else "column")
                text = ""
            elif name in self._visible:
                text += name
            else:
                return None
        if len(holes) != 2:
            return None
        return Check((*pieces, text + ")"), tuple(holes), not _NEGATIVE.search(function.name))

    # -- SQLAlchemy

    def _connection(self, node: ast.expr) -> str | None:
        text = self._tree.text(node)
        if not re.fullmatch(r"[\w.]+", text):
            return None
        root = text.split(".")[0]
        opened = self._opened_by(root)
        if opened:
            return opened
        if root not in self._visible:
            return None
        if text == "op":
            return "op.get_bind()"
        if _SESSION.search(text):
            return f"{text}.connection()"
        return text if _CONNECTION.search(text) else None

    def _opened_by(self, name: str) -> str | None:
        """Return the engine behind ``with engine.begin() as name`` inside the step itself."""
        for node in ast.walk(self._place):
            if isinstance(node, ast.With):
                for item in node.items:
                    bound, call = item.optional_vars, item.context_expr
                    if isinstance(bound, ast.Name) and bound.id == name and isinstance(call, ast.Call):
                        of = call.func.value if isinstance(call.func, ast.Attribute) else call.func
                        text = self._tree.text(of)
                        return text if _CONNECTION.search(text) else None
        return None

    def _inspect(self) -> tuple[str, str]:
        body = list(self._tree.module.body)
        if self._function:
            body += [s for s in self._function.body if s.lineno < self._place.lineno]
        for statement in body:
            if isinstance(statement, ast.ImportFrom) and statement.module == "sqlalchemy":
                for alias in statement.names:
                    if alias.name == "inspect":
                        return alias.asname or "inspect", ""
            if isinstance(statement, ast.Import):
                for alias in statement.names:
                    if alias.name == "sqlalchemy":
                        return f"{alias.asname or 'sqlalchemy'}.inspect", ""
        return "sqlalchemy.inspect", "sqlalchemy"


def _terms(test: ast.expr) -> Iterator[tuple[ast.expr, bool]]:
    """Yield the conditions joined by ``and``, with whether each stands behind ``not``."""
    if isinstance(test, ast.BoolOp) and isinstance(test.op, ast.And):
        for value in test.values:
            yield from _terms(value)
    elif isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
        yield test.operand, True
    else:
        yield test, False


def _says(node: ast.expr, word: str) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, str) and (node.value.lower() == word.lower())
