"""Trees of files without the function bodies that nobody asks for: a fraction of the cost of whole ones.

A body that is left out becomes as many lines with a ``0`` or ``(0 … )`` that ends where the body ended. So every other
node stands where it stands in the whole tree, and every definition ends where it ends there.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterable, Iterator, Sequence

from sqla_guard.core.source import SourceFile
from sqla_guard.read.python.bodies import Body, Statement, bodies_of
from sqla_guard.read.python.parse import UnparsableFile, kept_tree, parse, parse_text

_CLASS = re.compile(r"class(?<!\wclass)(?!\w)[\s\\]*(\w*)")
_EVERYTHING = re.compile(r"import[\s\\]*\*")
_IMPORT = re.compile(r"\n *((?:from [\w. ]+ )?import(?: *\([\w\s,]*\)(?= *(?:\n|\Z))| [\w., ]*(?=\n|\Z)))")


def parse_mentioning(source: SourceFile, wanted: re.Pattern[str]) -> ast.Module:
    r"""Return the tree of ``source`` in which functions may be empty whose bodies ``wanted`` is not found in.

    What may be left out is the whole body of a function or method, with all that is nested in it. What stays as it is
    in the tree of :func:`~sqla_guard.read.python.parse.parse`, positions included: module-level code, class bodies,
    signatures and decorators, and each body that ``wanted`` matches in, whole, with all functions in it. The tree may
    also be the whole one, so a reader must find the same in both: ask for every word without which a body cannot matter
    to it, such as ``re.compile(r"\b(?:global|nonlocal|Lock)\b")``. It is looked for in comments and strings too.

    Errors of syntax in a body that is left out go unnoticed. The tree is not kept; nobody may change it.

    Raises:
        UnparsableFile: What is left is not Python.
    """
    return parse_bodies(source, lambda body: wanted.search(source.text, body.start, body.end) is not None)


def parse_bodies(source: SourceFile, is_wanted: Callable[[Body], bool]) -> ast.Module:
    """Return the same as :func:`parse_mentioning` with ``is_wanted`` to tell which bodies stay.

    Raises:
        UnparsableFile: What is left is not Python.
    """
    return _parse_with(source, lambda body: None if is_wanted(body) else _reduced(source.text, body))


def parse_for_outline(source: SourceFile) -> ast.Module:
    """Return a tree of ``source`` with all imports and classes; imports in functions may have moved inside of those.

    Raises:
        UnparsableFile: What is left is not Python.
    """
    code = bodies_of(source).code
    return _parse_with(source, lambda body: _only_imports(source.text, code, body))


def parse_for_names(source: SourceFile, names: frozenset[str]) -> ast.Module:
    """Return such a tree without the statements at the top that tell nothing of ``names``.

    What stays are the imports that bind one of them, or all of a module; the classes that are called so, wherever they
    stand; the functions at the top that are; and whatever else at the top has such a word.

    Raises:
        UnparsableFile: What is left is not Python.
    """
    bodies = bodies_of(source)
    code = bodies.code
    if not code or not code.isascii() or kept_tree(source) is not None:
        return parse_for_outline(source)  # words of other letters may be one name, however they are written
    parts: list[str] = []
    done, is_empty = 0, True
    for statement in bodies.statements:
        parts.append(source.text[done : statement.start])
        done = statement.end
        if _may_tell_of(names, code, statement):
            is_empty = False
            parts += _with_less(
                source.text,
                statement.start,
                done,
                bodies.inside(statement),
                lambda body: _only_imports(source.text, code, body, names),
            )
        else:
            parts.append("\n" * source.text.count("\n", statement.start, done))
    return ast.Module([], []) if is_empty else _parse_parts(source, parts)


def _may_tell_of(names: frozenset[str], code: str, statement: Statement) -> bool:
    name, start, end = statement
    may_import = code.find("import", start, end) >= 0
    if any(code.find(word, start, end) >= 0 for word in names) and (
        may_import or not name or name in names or _has_class(names, code, start, end)
    ):
        return True
    return may_import and _EVERYTHING.search(code, start, end) is not None


def _has_class(names: frozenset[str] | None, code: str, start: int, end: int) -> bool:
    """Tell whether code has a class that is called like one of ``names``; one of any name for ``None``."""
    if code.find("class", start, end) < 0:
        return False
    if names is None:
        return _CLASS.search(code, start, end) is not None
    return not names.isdisjoint(_CLASS.findall(code, start, end))


def _parse_with(source: SourceFile, reduced: Callable[[Body], str | None]) -> ast.Module:
    """Return the tree of ``source`` with what ``reduced`` returns (``None``: no change) in place of bodies."""
    whole = kept_tree(source)
    if whole is not None:
        return whole
    found = bodies_of(source).found
    return (
        _parse_parts(source, _with_less(source.text, 0, len(source.text), found, reduced)) if found else parse(source)
    )


def _with_less(
    text: str, start: int, end: int, bodies: Iterable[Body], reduced: Callable[[Body], str | None]
) -> Iterator[str]:
    """Yield the parts of ``text`` from ``start`` to ``end`` with something else for bodies."""
    done = start
    for body in bodies:
        if body.start < done:
            continue
        new = reduced(body)
        if new is not None:
            yield text[done : body.start]
            yield new
        else:
            yield text[done : body.end]
        done = body.end
    yield text[done:end]


def _parse_parts(source: SourceFile, parts: Iterable[str]) -> ast.Module:
    try:
        return parse_text("".join(parts))
    except UnparsableFile:
        return parse(source)  # which says why, or knows newer syntax


def _only_imports(text: str, code: str, body: Body, names: frozenset[str] | None = None) -> str | None:
    if _has_class(names, code, body.start, body.end):
        return None
    words = code.count("import", body.start, body.end)
    imports = _IMPORT.findall(code, body.start, body.end) if words else []
    # Names that hold the word make a difference too.
    return _reduced(text, body, imports) if len(imports) == words else None


def _reduced(text: str, body: Body, statements: Sequence[str] = ()) -> str | None:
    """Return a body with only ``statements``, as long in lines; ``None`` where there is no room."""
    last = text.rfind("\n", 0, body.end) + 1
    lines = text.count("\n", body.start, last) - sum(statement.count("\n") for statement in statements)
    column = len(text[last : body.end].encode("utf-8", "surrogatepass")) - 1
    if lines > 1:
        first = "\n" + " " * (body.indent + 1) + "".join(f"{statement};" for statement in statements)
        return first + "(0" + "\n" * (lines - 1) + " " * column + ")"
    return None if statements else "\n" + " " * column + "0"
