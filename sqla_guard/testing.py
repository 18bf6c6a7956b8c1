"""Projects in memory, for tests of rules: no folder, no process, no configuration file.

Example::

    report = check_files({"models.py": "..."}, config=Config(plugins=("acme",)))
    assert [d.code for d in report.diagnostics] == ["ACME001"]

The functions take a project as texts (or bytes) by path. They are the ones that this package's own rules are tested
with, and stay as they are within a major version.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Mapping
from types import ModuleType

from sqla_guard.check.engine import check
from sqla_guard.check.readers import QUICK
from sqla_guard.core.config import Config
from sqla_guard.core.look import Question, Said
from sqla_guard.core.report import Report
from sqla_guard.core.source import SourceFile
from sqla_guard.core.workspace import UnreadableFile, Workspace
from sqla_guard.fix.imports import with_imports
from sqla_guard.fix.loop import FixResult, fix
from sqla_guard.project.project import Project
from sqla_guard.read.load import decode
from sqla_guard.read.python.imports import read_import_block
from sqla_guard.read.walk import OTHER_SUFFIXES, TEMPLATE_SUFFIXES

__all__ = ["Config", "MemoryDisk", "check_files", "examples", "fix_files", "fixed_texts", "project", "workspace"]


class MemoryDisk:
    """Files by path, all of one project; implements :class:`sqla_guard.core.workspace.Disk`."""

    def __init__(self, files: Mapping[str, str | bytes]) -> None:
        """Hold ``files``."""
        self.files = {path: text.encode() if isinstance(text, str) else text for path, text in files.items()}

    @property
    def aside(self) -> MemoryDisk:
        """This disk: nothing is remembered of who looked at what."""
        return self

    def noted(self, question: Question, near: str, said: Callable[[], Mapping[str, Said]]) -> Mapping[str, Said]:
        """Return what files say to a question."""
        return said()

    def load(self, path: str) -> SourceFile:
        """Return the file at ``path``.

        Raises:
            UnreadableFile: There is none, or it cannot be decoded.
        """
        if path not in self.files:
            raise UnreadableFile("cannot be read: no such file")
        return decode(path, self.files[path])

    def raw(self, path: str) -> bytes:
        """Return the bytes of ``path``; empty where there is no such file."""
        return self.files.get(path, b"")

    def size(self, path: str) -> int:
        """Return the number of bytes of ``path``; 0 where there is no such file."""
        return len(self.raw(path))

    def exists(self, path: str) -> bool:
        """Tell whether ``path`` is a file."""
        return path in self.files

    def canonical(self, path: str) -> str:
        """Return ``path``: each file has one name."""
        return path

    def is_folder(self, path: str) -> bool:
        """Tell whether a file lies below ``path``."""
        prefix = posixpath.normpath(path) + "/"
        return any(name.startswith(prefix) for name in self.files)

    def project_files(self, path: str) -> tuple[str, ...]:
        """Return all source files."""
        return tuple(sorted(p for p in self.files if p.endswith((".py", ".pyi", ".sql"))))

    def neighbours(self, path: str) -> tuple[str, ...]:
        """Return nothing: there is one project."""
        return ()

    def templates(self, path: str) -> tuple[str, ...]:
        """Return all template files."""
        return tuple(sorted(p for p in self.files if p.endswith(TEMPLATE_SUFFIXES)))

    def other_files(self, path: str) -> tuple[str, ...]:
        """Return all files of other languages."""
        return tuple(sorted(p for p in self.files if p.endswith(OTHER_SUFFIXES)))

    def project_root(self, path: str) -> str:
        """Return the one root."""
        return "."


def workspace(files: Mapping[str, str | bytes], *reported: str) -> Workspace:
    """Return a workspace over ``files`` that reports on ``reported`` (all source files if none is named)."""
    disk = MemoryDisk(files)
    return Workspace(tuple(sorted(reported)) or disk.project_files(""), disk)


def project(files: Mapping[str, str | bytes], config: Config | None = None) -> Project:
    """Return the project that ``files`` are."""
    return Project(workspace(files), config or Config(), QUICK)


def _complete(ws: Workspace, config: Config) -> Report:
    return with_imports(check(ws, config), ws.load, read_import_block)


def check_files(files: Mapping[str, str | bytes], *reported: str, config: Config | None = None) -> Report:
    """Return what a check of ``files`` says."""
    return _complete(workspace(files, *reported), config or Config())


def fix_files(files: Mapping[str, str | bytes], *reported: str, config: Config | None = None) -> FixResult:
    """Return what fixing ``files`` comes to."""
    settings = config or Config()
    return fix(workspace(files, *reported), lambda ws: _complete(ws, settings))


def fixed_texts(files: Mapping[str, str | bytes], config: Config | None = None) -> dict[str, str]:
    """Return all texts after fixing, by path."""
    result = fix_files(files, config=config)
    paths = sorted({*files, *result.workspace.changed})
    return {path: result.workspace.load(path).text for path in paths}


def examples(rule: ModuleType, section: str) -> dict[str, str]:
    """Return the Python and SQL examples of one section of a rule's page as the files of a project.

    An example is called ``module.py`` unless its fence names a file: ``python models.py``.

    Args:
        rule: The module of the rule; its docstring is the page.
        section: A heading of the page, such as ``Bad``.

    Raises:
        KeyError: The page has no such section.
    """
    parts = re.split(r"(?m)^## (.+)$", rule.__doc__ or "")
    text = dict(zip(parts[1::2], parts[2::2], strict=True))[section]
    return {
        name or "module.py": code for name, code in re.findall(r"(?ms)^```(?:python|sql)(?: (\S+))?\n(.*?)^```", text)
    }
