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
        bits: The bit of each thing that was ever used.
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

    def number(self, thing: object, bit: int) -> int:
        """Let ``bit``, which is returned, stand for ``thing``."""
        self.bits[thing] = bit
        self._next = max(self._next, bit << 1)
        return bit

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
    """

    __slots__ = ("depth", "used", "value")

    def __init__(self, depth: int) -> None:
        self.value: Any = None
        self.used = 0
        self.depth = depth


class Memo:
    """Answers by key, each made once.

    An answer that leads back to one that is still being made is known by what that one is made from, too: what it
    would be by itself depends on all of the ring.
    """

    def __init__(self, uses: Uses) -> None:
        """Start with no answers; ``uses`` is told what they were made from."""
        self._uses = uses
        self._known: dict[object, _Answer] = {}
        self._open = 0
        self._back = _NOWHERE
        self._in_ring: list[_Answer] = []

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
        return answer.value  # type: ignore[no-any-return]

    def has(self, key: object) -> bool:
        """Tell whether :meth:`of` knows the answer under ``key`` already."""
        answer = self._known.get(key)
        return answer is not None and answer.depth < 0

    def cut(self) -> None:
        """Note that whatever is being made may depend on how it was come to."""
        self._back = 0

    def _make(self, key: object, make: Callable[[], _Answered]) -> _Answer:
        uses = self._uses
        answer = self._known[key] = _Answer(self._open)
        before, uses.now = uses.now, 0
        self._open += 1
        try:
            answer.value = make()
        except BaseException:
            del self._known[key]
            raise
        finally:
            self._open -= 1
            answer.used, uses.now = uses.now, before | uses.now
            self._close(answer)
        return answer

    def _close(self, answer: _Answer) -> None:
        if answer.depth > self._back:
            self._in_ring.append(answer)
        else:
            for inner in self._in_ring:
                inner.used |= answer.used
            self._in_ring.clear()
            self._back = _NOWHERE
        answer.depth = -1
