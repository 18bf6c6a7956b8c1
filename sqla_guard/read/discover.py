"""Which files a run is about, and which belong to the project around them."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache

from sqla_guard.core.source import SourceFile
from sqla_guard.core.workspace import UnreadableFile
from sqla_guard.read.load import decode, read_bytes

SUFFIXES = (".py", ".pyi", ".sql")
TEMPLATE_SUFFIXES = (".html", ".htm", ".jinja", ".jinja2", ".j2", ".mako", ".txt", ".xml")

# Bytes that are kept for the next question; the files of most projects fit in.
_MOST_KEPT = 16 << 20

# Folders that hold no source of the project itself.
_SKIPPED = frozenset(
    {
        "__pycache__",
        "__pypackages__",
        "_build",
        "build",
        "buck-out",
        "dist",
        "node_modules",
        "site-packages",
        "dist-packages",
        "venv",
    }
)

# A file beside which a project starts.
_ROOT_MARKERS = frozenset(
    {
        ".git",
        ".hg",
        "Pipfile",
        "pyproject.toml",
        "requirements.txt",
        "setup.cfg",
        "setup.py",
        "sqla-guard.toml",
    }
)


@dataclass(frozen=True, slots=True)
class Discovery:
    """What the paths given by the user stand for.

    Attributes:
        files: All files to report on, sorted.
        missing: Paths that do not exist.
        empty: Folders without a file to check.
    """

    files: tuple[str, ...]
    missing: tuple[str, ...]
    empty: tuple[str, ...]


def shown(path: str) -> str:
    """Return ``path`` as it is shown and remembered: relative to the working directory if inside it, with ``/``."""
    absolute = os.path.abspath(path)
    here = os.getcwd()
    if absolute == here:
        return "."
    if absolute.startswith(here.rstrip(os.sep) + os.sep):
        absolute = absolute[len(here.rstrip(os.sep)) + 1 :]
    return absolute.replace(os.sep, "/")


def discover(paths: Iterable[str]) -> Discovery:
    """Return the files below ``paths``; a file that is named is taken whatever it is called."""
    found: set[str] = set()
    missing: list[str] = []
    empty: list[str] = []
    for path in paths:
        if os.path.isdir(path):
            below = set(walk(shown(path)))
            found |= below
            if not below:
                empty.append(path)
        elif os.path.lexists(path):
            found.add(shown(path))
        else:
            missing.append(path)
    return Discovery(tuple(sorted(found)), tuple(missing), tuple(empty))


def walk(folder: str, suffixes: tuple[str, ...] = SUFFIXES) -> Iterator[str]:
    """Yield the source files below ``folder``; caches, build output and virtual environments are left out."""
    pending = [folder]
    while pending:
        current = pending.pop()
        try:
            entries = list(os.scandir(current))
        except OSError:
            continue
        names = {entry.name for entry in entries}
        if current != folder and "pyvenv.cfg" in names:
            continue
        prefix = "" if current == "." else current + "/"
        for entry in entries:
            if entry.name.endswith(suffixes):
                # A link to a file of the same folder would be the same finding twice.
                if entry.is_file() and not (entry.is_symlink() and _leads_inside(entry.path, folder)):
                    yield prefix + entry.name
            elif entry.is_dir(follow_symlinks=False) and not _is_skipped(entry.name):
                pending.append(prefix + entry.name)


def _leads_inside(link: str, folder: str) -> bool:
    inside = os.path.realpath(folder).rstrip(os.sep) + os.sep
    return os.path.realpath(link).startswith(inside)


def _is_skipped(name: str) -> bool:
    return name.startswith(".") or name in _SKIPPED or name.endswith(".egg-info")


class FileDisk:
    """The stored files, read on demand; implements :class:`sqla_guard.core.workspace.Disk`."""

    def __init__(self) -> None:
        """Start with nothing read."""
        self._files: dict[str, tuple[str, ...]] = {}
        self._roots: dict[str, str] = {}
        self._neighbours: dict[tuple[str, str], tuple[str, ...]] = {}
        self._load = lru_cache(maxsize=512)(self._decoded)
        self._bytes: dict[str, bytes] = {}
        self._kept = 0

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
        data = self._bytes.get(path)
        if data is None:
            data = read_bytes(path)
            if self._kept + len(data) <= _MOST_KEPT:
                self._bytes[path] = data
                self._kept += len(data)
        return data

    def exists(self, path: str) -> bool:
        """Tell whether ``path`` is a file."""
        return os.path.isfile(path)

    def canonical(self, path: str) -> str:
        """Return the one name that ``path`` goes by."""
        return shown(path) if os.path.isabs(path) else path

    def is_folder(self, path: str) -> bool:
        """Tell whether ``path`` is a folder."""
        return os.path.isdir(path)

    def project_root(self, path: str) -> str:
        """Return the nearest folder above ``path`` that a project starts in, else the working directory.

        A file outside the working directory and outside any project has its own folder as root.
        """
        folder = os.path.dirname(path) or "."
        if folder not in self._roots:
            self._roots[folder] = self._find_root(folder)
        return self._roots[folder]

    def project_files(self, path: str) -> tuple[str, ...]:
        """Return all source files of the project of ``path``, sorted."""
        root = self.project_root(path)
        if root not in self._files:
            self._files[root] = tuple(sorted(walk(root)))
        return self._files[root]

    def neighbours(self, path: str) -> tuple[str, ...]:
        """Return the source files of the same repository that belong to other projects than ``path``, sorted."""
        root = self.project_root(path)
        top = _climb(root, lambda folder: ".git" in _listing(folder))
        if top is None or shown(top) == root:
            return ()
        if (top, root) not in self._neighbours:
            own = set(self.project_files(path))
            self._neighbours[top, root] = tuple(sorted({shown(p) for p in walk(shown(top))} - own))
        return self._neighbours[top, root]

    def templates(self, path: str) -> tuple[str, ...]:
        """Return the template files of the project of ``path``, sorted."""
        root = self.project_root(path)
        return tuple(sorted(walk(root, TEMPLATE_SUFFIXES)))

    def _find_root(self, folder: str) -> str:
        marked = _climb(folder, lambda current: not _ROOT_MARKERS.isdisjoint(_listing(current)))
        if marked is not None:
            return shown(marked)
        here = os.getcwd()
        if not os.path.isabs(folder) and here not in (os.path.dirname(here), os.path.expanduser("~")):
            return "."
        # Nothing says where the project ends, and all of a disk or a home folder is too much: take the package.
        current = os.path.abspath(folder)
        while "__init__.py" in _listing(current):
            current = os.path.dirname(current)
        return shown(current)


def _climb(folder: str, accept: Callable[[str], bool]) -> str | None:
    """Return ``folder`` or the nearest folder above it that is accepted, as an absolute path."""
    current = os.path.abspath(folder)
    while not accept(current):
        parent = os.path.dirname(current)
        if parent == current:
            return None
        current = parent
    return current


def _listing(folder: str) -> list[str]:
    try:
        return os.listdir(folder)
    except OSError:
        return []
