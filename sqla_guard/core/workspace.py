"""The files of a run, on disk or changed in memory."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

from sqla_guard.core.source import SourceFile

if TYPE_CHECKING:
    from sqla_guard.core.disk import Disk


class UnreadableFile(Exception):
    """A file that cannot be opened, decoded or parsed; the message says why in a few words.

    Attributes:
        line: Where, from 1; 0 for the file as a whole.
    """

    def __init__(self, reason: str, line: int = 0) -> None:
        """Keep the reason and the line."""
        super().__init__(reason)
        self.line = line


class Asked(NamedTuple):
    """How the paths of a run are to be taken.

    Attributes:
        force_exclude: Whether a file that is named is left out like one that is found in a folder.
        given: Contents that are read in place of what is stored, by path as shown.
        cached: Whether what earlier runs found is used where it holds still.
    """

    force_exclude: bool = False
    given: Mapping[str, bytes] = MappingProxyType({})
    cached: bool = False


ALL_NAMED = Asked()


class Workspace:
    """The files to report on, and a view of everything around them; never changed.

    Attributes:
        reported: Files that findings may be reported in, sorted.
        disk: Access to the stored files.
        changed: Texts that replace stored ones (or add files), by path; how fixes are tried before they are written.
    """

    def __init__(self, reported: tuple[str, ...], disk: Disk, changed: Mapping[str, str] | None = None) -> None:
        self.reported = reported
        self.disk = disk
        self.changed = changed or {}

    @property
    def aside(self) -> Workspace:
        """The same workspace for whoever looks at many files for a question; see :attr:`Disk.aside`."""
        aside = self.disk.aside
        return self if aside is self.disk else Workspace(self.reported, aside, self.changed)

    def load(self, path: str) -> SourceFile:
        """Return the file at ``path`` as this workspace sees it.

        Raises:
            UnreadableFile: It cannot be opened or decoded.
        """
        text = self.changed.get(path)
        if text is None:
            return self.disk.load(path)
        if not self.disk.exists(path):
            return SourceFile(path, text)
        stored = self.disk.load(path)
        return SourceFile(path, text, stored.encoding, stored.bom)

    def raw(self, path: str) -> bytes:
        """Return the bytes of ``path``, for prefilters; empty where there is no such file."""
        text = self.changed.get(path)
        if text is None:
            return self.disk.raw(path)
        try:
            # As it would be written: a cookie in the text speaks of these bytes.
            return self.load(path).encode(text)
        except (UnreadableFile, UnicodeEncodeError):
            return text.encode("utf-8", "surrogatepass")

    def exists(self, path: str) -> bool:
        """Tell whether ``path`` is a file."""
        return path in self.changed or self.disk.exists(path)

    def project_files(self, path: str) -> tuple[str, ...]:
        """Return all source files of the project of ``path``, sorted, new ones included."""
        stored = self.disk.project_files(path)
        root = self.disk.project_root(path)
        new = {p for p in self.changed if p not in stored and (root == "." or p.startswith(root + "/"))}
        return tuple(sorted({*stored, *new})) if new else stored

    def with_changes(self, texts: Mapping[str, str]) -> Workspace:
        """Return this workspace with ``texts`` in place of the stored ones."""
        return Workspace(self.reported, self.disk, {**self.changed, **texts})
