"""Python that asks whether a table or column is there before it runs DDL."""

from __future__ import annotations

import ast
import re

from msgspec import Struct

from sqla_guard.facts.operations import Guard, Identifier
from sqla_guard.read.python.literals import expression_span
from sqla_guard.read.python.sql_names import Function, called_name
from sqla_guard.read.python.sql_values import Env, Values

_MISSING = re.compile(r"missing|absent|lacks|not_?exist|needs|without", re.IGNORECASE)
_LEAVES = (ast.Return, ast.Continue)


class _Question(Struct, frozen=True):
    """A test: the literals in it, and whether it is true when the thing asked for is there."""

    literals: tuple[ast.Constant, ...]
    true_when_there: bool


class Guards:
    """Finds the question that a statement depends on."""

    def __init__(self, values: Values) -> None:
        """Remember what names are bound to."""
        self._values = values

    def around(self, node: ast.AST, env: Env, table: str, column: str | None) -> Guard | None:
        """Return the innermost question about ``table`` (and ``column``, where one is added) that ``node`` depends on.

        Args:
            node: A statement or expression.
            env: Values of loop variables.
            table: Folded name.
            column: Folded name of the column that the statement adds; ``None`` where it makes the table.
        """
        child: ast.AST = node
        parent = self._values.parents.get(node)
        while parent is not None:
            if isinstance(parent, ast.If) and child is not parent.test:
                asks_absent = child in parent.body
                found = self._answer(parent, not asks_absent, env, (table, column), True)
                if found is not None:
                    return found
            for block in _blocks(parent):
                if child in block:
                    found = self._early(block[: block.index(child)], env, (table, column))
                    if found is not None:
                        return found
            if isinstance(parent, Function):
                return None
            child, parent = parent, self._values.parents.get(parent)
        return None

    def _early(self, before: list[ast.AST], env: Env, names: tuple[str, str | None]) -> Guard | None:
        for sibling in reversed(before):
            if isinstance(sibling, ast.If) and not sibling.orelse and isinstance(sibling.body[-1], _LEAVES):
                found = self._answer(sibling, True, env, names, False)
                if found is not None:
                    return found
        return None

    def _answer(self, node: ast.If, there: bool, env: Env, names: tuple[str, str | None], around: bool) -> Guard | None:
        function = self._values.function(node)
        for question in self._questions(node.test, function, env, 0):
            if question.true_when_there != there:
                continue
            table, column = names
            if column is None and any(self._names(c, table) for c in question.literals):
                return Guard(expression_span(node, self._values.source), around)
            asked = [c for c in question.literals if column is not None and self._names(c, column)]
            if asked and column is not None:
                return Guard(expression_span(node, self._values.source), around, self._literal(asked[0], column))
        return None

    def _questions(self, test: ast.expr, function: ast.AST | None, env: Env, depth: int) -> list[_Question]:
        """Return the questions that all have to be answered for ``test`` to be true."""
        if depth > 6:
            return []
        if isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
            inner = self._questions(test.operand, function, env, depth + 1)
            return [_Question(q.literals, not q.true_when_there) for q in inner[:1]] if len(inner) == 1 else []
        if isinstance(test, ast.BoolOp) and isinstance(test.op, ast.And):
            return [q for part in test.values for q in self._questions(part, function, env, depth + 1)]
        if isinstance(test, ast.Compare) and len(test.ops) == 1:
            return self._comparison(test, function, env, depth)
        if isinstance(test, ast.Name) and test.id not in env:
            bound = [b.value for b in self._values.bindings(test.id, function, test) if not b.element]
            return self._questions(bound[0], function, env, depth + 1) if len(bound) == 1 else []
        if isinstance(test, ast.Await):
            return self._questions(test.value, function, env, depth + 1)
        if isinstance(test, ast.Call):
            return [_Question(self._literals(test, function, env), not _MISSING.search(called_name(test)))]
        return []

    def _comparison(self, test: ast.Compare, function: ast.AST | None, env: Env, depth: int) -> list[_Question]:
        operator, right = test.ops[0], test.comparators[0]
        if isinstance(operator, (ast.In, ast.NotIn)):
            literals = self._literals(test, function, env)
            return [_Question(literals, isinstance(operator, ast.In))]
        nothing = isinstance(right, ast.Constant) and right.value in (None, False, 0)
        if not nothing:
            return []
        inner = self._questions(test.left, function, env, depth + 1)
        if isinstance(operator, (ast.Is, ast.Eq)):
            return [_Question(q.literals, not q.true_when_there) for q in inner[:1]]
        return inner

    def _literals(self, node: ast.expr, function: ast.AST | None, env: Env) -> tuple[ast.Constant, ...]:
        """Return the string literals in ``node`` and in what its names are bound to."""
        found: list[ast.Constant] = []
        names: list[str] = []
        for part in ast.walk(node):
            if isinstance(part, ast.Constant) and isinstance(part.value, str):
                found.append(part)
            elif isinstance(part, ast.Name):
                names.append(part.id)
        for name in names:
            bound = [env[name]] if name in env else [b.value for b in self._values.bindings(name, function)]
            for value in bound:
                found += [
                    part for part in ast.walk(value) if isinstance(part, ast.Constant) and isinstance(part.value, str)
                ]
        return tuple(found)

    def _names(self, constant: ast.Constant, name: str) -> bool:
        value = str(constant.value).lower()
        return value == name or value.endswith("." + name) or f"'{name}'" in value

    def _literal(self, constant: ast.Constant, name: str) -> Identifier:
        """Return the name inside a literal, with its place."""
        values = self._values.evaluate(constant, None, {})
        if not values:
            return Identifier(name, None)
        at = values[0].text.lower().find(name)
        return Identifier(name, values[0].span(at, at + len(name)))


def _blocks(node: ast.AST) -> list[list[ast.AST]]:
    blocks = [getattr(node, key, None) for key in ("body", "orelse", "finalbody")]
    return [list(block) for block in blocks if isinstance(block, list)]
