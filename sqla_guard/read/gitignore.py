"""What git leaves out of a repository, in git's own words.

One process answers for a whole project, and only where a ``.gitignore`` is in sight. Files that git tracks are never
left out, whatever a ``.gitignore`` says. Where git is missing or refuses, the ``.gitignore`` files themselves are read;
then a tracked file that one of them matches is left out too.
"""

from __future__ import annotations

import os
from collections.abc import Iterator

from sqla_guard.core.globs import Globs
from sqla_guard.read.paths import climb, repository_of, shown, starts_project

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
        return None if answer.leaves_out_folder(absolute) else answer


class Answer:
    """What git leaves out of one project.

    Attributes:
        top: Folder of the repository.
    """

    def __init__(self, top: str, start: str) -> None:
        """Ask git if a ``.gitignore`` stands in ``start`` or above it."""
        self.top = top
        self._start = start
        self._paths: frozenset[str] | None = None
        self._patterns: Patterns | None = None
        if _has_own_patterns(top) or any(os.path.isfile(os.path.join(f, _NAME)) for f in _folders(start, top)):
            self.wake()

    def wake(self) -> None:
        """Ask git, unless it was asked: there is a ``.gitignore``."""
        if self._paths is None and self._patterns is None:
            self._paths = _ask_git(self._start)
            if self._paths is None:
                self._patterns = Patterns(self.top)

    def leaves_out(self, path: str, is_folder: bool) -> bool:
        """Tell whether ``path``, as shown, is left out; the folders that it lies in are not asked about."""
        if self._paths is not None:
            return path in self._paths
        return self._patterns is not None and self._patterns.match(path, is_folder)

    def leaves_out_folder(self, folder: str) -> bool:
        """Tell whether ``folder``, absolute, or a folder around it is left out."""
        return any(
            self.leaves_out(shown(current), True) for current in _folders(folder, self.top) if current != self.top
        )


class Patterns:
    """The ``.gitignore`` files of a repository, without git."""

    def __init__(self, top: str) -> None:
        """Read them when they are met."""
        self._top = top
        self._around: dict[str, list[tuple[Globs, str]]] = {}
        self._shown: dict[str, list[tuple[Globs, str]]] = {}
        self._known: dict[tuple[str, bool], bool] = {}

    def match(self, path: str, is_folder: bool) -> bool:
        """Tell whether the nearest ``.gitignore`` that says something about ``path``, as shown, leaves it out."""
        # What is reported on and what belongs to a project are two walks through mostly the same files.
        key = (path, is_folder)
        if key not in self._known:
            self._known[key] = self._match(path, is_folder)
        return self._known[key]

    def _match(self, path: str, is_folder: bool) -> bool:
        if path == ".":
            path = os.getcwd().replace(os.sep, "/")
        name = path[path.rfind("/") + 1 :]
        folder = path[: len(path) - len(name)]
        if folder not in self._shown:
            self._shown[folder] = self._of(os.path.abspath(folder))
        for globs, inside in self._shown[folder]:
            decision = globs.decide(inside + name, is_folder)
            if decision is not None:
                return decision
        return False

    def _of(self, folder: str) -> list[tuple[Globs, str]]:
        """Return the patterns that count in ``folder``, the nearest first, and what they call it, with a ``/``."""
        if folder not in self._around:
            own = _read_patterns(os.path.join(folder, _NAME))
            outer = self._of(os.path.dirname(folder)) if folder != self._top else []
            here = [(globs, f"{inside}{os.path.basename(folder)}/") for globs, inside in outer]
            self._around[folder] = [(own, ""), *here] if own else here
        return self._around[folder]


def _folders(folder: str, top: str) -> Iterator[str]:
    """Yield ``folder`` and the folders around it, up to ``top``."""
    yield folder
    while folder != top:
        folder = os.path.dirname(folder)
        yield folder


def _read_patterns(file: str) -> Globs | None:
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


def _ask_git(folder: str) -> frozenset[str] | None:
    """Return all that git leaves out below ``folder``, as shown; a folder that is left out stands for all in it."""
    import subprocess

    # A hook runs with variables that speak of the commit at hand; they would change what `-C` means.
    environment = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    environment["GIT_OPTIONAL_LOCKS"] = "0"
    try:
        done = subprocess.run(
            ["git", "-C", folder, *_COMMAND], capture_output=True, env=environment, timeout=_LONGEST, check=True
        )
    except (OSError, subprocess.SubprocessError):
        return None
    names = os.fsdecode(done.stdout).split("\0")
    return frozenset(shown(os.path.join(folder, name)) for name in names if name)
