"""Which files a run is about, and which belong to the project around them."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, NamedTuple

from sqla_guard.core.config import Config, Settings
from sqla_guard.core.source import SourceFile
from sqla_guard.core.workspace import UnreadableFile
from sqla_guard.read.load import decode, read_bytes
from sqla_guard.read.paths import (
    climb,
    holds_installed,
    is_environment,
    is_skipped,
    listing,
    repository_of,
    shown,
    starts_project,
)

if TYPE_CHECKING:
    from sqla_guard.core.look import Question, Said
    from sqla_guard.read.walk import Walker

# Bytes that are kept for the next reader of a file: all that most projects have.
_MOST_KEPT = 24 << 20
# Decoded files that are kept, each with where its lines start.
_MOST_DECODED = 128


class Discovery(NamedTuple):
    """What the paths given by the user stand for.

    Attributes:
        files: All files to report on, sorted.
        missing: Paths that do not exist.
        empty: Folders without a file to check.
    """

    files: tuple[str, ...]
    missing: tuple[str, ...]
    empty: tuple[str, ...]


def discover(paths: Iterable[str], disk: FileDisk, force_exclude: bool = False) -> Discovery:
    """Return the files below ``paths``.

    A file that is named is taken whatever it is called and wherever it lies, unless ``force_exclude`` applies to it
    what is left out of folders.
    """
    found: set[str] = set()
    missing: list[str] = []
    empty: list[str] = []
    for path in paths:
        if os.path.isdir(path):
            below = disk.files_to_check(path)
            found.update(below)
            if not below:
                empty.append(path)
        elif os.path.lexists(path) or shown(path) in disk.given:
            if not (force_exclude and disk.leaves_out(shown(path))):
                found.add(shown(path))
        else:
            missing.append(path)
    return Discovery(tuple(sorted(found)), tuple(missing), tuple(empty))


class FileDisk:
    """The stored files, read on demand; implements :class:`sqla_guard.core.disk.Disk`."""

    def __init__(self, settings: Settings | None = None, given: Mapping[str, bytes] | None = None) -> None:
        """Start with nothing read.

        Args:
            settings: What belongs to a project.
            given: Contents that are read in place of what is stored, by path as shown.
        """
        self._settings = settings or Config()
        self.given = given or {}
        self._files: dict[str, tuple[str, ...]] = {}
        self._roots: dict[str, str] = {}
        self._sizes: dict[str, int] = {}
        self._starting: dict[str, bool] = {}
        self._starts: dict[str, str | None] = {}
        self._neighbours: dict[tuple[str, str], tuple[str, ...]] = {}
        self._repositories: dict[str, frozenset[str]] = {}
        self._load = lru_cache(maxsize=_MOST_DECODED)(self._decoded)
        self._bytes: dict[str, bytes] = {}
        self._kept = 0

    def unread(self) -> FileDisk:
        """Return a disk that knows which files there are, and has read none: they may have changed since."""
        disk = FileDisk(self._settings, self.given)
        if "walker" in vars(self):
            disk.walker = self.walker
        disk._starting, disk._starts, disk._roots = self._starting, self._starts, self._roots
        disk._sizes = self._sizes
        return disk

    @cached_property
    def walker(self) -> Walker:
        """What finds the files of folders; a run on named files needs none."""
        from sqla_guard.read.walk import Walker

        return Walker(self._settings, self._starting)

    def files_to_check(self, folder: str) -> list[str]:
        """Return the files below ``folder`` that are to be reported on."""
        from sqla_guard.read.walk import not_checked

        return list(self.walker.walk(shown(folder), left_out=not_checked))

    def leaves_out(self, path: str) -> bool:
        """Tell whether a walk from the configuration's folder (or the working directory) would not reach a file."""
        config = self._settings.of(path)
        start = os.path.join(config.root or os.getcwd(), "")
        absolute = os.path.abspath(path)
        if not absolute.startswith(start):
            return False
        inside = absolute[len(start) :].replace(os.sep, "/")
        if _is_excluded(inside, config):
            return True
        folder = os.path.dirname(absolute)
        for name in reversed(inside.split("/")[:-1]):
            if is_skipped(name) or is_environment(folder, set(listing(folder))):
                return True
            folder = os.path.dirname(folder)
        return False

    @property
    def aside(self) -> FileDisk:
        """This disk: nothing is remembered of who looked at what."""
        return self

    def noted(self, question: Question, near: str, said: Callable[[], Mapping[str, Said]]) -> Mapping[str, Said]:
        """Return what files say to a question."""
        return said()

    def load(self, path: str) -> SourceFile:
        """Return the file at ``path``.

        Raises:
            UnreadableFile: It cannot be opened or decoded.
        """
        return self._load(path)

    def raw(self, path: str) -> bytes:
        """Return the bytes of ``path``; empty where it cannot be opened."""
        try:
            return self._read(path)
        except UnreadableFile:
            return b""

    def _decoded(self, path: str) -> SourceFile:
        return decode(path, self._read(path))

    def _read(self, path: str) -> bytes:
        if path in self.given:
            return self.given[path]
        data = self._bytes.get(path)
        if data is None:
            data = read_bytes(path)
            self._kept += len(data)
            # Readers go through a project from the start: what makes room is what came last, and is far from its turn.
            while self._kept > _MOST_KEPT and self._bytes:
                self._kept -= len(self._bytes.popitem()[1])
            self._bytes[path] = data
        return data

    def size(self, path: str) -> int:
        """Return how many bytes ``path`` has, or had when that was first asked; 0 where there is no such file."""
        size = self._sizes.get(path)
        if size is None:
            size = self._sizes[path] = _size(path)
        return size

    def exists(self, path: str) -> bool:
        """Tell whether ``path`` is a file."""
        return path in self.given or os.path.isfile(path)

    def canonical(self, path: str) -> str:
        """Return the one name that ``path`` goes by."""
        return shown(path) if os.path.isabs(path) or path.startswith("..") else path

    def is_folder(self, path: str) -> bool:
        """Tell whether ``path`` is a folder."""
        return os.path.isdir(path)

    def project_root(self, path: str) -> str:
        """Return the nearest folder above ``path`` that a project starts in, else the working directory.

        A file outside the working directory and outside any project has its own folder as root.
        """
        start = path[: path.rfind("/") + 1]
        root = self._roots.get(start)
        if root is None:
            root = self._roots[start] = self._find_root(os.path.dirname(path) or ".")
        return root

    def project_files(self, path: str) -> tuple[str, ...]:
        """Return all source files of the project of ``path``, sorted."""
        root = self.project_root(path)
        if root not in self._files:
            inside = (p for p in self.given if root == "." or p.startswith(root + "/"))
            self._files[root] = tuple(sorted({*self.walker.walk(root), *inside}))
        return self._files[root]

    def neighbours(self, path: str) -> tuple[str, ...]:
        """Return the source files of the same repository that belong to other projects than ``path``, sorted."""
        root = self.project_root(path)
        top = repository_of(root)
        if top is None or shown(top) == root:
            return ()
        if (top, root) not in self._neighbours:
            if top not in self._repositories:
                self._repositories[top] = frozenset(self.walker.walk(shown(top)))
            self._neighbours[top, root] = tuple(sorted(self._repositories[top].difference(self.project_files(path))))
        return self._neighbours[top, root]

    def templates(self, path: str) -> tuple[str, ...]:
        """Return the template files of the project of ``path``, sorted."""
        from sqla_guard.read.walk import TEMPLATE_SUFFIXES

        return tuple(sorted(self.walker.walk(self.project_root(path), TEMPLATE_SUFFIXES)))

    def other_files(self, path: str) -> tuple[str, ...]:
        """Return the files of other languages of the project of ``path``, sorted."""
        from sqla_guard.read.walk import OTHER_SUFFIXES

        return tuple(sorted(self.walker.walk(self.project_root(path), OTHER_SUFFIXES)))

    def _is_start(self, folder: str) -> bool:
        if folder not in self._starting:
            self._starting[folder] = starts_project(folder)
        return self._starting[folder]

    def _start_of(self, folder: str) -> str | None:
        """Return the nearest folder at or above ``folder``, both as shown, with a project or installed packages."""
        passed = []
        while folder not in self._starts:
            if folder == "." or os.path.isabs(folder):
                start = climb(folder, lambda current: self._is_start(current) or holds_installed(current))
                self._starts[folder] = None if start is None else shown(start)
            elif self._is_start(folder) or holds_installed(folder):
                self._starts[folder] = folder
            else:
                passed.append(folder)
                folder = os.path.dirname(folder) or "."
        self._starts.update(dict.fromkeys(passed, self._starts[folder]))
        return self._starts[folder]

    def _find_root(self, folder: str) -> str:
        start = self._start_of(self.canonical(os.path.normpath(folder).replace(os.sep, "/")))
        # Whoever works inside of an installed package means that one alone.
        if start is not None and (
            self._is_start(start) or not os.getcwd().replace(os.sep, "/").startswith(start + "/")
        ):
            return start
        if os.path.isabs(folder) or self._is_too_much:
            # Nothing says where the project ends: take the package.
            return shown(os.path.dirname(_outermost_package(os.path.abspath(folder))))
        return self._root_of_here

    @cached_property
    def _is_too_much(self) -> bool:
        """Whether the working directory is all of a disk or a home folder."""
        here = os.getcwd()
        return here in (os.path.dirname(here), os.path.expanduser("~"))

    @cached_property
    def _root_of_here(self) -> str:
        """The working directory, or the outermost package that it is a part of."""
        return shown(_outermost_package(os.getcwd())) if os.path.exists("__init__.py") else "."


def _size(path: str) -> int:
    try:
        return os.stat(path).st_size
    except OSError:
        return 0


def _outermost_package(folder: str) -> str:
    """Return the outermost package that ``folder`` belongs to; where it is none, ``folder`` with a ``/`` at the end."""
    top = os.path.join(folder, "")
    while "__init__.py" in listing(folder):
        top, folder = folder, os.path.dirname(folder)
    return top


def _is_excluded(inside: str, config: Config) -> bool:
    if config.exclude == Config().exclude and not config.extend_exclude:
        return not set(config.exclude).isdisjoint(inside.split("/"))  # plain names: nothing has to be loaded
    from sqla_guard.core.globs import Globs
    from sqla_guard.read.walk import not_checked

    return Globs(not_checked(config)).covers(inside)
