"""Which files lie below a folder."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from typing import NamedTuple

from sqla_guard.core.config import Config, Settings
from sqla_guard.core.globs import Globs, below
from sqla_guard.read.config import NAMES
from sqla_guard.read.gitignore import Answer, GitIgnore
from sqla_guard.read.paths import is_environment, is_skipped

SUFFIXES = (".py", ".pyi", ".sql")

_GENERATED = Config().exclude


def not_checked(config: Config) -> tuple[str, ...]:
    """Return the globs of what is not to be reported on."""
    return (*config.exclude, *config.extend_exclude)


def not_read(config: Config) -> tuple[str, ...]:
    """Return the globs of what does not belong to the project at all: output of builds.

    What a user excludes is still read: its classes and tables count, and a rename follows its uses there.
    """
    return tuple(glob for glob in _GENERATED if glob in config.exclude)


class Walker:
    """Walks folders for one run."""

    def __init__(self, settings: Settings) -> None:
        """Leave out what ``settings`` say of each project."""
        self._settings = settings
        self._ignored = GitIgnore()
        self._globs: dict[tuple[str, ...], Globs] = {}

    def walk(
        self,
        folder: str,
        suffixes: tuple[str, ...] = SUFFIXES,
        left_out: Callable[[Config], tuple[str, ...]] = not_read,
    ) -> Iterator[str]:
        """Yield the files below ``folder`` that end with one of ``suffixes``.

        Hidden folders, caches, virtual environments and what git ignores are left out, except ``folder`` itself.

        Args:
            folder: As shown.
            suffixes: How names end.
            left_out: Which globs of a configuration count.
        """
        here = os.getcwd().replace(os.sep, "/")
        pending = [_Place(folder, self._ignored.about(folder), *self._globs_at(folder, left_out))]
        while pending:
            place = pending.pop()
            entries = _entries(place.path)
            names = {entry.name for entry in entries}
            if place.path != folder:
                if is_environment(place.path, names):
                    continue
                place = self._entered(place, names, left_out)
            if place.ignored is not None and ".gitignore" in names:
                place.ignored.wake()
            for entry in entries:
                is_source = entry.name.endswith(suffixes)
                if not (_is_file(entry, folder) if is_source else _is_folder(entry)):
                    continue
                inner = place.inside(entry.name)
                if inner.path == here:
                    inner = inner._replace(path=".")
                if inner.is_left_out(not is_source):
                    continue
                if is_source:
                    yield inner.path
                else:
                    pending.append(inner)

    def _entered(self, place: _Place, names: set[str], left_out: Callable[[Config], tuple[str, ...]]) -> _Place:
        """Return ``place`` with the rules that start in it: it may be a repository or a project of its own."""
        if ".git" in names:
            place = place._replace(ignored=self._ignored.about(place.path))
        if not names.isdisjoint(NAMES):
            globs, inside = self._globs_at(place.path, left_out)
            place = place._replace(globs=globs, inside_globs=inside)
        return place

    def _globs_at(self, folder: str, left_out: Callable[[Config], tuple[str, ...]]) -> tuple[Globs, str]:
        """Return the globs that count in ``folder``, and how they see it."""
        config = self._settings.of(folder + "/x")
        inside = below(config.root, folder + "/x")
        # Outside of the configuration's folder, only patterns without a folder can match.
        return self._of(left_out(config)), "../" if inside is None else inside[:-1]

    def _of(self, patterns: tuple[str, ...]) -> Globs:
        if patterns not in self._globs:
            self._globs[patterns] = Globs(patterns)
        return self._globs[patterns]


class _Place(NamedTuple):
    """A file or folder on the way, with what may be left out of it.

    Attributes:
        path: As shown.
        ignored: What git leaves out around it.
        globs: Patterns that count in it.
        inside_globs: The path as the patterns see it, with a ``/`` at the end; empty for the folder they start from.
    """

    path: str
    ignored: Answer | None
    globs: Globs
    inside_globs: str

    def inside(self, name: str) -> _Place:
        path = name if self.path == "." else f"{self.path}/{name}"
        return _Place(path, self.ignored, self.globs, f"{self.inside_globs}{name}/")

    def is_left_out(self, is_folder: bool) -> bool:
        if self.globs.decide(self.inside_globs[:-1], is_folder):
            return True
        return self.ignored is not None and self.ignored.leaves_out(self.path, is_folder)


def _entries(folder: str) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as entries:
            return list(entries)
    except OSError:
        return []


def _is_folder(entry: os.DirEntry[str]) -> bool:
    return entry.is_dir(follow_symlinks=False) and not is_skipped(entry.name)


def _is_file(entry: os.DirEntry[str], folder: str) -> bool:
    # A link to a file of the same folder would be the same finding twice.
    return entry.is_file() and not (entry.is_symlink() and _leads_inside(entry.path, folder))


def _leads_inside(link: str, folder: str) -> bool:
    inside = os.path.realpath(folder).rstrip(os.sep) + os.sep
    return os.path.realpath(link).startswith(inside)
