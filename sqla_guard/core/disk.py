"""What the pure rooms may ask about files."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Protocol

from sqla_guard.core.source import SourceFile

if TYPE_CHECKING:
    from sqla_guard.core.look import Question, Said


class Disk(Protocol):
    """What the pure rooms may ask about files; the read room answers."""

    @property
    def aside(self) -> Disk:
        """The same files for whoever looks at many of them for a question, and tells :meth:`noted` what they said."""

    def noted(self, question: Question, near: str, said: Callable[[], Mapping[str, Said]]) -> Mapping[str, Said]:
        """Return what files say to a question, and take note of it: all else in them does not matter.

        Args:
            question: The question.
            near: The path whose project's files (or neighbours, or templates) were asked.
            said: Finds that out :attr:`aside`, by path, without those that say nothing; not called where it is known.
        """

    def load(self, path: str) -> SourceFile:
        """Return the file at ``path``.

        Raises:
            UnreadableFile: It cannot be opened or decoded.
        """

    def raw(self, path: str) -> bytes:
        """Return the bytes of ``path``; empty where it cannot be opened."""

    def size(self, path: str) -> int:
        """Return about how many bytes ``path`` has; 0 where there is no such file."""

    def exists(self, path: str) -> bool:
        """Tell whether ``path`` is a file."""

    def canonical(self, path: str) -> str:
        """Return the one name that ``path`` goes by."""

    def is_folder(self, path: str) -> bool:
        """Tell whether ``path`` is a folder."""

    def project_files(self, path: str) -> tuple[str, ...]:
        """Return all source files of the project that ``path`` belongs to, sorted."""

    def neighbours(self, path: str) -> tuple[str, ...]:
        """Return the source files of the same repository that belong to other projects than ``path``, sorted."""

    def templates(self, path: str) -> tuple[str, ...]:
        """Return the template files of the project that ``path`` belongs to, sorted."""

    def other_files(self, path: str) -> tuple[str, ...]:
        """Return the files of other languages, which may hold SQL, of the project that ``path`` belongs to, sorted."""

    def project_root(self, path: str) -> str:
        """Return the folder that the project of ``path`` starts in."""
