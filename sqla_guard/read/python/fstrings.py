"""Positions inside f-strings, which ``ast`` gets wrong before Python 3.12.

There an f-string's expressions are parsed apart from the file, and their positions mean little. So the f-string alone
is taken apart with libcst, which gives the place of each expression, and the expression is parsed again at that place.
"""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from sqla_guard.core.source import SourceFile, Span
from sqla_guard.read.python.nodes import children
from sqla_guard.read.python.parse import span_of

if TYPE_CHECKING:
    import libcst

# One literal of those that are joined; a field of one that formats, with what may follow the expression; all of it.
_PIECE = re.compile(r"([a-zA-Z]{0,2})(?:\"([^\"\\\n]*)\"|'([^'\\\n]*)')\s*")
_FIELD = re.compile(r"\{([^{}!:=#\n]*)(![rsa](?::[^{}'\"\n]*)?|:[^{}'\"\n]*)?\}")
_PLAIN = re.compile(r"(?:[^{}]|\{[^{}!:=#\n]*(?:![rsa](?::[^{}'\"\n]*)?|:[^{}'\"\n]*)?\})*")

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
    spans = _expression_spans(source.text[whole.start : whole.end])
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


def _expression_spans(text: str) -> list[Span]:
    """Return where the expressions of an f-string literal stand in it, or nothing if it cannot be read."""
    plain = plain_spans(text)
    return parsed_spans(text) if plain is None else plain


def plain_spans(text: str) -> list[Span] | None:
    """Return the same for literals in which signs tell where expressions begin and end; ``None`` for others."""
    if '"""' in text or "'''" in text:
        return None
    found: list[Span] = []
    at = 0
    while at < len(text):
        piece = _PIECE.match(text, at)
        if piece is None:
            return None
        if "f" in piece[1].lower():
            start, end = piece.span(2) if piece[2] is not None else piece.span(3)
            if _PLAIN.fullmatch(text, start, end) is None:
                return None
            for field in _FIELD.finditer(text, start, end):
                inner = field[1].strip()
                # A colon or an exclamation mark ends an expression only outside of its strings and brackets.
                if field[2] is not None and any(inner.count(mark) for mark in "'\"[("):
                    return None
                if not inner or inner[0] in "(*" or inner[-1] == ",":
                    return None
                first = field.start(1) + field[1].index(inner)
                found.append(Span(first, first + len(inner)))
        at = piece.end()
    return found


def parsed_spans(text: str) -> list[Span]:
    """Return where the expressions of an f-string literal stand in it, by a parser."""
    import libcst as cst
    from libcst.metadata import ByteSpanPositionProvider, MetadataWrapper

    try:
        # Brackets, because adjacent literals may go over several lines.
        wrapper = MetadataWrapper(cst.parse_module(f"({text})"), unsafe_skip_copy=True)
    except cst.ParserSyntaxError:
        return []
    places = wrapper.resolve(ByteSpanPositionProvider)
    encoded = f"({text})".encode("utf-8", "surrogatepass")
    statement = wrapper.module.body[0]
    assert isinstance(statement, cst.SimpleStatementLine)
    expression = statement.body[0]
    assert isinstance(expression, cst.Expr)
    spans = []
    for part in _parts(expression.value):
        place = places[part.expression]
        start = len(encoded[: place.start].decode("utf-8", "surrogatepass")) - 1
        length = len(encoded[place.start : place.start + place.length].decode("utf-8", "surrogatepass"))
        spans.append(Span(start, start + length))
    return spans


def _parts(node: libcst.CSTNode) -> Iterator[libcst.FormattedStringExpression]:
    import libcst as cst

    if isinstance(node, cst.ConcatenatedString):
        yield from _parts(node.left)
        yield from _parts(node.right)
    elif isinstance(node, cst.FormattedString):
        for part in node.parts:
            yield from _parts(part)
    elif isinstance(node, cst.FormattedStringExpression):
        yield node
        for part in node.format_spec or ():
            yield from _parts(part)


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
