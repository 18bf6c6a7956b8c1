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
from itertools import groupby, takewhile

_Segment = Callable[[str], object]


class Globs:
    """Patterns in their order; the last one that matches decides."""

    def __init__(self, patterns: Iterable[str]) -> None:
        """Take ``patterns`` as they are written in a configuration."""
        self._runs: list[tuple[bool, bool, _Patterns]] = []
        # Of patterns that say the same, it does not matter which one matches.
        for back, texts in groupby(patterns, lambda text: text.startswith("!")):
            run = [text[back:] for text in texts]
            for of_folders in (False, True):
                if some := [text.rstrip("/") for text in run if text.endswith("/") is of_folders]:
                    self._runs.insert(0, (not back, of_folders, _Patterns(some)))

    def decide(self, path: str, is_folder: bool) -> bool | None:
        """Tell whether ``path`` itself is matched; ``None`` where no pattern says anything.

        Args:
            path: Relative to the folder of the patterns, with ``/``.
            is_folder: Whether it is a folder.
        """
        for decision, of_folders, patterns in self._runs:
            if (is_folder or not of_folders) and patterns.match(path):
                return decision
        return None

    def covers(self, path: str) -> bool:
        """Tell whether the file ``path``, or a folder that it lies in, is matched."""
        end = path.find("/")
        while end >= 0:
            if self.decide(path[:end], is_folder=True):
                return True
            end = path.find("/", end + 1)
        return bool(self.decide(path, is_folder=False))


class _Patterns:
    """Patterns by what they look like, as few are looked at one by one: most are plain names, and endings of names."""

    def __init__(self, texts: list[str]) -> None:
        names = [text for text in texts if "/" not in text]
        globs = [name for name in names if _is_glob(name)]
        paths = [(text[1:] if text.startswith("./") else text).lstrip("/") for text in texts if "/" in text]
        self._names = frozenset(names).difference(globs)
        ends = [name for name in globs if name.startswith("*") and not _is_glob(name[1:])]
        self._ends = tuple(name[1:] for name in ends)
        self._others = [_segment(name) for name in globs if name not in ends]
        self._paths = frozenset(path for path in paths if not _is_glob(path))
        # By the last name where that is plain, as few files are called so; all others under an empty one.
        self._far: dict[str, list[_Path]] = {}
        for path in paths:
            last = path[path.rfind("/") + 1 :]
            if _is_glob(path):
                self._far.setdefault("" if _is_glob(last) else last, []).append(_Path(path))

    def match(self, path: str) -> bool:
        name = path[path.rfind("/") + 1 :]
        if name in self._names or name.endswith(self._ends) or path in self._paths:
            return True
        for fits in self._others:
            if fits is None or fits(name):
                return True
        for pattern in (*self._far.get(name, ()), *self._far.get("", ())):
            if path.startswith(pattern.start) and pattern.matches(path.split("/")):
                return True
        return False


class _Path:
    """A pattern of several names.

    Attributes:
        start: What any path that it matches begins with.
    """

    def __init__(self, text: str) -> None:
        names = text.split("/")
        self.start = "".join(f"{name}/" for name in takewhile(lambda name: not _is_glob(name), names))
        self._segments = [_segment(name) for name in names]

    def matches(self, names: list[str]) -> bool:
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


def _is_glob(text: str) -> bool:
    return any(c in "*?[" for c in text)


def _segment(text: str) -> _Segment | None:
    """Return what tells whether a name fits; ``None`` for ``**``."""
    if text == "**":
        return None
    if not _is_glob(text):
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
