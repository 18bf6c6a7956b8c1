"""Which files lie below a folder."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterator
from typing import NamedTuple

from sqla_guard.core.config import Config, Settings
from sqla_guard.core.globs import Globs, below
from sqla_guard.read.config import NAMES
from sqla_guard.read.gitignore import Answer, GitIgnore
from sqla_guard.read.paths import ROOT_MARKS, inside_of, is_environment, is_skipped, starts_project

SUFFIXES = (".py", ".pyi", ".sql")
# Files that are not read for findings, though SQL may stand in them.
OTHER_SUFFIXES = (
    *(".psql", ".pgsql", ".ddl", ".ipynb", ".sh", ".bash", ".js", ".jsx", ".mjs", ".ts", ".tsx", ".go", ".java", ".kt"),
    *(".rb", ".rs", ".php", ".cs", ".scala", ".ex", ".yml", ".yaml", ".toml"),
)
TEMPLATE_SUFFIXES = (".html", ".htm", ".jinja", ".jinja2", ".j2", ".mako", ".txt", ".xml")
_ALL_SUFFIXES = frozenset({*SUFFIXES, *OTHER_SUFFIXES, *TEMPLATE_SUFFIXES})

_GITIGNORE = ".gitignore"
_MARKS = frozenset({_GITIGNORE, *NAMES, *ROOT_MARKS})

_GENERATED = Config().exclude

# Repositories that git is asked about at once.
_MOST_ASKED = 8


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

    def __init__(self, settings: Settings, starting: dict[str, bool]) -> None:
        """Leave out what ``settings`` say of each project; add to ``starting`` in which folders a project starts."""
        self._settings = settings
        self._starting = starting
        self._ignored = GitIgnore()
        self._globs: dict[tuple[str, ...], Globs] = {}
        self._listings: dict[str, _Listing] = {}

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
        asking: deque[_Place] = deque()
        while pending or asking:
            # What git says of one repository is waited for after the others were asked about.
            if pending and len(asking) < _MOST_ASKED:
                place = pending.pop()
                listed = self._listing(place.path)
                if place.path != folder:
                    if listed.is_environment:
                        continue
                    place = self._entered(place, listed.marks, left_out)
                if place.ignored is not None and _GITIGNORE in listed.marks and place.ignored.wake():
                    asking.append(place)
                    continue
            else:
                place = asking.popleft()
                listed = self._listing(place.path)
            yield from place.files(listed, folder, suffixes)
            pending += place.folders(listed, suffixes, here)

    def _listing(self, folder: str) -> _Listing:
        if folder not in self._listings:
            listed = self._listings[folder] = _listing(folder)
            self._starting[folder] = starts_project(folder, listed.marks)
            if listed.marks.isdisjoint(NAMES):
                self._settings.without(folder)
        return self._listings[folder]

    def _entered(self, place: _Place, marks: frozenset[str], left_out: Callable[[Config], tuple[str, ...]]) -> _Place:
        """Return ``place`` with the rules that start in it: it may be a repository or a project of its own."""
        if ".git" in marks:
            place = place._replace(ignored=self._ignored.about(place.path))
        if not marks.isdisjoint(NAMES):
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
    """A folder on the way, with what may be left out of it.

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

    def files(self, listed: _Listing, top: str, suffixes: tuple[str, ...]) -> Iterator[str]:
        """Yield the files in it that are wanted; ``top`` is where the walk began."""
        start = inside_of(self.path)
        names = [name for name in listed.files if name.endswith(suffixes)]
        left = self._left_out(start, names, False)
        for name in names:
            # A link to a file of the same folder would be the same finding twice.
            if name not in left and (name not in listed.links or not _leads_inside(start + name, top)):
                yield start + name

    def folders(self, listed: _Listing, suffixes: tuple[str, ...], here: str) -> Iterator[_Place]:
        """Yield the folders in it that are to be looked into; ``here`` is the working directory."""
        start = inside_of(self.path)
        names = [name for name in listed.folders if not name.endswith(suffixes)]
        left = self._left_out(start, names, True)
        for name in names:
            if name not in left:
                path = "." if start + name == here else start + name
                yield _Place(path, self.ignored, self.globs, f"{self.inside_globs}{name}/")

    def _left_out(self, start: str, names: list[str], is_folder: bool) -> set[str]:
        """Return which of the ``names`` in it, which is ``start`` as shown, are left out."""
        if not names:
            return set()
        left = {name for name, decision in self.globs.decide(self.inside_globs, names, is_folder).items() if decision}
        return left if self.ignored is None else left | self.ignored.left_out(start, names, is_folder)


class _Listing(NamedTuple):
    """What a folder holds.

    Attributes:
        files: The names of its files that any walk may look for.
        links: Those of them that are links.
        folders: The names of the folders in it that may hold source.
        marks: Those names in it that say something about it.
        is_environment: Whether it is a virtual environment.
    """

    files: list[str]
    links: frozenset[str]
    folders: list[str]
    marks: frozenset[str]
    is_environment: bool


def _listing(folder: str) -> _Listing:
    names, files, links, folders = set[str](), list[str](), set[str](), list[str]()
    for entry in _entries(folder):
        name = entry.name
        names.add(name)
        if name[name.rfind(".") :] in _ALL_SUFFIXES and entry.is_file():
            files.append(name)
            if entry.is_symlink():
                links.add(name)
        elif entry.is_dir(follow_symlinks=False) and not is_skipped(name):
            folders.append(name)
    return _Listing(files, frozenset(links), folders, _MARKS & names, is_environment(folder, names))


def _entries(folder: str) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as entries:
            return list(entries)
    except OSError:
        return []


def _leads_inside(link: str, folder: str) -> bool:
    inside = os.path.realpath(folder).rstrip(os.sep) + os.sep
    return os.path.realpath(link).startswith(inside)
