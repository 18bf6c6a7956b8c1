"""Parsing with the standard library, with errors as facts."""

from __future__ import annotations

import ast
import re
import warnings
from collections.abc import Sequence
from weakref import WeakKeyDictionary

from sqla_guard.core.source import SourceFile, Span
from sqla_guard.core.workspace import UnreadableFile

# CPython's own limit. libcst has none and overflows the stack, which nothing can catch.
_DEEPEST = 200

# Errors that masking newer syntax never mends, most of them in code for Python 2.
_NO_MASK = ("Missing parentheses in call to", "multiple exception types must be parenthesized")

_BRACKET = re.compile(r"[()\[\]{}]")


class UnparsableFile(UnreadableFile):
    """The file is no Python that can be read; ``line`` is where (0: unknown)."""


# Trees kept, by the characters of their sources: a tree takes some thirty times as much memory.
_KEPT = 500_000
_trees: dict[SourceFile, ast.Module] = {}
_sizes: list[int] = []
_unread: WeakKeyDictionary[SourceFile, Sequence[tuple[int, int]]] = WeakKeyDictionary()


def parse(source: SourceFile) -> ast.Module:
    """Return the syntax tree of ``source``; several readers share it, so nobody may change it.

    Syntax newer than the running Python is masked where libcst knows it, so that a project that is ahead of the
    interpreter of this tool can still be checked.

    Raises:
        UnparsableFile: The text is not Python.
    """
    tree = _trees.pop(source, None)
    if tree is None:
        tree = _parse_any(source)
        _sizes.append(len(source.text))
        while sum(_sizes) > _KEPT and _trees:
            oldest = next(iter(_trees))  # the one unused for longest
            del _trees[oldest]
            _sizes.remove(len(oldest.text))
    _trees[source] = tree
    return tree


def check_syntax(source: SourceFile) -> bool:
    """Return ``True`` where :func:`parse` would return a tree; most often in half the time.

    Raises:
        UnparsableFile: The text is not Python.
    """
    if source not in _trees:
        from symtable import symtable  # makes no nodes

        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                symtable(_unread_text(source), source.path, "exec")
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            parse(source)
    return True


def note_unread(source: SourceFile, bodies: Sequence[tuple[int, int]]) -> None:
    """Note that all of ``source`` has been parsed but ``bodies`` of functions, each with its start and its end."""
    known = _unread.get(source)
    if known is None or sum(end - start for start, end in bodies) < sum(end - start for start, end in known):
        _unread[source] = bodies


def _unread_text(source: SourceFile) -> str:
    """Return code with all of ``source`` that has not been parsed: what is in the rest can be no error."""
    bodies = _unread.get(source)
    if bodies is None:
        return source.text
    return "".join(f"async def f():{source.text[start:end]}\n" for start, end in bodies)


def kept_tree(source: SourceFile) -> ast.Module | None:
    """Return the tree of ``source`` if :func:`parse` made it lately."""
    return _trees.get(source)


def _parse_any(source: SourceFile) -> ast.Module:
    try:
        return parse_text(source.text)
    except UnparsableFile as error:
        if not isinstance(error.__cause__, SyntaxError) or error.__cause__.msg.startswith(_NO_MASK):
            raise
        if _bracket_depth(source.text) > _DEEPEST:
            raise
        tree = _parse_masked_by_text(source)
        if tree is not None:
            return tree
        from sqla_guard.read.python.newer import mask_newer_syntax  # loads libcst

        masked = mask_newer_syntax(source)
        if masked is None:
            raise
        return parse_text(masked)


def _parse_masked_by_text(source: SourceFile) -> ast.Module | None:
    """Return the tree of ``source`` if it is newer than the running Python in nothing but strings and parameters."""
    from sqla_guard.read.python.newer_text import mask_by_text

    masked = mask_by_text(source.text)
    try:
        return None if masked is None else parse_text(masked)
    except UnparsableFile:
        return None


def _bracket_depth(text: str) -> int:
    """Return how deep brackets are nested at most, those in strings and comments counted too."""
    depth = deepest = 0
    for match in _BRACKET.finditer(text):
        depth += 1 if match.group() in "([{" else -1
        deepest = max(deepest, depth)
    return deepest


def parse_text(text: str) -> ast.Module:
    """Return the syntax tree of ``text`` as the running Python has it.

    Raises:
        UnparsableFile: It does not know the syntax.
    """
    try:
        with warnings.catch_warnings():
            # Invalid escapes and the like are the checked project's business, not output of this tool.
            warnings.simplefilter("ignore")
            return ast.parse(text)
    except SyntaxError as error:
        raise UnparsableFile(f"syntax error: {error.msg}", error.lineno or 0) from error
    except ValueError as error:
        raise UnparsableFile(str(error)) from error
    except (RecursionError, MemoryError) as error:
        raise UnparsableFile("nested too deeply to be parsed") from error


def span_of(source: SourceFile, node: ast.stmt | ast.expr) -> Span:
    """Return the characters of ``node``, without decorators."""
    assert node.end_lineno is not None
    assert node.end_col_offset is not None
    return Span(source.offset(node.lineno, node.col_offset), source.offset(node.end_lineno, node.end_col_offset))
