"""Close reading: one statement of a module parsed with libcst, with true offsets into the file."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import libcst as cst
from libcst.metadata import CodeRange, MetadataWrapper, PositionProvider

from sqla_guard.core.source import SourceFile, Span
from sqla_guard.read.python.parse import parse


@dataclass(frozen=True)
class Statement:
    """A statement's libcst tree and where it stands.

    Attributes:
        node: The statement itself.
        source: The file.
    """

    node: cst.CSTNode
    source: SourceFile
    _positions: Mapping[cst.CSTNode, CodeRange]
    _first_line: int

    def span(self, node: cst.CSTNode) -> Span:
        """Return the characters of ``node`` in the file."""
        position = self._positions[node]
        return Span(
            self._offset(position.start.line, position.start.column),
            self._offset(position.end.line, position.end.column),
        )

    def _offset(self, line: int, column: int) -> int:
        return self.source.line_starts[self._first_line + line - 1] + column

    def expression(self, node: cst.CSTNode) -> ast.expr:
        """Return ``node``, an expression, as the standard library's tree (positions are not those of the file)."""
        span = self.span(node)
        return ast.parse("(" + self.source.text[span.start : span.end] + "\n)", mode="eval").body


def read_module(source: SourceFile) -> Statement:
    """Parse a whole module.

    Raises:
        UnparsableFile: The file is not Python.
    """
    wrapper = _parsed(source.text, source)
    return Statement(wrapper.module, source, _positions(wrapper), 0)


def read_statement(source: SourceFile, span: Span, without: Iterable[Span] = ()) -> Statement:
    """Parse the statement at ``span``, at any depth of indentation, without the rest of its module.

    Args:
        source: The file.
        span: The statement.
        without: Statements inside of it that nothing is asked of; each is read as a mere ``pass``.

    Raises:
        UnparsableFile: The file is not Python, which whoever read its outline alone may not know.
    """
    first_line = source.position(span.start)[0] - 1
    start = source.line_starts[first_line]
    text = _passed_over(source.text[start : span.end], start, without) + "\n"
    if text[0] == "\f":
        # A form feed (GNU style) sets the indentation back to nothing, which libcst does not know.
        text = " " + text[1:]
    if text[0] in " \t\f":
        # An indented statement needs something to be indented under; line numbers move by that one line.
        text = "if 1:\n" + text
        first_line -= 1
    wrapper = _parsed(text, source)
    node: cst.CSTNode = wrapper.module.body[0]
    if text.startswith("if 1:\n") and isinstance(node, cst.If):
        node = node.body.body[0]
    return Statement(node, source, _positions(wrapper), first_line)


def _parsed(text: str, source: SourceFile) -> MetadataWrapper:
    try:
        return MetadataWrapper(cst.parse_module(text), unsafe_skip_copy=True)
    except cst.ParserSyntaxError:
        parse(source)  # says what is wrong with the file, if it is the file's fault
        raise


def _passed_over(text: str, offset: int, spans: Iterable[Span]) -> str:
    """Return ``text``, which begins at ``offset``, with the statements at ``spans`` blank but for a ``pass``."""
    parts: list[str] = []
    done = 0
    for span in sorted(spans):
        start, end = span.start - offset, span.end - offset
        lines = text[start:end].splitlines(keepends=True)
        if start >= done and len(lines[0].rstrip()) >= len("pass"):
            blank = "".join("".join(c if c in "\r\n" else " " for c in line) for line in lines)
            parts += [text[done:start], "pass", blank[len("pass") :]]
            done = end
    return "".join([*parts, text[done:]])


def _positions(wrapper: MetadataWrapper) -> Mapping[cst.CSTNode, CodeRange]:
    """Return where each node stands: what ``wrapper.resolve`` gives, which walks through the tree once more."""
    provider = PositionProvider()
    return provider._gen(wrapper)  # type: ignore[return-value]
