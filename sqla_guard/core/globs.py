"""Patterns of paths, as in ``.gitignore``.

A pattern without ``/`` matches a file or folder of that name at any depth; one with ``/`` starts at the folder of the
configuration. ``*``, ``?`` and ``[a-z]`` stay inside of one name, ``**`` stands for any number of folders, a ``/`` at
the end matches folders only. A pattern that matches a folder matches all that is in it. ``!`` in front takes back what
an earlier pattern matched.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable
from fnmatch import translate
from functools import lru_cache

_Segment = Callable[[str], object]


class Globs:
    """Patterns in their order; the last one that matches decides."""

    def __init__(self, patterns: Iterable[str]) -> None:
        """Take ``patterns`` as they are written in a configuration."""
        texts = list(patterns)
        # Plain names, which are most, need no walk over the patterns, unless their order counts.
        plain = () if any(t.startswith("!") for t in texts) else [t for t in texts if not any(c in "*?[/" for c in t)]
        self._names = frozenset(plain)
        self._patterns = [_Pattern(text) for text in texts if text not in self._names]

    def decide(self, path: str, is_folder: bool) -> bool | None:
        """Tell whether ``path`` itself is matched; ``None`` where no pattern says anything.

        Args:
            path: Relative to the folder of the patterns, with ``/``.
            is_folder: Whether it is a folder.
        """
        names = path.split("/")
        if names[-1] in self._names:
            return True
        for pattern in reversed(self._patterns):
            if pattern.matches(names, is_folder):
                return not pattern.takes_back
        return None

    def covers(self, path: str) -> bool:
        """Tell whether the file ``path``, or a folder that it lies in, is matched."""
        end = path.find("/")
        while end >= 0:
            if self.decide(path[:end], is_folder=True):
                return True
            end = path.find("/", end + 1)
        return bool(self.decide(path, is_folder=False))


class _Pattern:
    def __init__(self, text: str) -> None:
        self.takes_back = text.startswith("!")
        text = text[self.takes_back :]
        self._folders_only = text.endswith("/")
        text = text.rstrip("/")
        anchored = "/" in text
        segments = (text[1:] if text.startswith("./") else text).lstrip("/").split("/") if anchored else ["**", text]
        self._segments = [_segment(segment) for segment in segments]

    def matches(self, names: list[str], is_folder: bool) -> bool:
        if self._folders_only and not is_folder:
            return False
        segments = self._segments
        # Only the last `**` has to be tried at every place: what stood before it can stay where it first fitted.
        at = name = 0
        star = -1
        star_name = 0
        while name < len(names):
            segment = segments[at] if at < len(segments) else None
            if at < len(segments) and segment is None:
                star, star_name, at = at, name, at + 1
            elif segment is not None and segment(names[name]):
                at, name = at + 1, name + 1
            elif star >= 0:
                star_name += 1
                at, name = star + 1, star_name
            else:
                return False
        return at == len(segments)


def _segment(text: str) -> _Segment | None:
    """Return what tells whether a name fits; ``None`` for ``**``."""
    if text == "**":
        return None
    if not any(c in text for c in "*?["):
        return text.__eq__
    try:
        return re.compile(translate(text)).match
    except re.error:  # `[z-a]`
        return text.__eq__


@lru_cache(maxsize=256)
def _single(pattern: str) -> Globs:
    return Globs([pattern])


def matches(root: str, pattern: str, path: str) -> bool:
    """Tell whether one pattern of a configuration matches a file.

    A ``!`` in front turns the answer round.

    Args:
        root: Folder of the configuration, absolute; empty for the working directory.
        pattern: The pattern.
        path: The file as shown to users; one outside of ``root`` is matched by no pattern.
    """
    inside = below(root, path)
    if inside is None:
        return False
    if pattern.startswith("!"):
        return not _single(pattern[1:]).covers(inside)
    return _single(pattern).covers(inside)


def below(root: str, path: str) -> str | None:
    """Return ``path`` relative to the folder ``root``, with ``/``; ``None`` where it lies elsewhere."""
    start = (root or os.getcwd()).replace(os.sep, "/").rstrip("/") + "/"
    full = os.path.abspath(path).replace(os.sep, "/")
    return full[len(start) :] if full.startswith(start) else None
