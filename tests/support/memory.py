"""A project in memory, so that tests of the pure rooms need no folder."""

from __future__ import annotations

import posixpath
from collections.abc import Mapping

from sqla_guard.check.engine import check
from sqla_guard.check.readers import QUICK
from sqla_guard.core.config import Config
from sqla_guard.core.report import Report
from sqla_guard.core.source import SourceFile
from sqla_guard.core.workspace import UnreadableFile, Workspace
from sqla_guard.fix.imports import with_imports
from sqla_guard.fix.loop import FixResult, fix
from sqla_guard.project.project import Project
from sqla_guard.read.load import decode
from sqla_guard.read.python.imports import read_import_block

TEMPLATES = (".html", ".jinja", ".jinja2", ".j2", ".mako", ".txt", ".xml", ".htm")


class MemoryDisk:
    """Files by path, all of one project."""

    def __init__(self, files: Mapping[str, str | bytes]) -> None:
        self.files = {path: text.encode() if isinstance(text, str) else text for path, text in files.items()}

    def load(self, path: str) -> SourceFile:
        if path not in self.files:
            raise UnreadableFile("cannot be read: no such file")
        return decode(path, self.files[path])

    def raw(self, path: str) -> bytes:
        return self.files.get(path, b"")

    def exists(self, path: str) -> bool:
        return path in self.files

    def canonical(self, path: str) -> str:
        return path

    def is_folder(self, path: str) -> bool:
        prefix = posixpath.normpath(path) + "/"
        return any(name.startswith(prefix) for name in self.files)

    def project_files(self, path: str) -> tuple[str, ...]:
        return tuple(sorted(p for p in self.files if p.endswith((".py", ".pyi", ".sql"))))

    def neighbours(self, path: str) -> tuple[str, ...]:
        return ()

    def templates(self, path: str) -> tuple[str, ...]:
        return tuple(sorted(p for p in self.files if p.endswith(TEMPLATES)))

    def project_root(self, path: str) -> str:
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
    """Return all texts after fixing."""
    result = fix_files(files, config=config)
    paths = sorted({*files, *result.workspace.changed})
    return {path: result.workspace.load(path).text for path in paths}
