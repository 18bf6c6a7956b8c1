"""Who uses a function anywhere in the project: start-up code, requests, with which lock held."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

from msgspec import Struct

from sqla_guard.core.source import Span
from sqla_guard.core.workspace import UnreadableFile
from sqla_guard.facts.outline import Outline
from sqla_guard.project.project import Project

LOCKED_BLOCK = re.compile(r"with\s[\w.\[\]()'\",\s]{0,200}?(?:lock|mutex|semaphore)\b|\.acquire\(", re.IGNORECASE)
_TAKES = re.compile(r"\s*(?:async\s+)?with\b")
_CLASS = re.compile(r"\n[ \t]*class\b")
_DEFINITION = re.compile(r"(?:async def|def|class) +(\w+)")
_DEFINES = re.compile(r"\s*(?:async\s+)?def\b")
_NO_NAME = re.compile(r"[\w'\"]")
_IMPORT = re.compile(r"\s*(?:from|import)\b")


class User(Struct, frozen=True):
    """One place that calls a function or hands it on.

    Attributes:
        path: The file.
        function: The function or method around it by its last name; empty at module level.
        locked: Whether a lock is held there.
        called: Whether the function is called there and then, not handed on or called later.
    """

    path: str
    function: str
    locked: bool
    called: bool = True


def users_of(project: Project, path: str, name: str, method: bool = False) -> Iterator[User]:
    """Yield the users of the function (or ``method``) ``name`` defined in ``path``, itself excluded.

    Those in its own module come first; the others are looked for when somebody goes on to them.
    """
    yield from _users(project, path, name, _uses_in(project, path, path, name, method))
    yield from _users(project, path, name, _uses_elsewhere(project, path, name, method))


def all_hold_a_lock(project: Project, path: str, name: str, method: bool = False) -> bool:
    """Tell whether every user of the function (or ``method``) ``name`` in ``path`` holds a lock, and there is one."""
    key = ("locked", path, name, method)
    return project.once(key, lambda: _all_hold_a_lock(project, path, name, method))


def _all_hold_a_lock(project: Project, path: str, name: str, method: bool) -> bool:
    own = _users(project, path, name, _uses_in(project, path, path, name, method))
    if not all(user.locked for user in own):
        return False  # which is told without a look at other files
    seen = {path}
    for use in _uses_elsewhere(project, path, name, method):
        if use.where not in seen and LOCKED_BLOCK.search(use.text) is None:
            return False  # most often, and before any function is looked for
        seen.add(use.where)
    return all_of(users_of(project, path, name, method), lambda user: user.locked)


def all_of(users: Iterable[User], holds: Callable[[User], bool]) -> bool:
    """Tell whether there are ``users`` and each is one of which something holds."""
    are_there = False
    for user in users:
        if not holds(user):
            return False
        are_there = True
    return are_there


class _Use(NamedTuple):
    """A place that may use a function: file and text, where the name stands, its line up to there, what follows."""

    where: str
    text: str
    start: int
    before: str
    behind: str


def _uses_elsewhere(project: Project, path: str, name: str, method: bool) -> Iterator[_Use]:
    for where in project.each_naming(path, name, ".py"):
        if where != path:
            yield from _uses_in(project, where, path, name, method)


def _uses_in(project: Project, where: str, path: str, name: str, method: bool) -> Iterator[_Use]:
    try:
        text = project.source(where).text
    except UnreadableFile:
        return
    # What stands before it is looked at apart: an expression that begins with the name is found faster.
    for match in re.compile(rf"{re.escape(name)}\b(?!\s*=[^=])(?!['\"])").finditer(text):
        if match.start() and _NO_NAME.match(text, match.start() - 1):
            continue
        start = text.rfind("\n", 0, match.start()) + 1
        line = text[start : start + 400].partition("\n")[0]
        if _IMPORT.match(line) or re.search(rf"\b(?:def|class|global|nonlocal)\s+{re.escape(name)}\b", line):
            continue
        before = line[: match.start() - start]
        behind = re.match(r"\s*([(),])", text[match.end() : match.end() + 80])
        if behind is None or "#" in before:
            continue
        if method or _is_meant(project, path, (where, text), name, before):
            yield _Use(where, text, match.start(), before, behind.group(1))


def _users(project: Project, path: str, name: str, uses: Iterable[_Use]) -> Iterator[User]:
    for where, text, start, before, behind in uses:
        begins, function = _function_around(project, where, text, start)
        if function != name or where != path:
            headers = list(_headers(text, start, begins))
            locked = any(_TAKES.match(header) and LOCKED_BLOCK.search(header) for header in headers)
            nested = len([h for h in headers if _DEFINES.match(h)]) != bool(function)
            called = behind == "(" and "lambda" not in before and not nested
            yield User(where, function, locked, called)


def _function_around(project: Project, where: str, text: str, at: int) -> tuple[int, str]:
    """Return where the function or method around ``at`` begins, and its name; 0 and nothing at module level."""
    # Most often it is in the last definition at the margin, and the rest of the module need not be read.
    margin = max(text.rfind(f"\n{word} ", 0, at) for word in ("def", "async def", "class"))
    top = _DEFINITION.match(text, margin + 1)
    if top is not None:
        found = _innermost(project.outline_of(where, top[1]), at)
        if found is not None and _CLASS.search(text, found[0], at) is None:
            return found
    return _innermost(project.outline(where), at) or (0, "")


def _is_meant(project: Project, path: str, file: tuple[str, str], name: str, before: str) -> bool:
    """Tell whether a call by this name in ``file``, given with its text, can be one of the module ``path``."""
    where, text = file
    called_on = before.rstrip()
    owner = re.search(r"(?<!\w)\w+\Z", called_on[:-1].rstrip()) if called_on.endswith(".") else None
    stem = path.rpartition("/")[2].removesuffix(".py")
    if stem == "__init__":
        stem = path.rpartition("/")[0].rpartition("/")[2]
    if owner.group() == stem if owner is not None else where == path:
        return True
    if owner is not None and stem not in text:
        return False  # the module has no name there
    outline = project.outline_of(where, name if owner is None else owner.group())
    imports = outline.imports if outline else ()
    if owner is None:
        return any(name in (i.local, i.name) or i.local == "*" for i in imports)
    return any(i.local == owner.group() and stem in (i.name, i.module.rpartition(".")[2]) for i in imports)


def _innermost(outline: Outline | None, at: int) -> tuple[int, str] | None:
    """Return where the innermost of the functions and methods around ``at`` begins, and its name."""
    return max(((span.start, name) for span, name in _functions(outline) if span.start <= at < span.end), default=None)


def _functions(outline: Outline | None) -> Iterator[tuple[Span, str]]:
    """Yield the functions and methods of a module: where they stand, and what they are called."""
    if outline is None:
        return
    for function in outline.functions.values():
        yield function.span, function.name
    for definition in outline.classes.values():
        for attribute in definition.attributes:
            if attribute.function is not None:
                yield attribute.statement, attribute.name


def _headers(text: str, offset: int, start: int) -> Iterator[str]:
    """Yield the first lines of the blocks around ``offset``, innermost first, up to ``start``."""
    lines = text[start:offset].split("\n")
    depth = len(lines[-1]) - len(lines[-1].lstrip())
    for line in reversed(lines[:-1]):
        indent = len(line) - len(line.lstrip())
        if line.strip() and indent < depth:
            # The header of a function can end in a line of its own, at the same depth as it starts.
            depth = indent + line.lstrip().startswith(")")
            yield line
