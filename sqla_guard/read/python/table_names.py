"""Tables that a project may declare more than once, told from its bytes."""

from __future__ import annotations

import posixpath
import re
from collections import Counter
from collections.abc import Iterator

from sqla_guard.core.workspace import Workspace

_CLASS = rb"__tablename__\s*(?::[^=\n]*)?=\s*[\"']([^\"'\n]+)[\"']"
_TABLE = rb"Table\(\s*[\"']([^\"'\n]+)[\"']"

# Packages whose bases derive the name of a table from that of the class.
_IMPLYING = (b"flask_sqlalchemy", b"sqlmodel")
# Without one of these, no class of a file has a table of a derived name.
_OF_MODELS = (b"Column(", b".Model", b"(Model", b"table=True", b"table = True")


class _Names:
    """What the files of a project say at a glance.

    Attributes:
        explicit: How often each table name is written, in lower case without ``_``.
        implied: The same, with the names that classes may derive.
        has_implied: Whether the project has a package that derives names.
        imported: The modules that are imported at the left margin.
    """

    def __init__(self) -> None:
        self.explicit: Counter[bytes] = Counter()
        self.implied: Counter[bytes] = Counter()
        self.has_implied = False
        self.imported: set[bytes] = set()


class TableNames:
    """The tables of projects, by their bytes alone; each project is looked through once."""

    def __init__(self, workspace: Workspace) -> None:
        """Look through the projects of ``workspace``."""
        self._workspace = workspace
        self._known: dict[str, _Names] = {}

    def may_repeat(self, path: str, data: bytes) -> bool:
        """Tell whether a file declares a table that its project may declare again."""
        explicit = _explicit(data)
        implied = list(_implied(data)) if may_imply(data) else []
        if not explicit and not implied:
            return False
        root = self._workspace.disk.project_root(path)
        names = self._known.get(root)
        if names is None:
            names = self._known[root] = self._look_through(path)
        if names.has_implied:
            return any(names.implied[name] > 1 for name in (*explicit, *implied)) or _has_two_names(
                path, names.imported
            )
        return any(names.explicit[name] > 1 for name in explicit) or (
            bool(explicit) and _has_two_names(path, names.imported)
        )

    def _look_through(self, path: str) -> _Names:
        names = _Names()
        for file in self._workspace.project_files(path):
            if not file.endswith(".py"):
                continue
            data = self._workspace.raw(file)
            explicit = _explicit(data)
            names.explicit.update(explicit)
            names.implied.update(explicit)
            if may_imply(data):
                names.implied.update(_implied(data))
            names.has_implied = names.has_implied or any(word in data for word in _IMPLYING)
            names.imported.update(_imported(data))
        return names


def may_imply(data: bytes) -> bool:
    """Tell whether a class of a file may have a table without saying its name."""
    return any(word in data for word in _OF_MODELS)


def _explicit(data: bytes) -> list[bytes]:
    found: list[bytes] = []
    if b"__tablename__" in data:
        found += re.findall(_CLASS, data)
    if b"Table(" in data:
        found += re.findall(_TABLE, data)
    return [_plain(name) for name in found]


def _implied(data: bytes) -> Iterator[bytes]:
    """Yield the names of the classes at the left margin that derive from something."""
    for part in (b"\n" + data).split(b"\nclass ")[1:]:
        name, bracket, _ = part[:200].partition(b"(")
        if bracket and b":" not in name:
            yield _plain(name.strip())


def _plain(name: bytes) -> bytes:
    """Return ``eventlog`` for ``EventLog`` and for ``event_log``, one of which stands for the other."""
    return name.replace(b"_", b"").lower()


def _imported(data: bytes) -> Iterator[bytes]:
    data = b"\n" + data
    for keyword in (b"\nfrom ", b"\nimport "):
        for part in data.split(keyword)[1:]:
            words = part[:200].split(None, 1)
            if words and not words[0].startswith(b"."):
                yield words[0].rstrip(b",;")


def _has_two_names(path: str, imported: set[bytes]) -> bool:
    """Tell whether imports start in two different folders above a file: ``app.models`` and ``models``."""
    stem = posixpath.splitext(path)[0].removesuffix("/__init__")
    parts = [part.encode() for part in stem.split("/") if part not in ("", ".", "..")]
    starts = 0
    for start in range(len(parts)):
        names = (b".".join(parts[start:end]) for end in range(start + 1, len(parts) + 1))
        starts += any(name in imported for name in names)
    return starts > 1
