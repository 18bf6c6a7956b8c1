"""Reserved names that a class gets from outside of its body: ``Model.metadata = ...``, ``backref="metadata"``."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from sqla_guard.core.source import SourceFile
from sqla_guard.facts.reserved import ReservedName
from sqla_guard.facts.reserved_words import RESERVED, is_marked
from sqla_guard.facts.values import Call, Literal, Value
from sqla_guard.read.python.class_bodies import read_constructor
from sqla_guard.read.python.expressions import Expressions
from sqla_guard.read.python.parse import span_of
from sqla_guard.read.python.sparse import parse_mentioning

# What is in functions is none of these.
_NOTHING = re.compile(r"(?!)")
_NESTING = (ast.If, ast.Try, ast.With, ast.For, ast.While)


def read_outside(source: SourceFile) -> tuple[ReservedName, ...]:
    """Return the reserved names that classes get from outside of their bodies."""
    return tuple(_Reader(source).found(parse_mentioning(source, _NOTHING).body, ""))


class _Reader:
    def __init__(self, source: SourceFile) -> None:
        self._source = source
        self._expressions = Expressions()

    def found(self, body: list[ast.stmt], owner: str) -> Iterator[ReservedName]:
        for node in body:
            if isinstance(node, ast.ClassDef):
                yield from self.found(node.body, f"{owner}.{node.name}".lstrip("."))
            elif isinstance(node, _NESTING):
                for part in ("body", "orelse", "finalbody"):
                    yield from self.found(getattr(node, part, []), owner)
                for handler in getattr(node, "handlers", ()):
                    yield from self.found(handler.body, owner)
            elif isinstance(node, (ast.Assign, ast.AnnAssign)) and node.value is not None:
                yield from self._assigned(node, node.value, owner)

    def _assigned(self, node: ast.Assign | ast.AnnAssign, value: ast.expr, owner: str) -> Iterator[ReservedName]:
        for target in node.targets if isinstance(node, ast.Assign) else (node.target,):
            if isinstance(target, ast.Attribute) and is_marked(target.attr, "after") and not owner:
                yield self._given(target, value)
        if isinstance(value, ast.Call):
            annotation = self._expressions.annotation(node.annotation) if isinstance(node, ast.AnnAssign) else None
            yield from self._backref(value, annotation, owner)

    def _given(self, target: ast.Attribute, value: ast.expr) -> ReservedName:
        constructor = None
        if target.attr in RESERVED and isinstance(value, ast.Call):
            constructor = read_constructor(self._source, value)
        return ReservedName(
            self._source.path,
            "",
            target.attr,
            span_of(self._source, target),
            "after",
            self._expressions.value(value),
            constructor=constructor,
            value_span=span_of(self._source, value),
            target=self._expressions.value(target.value),
        )

    def _backref(self, call: ast.Call, annotation: Value | None, owner: str) -> Iterator[ReservedName]:
        for keyword in call.keywords:
            if keyword.arg != "backref":
                continue
            named = keyword.value
            if isinstance(named, ast.Call) and named.args:
                named = named.args[0]
            if isinstance(named, ast.Constant) and named.value in RESERVED:
                made = self._expressions.call(call)
                yield ReservedName(
                    self._source.path,
                    owner,
                    str(named.value),
                    span_of(self._source, named),
                    "backref",
                    made,
                    annotation,
                    target=_target(made),
                )


def _target(call: Call) -> Value | None:
    """Return the class that a relationship leads to: a name, or a string that holds one."""
    target = call.args[0] if call.args else call.keyword("argument")
    return (
        Literal(target.value.rpartition(".")[2])
        if isinstance(target, Literal) and isinstance(target.value, str)
        else target
    )
