"""Which functions of a module have to be parsed to find and judge its lazily made objects, told from its text."""

from __future__ import annotations

import ast
import re
from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Collection, Sequence
from functools import lru_cache
from typing import NamedTuple

from sqla_guard.core.source import SourceFile
from sqla_guard.read.python.bodies import Body, bodies_of
from sqla_guard.read.python.lazy_lines import plain
from sqla_guard.read.python.lazy_marker import Place, made_lazily
from sqla_guard.read.python.lazy_text import may_be_only_one
from sqla_guard.read.python.lock_words import LOCK_CONSTRUCTORS
from sqla_guard.read.python.sparse import parse_bodies

_DEFINED = re.compile(r"def[\s\\]+(\w+)")  # no \b, with which it takes four times as long
_TELLING = ("class", *LOCK_CONSTRUCTORS)
_GUARDS = re.compile(r"\b(?:yield|def)\b")


class Lazy(NamedTuple):
    """Where a module may make shared objects lazily.

    Attributes:
        made: The places, with the body of the function around each; ``None`` where that is in doubt.
        others: The names of functions whose bodies are in doubt, where one of them may be around a place.
    """

    made: tuple[tuple[Place, Body | None], ...]
    others: frozenset[str] = frozenset()

    @property
    def chosen(self) -> frozenset[Body]:
        """The bodies of the functions that may make a shared object."""
        return frozenset(body for _, body in self.made if body is not None)

    @property
    def is_certain(self) -> bool:
        """Whether all of these are known."""
        return not self.others and all(body is not None for _, body in self.made)

    def among(self, bodies: Collection[Body]) -> Lazy:
        """Return the same with the places only that stand in ``bodies``."""
        return self._replace(made=tuple((place, body) for place, body in self.made if body in bodies))

    @property
    def places(self) -> frozenset[str]:
        """The last words of the places; an empty one stands for any."""
        return frozenset(place.name.decode() for place, _ in self.made)

    @property
    def called(self) -> frozenset[str]:
        """What may be called to make them."""
        return frozenset(body.name for body in self.chosen).union(self.others)


@lru_cache(maxsize=2)
def find_lazy(source: SourceFile) -> Lazy | None:
    """Return where shared objects may be made lazily; ``None`` if nowhere."""
    # One byte a character: offsets stay the same, and words in other letters are no places to the marker either.
    data = plain(source.text.encode("ascii", "replace"))
    made = list(made_lazily(data))
    if not made:
        return None
    bodies = bodies_of(source)
    starts = [body.start for body in bodies.found]
    found = tuple(
        (place, _innermost(bodies.found, starts, place.at))
        for place in made
        if not place.instance or may_be_only_one(place.instance.decode(), bodies.code)
    )
    lazy = Lazy(found)
    if any(body is None or _may_be_deeper(body, bodies.code, starts, place.at) for place, body in found):
        # Functions whose bodies are in doubt stay as they are.
        others = Counter(_DEFINED.findall(bodies.code or source.text)) - Counter(body.name for body in bodies.found)
        lazy = Lazy(found, frozenset(others))
    return lazy if lazy.chosen or lazy.others else None


def parse_lazy(source: SourceFile, lazy: Lazy) -> ast.Module:
    """Return the tree of a module in which functions that tell nothing of ``lazy`` may have lost their bodies.

    Raises:
        UnparsableFile: What is left is not Python.
    """
    words = {*lazy.places, *lazy.called, *(place.instance.decode() for place, _ in lazy.made if place.instance)}
    return parse_bodies(source, _wanted(source.text, bodies_of(source).code, lazy.chosen, words))


def _wanted(text: str, code: str, chosen: Collection[Body], words: set[str]) -> Callable[[Body], bool]:
    """Return what tells whether a function is one of ``chosen``, holds one of ``words``, or may be or make a lock."""

    def is_wanted(body: Body) -> bool:
        start, end = body.start, body.end
        if body in chosen or _holds(text, words, start, end) or _holds(code, _TELLING, start, end):
            return True
        if "__new__" in words and body.name == "__init__":
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


def _may_be_deeper(body: Body, code: str, starts: Sequence[int], at: int) -> bool:
    """Tell whether a function in ``body`` whose own body is in doubt begins ahead of ``at``, and may be around it."""
    known = bisect_right(starts, at) - bisect_right(starts, body.start)
    return sum(1 for _ in _DEFINED.finditer(code, body.start, at)) > known
