"""Many files side by side, in which a word is looked for at once: most words stand in few of them."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Collection, Iterator, Sequence

from sqla_guard.core.words import FEW, is_word, lowered, words_held

# Bytes of files that are looked through at once, and bytes of a project that are kept for the next question.
_PIECE = 4 << 20
_MOST_KEPT = 64 << 20


class Haystack:
    """Files one behind the other, in lower case.

    Attributes:
        paths: The files.
        size: The number of their bytes.
    """

    def __init__(self, files: Collection[tuple[str, bytes]]) -> None:
        """Take paths with contents as :func:`~sqla_guard.core.words.lowered` gives them."""
        self.paths = [path for path, _ in files]
        self._text = b"\n".join(data for _, data in files)
        self._starts = [0]
        for _, data in files:
            self._starts.append(self._starts[-1] + len(data) + 1)
        self.size = len(self._text)

    def holding(self, words: Collection[bytes]) -> Iterator[tuple[bytes, str]]:
        """Yield which of ``words``, in lower case, stand in which files with no other word character on either side."""
        if len(words) > FEW:
            for path, start, after in zip(self.paths, self._starts, self._starts[1:], strict=False):
                yield from ((word, path) for word in words_held(self._text[start : after - 1], words))
            return
        for word in words:
            yield from ((word, self.paths[number]) for number in self._holding(word))

    def _holding(self, word: bytes) -> Iterator[int]:
        text, starts = self._text, self._starts
        at = text.find(word) if word else -1
        while at >= 0:
            end = at + len(word)
            number = bisect_right(starts, at) - 1
            after = starts[number + 1]
            if end < after and not (is_word(text[at - 1 : at]) or is_word(text[end : end + 1])):
                yield number
                end = after
            at = text.find(word, min(end, after))


class Haystacks:
    """All files of a project; what is not too much is kept from one question to the next."""

    def __init__(self, paths: Sequence[str], raw: Callable[[str], bytes]) -> None:
        """Read ``paths`` with ``raw`` when the first question comes."""
        self._paths = paths
        self._raw = raw
        self._kept: list[Haystack] = []
        self._size = self._done = 0

    def __iter__(self) -> Iterator[Haystack]:
        """Yield all files; several may do so at once, and not all to the end."""
        at = 0
        while at < len(self._kept) or self._keep_another():
            yield self._kept[at]
            at += 1
        yield from self._pieces(self._done)

    def _keep_another(self) -> bool:
        """Keep another piece; tell whether there is one that is not too much."""
        if self._size >= _MOST_KEPT or self._done == len(self._paths):
            return False
        piece = next(self._pieces(self._done))
        self._kept.append(piece)
        self._size += piece.size
        self._done += len(piece.paths)
        return True

    def _pieces(self, done: int) -> Iterator[Haystack]:
        files: list[tuple[str, bytes]] = []
        size = 0
        for path in self._paths[done:]:
            files.append((path, lowered(self._raw(path))))
            size += len(files[-1][1])
            if size >= _PIECE:
                yield Haystack(files)
                files, size = [], 0
        yield Haystack(files)
