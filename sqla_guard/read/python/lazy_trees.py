"""Small questions to ``ast`` trees, answered in the order of the source."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Sequence

from sqla_guard.core.source import SourceFile, Span
from sqla_guard.read.python.nodes import children
from sqla_guard.read.python.parse import span_of

FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
SCOPES = (*FUNCTIONS, ast.ClassDef, ast.Lambda)
WITHS = (ast.With, ast.AsyncWith)
# Where statements stand, the last first.
_BLOCKS = ("cases", "finalbody", "orelse", "handlers", "body")


def in_order(node: ast.AST) -> Sequence[ast.AST]:
    """Return the nodes directly in ``node``, in source order."""
    if isinstance(node, ast.IfExp):
        return node.body, node.test, node.orelse
    if isinstance(node, ast.Dict):
        return [n for pair in zip(node.keys, node.values, strict=True) for n in pair if n is not None]
    return children(node)


def below(node: ast.AST, nested: bool = True) -> Iterator[ast.AST]:
    """Yield ``node`` and all nodes in it, in source order.

    Args:
        node: Where to look.
        nested: Whether to look into functions, classes and lambdas inside ``node`` too.
    """
    pending = [node]
    while pending:
        inner = pending.pop()
        yield inner
        found = in_order(inner)
        if found:
            pending += reversed(found) if nested else [n for n in reversed(found) if n.__class__ not in SCOPES]


def statements_below(node: ast.AST, nested: bool = True) -> Iterator[ast.AST]:
    """Yield ``node`` and all statements in it, with their handlers and cases, in source order.

    Args:
        node: Where to look.
        nested: Whether to look into functions and classes inside ``node`` too.
    """
    pending = [node]
    while pending:
        inner = pending.pop()
        yield inner
        if not nested and inner is not node and inner.__class__ in SCOPES:
            continue
        for name in _BLOCKS:
            block = getattr(inner, name, None)
            if block.__class__ is list:
                pending += reversed(block)


def outer_calls(node: ast.AST) -> Iterator[ast.Call]:
    """Yield the calls below ``node`` that are not inside other calls, nor in nested functions."""
    pending = [node]
    while pending:
        inner = pending.pop()
        if isinstance(inner, ast.Call):
            yield inner
        elif inner.__class__ not in SCOPES:
            pending += reversed(in_order(inner))


def text_of(source: SourceFile, node: ast.stmt | ast.expr) -> str:
    """Return ``node`` as written, without parentheses around it."""
    span = span_of(source, node)
    return source.text[span.start : span.end]


def span_of_all(source: SourceFile, body: Sequence[ast.stmt]) -> Span:
    """Return the characters from the first to the last statement of ``body``."""
    return Span(span_of(source, body[0]).start, span_of(source, body[-1]).end)


# One string literal, and what may stand between two that are joined.
_LITERAL = re.compile(r"[a-zA-Z]{0,2}(\"\"\"|'''|\"|')(?:\\.|(?!\1)[^\\])*\1", re.DOTALL)
_BETWEEN = re.compile(r"(?:[\s\\]|#[^\r\n]*)*")


def literals_of(source: SourceFile, node: ast.Constant | ast.JoinedStr) -> Iterator[Span]:
    """Yield the string literals over several lines among those that ``node`` is made of."""
    whole, found = span_of(source, node), []
    at = whole.start
    while at < whole.end and (literal := _LITERAL.match(source.text, at, whole.end)) is not None:
        found.append(Span(*literal.span()))
        at = _BETWEEN.match(source.text, literal.end(), whole.end).end()  # type: ignore[union-attr] # matches nothing
    for span in found if at == whole.end else [whole]:
        if re.search(r"[\r\n]", source.text[span.start : span.end]):
            yield span


def has_await(node: ast.AST) -> bool:
    """Tell whether a coroutine may be suspended inside ``node``."""
    return any(
        isinstance(n, ast.Await) or (isinstance(n, ast.comprehension) and n.is_async) for n in below(node, nested=False)
    )


def yields(node: ast.AST) -> bool:
    """Tell whether ``node`` yields, outside of nested functions."""
    return any(isinstance(n, (ast.Yield, ast.YieldFrom)) for n in below(node, nested=False))


def leaves(node: ast.AST) -> bool:
    """Tell whether control can leave ``node`` other than by falling out of it or raising."""
    kinds = (ast.Return, ast.Break, ast.Continue, ast.Yield, ast.YieldFrom)
    return any(isinstance(n, kinds) for n in below(node, nested=False))


def blocks(node: ast.stmt) -> Iterator[Sequence[ast.stmt]]:
    """Yield the statement lists inside a compound statement that is no definition, ``elif`` as a list of its own."""
    if isinstance(node, SCOPES):
        return
    for name in ("body", "orelse"):
        yield getattr(node, name, ())
    for part in (*getattr(node, "handlers", ()), *getattr(node, "cases", ())):
        yield part.body
    yield getattr(node, "finalbody", ())
