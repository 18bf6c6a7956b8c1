"""Tables that a project may declare more than once, told from its bytes."""

from __future__ import annotations

import posixpath
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping

from sqla_guard.core.look import Question, Said
from sqla_guard.core.workspace import Workspace

_CLASS = rb"__tablename__\s*(?::[^=\n]{0,200})?=\s*[\"']([^\"'\n]+)[\"']"
_TABLE = rb"Table\(\s*[\"']([^\"'\n]+)[\"']"

# Packages whose bases derive the name of a table from that of the class.
_IMPLYING = (b"flask_sqlalchemy", b"sqlmodel")
# Without one of these, no class of a file has a table of a derived name.
_OF_MODELS = (b".Model", b"(Model")
_OF_TABLES = (b"Column(", b"table=True", b"table = True")


_NONE: tuple[list[bytes], list[bytes]] = ([], [])


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
        self._declared: dict[str, tuple[list[bytes], list[bytes]]] = {}

    def may_repeat(self, path: str, data: bytes) -> bool:
        """Tell whether a file declares a table that its project may declare again."""
        explicit, implied = self._tables_of(path, data)
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
        declaring: dict[str, Said] = {}
        implying: dict[str, Said] = {}
        imports: dict[str, set[bytes]] = {}
        aside = self._workspace.aside
        for file in self._workspace.project_files(path):
            if not file.endswith(".py"):
                continue
            data = aside.raw(file)
            explicit, implied = self._tables_of(file, data)
            if explicit or implied:
                declaring[file] = _said(explicit, implied)
                names.explicit.update(explicit)
                names.implied.update(explicit)
                names.implied.update(implied)
            if says_implying(file, data, "") is not None:
                implying[file] = True
                names.has_implied = True
            imports[file] = set(_imported(data))
            names.imported |= imports[file]
        self._note(path, declaring, implying, imports)
        return names

    def _tables_of(self, path: str, data: bytes) -> tuple[list[bytes], list[bytes]]:
        """Return the names of tables that a file may declare: those written, and those that classes may derive."""
        if path not in self._declared:
            explicit, implied = _explicit(data), _implied(data)
            # Most files declare none.
            self._declared[path] = (explicit, implied) if explicit or implied else _NONE
        return self._declared[path]

    def _note(
        self, near: str, declaring: Mapping[str, Said], implying: Mapping[str, Said], imports: Mapping[str, set[bytes]]
    ) -> None:
        """Say what the answers depend on: of what is imported, only the names of modules with tables count."""
        disk = self._workspace.disk
        disk.noted(Question("tables", ""), near, lambda: declaring)
        disk.noted(Question("implying", ""), near, lambda: implying)
        wanted = {name for file in declaring for names in _names_of(file) for name in names}
        argument = b" ".join(sorted(wanted)).decode("utf-8", "surrogateescape")
        disk.noted(Question("imported", argument), near, lambda: _each(imports, wanted))


def _each(imports: Mapping[str, set[bytes]], wanted: set[bytes]) -> dict[str, Said]:
    return {file: said for file, names in imports.items() if (said := _text(names & wanted)) is not None}


def says_tables(path: str, data: bytes, argument: str) -> Said:
    """Return the names of the tables that a file may declare."""
    if not path.endswith(".py"):
        return None
    return _said(_explicit(data), _implied(data))


def _said(explicit: list[bytes], implied: list[bytes]) -> Said:
    return [_text(explicit), _text(implied)] if explicit or implied else None


def says_implying(path: str, data: bytes, argument: str) -> Said:
    """Tell whether a file names a package that derives the names of tables."""
    return (path.endswith(".py") and any(word in data for word in _IMPLYING)) or None


def says_imported(path: str, data: bytes, argument: str) -> Said:
    """Return which of the modules in ``argument``, with spaces between them, a file imports."""
    wanted = set(argument.encode("utf-8", "surrogateescape").split(b" "))
    return _text(wanted.intersection(_imported(data))) if path.endswith(".py") else None


def _text(names: Iterable[bytes]) -> str | None:
    return b" ".join(sorted(names)).decode("latin-1") or None


def may_imply(data: bytes) -> bool:
    """Tell whether a class of a file may have a table without saying its name."""
    if b"class" not in data:
        return False
    return any(w in data for w in _OF_TABLES) or (b"Model" in data and any(w in data for w in _OF_MODELS))


def _explicit(data: bytes) -> list[bytes]:
    found: list[bytes] = []
    if b"__tablename__" in data:
        found += re.findall(_CLASS, data)
    if b"Table(" in data:
        found += re.findall(_TABLE, data)
    return [_plain(name) for name in found]


def _implied(data: bytes) -> list[bytes]:
    """Return the names of the classes at the left margin that derive from something, and may have tables."""
    found: list[bytes] = []
    if may_imply(data):
        for part in (b"\n" + data).split(b"\nclass ")[1:]:
            name, bracket, _ = part[:200].partition(b"(")
            if bracket and b":" not in name:
                found.append(_plain(name.strip()))
    return found


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
    return sum(any(name in imported for name in names) for names in _names_of(path)) > 1


def _names_of(path: str) -> Iterator[list[bytes]]:
    """Yield what imports of a module may start with, for each folder that it may be found from."""
    stem = posixpath.splitext(path)[0].removesuffix("/__init__")
    parts = [part.encode("utf-8", "surrogatepass") for part in stem.split("/") if part not in ("", ".", "..")]
    for start in range(len(parts)):
        yield [b".".join(parts[start:end]) for end in range(start + 1, len(parts) + 1)]
