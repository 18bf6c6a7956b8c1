"""Table names that a project declares more than once, told from its bytes."""

from __future__ import annotations

import re
from collections import Counter

from sqla_guard.core.workspace import Workspace

_CLASS = re.compile(rb"__tablename__\s*(?::[^=\n]*)?=\s*[\"']([^\"'\n]+)[\"']")
_TABLE = re.compile(rb"Table\(\s*[\"']([^\"'\n]+)[\"']")


class TableNames:
    """The table names of projects, by their bytes alone; each project is looked through once."""

    def __init__(self, workspace: Workspace) -> None:
        """Look through the projects of ``workspace``."""
        self._workspace = workspace
        self._counts: dict[str, Counter[bytes]] = {}

    def may_repeat(self, path: str, data: bytes) -> bool:
        """Tell whether a file declares a table whose name its project declares again."""
        names = _names(data)
        if not names:
            return False
        root = self._workspace.disk.project_root(path)
        if root not in self._counts:
            files = (p for p in self._workspace.project_files(path) if p.endswith(".py"))
            self._counts[root] = Counter(name for p in files for name in _names(self._workspace.raw(p)))
        counts = self._counts[root]
        return any(counts[name] > 1 for name in names) or max(Counter(names).values()) > 1


def _names(data: bytes) -> list[bytes]:
    found: list[bytes] = []
    if b"__tablename__" in data:
        found += _CLASS.findall(data)
    if b"Table(" in data:
        found += _TABLE.findall(data)
    return found
