"""How long a project's lines may be, as its formatter is told."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator

from sqla_guard.project.project import Project

DEFAULT = 88
_LENGTH = re.compile(r"^[ \t]*line-length[ \t]*=[ \t]*(\d+)", re.MULTILINE)


def line_length(project: Project, path: str) -> int:
    """Return the line length that ruff, else Black, is given for the module at ``path``; 88 where neither is."""
    folder = posixpath.dirname(path)
    return project.once(("line length", folder), lambda: _look(project, folder))


def _look(project: Project, folder: str) -> int:
    black: int | None = None
    for current in _upwards(folder):
        for name in (".ruff.toml", "ruff.toml", "pyproject.toml"):
            text = project.workspace.raw(posixpath.join(current, name)).decode("utf-8", "replace")
            own = text.partition("\n[")[0] if name != "pyproject.toml" else _table(text, "ruff")
            if own is not None and text:
                found = _LENGTH.search(own)
                return int(found.group(1)) if found else DEFAULT
            length = _LENGTH.search(_table(text, "black") or "")
            black = black or (int(length.group(1)) if length else None)
    return black or DEFAULT


def _upwards(folder: str) -> Iterator[str]:
    """Yield ``folder`` and those above it: formatters look beyond a project's own root."""
    while True:
        yield folder
        if folder in ("", "/"):
            return
        folder = posixpath.dirname(folder)


def _table(text: str, name: str) -> str | None:
    """Return the lines of ``[tool.<name>]``; ``None`` where nothing of that tool is there."""
    match = re.search(rf"^\[tool\.{name}\][^\n]*\n(.*?)(?=^\[|\Z)", text, re.MULTILINE | re.DOTALL)
    if match is not None:
        return match.group(1)
    return "" if re.search(rf"^\[tool\.{name}\.", text, re.MULTILINE) else None
