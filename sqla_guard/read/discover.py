"""Which files a run is about, and which belong to the project around them."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache

from sqla_guard.core.source import SourceFile
from sqla_guard.core.workspace import UnreadableFile
from sqla_guard.read.load import decode, read_bytes

SUFFIXES = (".py", ".pyi", ".sql")
TEMPLATE_SUFFIXES = (".html", ".htm", ".jinja", ".jinja2", ".j2", ".mako", ".txt", ".xml")

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
        self._load = lru_cache(maxsize=512)(_load)

    def load(self, path: str) -> SourceFile:
        """Return the file at ``path``.

        Raises:
            UnreadableFile: It cannot be opened or decoded.
        """
        return self._load(path)

    def raw(self, path: str) -> bytes:
        """Return the bytes of ``path``; empty where it cannot be opened."""
        try:
            return read_bytes(path)
        except UnreadableFile:
            return b""

    def exists(self, path: str) -> bool:
        """Tell whether ``path`` is a file."""
        return os.path.isfile(path)

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

    def templates(self, path: str) -> tuple[str, ...]:
        """Return the template files of the project of ``path``, sorted."""
        root = self.project_root(path)
        return tuple(sorted(walk(root, TEMPLATE_SUFFIXES)))

    def _find_root(self, folder: str) -> str:
        current = os.path.abspath(folder)
        while True:
            if not _ROOT_MARKERS.isdisjoint(_listing(current)):
                return shown(current)
            parent = os.path.dirname(current)
            if parent == current:
                return "." if not os.path.isabs(folder) else folder
            current = parent


def _load(path: str) -> SourceFile:
    return decode(path, read_bytes(path))


def _listing(folder: str) -> list[str]:
    try:
        return os.listdir(folder)
    except OSError:
        return []
