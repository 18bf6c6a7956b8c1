"""Trees of files without the function bodies that nobody asks for: a fraction of the cost of whole ones.

A body that is left out becomes as many lines with a ``0`` or ``(0 … )`` that ends where the body ended. So every other
node stands where it stands in the whole tree, and every definition ends where it ends there.
"""

from __future__ import annotations

import ast
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence

from sqla_guard.core.source import SourceFile
from sqla_guard.read.python.bodies import Body, Statement, bodies_of
from sqla_guard.read.python.parse import UnparsableFile, kept_tree, note_unread, parse, parse_text

_CLASS = re.compile(r"class(?<!\wclass)(?!\w)[\s\\]*(\w*)")
# Two searches that begin with letters are quicker than one for either.
_DEFINED = (re.compile(r"class(?<!\wclass)[\s\\]+(\w+)"), re.compile(r"def(?<!\wdef)[\s\\]+(\w+)"))
# The keyword, which names like ``importlib`` hold as well.
_IMPORTS = re.compile(r"import(?<!\wimport)(?!\w)")
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


def parse_for_name(source: SourceFile, name: str) -> ast.Module | None:
    """Return a tree of the statements at the top of ``source`` that say ``name``, or import everything.

    Of classes and functions that are called otherwise only imports may be there, which may have moved. It is ``None``
    where no statements can be told.

    Raises:
        UnparsableFile: What is left is not Python.
    """
    text, bodies = source.text, bodies_of(source)
    code = bodies.code
    # Words of other letters may be one name, however they are written.
    if not code or not code.isascii():
        return None

    def part(statement: Statement) -> Iterable[str]:
        imports = _imports(code, statement) if statement.name and statement.name != name else None
        if imports is None:
            return _with_less(text, statement, bodies.inside(statement), lambda body: _only_imports(text, code, body))
        lines = text.count("\n", statement.start, statement.end) - sum(i.count("\n") for i in imports)
        return ("if 0: ", *(f"{i};" for i in imports), "\n" * lines) if imports else ("\n" * lines,)

    return _parse_some(source, bodies.saying(name), part)


def parse_for_classes_called(source: SourceFile, names: frozenset[str]) -> ast.Module:
    """Return a tree with all classes of ``source`` that are called like one of ``names``, wherever they stand.

    Raises:
        UnparsableFile: What is left is not Python.
    """
    code = bodies_of(source).code
    return _parse_classes(source, lambda part: not names.isdisjoint(_CLASS.findall(code, part.start, part.end)))


def parse_for_classes(source: SourceFile, may_hold: Callable[[str], bool]) -> ast.Module:
    """Return a tree with those classes of ``source`` that stand where ``may_hold`` is true of the text.

    Args:
        source: The file.
        may_hold: Is asked of each statement at the top of the module, and of the bodies of functions in it.

    Raises:
        UnparsableFile: What is left is not Python.
    """
    return _parse_classes(source, lambda part: may_hold(source.text[part.start : part.end]))


def _parse_classes(source: SourceFile, is_wanted: Callable[[Statement | Body], bool]) -> ast.Module:
    """Return a tree with what holds classes and is wanted: statements at the top, and in those bodies of functions."""
    text, bodies = source.text, bodies_of(source)
    # Words of other letters may be one name, however they are written.
    if not bodies.code or not bodies.code.isascii() or kept_tree(source) is not None:
        return parse_for_outline(source)

    def has_class(part: Statement | Body) -> bool:
        return bodies.code.find("class", part.start, part.end) >= 0 and is_wanted(part)

    def reduced(body: Body) -> str | None:
        return None if has_class(body) else _reduced(text, body)

    def part(statement: Statement) -> Iterable[str]:
        return _with_less(text, statement, bodies.inside(statement), reduced)

    return _parse_some(source, filter(has_class, bodies.statements), part)


def defined_names(source: SourceFile) -> Counter[str]:
    """Return how often functions and classes have which name in ``source``, or less where all of it is parsed."""
    return Counter(name for defined in _DEFINED for name in defined.findall(bodies_of(source).code))


def _parse_some(
    source: SourceFile, statements: Iterable[Statement], part: Callable[[Statement], Iterable[str]]
) -> ast.Module:
    """Return the tree of ``source`` with what ``part`` returns in place of ``statements``, and nothing for others."""
    parts: list[str] = []
    done = 0
    for statement in statements:
        parts += ("\n" * source.text.count("\n", done, statement.start), *part(statement))
        done = statement.end
    return _parse_parts(source, parts) if parts else ast.Module([], [])


def _parse_with(source: SourceFile, reduced: Callable[[Body], str | None]) -> ast.Module:
    """Return the tree of ``source`` with what ``reduced`` returns (``None``: no change) in place of bodies."""
    whole = kept_tree(source)
    if whole is not None:
        return whole
    found = bodies_of(source).found
    if not found:
        return parse(source)
    unread: list[tuple[int, int]] = []

    def less(body: Body) -> str | None:
        new = reduced(body)
        if new is not None:
            unread.append((body.start, body.end))
        return new

    tree = _parse_parts(source, _with_less(source.text, Statement("", 0, len(source.text)), found, less))
    note_unread(source, unread)
    return tree


def _with_less(
    text: str, statement: Statement, bodies: Iterable[Body], reduced: Callable[[Body], str | None]
) -> Iterator[str]:
    """Yield the parts of a statement with something else for bodies."""
    done = statement.start
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
    yield text[done : statement.end]


def _parse_parts(source: SourceFile, parts: Iterable[str]) -> ast.Module:
    try:
        return parse_text("".join(parts))
    except UnparsableFile:
        return parse(source)  # which says why, or knows newer syntax


def _only_imports(text: str, code: str, body: Body) -> str | None:
    if code.find("class", body.start, body.end) >= 0 and _CLASS.search(code, body.start, body.end):
        return None
    imports = _imports(code, body)
    return None if imports is None else _reduced(text, body, imports)


def _imports(code: str, part: Statement | Body) -> list[str] | None:
    """Return the imports in a part of ``code``; ``None`` where that is not certain."""
    found: list[str] = []
    done = 0
    for word in _IMPORTS.finditer(code, part.start, part.end) if code.find("import", part.start, part.end) >= 0 else ():
        line = code.rfind("\n", part.start, word.start())
        statement = _IMPORT.match(code, line, part.end) if line >= 0 else None
        if statement is None or word.start() < done:
            return None
        found.append(statement[1])
        done = statement.end()
    return found


def _reduced(text: str, body: Body, statements: Sequence[str] = ()) -> str | None:
    """Return a body with only ``statements``, as long in lines; ``None`` where there is no room."""
    last = text.rfind("\n", 0, body.end) + 1
    lines = text.count("\n", body.start, last) - sum(statement.count("\n") for statement in statements)
    column = len(text[last : body.end].encode("utf-8", "surrogatepass")) - 1
    if lines > 1:
        first = "\n" + " " * (body.indent + 1) + "".join(f"{statement};" for statement in statements)
        return first + "(0" + "\n" * (lines - 1) + " " * column + ")"
    return None if statements else "\n" + " " * column + "0"
