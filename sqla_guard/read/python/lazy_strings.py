"""String literals over several lines: which of them a block may not touch when it moves deeper."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence

from sqla_guard.core.source import SourceFile, Span
from sqla_guard.read.python.lazy_trees import FUNCTIONS, literals_of
from sqla_guard.read.python.parse import span_of


def long_strings(source: SourceFile, nodes: Sequence[ast.AST]) -> tuple[Span, ...]:
    """Return the literals over several lines that keep their bytes when the lines around them move, in source order.

    Left out are docstrings that move as a whole, as formatters want it: what ``inspect.getdoc``, or Python itself from
    3.13 on, makes of them stays the same.

    Args:
        source: The file.
        nodes: The nodes to look at.
    """
    # From Python 3.12 on, the texts between the braces of an f-string have places of their own.
    texts = {id(value) for n in nodes if isinstance(n, ast.JoinedStr) for value in n.values}
    strings = (n for n in nodes if isinstance(n, (ast.Constant, ast.JoinedStr)) and id(n) not in texts)
    found = {span for n in strings if n.lineno != n.end_lineno for span in literals_of(source, n)}
    if found and "__doc__" not in source.text:
        found.difference_update([s for s in _docstrings(source, nodes) if _moves_as_a_whole(source, s)])
    return tuple(sorted(found))


def _docstrings(source: SourceFile, nodes: Sequence[ast.AST]) -> Iterator[Span]:
    for node in nodes:
        first = node.body[0] if isinstance(node, (*FUNCTIONS, ast.ClassDef)) else None
        if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant):
            yield span_of(source, first.value)


def _moves_as_a_whole(source: SourceFile, span: Span) -> bool:
    """Tell whether more indentation on each line of the literal changes its common indentation, and nothing else."""
    indent, literal = source.indent_at(span.start), source.text[span.start : span.end]
    # A tab's width depends on where it stands, and escapes can join and split lines.
    if "\t" in literal or "\\" in literal or "\f" in literal:
        return False
    lines = literal.splitlines()[1:]
    return all(line.startswith(indent) for line in lines if line.strip())
