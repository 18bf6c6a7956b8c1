"""Which functions of a module have to be parsed to find and judge its lazily made objects, told from its text."""

from __future__ import annotations

import ast
import re
from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Collection, Sequence
from typing import NamedTuple

from sqla_guard.core.source import SourceFile
from sqla_guard.read.python.bodies import Body, bodies_of
from sqla_guard.read.python.lazy_lines import plain
from sqla_guard.read.python.lazy_marker import Place, made_lazily
from sqla_guard.read.python.lock_words import LOCK_CONSTRUCTORS
from sqla_guard.read.python.sparse import parse_bodies

_DEFINED = re.compile(r"def\s+(\w+)")  # no \b, with which it takes four times as long
_TELLING = ("class", *LOCK_CONSTRUCTORS)
_GUARDS = re.compile(r"\b(?:yield|def)\b")


class Lazy(NamedTuple):
    """A module as far as it matters.

    Attributes:
        tree: The tree; functions that tell nothing of shared objects may have lost their bodies.
        passed: Functions that make no shared object, by name and the line that they end on.
        places: The last words of the places that may be made lazily; an empty one stands for any.
    """

    tree: ast.Module
    passed: frozenset[tuple[str, int | None]]
    places: frozenset[str]


def parse_lazy(source: SourceFile) -> Lazy | None:
    """Return the functions that may make a shared object, and those that tell about them; ``None`` if there are none.

    Raises:
        UnparsableFile: What is left is not Python.
    """
    # One byte a character: offsets stay the same, and words in other letters are no places to the marker either.
    data = plain(source.text.encode("ascii", "replace"))
    made = list(made_lazily(data))
    if not made:
        return None
    bodies = bodies_of(source)
    made = [place for place in made if not place.instance or _may_be_only_one(place, bodies.code)]
    starts = [body.start for body in bodies.found]
    chosen: set[Body] = set()
    places: set[str] = set()
    astray: set[str] = set()
    for place in made:
        body = _innermost(bodies.found, starts, place.at)
        (astray if body is None else places).add(place.name.decode())
        chosen.update([body] if body else ())
    names = {body: _name(bodies.code, body) for body in bodies.found}
    # Functions whose bodies are in doubt stay as they are.
    others = Counter(_DEFINED.findall(bodies.code or source.text)) - Counter(names.values())
    if not chosen and not (others and astray):
        return None
    called = {names[body] for body in chosen}.union(others if astray else ())
    passed = frozenset((names[body], source.position(body.end)[0]) for body in bodies.found if body not in chosen)
    words = {*called, *places, *astray, *(place.instance.decode() for place in made if place.instance)}
    return Lazy(
        parse_bodies(source, _wanted(source.text, bodies.code, chosen, words)), passed, frozenset(places | astray)
    )


def _may_be_only_one(place: Place, code: str) -> bool:
    """Tell whether no more than one instance of a class is made in a module, strings and comments left out."""
    calls = re.finditer(rf"((?:\.|\b(?:class|def)\b)\s{{0,9}})?\b{place.instance.decode()}\s*\(", code)
    return "case" in code or sum(call[1] is None for call in calls) <= 1


def _wanted(text: str, code: str, chosen: set[Body], words: set[str]) -> Callable[[Body], bool]:
    """Return what tells whether a function is one of ``chosen``, holds one of ``words``, or may be or make a lock."""

    def is_wanted(body: Body) -> bool:
        start, end = body.start, body.end
        if body in chosen or _holds(text, words, start, end) or _holds(code, _TELLING, start, end):
            return True
        if "__new__" in words and _name(code, body) == "__init__":
            return True
        return code.find("with", start, end) >= 0 and bool(_GUARDS.search(code, start, end))

    return is_wanted


def _holds(text: str, words: Collection[str], start: int, end: int) -> bool:
    """Tell whether one of ``words`` stands in a part of ``text``; the name of a place may be empty: not known."""
    found = [re.escape(word) for word in words if text.find(word, start, end) >= 0]
    return bool(found) and re.compile(rf"\b(?:{'|'.join(found)})\b").search(text, start, end) is not None


def _innermost(bodies: Sequence[Body], starts: Sequence[int], at: int) -> Body | None:
    """Return the smallest of ``bodies`` around ``at``."""
    around = (bodies[i] for i in range(bisect_right(starts, at) - 1, -1, -1) if bodies[i].end > at)
    return next(around, None)


def _name(code: str, body: Body) -> str:
    """Return the name of the function with this body."""
    line = "\n" + " " * body.indent
    header = max(0, code.rfind(line + "def ", 0, body.start))
    header = max(header, code.rfind(line + "async ", header, body.start))
    match = _DEFINED.search(code, header)
    return match[1] if match else ""
