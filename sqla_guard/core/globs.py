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
from functools import cached_property, lru_cache
from itertools import takewhile

_Segment = Callable[[str], object]


class Globs:
    """Patterns in their order; the last one that matches decides."""

    def __init__(self, patterns: Iterable[str]) -> None:
        """Take ``patterns`` as they are written in a configuration."""
        self._patterns = [_Pattern(text) for text in patterns][::-1]
        globs = [pattern for pattern in self._patterns if _is_glob(pattern.last)]
        self._names = frozenset(pattern.last for pattern in self._patterns).difference(one.last for one in globs)
        self._far = [pattern for pattern in globs if pattern.is_far]
        near = [pattern for pattern in globs if not pattern.is_far]
        self._firsts = tuple(pattern.first for pattern in near if pattern.first)
        self._ends = tuple(pattern.end for pattern in near if pattern.end and not pattern.first)
        self._fits = _any_of([pattern.last for pattern in near if not (pattern.first or pattern.end)])

    def decide(self, folder: str, names: Iterable[str], is_folder: bool) -> dict[str, bool]:
        """Return which of ``names`` are matched, and which are taken back; no pattern says anything of the others.

        Args:
            folder: What they lie in, relative to the folder of the patterns, with a ``/`` at the end unless it is that.
            names: Of files or of folders.
            is_folder: Whether they are folders.
        """
        decisions: dict[str, bool] = {}
        for name in self._in_question(folder, names):
            path = folder + name
            for pattern in self._patterns:
                if (is_folder or not pattern.of_folders) and pattern.matches(path, name):
                    decisions[name] = pattern.decision
                    break
        return decisions

    def _in_question(self, folder: str, names: Iterable[str]) -> list[str]:
        """Return those of ``names`` that look like a pattern: nearly none, so patterns are hardly tried in turn."""
        plain, firsts, ends, fits = self._names, self._firsts, self._ends, self._fits
        for pattern in self._far:
            if pattern.reaches(folder):
                if pattern.first:
                    firsts = (*firsts, pattern.first)
                else:
                    ends = (*ends, pattern.end)
        return [
            name
            for name in names
            if name in plain or name.endswith(ends) or name.startswith(firsts) or (fits and fits(name))
        ]

    def covers(self, path: str) -> bool:
        """Tell whether the file ``path``, or a folder that it lies in, is matched."""
        folder = ""
        *around, name = path.split("/")
        for outer in around:
            if self.decide(folder, (outer,), is_folder=True).get(outer):
                return True
            folder += f"{outer}/"
        return self.decide(folder, (name,), is_folder=False).get(name, False)


class _Pattern:
    """One pattern.

    Attributes:
        decision: Whether what it matches is matched, or taken back.
        of_folders: Whether it matches folders only.
        last: Its last name.
        is_far: Whether it says in which folder.
        first: What the name of anything that it matches begins with.
        end: What the name of anything that it matches ends with.
    """

    def __init__(self, text: str) -> None:
        self.decision = not text.startswith("!")
        if not self.decision:
            text = text[1:]
        self.of_folders = text.endswith("/")
        text = text.rstrip("/")
        self.is_far = "/" in text
        if self.is_far:
            text = (text[1:] if text.startswith("./") else text).lstrip("/")
        self._names = text.split("/")
        self.last = self._names[-1]
        self._start = "".join(f"{name}/" for name in takewhile(lambda name: not _is_glob(name), self._names[:-1]))
        self.first, self.end = re.split(r"[*?[]", self.last, maxsplit=1)[0], re.split(r"[]*?[]", self.last)[-1]

    @cached_property
    def _segments(self) -> list[_Segment | None]:
        return [_segment(name) for name in self._names]

    def reaches(self, folder: str) -> bool:
        """Tell whether it may match something in ``folder``, which has a ``/`` at the end, or in folders of it."""
        return folder.startswith(self._start) and _lead_to([*self._segments[:-1], None], f"{folder}.".split("/"))

    def matches(self, path: str, name: str) -> bool:
        """Tell whether ``path``, which ends with ``name``, is matched."""
        if not (name.startswith(self.first) and name.endswith(self.end) and path.startswith(self._start)):
            return False
        if self.is_far:
            return _lead_to(self._segments, path.split("/"))
        (segment,) = self._segments
        return segment is None or bool(segment(name))


def _lead_to(segments: list[_Segment | None], names: list[str]) -> bool:
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
    return "*" in text or "?" in text or "[" in text


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


def _any_of(globs: list[str]) -> _Segment | None:
    """Return what tells whether a name may fit one of ``globs``; ``None`` where there is none."""
    if not globs:
        return None
    try:
        return re.compile("|".join(map(translate, globs))).match
    except re.error:
        return bool


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
