"""Tables that a project may declare more than once, told from its bytes."""

from __future__ import annotations

import posixpath
import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping

from sqla_guard.core.look import Question, Said
from sqla_guard.core.memo import Memo, Uses
from sqla_guard.core.packages import Packages
from sqla_guard.core.roles import is_apart
from sqla_guard.core.words import WIDE
from sqla_guard.core.workspace import Workspace

# Patterns are compiled where they are needed, not in every run.
_CLASS = rb"__tablename__\s*(?::[^=\n]{0,200})?=[\s(]*[rRuU]?[\"']{1,3}([^\"'\n]+)[\"']"
_TABLE = rb"Table\(\s*[rRuU]?[\"']{1,3}([^\"'\n]+)[\"']"
# The same where it says all of the name: no escape, and nothing behind it that is part of the expression.
_WHOLE = rb"__tablename__\s*(?::[^=\n]{0,200})?=\s*[\"'][^\"'\n\\]+[\"'][ \t]*(?=[\r\n;#]|\Z)"
_NAMED = rb"__tablename__(?<![.\w\"']__tablename__)(?!\s*\()"
# A class statement that is not written the way in which the names of classes are told below.
_ODD_CLASS = rb"class(?:(?<=[\r\f\xbf]class)\b|(?<=\nclass)(?!\w| +\w+ *[(:]))"
# An import at the left margin; both groups stay empty where it takes a parser to tell what is imported.
_IMPORT = (
    rb"\n(?:from\b(?:[ \t]+([\w.]+)(?![\w.\\\x80-\xff])|[\w., \t\f]*[\\\x80-\xff])"
    rb"|import\b(?:[ \t]+(\w[\w., \t]*)(?![\w., \t\\\x80-\xff])|[\w., \t\f]*[\\\x80-\xff]))"
)
# What derives names; ``flask.ext`` is what extensions went by before Flask 1.0. A rare letter first is quick to find.
_SQLMODEL = rb"qlmodel(?<=sqlmodel)"
_FLASK = rb"flask(?:_sqlalchemy|\.ext)"
# Stands for any module.
_ANY = b"*"

# Without one of these, no class of a file has a table of a derived name.
_OF_MODELS = (rb"Column\(", rb"Model(?<=[.(]Model)", rb"True(?:(?<=table=True)|(?<=table = True))")
_Tables = tuple[list[bytes], list[bytes], bool]
_NONE: _Tables = ([], [], False)


class _Names:
    """What the files of a project say at a glance, those left out that :func:`is_apart` is true of.

    Attributes:
        explicit: How often each table name is written, in lower case without ``_``.
        implied: The same, with the names that classes may derive.
        has_implied: Whether the project has a package that derives names, any file counted.
        imported: The modules that are imported at the left margin, and the packages around them with a dot behind.
        files: The files that may declare a table, by its name without ``_``, sorted.
        unclear: Those that may declare any, as they write it in a way that takes a parser.
    """

    def __init__(self) -> None:
        self.explicit: Counter[bytes] = Counter()
        self.implied: Counter[bytes] = Counter()
        self.has_implied = False
        self.imported: set[bytes] = set()
        self.files: dict[bytes, list[str]] = {}
        self.unclear: list[str] = []


class TableNames:
    """The tables of projects, by their bytes alone; each project is looked through once.

    Attributes:
        packages: Knows which projects can have tables at all.
    """

    def __init__(self, workspace: Workspace, packages: Packages, uses: Uses | None = None) -> None:
        """Look through the projects of ``workspace``, of those that ``packages`` does not rule out.

        What is used is told to ``uses``.
        """
        self._workspace = workspace
        self.packages = packages
        self._memo = Memo(uses or Uses())
        self._declared: dict[str, _Tables] = {}

    def may_repeat(self, path: str, data: bytes) -> bool:
        """Tell whether a file declares a table that its project may declare again."""
        explicit, implied, _ = _NONE if is_apart(path) else self._tables_of(path, data)
        if not (explicit or implied) or not self.packages.may_judge(path):
            return False
        names = self._names(path)
        if names.has_implied:
            return any(names.implied[name] > 1 for name in (*explicit, *implied)) or self.has_two_names(path)
        return any(names.explicit[name] > 1 for name in explicit) or (bool(explicit) and self.has_two_names(path))

    def has_two_names(self, path: str) -> bool:
        """Tell whether modules of the project of ``path`` may import it under two names."""
        return _has_two_names(path, self._names(path).imported)

    def files_declaring(self, near: str, table: str) -> list[str]:
        """Return the files of the project of ``near`` that may declare ``table`` at their left margin, sorted."""
        names = self._names(near)
        named = names.files.get(_plain(table.encode("utf-8", "surrogatepass")), [])
        return sorted({*named, *names.unclear})

    def _names(self, near: str) -> _Names:
        root = self._workspace.disk.project_root(near)
        return self._memo.of(root, lambda: self._look_through(near))

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
            if says_implying(file, data, "") is not None:
                implying[file] = True
                names.has_implied = True
            if is_apart(file):
                continue
            explicit, implied, unclear = self._tables_of(file, data)
            if explicit or implied or unclear:
                declaring[file] = _said(explicit, implied, unclear)
                names.explicit.update(explicit)
                names.implied.update(explicit)
                names.implied.update(implied)
                for name in {*explicit, *implied}:
                    names.files.setdefault(name, []).append(file)
                if unclear:
                    names.unclear.append(file)
            imports[file] = set(_imported(data))
            names.imported |= imports[file]
        names.imported.update(_with_packages(tuple(names.imported)))
        self._note(path, declaring, implying, imports)
        return names

    def _tables_of(self, path: str, data: bytes) -> _Tables:
        """Return what :func:`_tables` tells of a file."""
        if path not in self._declared:
            self._declared[path] = _tables(data)
        return self._declared[path]

    def _note(
        self, near: str, declaring: Mapping[str, Said], implying: Mapping[str, Said], imports: Mapping[str, set[bytes]]
    ) -> None:
        """Say what the answers depend on: of what is imported, only the names of modules with tables count."""
        disk = self._workspace.disk
        disk.noted(Question("tables", ""), near, lambda: declaring)
        disk.noted(Question("implying", ""), near, lambda: implying)
        wanted = {_ANY, *(name for file in declaring for names in _names_of(file) for name in names)}
        argument = b" ".join(sorted(wanted)).decode("utf-8", "surrogateescape")
        disk.noted(Question("imported", argument), near, lambda: _each(imports, wanted))


def _each(imports: Mapping[str, set[bytes]], wanted: set[bytes]) -> dict[str, Said]:
    # Files of one project import much the same, and little of it is wanted.
    every = set[bytes]().union(*imports.values())
    alike = {name for name in every if not wanted.isdisjoint(_with_packages((name,)))}
    found = ((file, _of(wanted, names & alike)) for file, names in imports.items() if not alike.isdisjoint(names))
    return {file: said for file, said in found if said is not None}


def says_tables(path: str, data: bytes, argument: str) -> Said:
    """Return the names of the tables that a file may declare."""
    if not path.endswith(".py") or is_apart(path):
        return None
    return _said(*_tables(data))


def _said(explicit: list[bytes], implied: list[bytes], unclear: bool) -> Said:
    return [_text(explicit), _text(implied), unclear] if explicit or implied or unclear else None


def _tables(data: bytes) -> _Tables:
    """Return the names of tables that a file may declare: those written, those that classes may derive; if any more."""
    if data.startswith(WIDE):
        return [], [], True
    is_named = b"__tablename__" in data
    may_be_implied = may_imply(data)
    if not is_named and not may_be_implied and re.search(_TABLE, data) is None:
        return _NONE  # as most files
    unclear = is_named and len(re.findall(_NAMED, data)) > len(re.findall(_WHOLE, data))
    unclear = unclear or (may_be_implied and re.search(_ODD_CLASS, b"\n" + data) is not None)
    return _explicit(data), _implied(data) if may_be_implied else [], unclear


def says_implying(path: str, data: bytes, argument: str) -> Said:
    """Tell whether a file names a package whose bases derive the name of a table from that of the class."""
    if not path.endswith(".py"):
        return None
    return re.search(_SQLMODEL, data) is not None or re.search(_FLASK, data) is not None or None


def says_imported(path: str, data: bytes, argument: str) -> Said:
    """Return which of the modules in ``argument``, with spaces between them, a file imports."""
    if not path.endswith(".py") or is_apart(path):
        return None
    return _of(set(argument.encode("utf-8", "surrogateescape").split(b" ")), _imported(data))


def _of(wanted: set[bytes], imported: Iterable[bytes]) -> Said:
    return _text(wanted.intersection(_with_packages(imported)))


def _text(names: Iterable[bytes]) -> str | None:
    return b" ".join(sorted(names)).decode("latin-1") or None


def may_imply(data: bytes) -> bool:
    """Tell whether a class of a file may have a table without saying its name."""
    return b"class" in data and any(re.search(word, data) for word in _OF_MODELS)


def _explicit(data: bytes) -> list[bytes]:
    tables = (found[1] for found in re.finditer(_TABLE, data) if _is_at_margin(data, found.start()))
    return [_plain(name) for name in (*re.findall(_CLASS, data), *tables)]


def _is_at_margin(data: bytes, at: int) -> bool:
    """Tell whether the line that ``at`` is on begins at the left margin; in functions each call makes a new table."""
    line = data.rfind(b"\n", 0, at) + 1
    return not data[line : line + 1].isspace()


def _implied(data: bytes) -> list[bytes]:
    """Return the names of the classes at the left margin that derive from something, and may have tables."""
    found: list[bytes] = []
    for part in (b"\n" + data).split(b"\nclass ")[1:]:
        name, bracket, _ = part[:200].partition(b"(")
        if bracket and b":" not in name:
            found.append(_plain(name.strip()))
    return found


def _plain(name: bytes) -> bytes:
    """Return ``eventlog`` for ``EventLog`` and for ``event_log``, one of which stands for the other."""
    return name.replace(b"_", b"").lower()


def _imported(data: bytes) -> Iterator[bytes]:
    """Yield the modules that a file may import at the left margin, relative imports left out."""
    if data.startswith(WIDE):
        data = data.replace(b"\0", b"")[2:]
    if b"\r" in data:
        data = data.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    for one, several in re.findall(_IMPORT, b"\n" + data.removeprefix(b"\xef\xbb\xbf")):
        if several:
            yield from (words[0] for part in several.split(b",") if (words := part.split()))
        elif not one.startswith(b"."):
            yield one or _ANY


def _has_two_names(path: str, imported: Collection[bytes]) -> bool:
    """Tell whether imports start in two different folders above a file: ``app.models`` and ``models``."""
    return _ANY in imported or sum(any(name in imported for name in names) for names in _names_of(path)) > 1


def _names_of(path: str) -> Iterator[list[bytes]]:
    """Yield what imports of a module may start with, for each folder that it may be found from.

    Whatever is imported below a package runs the package, which has a dot behind its name then.
    """
    stem = posixpath.splitext(path)[0]
    module = stem.removesuffix("/__init__")
    parts = [part.encode("utf-8", "surrogatepass") for part in module.split("/") if part not in ("", ".", "..")]
    for start in range(len(parts)):
        names = [b".".join(parts[start:end]) for end in range(start + 1, len(parts) + 1)]
        yield [*names, names[-1] + b"."] if module != stem else names


def _with_packages(imported: Iterable[bytes]) -> Iterator[bytes]:
    """Yield names of modules, and those of the packages around each with a dot behind."""
    for name in imported:
        yield name
        at = name.find(b".") + 1
        while at:
            yield name[:at]
            at = name.find(b".", at) + 1
