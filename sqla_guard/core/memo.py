"""Answers that are remembered together with what they were made from, which counts again whoever asks for them."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any, TypeVar

_Answered = TypeVar("_Answered")
_NOWHERE = sys.maxsize


class Uses:
    """Counts what is used, as the bits of one number.

    Attributes:
        bits: The bit of each thing that was ever used; several of one that was counted by several.
        now: What has been used since this was last set to 0.
    """

    def __init__(self) -> None:
        """Start with nothing used."""
        self.bits: dict[object, int] = {}
        self.now = 0
        self._next = 1

    def use(self, thing: object) -> None:
        """Note that ``thing`` is used."""
        bit = self.bits.get(thing)
        if bit is None:
            bit = self.number(thing, self._next)
        self.now |= bit

    def number(self, thing: object, bits: int) -> int:
        """Let ``bits``, which are returned, stand for ``thing``."""
        self.bits[thing] = bits
        self._next = max(self._next, 1 << bits.bit_length())
        return bits

    def join(self, other: Uses) -> int:
        """Count what ``other`` counts, too; return by how much its numbers have to be shifted."""
        shift = self._next.bit_length() - 1
        for thing, bits in other.bits.items():
            self.number(thing, self.bits.get(thing, 0) | bits << shift)
        return shift

    def of(self, make: Callable[[], _Answered]) -> tuple[_Answered, int]:
        """Return ``make()``, and what it used."""
        before, self.now = self.now, 0
        try:
            return make(), self.now
        finally:
            self.now |= before


class _Answer:
    """One answer.

    Attributes:
        value: The answer.
        used: What it was made from.
        depth: While it is being made, how many others are; -1 afterwards.
        back: The least depth of those that it leads back to.
    """

    __slots__ = ("back", "depth", "used", "value")

    def __init__(self, depth: int) -> None:
        self.value: Any = None
        self.used = 0
        self.depth = depth
        self.back = _NOWHERE


class Memo:
    """Answers by key, each made once, as far as it is the same whatever was asked before.

    An answer that leads back to one that is still being made is not what it would be by itself, so that it is
    remembered only until that one is made. Where anything is cut off on the way, so much may have to be made again that
    answers stay, and are known by all that was asked together.
    """

    def __init__(self, uses: Uses) -> None:
        """Start with no answers; ``uses`` is told what they were made from."""
        self._uses = uses
        self._known: dict[object, _Answer] = {}
        self._open = 0
        self._back = _NOWHERE
        self._in_ring: list[tuple[object, _Answer]] = []
        self._is_cut = False
        self._to_stay: list[_Answer] = []

    def of(
        self, key: object, make: Callable[[], _Answered], in_ring: Callable[[], _Answered] | None = None
    ) -> _Answered:
        """Return ``make()`` as it was when first asked for under ``key``; ``in_ring()`` where it asks for itself."""
        answer = self._known.get(key)
        if answer is None:
            answer = self._make(key, make)
        elif answer.depth >= 0:
            self._back = min(self._back, answer.depth)
            return (in_ring or make)()
        self._uses.now |= answer.used
        self._back = min(self._back, answer.back)
        return answer.value  # type: ignore[no-any-return]

    def has(self, key: object) -> bool:
        """Tell whether :meth:`of` knows the answer under ``key`` already."""
        answer = self._known.get(key)
        return answer is not None and answer.depth < 0

    def cut(self) -> None:
        """Note that whatever is being made may depend on how it was come to."""
        self._is_cut = True

    def _make(self, key: object, make: Callable[[], _Answered]) -> _Answer:
        uses = self._uses
        answer = self._known[key] = _Answer(self._open)
        before, uses.now = uses.now, 0
        back, self._back = self._back, _NOWHERE
        first = len(self._in_ring)
        self._open += 1
        try:
            answer.value = make()
        except BaseException:
            del self._known[key]
            raise
        finally:
            self._open -= 1
            answer.used, uses.now = uses.now, before | uses.now
            self._close(key, answer, first)
            self._back = min(back, answer.back)
        return answer

    def _close(self, key: object, answer: _Answer, first: int) -> None:
        if self._back < answer.depth:
            self._in_ring.append((key, answer))
            for _, inner in self._in_ring[first:]:
                inner.back = min(inner.back, self._back)
        else:
            self._end_ring(first)
            if self._is_cut:
                self._stay(answer)
        answer.depth = -1

    def _end_ring(self, first: int) -> None:
        for key, inner in self._in_ring[first:]:
            if self._is_cut:
                inner.back = _NOWHERE
                self._to_stay.append(inner)
            else:
                self._known.pop(key, None)
        del self._in_ring[first:]

    def _stay(self, answer: _Answer) -> None:
        if answer.depth:
            self._to_stay.append(answer)
            return
        for inner in self._to_stay:
            inner.used |= answer.used
        self._to_stay.clear()
        self._is_cut = False
