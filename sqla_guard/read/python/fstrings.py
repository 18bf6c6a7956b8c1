"""Positions inside f-strings, which ``ast`` gets wrong before Python 3.12.

There an f-string's expressions are parsed apart from the file, and their positions mean little. So the f-string alone
is taken apart as those versions do it, and each expression is parsed again at its place.
"""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Callable, Generator, Iterator

from sqla_guard.core.source import SourceFile, Span
from sqla_guard.read.python.nodes import children
from sqla_guard.read.python.parse import span_of

# One of several literals side by side, with what is between it and the next.
LITERAL = re.compile(
    r"([rRbBuUfF]*)"
    r"(?:\"\"\"([^\"\\]*(?:(?:\\.|\"{1,2}(?!\"))[^\"\\]*)*)\"\"\"|'''([^'\\]*(?:(?:\\.|'{1,2}(?!'))[^'\\]*)*)'''"
    r"|\"([^\"\\]*(?:\\.[^\"\\]*)*)\"|'([^'\\]*(?:\\.[^'\\]*)*)')"
    r"(?:\s|\\\r?\n|#[^\r\n]*)*",
    re.DOTALL,
)
# Text before a field: of a literal with escapes, of a raw one, in what says how to format.
_TEXT = re.compile(r"(?:[^{}\\]|\{\{|\}\}|\\N\{[^{}]*\}|\\[^{}]|\\(?=[{}]))*", re.DOTALL)
_RAW_TEXT = re.compile(r"(?:[^{}]|\{\{|\}\})*")
_FORMAT = re.compile(r"[^{}]*")
# What neither opens nor closes a bracket nor may end an expression.
_STEP = re.compile(r"(?:[^'\"()\[\]{}!:=<>]|'''.*?'''|\"\"\".*?\"\"\"|'[^']*'|\"[^\"]*\"|[!=<>]=|[<>])*", re.DOTALL)
_BEHIND = re.compile(r"=?\s*(?:![rsa])?\s*(:?)")

ARE_WRONG = sys.version_info < (3, 12)


def mend_positions(
    tree: ast.AST, source: SourceFile, wanted: Callable[[ast.stmt | ast.expr], bool], force: bool = False
) -> None:
    """Correct, in place, the positions inside those f-strings of ``tree`` that are ``wanted``, as all around them."""
    if ARE_WRONG or force:
        for node in list(_outermost(tree, wanted)):
            _mend(node, source)


def _outermost(tree: ast.AST, wanted: Callable[[ast.stmt | ast.expr], bool] | None = None) -> Iterator[ast.JoinedStr]:
    pending = [tree]
    while pending:
        node = pending.pop()
        if wanted is not None and isinstance(node, (ast.stmt, ast.expr)) and not wanted(node):
            pending.extend(getattr(node, "decorator_list", ()))  # these stand above the lines of what they decorate
        elif isinstance(node, ast.JoinedStr):
            yield node
        else:
            pending.extend(children(node))


def _mend(node: ast.JoinedStr, source: SourceFile) -> None:
    whole = span_of(source, node)
    values = list(_formatted(node))
    spans = expression_spans(source.text[whole.start : whole.end])
    if len(spans) != len(values):
        return
    for value, span in zip(values, spans, strict=True):
        placed = _parsed_at(source, span.shifted(whole.start))
        if placed is not None:
            value.value = placed


def _formatted(node: ast.JoinedStr) -> Iterator[ast.FormattedValue]:
    """Yield the expression parts, those in format specifications after the one they format."""
    for value in node.values:
        if isinstance(value, ast.FormattedValue):
            yield value
            if isinstance(value.format_spec, ast.JoinedStr):
                yield from _formatted(value.format_spec)


class _AstrayError(Exception):
    """The text is no f-string as Python before 3.12 reads them."""


def expression_spans(text: str) -> list[Span]:
    """Return where the expressions of an f-string literal stand in it, or nothing if it cannot be read."""
    found: list[Span] = []
    at = 0
    try:
        while at < len(text):
            literal = LITERAL.match(text, at)
            if literal is None:
                return []
            prefix, which = literal[1].lower(), literal.lastindex or 0
            if "f" in prefix:
                found += _fields(text, *literal.span(which), _RAW_TEXT if "r" in prefix else _TEXT)
            at = literal.end()
    except _AstrayError:
        return []
    return found


def _fields(text: str, at: int, end: int, between: re.Pattern[str]) -> Iterator[Span]:
    """Yield the expressions of one literal, of which ``text[at:end]`` is the inside."""
    while (at := _behind(between, text, at, end)) < end:
        at = yield from _field(text, at, end)


def _field(text: str, at: int, end: int) -> Generator[Span, None, int]:
    """Yield the expressions of the field that begins with the brace at ``at``; return where it ends."""
    if text[at] != "{":
        raise _AstrayError
    stop = _expression_end(text, at + 1, end)
    inner = text[at + 1 : stop]
    start = at + 1 + len(inner) - len(inner.lstrip())
    yield Span(start, start + len(inner.strip()))
    behind = _BEHIND.match(text, stop, end)
    at = behind.end() if behind else stop
    if behind and behind[1]:
        while (at := _behind(_FORMAT, text, at, end)) < end and text[at] == "{":
            at = yield from _field(text, at, end)
    if text[at:end][:1] != "}":
        raise _AstrayError
    return at + 1


def _expression_end(text: str, at: int, end: int) -> int:
    depth = 0
    while (at := _behind(_STEP, text, at, end)) < end:
        if text[at] in "([{":
            depth += 1
        elif text[at] in ")]}" and depth:
            depth -= 1
        elif not depth:
            return at
        at += 1
    raise _AstrayError


def _behind(pattern: re.Pattern[str], text: str, at: int, end: int) -> int:
    match = pattern.match(text, at, end)
    return match.end() if match else at


def _parsed_at(source: SourceFile, span: Span) -> ast.expr | None:
    """Return the expression at ``span``, parsed again, with positions in the file."""
    text = source.text[span.start : span.end]
    try:
        parsed = ast.parse(f"({text})", mode="eval").body
    except (SyntaxError, ValueError):
        return None
    line, column = source.position(span.start)
    start = source.line_starts[line - 1]
    # The bracket moves the first line by one; ``ast`` counts bytes.
    before = len(source.text[start : start + column - 1].encode("utf-8", "surrogatepass")) - 1
    for node in ast.walk(parsed):
        if isinstance(node, (ast.expr, ast.keyword, ast.arg)):
            _move(node, line - 1, before)
    for inner in list(_outermost(parsed)):
        _mend(inner, source)
    return parsed


def _move(node: ast.expr | ast.keyword | ast.arg, lines: int, columns: int) -> None:
    if node.lineno == 1:
        node.col_offset += columns
    if node.end_lineno == 1 and node.end_col_offset is not None:
        node.end_col_offset += columns
    node.lineno += lines
    node.end_lineno = (node.end_lineno or node.lineno) + lines
