"""Count the steps of a backtracking matcher, so that a test can tell linear from quadratic without a clock.

The matcher tries what the standard library's tries, in the same order, without its short cuts.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, ClassVar

from scripts.patterns.hostile import MANY, in_category, in_set, parsed

Then = Callable[[int], int]


class TooManySteps(Exception):
    """The limit was reached."""


def bounded(least: int, most: int) -> int:
    """Return how often a part may be repeated: a bound is a bound, however large, so a small one shows it sooner."""
    return most if most > MANY else min(most, max(least, 3))


class Counted:
    """One regular expression whose steps are counted.

    Attributes:
        steps: How many characters and places were looked at.
    """

    def __init__(self, pattern: str | bytes, flags: int, limit: int) -> None:
        """Parse ``pattern``; no more than ``limit`` steps are taken."""
        self._tree = parsed(pattern, flags)
        flags = self._tree.state.flags
        self._ignore_case, self._all, self._lines = bool(flags & 2), bool(flags & 16), bool(flags & 8)
        self._limit = limit
        self._text = ""
        self._groups: dict[int, tuple[int, int]] = {}
        self.steps = 0

    def count(self, text: str, uses: Iterable[str]) -> int:
        """Use the expression on ``text`` in each of the ways ``uses``, all over it for ``search``; return the steps.

        Raises:
            TooManySteps: The limit was reached.
        """
        self.steps, self._text = 0, text.lower() if self._ignore_case else text
        for use in uses:
            at = 0
            while at <= len(text):
                self._groups = {}
                end = self._sequence(self._tree, 0, at, self._whole if use == "fullmatch" else self._any)
                if use != "search":
                    break
                at = end if end > at else at + 1
        return self.steps

    def _whole(self, end: int) -> int:
        return end if end == len(self._text) else -1

    def _any(self, end: int) -> int:
        return end

    def _step(self, count: int = 1) -> None:
        self.steps += count
        if self.steps > self._limit:
            raise TooManySteps

    def _sequence(self, items: Any, number: int, at: int, then: Then) -> int:
        """Match ``items[number:]`` and what follows; return where that ends, or -1."""
        if number == len(items):
            return then(at)
        self._step()
        code, argument = items[number]
        name = str(code)
        if name in ("LITERAL", "NOT_LITERAL", "ANY", "IN", "CATEGORY"):
            return self._sequence(items, number + 1, at + 1, then) if self._fits(name, argument, at) else -1
        return self._PARTS[name](self, argument, at, lambda end: self._sequence(items, number + 1, end, then), name)

    def _fits(self, name: str, argument: Any, at: int) -> bool:
        if at >= len(self._text):
            return False
        character = self._text[at]
        if name in ("LITERAL", "NOT_LITERAL"):
            wanted = chr(argument).lower() if self._ignore_case else chr(argument)
            return (character == wanted) == (name == "LITERAL")
        if name == "ANY":
            return self._all or character != "\n"
        if name == "CATEGORY":
            return in_category(argument, character)
        return in_set(argument, character) or (self._ignore_case and in_set(argument, character.upper()))

    def _repeat(self, argument: Any, at: int, then: Then, name: str) -> int:
        least, most, body = argument
        most = bounded(least, most)
        code = str(body[0][0]) if len(body) == 1 else ""
        if name == "POSSESSIVE_REPEAT":
            return self._atomic([(_MaxRepeat(), argument)], at, then, name)
        if code in ("LITERAL", "NOT_LITERAL", "ANY", "IN", "CATEGORY"):
            return self._run(body[0], (least, most), at, then, name == "MIN_REPEAT")
        return self._rounds(argument, 0, at, then, name == "MIN_REPEAT")

    def _run(self, item: Any, bounds: tuple[int, int], at: int, then: Then, lazy: bool) -> int:
        least, most = bounds
        length = 0
        while length < most and not (lazy and length > least) and self._fits(str(item[0]), item[1], at + length):
            self._step()
            length += 1
        if length < least:
            return -1
        if not lazy:
            for taken in range(length, least - 1, -1):
                self._step()
                end = then(at + taken)
                if end >= 0:
                    return end
            return -1
        taken = least
        while True:
            self._step()
            end = then(at + taken)
            if end >= 0 or taken >= most or not self._fits(str(item[0]), item[1], at + taken):
                return end
            taken += 1

    def _rounds(self, argument: Any, count: int, at: int, then: Then, lazy: bool) -> int:
        least, most, body = argument
        most = bounded(least, most)

        def once_more(end: int) -> int:
            return -1 if end == at and count >= least else self._rounds(argument, count + 1, end, then, lazy)

        self._step()
        if count < least:
            return self._sequence(body, 0, at, once_more)
        ways: list[Callable[[], int]] = [
            lambda: self._sequence(body, 0, at, once_more) if count < most else -1,
            lambda: then(at),
        ]
        for way in reversed(ways) if lazy else ways:
            end = way()
            if end >= 0:
                return end
        return -1

    def _branch(self, argument: Any, at: int, then: Then, _: str) -> int:
        for branch in argument[1]:
            end = self._sequence(branch, 0, at, then)
            if end >= 0:
                return end
        return -1

    def _group(self, argument: Any, at: int, then: Then, _: str) -> int:
        number, body = argument[0], argument[-1]

        def close(end: int) -> int:
            before = self._groups.get(number)
            self._groups[number] = (at, end)
            found = then(end)
            if found < 0 and before is not None:
                self._groups[number] = before
            return found

        return self._sequence(body, 0, at, close if number is not None else then)

    def _reference(self, argument: Any, at: int, then: Then, _: str) -> int:
        start, end = self._groups.get(argument, (0, 0))
        self._step(end - start)
        length = end - start
        return then(at + length) if self._text[start:end] == self._text[at : at + length] else -1

    def _atomic(self, argument: Any, at: int, then: Then, _: str) -> int:
        end = self._sequence(argument, 0, at, lambda found: found)
        return then(end) if end >= 0 else -1

    def _assert(self, argument: Any, at: int, then: Then, name: str) -> int:
        direction, body = argument
        start = at if direction > 0 else at - body.getwidth()[0]
        found = start >= 0 and self._sequence(body, 0, start, lambda end: end) >= 0
        return then(at) if found == (name == "ASSERT") else -1

    def _place(self, argument: Any, at: int, then: Then, _: str) -> int:
        text, kind = self._text, str(argument)
        before, behind = text[at - 1 : at] if at else "", text[at : at + 1]
        word = [c.isalnum() or c == "_" for c in (before, behind)]
        holds = {
            "AT_BEGINNING": at == 0 or (self._lines and before == "\n"),
            "AT_BEGINNING_STRING": at == 0,
            "AT_BOUNDARY": word[0] != word[1],
            "AT_NON_BOUNDARY": word[0] == word[1],
            "AT_END": at >= len(text) - (text[-1:] == "\n") or (self._lines and behind == "\n"),
            "AT_END_STRING": at == len(text),
        }[kind]
        return then(at) if holds else -1

    _PARTS: ClassVar[dict[str, Callable[..., int]]] = {
        "MAX_REPEAT": _repeat,
        "MIN_REPEAT": _repeat,
        "POSSESSIVE_REPEAT": _repeat,
        "BRANCH": _branch,
        "SUBPATTERN": _group,
        "GROUPREF": _reference,
        "ATOMIC_GROUP": _atomic,
        "ASSERT": _assert,
        "ASSERT_NOT": _assert,
        "AT": _place,
    }


class _MaxRepeat:
    def __str__(self) -> str:
        return "MAX_REPEAT"
