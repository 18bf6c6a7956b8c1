"""Some functions of a module alone, parsed with nothing around them but the headers of what they stand in."""

from __future__ import annotations

import ast
import re
from collections.abc import Collection, Iterator, Sequence
from functools import lru_cache

from sqla_guard.core.source import SourceFile
from sqla_guard.read.python.bodies import Body, bodies_of
from sqla_guard.read.python.lazy_text import is_balanced
from sqla_guard.read.python.parse import UnparsableFile, parse_text

_DEEPER = r"\([^()]*(?:\([^()]*\)[^()]*)*\)"
_CLASS = re.compile(rf" *class +\w+ *(?:\[[^\[\]]*\] *|)(?:\([^()]*(?:{_DEEPER}[^()]*)*\) *|):(?= *\n)")
# What else can hold a function. It says nothing of it, so another header stands for it.
_BLOCK = re.compile(r" *(?:if|elif|else|try|except|finally|with|for|while|match|case|async +(?:with|for))\b[^\n]*")

_Kept = dict[int, tuple[int, str]]


def parse_parts(source: SourceFile, wanted: Collection[Body]) -> ast.Module | None:
    """Return a tree of the functions around ``wanted`` and the classes that these are methods of, and nothing else.

    Every node stands where it stands in the tree of the whole module. ``None`` where the lines leave that in doubt.
    """
    text, bodies = source.text, bodies_of(source)
    kept: _Kept = {}
    if not all(_keep(text, bodies.code, body, kept) for body in _outermost(bodies.found, wanted)):
        return None
    parts: list[str] = []
    done = 0
    for start, (end, part) in sorted(kept.items()):
        parts += ("\n" * text.count("\n", done, start), part)
        done = end
    try:
        return parse_text("".join(parts))
    except UnparsableFile:
        return None


def are_beside(code: str, one: Body, other: Body) -> bool:
    """Tell whether two functions may be methods of the same class, or stand in the same block else."""
    start, end = sorted((one.start, other.start))
    return one.indent == other.indent and (
        start == end or not one.indent or _lines(one.indent - 1).search(code, start, end) is None
    )


def _outermost(bodies: Sequence[Body], wanted: Collection[Body]) -> Iterator[Body]:
    """Yield the bodies around ``wanted`` that stand in no other."""
    outer, waiting = Body(0, 0, 0), False
    for body in bodies:
        if body.start >= outer.end:
            outer, waiting = body, True
        if waiting and body in wanted:
            waiting = False
            yield outer


def _keep(text: str, code: str, body: Body, kept: _Kept) -> bool:
    """Keep a function with its decorators and the headers around it; tell whether it is certain which those are."""
    line, depth = "\n" + " " * body.indent, body.indent
    start = 1 + max(code.rfind(f"{line}{word} ", 0, body.start) for word in ("def", "async"))
    while (above := code.rfind(line + "@", 0, start)) >= 0:
        between = _lines(depth).search(code, above + 1, start - 1)
        if between is not None:
            if code[between.start() - 1] == "\\" or not is_balanced(code, between.start(), start):
                return False
            break
        start = above + 1
    kept[start] = body.end, text[start : body.end]
    while depth:
        around = _header(code, start, depth)
        if around is None:
            return False
        start, end = around
        depth = len(code[start:end]) - len(code[start:end].lstrip(" "))
        is_class = code.startswith("class", start + depth)
        kept[start] = end, text[start:end] if is_class else " " * depth + "if 1:"
    return not code.startswith("@")  # which is in front of no line end


def _header(code: str, start: int, depth: int) -> tuple[int, int] | None:
    """Return where the header stands of the block that the line at ``start``, indented by ``depth``, is in."""
    last = None
    for last in _lines(depth - 1).finditer(code, max(0, code.rfind("\nclass ", 0, start)), start - 1):  # noqa: B007
        pass
    if last is None or not is_balanced(code, last.start(), start):
        return None
    header = _CLASS.match(code, last.start() + 1) or _BLOCK.match(code, last.start() + 1)
    return header.span() if header else None


@lru_cache(maxsize=64)
def _lines(depth: int) -> re.Pattern[str]:
    """Return what finds the beginnings of statements that are indented by no more than ``depth``."""
    return re.compile(rf"\n {{0,{depth}}}[^\s)\]}}]")
