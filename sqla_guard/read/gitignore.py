"""What git leaves out of a repository, in git's own words.

One process answers for a whole project, and only where a ``.gitignore`` is in sight. Files that git tracks are never
left out, whatever a ``.gitignore`` says. Where git is missing or refuses, the ``.gitignore`` files themselves are read;
then a tracked file that one of them matches is left out too.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from sqla_guard.core.globs import Globs
from sqla_guard.read.paths import climb, inside_of, repository_of, shown, starts_project

if TYPE_CHECKING:
    from subprocess import Popen

_NAME = ".gitignore"
# A repository may ask for a program of its own to watch its files.
_COMMAND = ["-c", "core.fsmonitor=false", "ls-files", "-o", "-i", "--exclude-standard", "--directory", "-z"]
_LONGEST = 60.0  # seconds


class GitIgnore:
    """The answers for all projects of a run."""

    def __init__(self) -> None:
        """Start without an answer."""
        self._answers: dict[str, Answer] = {}

    def about(self, folder: str) -> Answer | None:
        """Return what is left out around ``folder``; ``None`` outside of repositories, and in what git leaves out.

        A folder that git leaves out is only looked into because a user names it.
        """
        absolute = os.path.abspath(folder)
        top = repository_of(absolute)
        if top is None:
            return None
        start = climb(absolute, lambda current: current == top or starts_project(current)) or top
        wider = (a for s, a in self._answers.items() if a.top == top and (start + "/").startswith(s + "/"))
        answer = next(wider, None)
        if answer is None:
            answer = self._answers[start] = Answer(top, start)
        # The folder's own patterns are met on the walk: they leave out what is in it, and not the folder.
        if _has_own_patterns(top) or (absolute != top and _holds_patterns(os.path.dirname(absolute), top)):
            answer.wake()
        return None if answer.leaves_out_folder(absolute) else answer


class Answer:
    """What git leaves out of one project.

    Attributes:
        top: Folder of the repository.
    """

    def __init__(self, top: str, start: str) -> None:
        """Ask nothing yet."""
        self.top = top
        self._start = start
        self._is_awake = False
        self._git: Popen[bytes] | None = None
        self._paths: frozenset[str] | None = None
        self._patterns: Patterns | None = None

    def wake(self) -> bool:
        """Ask git, unless it was asked: there are patterns. Tell whether it has yet to answer."""
        if not self._is_awake:
            self._is_awake = True
            self._git = _ask_git(self._start)
            if self._git is None:
                self._patterns = Patterns(self.top)
        return self._git is not None

    def left_out(self, start: str, names: Iterable[str], is_folder: bool) -> set[str]:
        """Return which of ``names`` are left out; the folders that they lie in are not asked about.

        Args:
            start: What they lie in, as shown, with a ``/`` at the end; empty for the working directory.
            names: Of files or of folders.
            is_folder: Whether they are folders.
        """
        if self._git is not None:
            self._paths = _heard(self._git, self._start)
            self._patterns = Patterns(self.top) if self._paths is None else None
            self._git = None
        if self._paths is not None:
            return {name for name in names if start + name in self._paths}
        return self._patterns.match(start, names, is_folder) if self._patterns is not None else set()

    def leaves_out_folder(self, folder: str) -> bool:
        """Tell whether ``folder``, absolute, or a folder around it is left out."""
        inside = [os.path.split(current) for current in _folders(folder, self.top) if current != self.top]
        return any(self.left_out(inside_of(shown(outer)), (name,), True) for outer, name in inside)


class Patterns:
    """The ``.gitignore`` files of a repository, without git."""

    def __init__(self, top: str) -> None:
        """Read them when they are met."""
        self._top = top
        self._around: dict[str, list[tuple[Globs, int]]] = {}

    def match(self, start: str, names: Iterable[str], is_folder: bool) -> set[str]:
        """Return which of ``names`` the nearest ``.gitignore`` that says something about them leaves out."""
        absolute = os.path.join(os.getcwd(), start)
        decisions: dict[str, bool] = {}
        for globs, length in self._of(os.path.dirname(absolute)):
            inside = absolute[length:].replace(os.sep, "/")
            decisions = {**globs.decide(inside, names, is_folder), **decisions}
        return {name for name, decision in decisions.items() if decision}

    def _of(self, folder: str) -> list[tuple[Globs, int]]:
        """Return the patterns that count in ``folder``, the nearest first, and the length of what they start from."""
        if folder not in self._around:
            own = _read_patterns(os.path.join(folder, _NAME))
            outer = self._of(os.path.dirname(folder)) if folder != self._top else []
            self._around[folder] = [(own, len(os.path.join(folder, ""))), *outer] if own else outer
        return self._around[folder]


def _folders(folder: str, top: str) -> Iterator[str]:
    """Yield ``folder`` and the folders around it, up to ``top``."""
    yield folder
    while folder != top:
        folder = os.path.dirname(folder)
        yield folder


def _holds_patterns(folder: str, top: str) -> bool:
    """Tell whether a ``.gitignore`` stands in ``folder`` or a folder around it, up to ``top``."""
    return any(os.path.isfile(os.path.join(outer, _NAME)) for outer in _folders(folder, top))


def _read_patterns(file: str) -> Globs | None:
    if not os.access(file, os.R_OK):  # faster than to see it fail
        return None
    try:
        with open(file, encoding="utf-8", errors="replace") as opened:
            lines = [line.rstrip() for line in opened]
    except OSError:
        return None
    return Globs(line for line in lines if line.strip("!/") and not line.startswith("#"))


def _has_own_patterns(top: str) -> bool:
    try:
        with open(os.path.join(top, ".git", "info", "exclude"), "rb") as file:
            return any(line.strip() and not line.startswith(b"#") for line in file)
    except OSError:
        return False


def _ask_git(folder: str) -> Popen[bytes] | None:
    """Ask git for all that it leaves out below ``folder``; ``None`` where that is no use."""
    if climb(folder, _is_repository) is None:
        return None
    from subprocess import DEVNULL, PIPE, Popen

    # A hook runs with variables that speak of the commit at hand; they would change what `-C` means.
    environment = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    environment["GIT_OPTIONAL_LOCKS"] = "0"
    try:
        return Popen(["git", "-C", folder, *_COMMAND], stdin=DEVNULL, stdout=PIPE, stderr=DEVNULL, env=environment)
    except OSError:
        return None


def _heard(git: Popen[bytes], folder: str) -> frozenset[str] | None:
    """Return all that ``git`` leaves out below ``folder``, as shown; a folder that is left out stands for all in it."""
    from subprocess import TimeoutExpired

    try:
        out = git.communicate(timeout=_LONGEST)[0]
    except TimeoutExpired:
        git.kill()
        git.communicate()
        return None
    if git.returncode:
        return None
    names = os.fsdecode(out).split("\0")
    paths = {shown(os.path.join(folder, name)) for name in names if name}
    if "." in paths:  # met on the way down from a folder around it
        paths.add(os.getcwd().replace(os.sep, "/"))
    return frozenset(paths)


def _is_repository(folder: str) -> bool:
    """Tell whether git may take ``folder`` for a repository; one without a ``HEAD`` it passes over."""
    git = os.path.join(folder, ".git")
    return os.path.isfile(git) or os.path.lexists(os.path.join(git, "HEAD"))
