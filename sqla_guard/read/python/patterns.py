"""``match`` patterns: the names they bind, and what they tell about the subject."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from sqla_guard.facts.values import (
    Attr,
    Dictionary,
    Display,
    Element,
    Item,
    Literal,
    Narrowed,
    Unknown,
    Value,
)

if TYPE_CHECKING:
    from sqla_guard.read.python.flow import Flow


class Patterns:
    """Binds the names of patterns in a flow."""

    def __init__(self, flow: Flow) -> None:
        """Bind in ``flow``."""
        self._flow = flow

    def bind(self, pattern: ast.pattern, value: Value, subject: ast.expr | None = None) -> None:
        """Bind the names of ``pattern`` as matched against ``value``; ``subject`` is where that comes from."""
        match pattern:
            case ast.MatchClass():
                self._class(pattern, value, subject)
            case ast.MatchAs():
                self._as(pattern, value, subject)
            case ast.MatchOr(patterns=patterns):
                for option in patterns:
                    self.bind(option, value)
            case ast.MatchSequence(patterns=patterns):
                for position, inner in enumerate(patterns):
                    self._element(inner, value, position, patterns)
            case ast.MatchMapping():
                self._mapping(pattern, value)
            case ast.MatchValue(value=expression):
                self._flow.see(expression)

    def _as(self, pattern: ast.MatchAs, value: Value, subject: ast.expr | None) -> None:
        if pattern.pattern is not None:
            self.bind(pattern.pattern, value, subject)
        if pattern.name is not None:
            self._flow.bind(pattern.name, _narrowed(pattern.pattern, value, self._flow))

    def _mapping(self, pattern: ast.MatchMapping, value: Value) -> None:
        for key, inner in zip(pattern.keys, pattern.patterns, strict=True):
            self._flow.see(key)
            self.bind(inner, Item(value, self._flow.evaluate.value(key)))
        if pattern.rest is not None:
            self._flow.bind(pattern.rest, Dictionary(()))

    def _class(self, pattern: ast.MatchClass, value: Value, subject: ast.expr | None) -> None:
        flow = self._flow
        flow.see(pattern.cls)
        flow.visitor.pattern(pattern, flow)
        narrowed = _narrowed(pattern, value, flow)
        if isinstance(subject, ast.Name):
            flow.narrow({subject.id: narrowed})
        for inner in pattern.patterns:
            self.bind(inner, Unknown("positional pattern"))
        for name, inner in zip(pattern.kwd_attrs, pattern.kwd_patterns, strict=True):
            self.bind(inner, Attr(narrowed, name))

    def _element(self, pattern: ast.pattern, value: Value, position: int, patterns: list[ast.pattern]) -> None:
        if isinstance(pattern, ast.MatchStar):
            if pattern.name is not None:
                self._flow.bind(pattern.name, Display("list", (Element(value),)))
            return
        before = any(isinstance(p, ast.MatchStar) for p in patterns[:position])
        self.bind(pattern, Item(value, Literal(position - len(patterns) if before else position)))


def _narrowed(pattern: ast.pattern | None, value: Value, flow: Flow) -> Value:
    if isinstance(pattern, ast.MatchClass):
        return Narrowed(value, flow.evaluate.value(pattern.cls))
    return value
