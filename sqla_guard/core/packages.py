"""Whether a project has to do with SQLAlchemy at all: where nothing imports what maps classes, none is mapped."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Protocol

from sqla_guard.core.config import Config
from sqla_guard.core.look import Question, true_of
from sqla_guard.core.memo import Memo, Uses
from sqla_guard.core.words import WIDE, holds_word
from sqla_guard.core.workspace import UnreadableFile, Workspace

if TYPE_CHECKING:
    from sqla_guard.core.look import Said
    from sqla_guard.core.source import SourceFile

MAPPING_PACKAGES = (
    b"sqlalchemy",
    b"flask_sqlalchemy",
    b"advanced_alchemy",
    b"sqlalchemy_utils",
    b"sqlmodel",
    b"airflow",
    b"ckan",
    b"flask.ext",
    b"flask_appbuilder",
    b"litestar",
)
"""Packages without which no class is known to be mapped, and nothing to be a column."""

_BY_PART = tuple(
    (part, tuple(name for name in MAPPING_PACKAGES if part in name))
    for part in (b"alchemy", b"sqlmodel", b"airflow", b"ckan", b"flask", b"litestar")
)
_PACKAGES = tuple(f"{name.decode()}." for name in MAPPING_PACKAGES)
# Where one of them may be imported, and what else may be, behind the word; compiled where they are needed, not in every
# run. In ``from one import two``, the second word names no package.
_FROM = rb"from(?<!\wfrom)[\s\\]+(?:%b)\b" % b"|".join(map(re.escape, MAPPING_PACKAGES))
_IMPORT = (
    rb"import(?<!\wimport)(?<![\w.] import)[\s\\]+"
    rb"([\w\x80-\xff](?:[\w., \t\f\x80-\xff]|\\(?:\r\n?|\n))*)"
)
_ANNOTATION = (
    rb"Mapped(?!\w)"
    rb"(?:(?<!\wMapped)|(?<=DynamicMapped)(?<!\wDynamicMapped)|(?<=WriteOnlyMapped)(?<!\wWriteOnlyMapped))"
)


class Looks(Protocol):
    """Of files whether they may import such a package, and whether their classes may look mapped."""

    def get(self, path: str, /) -> tuple[bool, bool] | None:
        """Return that of ``path``; ``None`` where nobody has looked yet."""

    def __setitem__(self, path: str, look: tuple[bool, bool], /) -> None:
        """Keep that of ``path``."""


class Packages:
    """What projects import of packages that map classes; each project is looked through once."""

    def __init__(
        self,
        workspace: Workspace,
        config: Config,
        modules: Callable[[SourceFile], Iterable[str]],
        uses: Uses | None = None,
        looks: Looks | None = None,
    ) -> None:
        """Look through the projects of ``workspace``.

        Args:
            workspace: The files.
            config: Their settings.
            modules: Reads which modules a file imports by their full names; may raise ``UnreadableFile``.
            uses: Is told what is used.
            looks: Keeps what files look like, where others look too.
        """
        self._workspace = workspace
        self._modules = modules
        self._is_certain = bool(config.read_everything or config.declarative_bases or config.src != Config().src)
        self._memo = Memo(uses or Uses())
        self._looks: Looks = looks if looks is not None else {}
        self._without: dict[str, frozenset[str]] = {}

    def may_map(self, near: str) -> bool:
        """Tell whether a class can be mapped in the project of ``near``, or in one beside it that it may import.

        Where it is not known which those are, it can.
        """
        if self._is_certain:
            return True
        root = self._workspace.disk.project_root(near)
        return self._memo.of(root, lambda: self._may_map(near, root))

    def may_judge(self, near: str) -> bool:
        """Tell whether a class in the project of ``near`` can be mapped, or looks as if: its base is out of sight.

        So it does in a file that is none of its project's, as it lies in a folder that is left out.
        """
        return self.may_map(near) or not self.rule_out(near)

    def rule_out(self, near: str) -> bool:
        """Tell whether it is known already that :meth:`may_judge` says no."""
        return near in self._without.get(self._workspace.disk.project_root(near), ())

    def _may_map(self, near: str, root: str) -> bool:
        workspace = self._workspace
        files = workspace.project_files(near)
        if self._imports_any(near, files):
            return True
        if root == ".":
            may_map = workspace.exists("__init__.py")  # what lies beside the working directory can be imported too
        else:
            beside = workspace.disk.neighbours(near)
            may_map = not beside or self._imports_any(near, beside, "neighbours")
        if not may_map and not workspace.disk.noted(Question("evident", ""), near, lambda: self._evident(files)):
            self._without[root] = frozenset(files)
        return may_map

    def _imports_any(self, near: str, paths: tuple[str, ...], among: str = "project_files") -> bool:
        reported = frozenset(self._workspace.reported)

        def alike() -> Iterator[str]:
            # Others may look at the rest meanwhile.
            for path in sorted(paths, key=lambda path: path not in reported):
                if not self._look(path)[0]:
                    continue
                if self._maps(near, path, among):
                    raise _FoundError  # whatever the others say
                yield path

        try:
            known = self._workspace.disk.noted(Question("mapping", "", among), near, lambda: true_of(alike()))
        except _FoundError:
            return True
        # What looked like an import before may have become one.
        return any(self._maps(near, path, among) for path in known)

    def _evident(self, files: tuple[str, ...]) -> Mapping[str, Said]:
        return true_of(path for path in files if self._look(path)[1])

    def _look(self, path: str) -> tuple[bool, bool]:
        """Tell whether a file may import such a package, and whether its classes may look mapped; read but once."""
        look = self._looks.get(path)
        if look is None:
            data = b"" if path.endswith(".sql") else self._workspace.aside.raw(path)
            look = self._looks[path] = may_import_mapping(data), is_evident(data)
        return look

    def _maps(self, near: str, path: str, among: str) -> bool:
        def said() -> Mapping[str, Said]:
            found = does_import(lambda: self._modules(self._workspace.aside.load(path)))
            return true_of([path] if found else ())

        return path in self._workspace.disk.noted(Question("maps", path, among), near, said)


class _FoundError(Exception):
    """A file maps classes."""


def may_import_mapping(data: bytes) -> bool:
    """Tell whether Python code may import one of :data:`MAPPING_PACKAGES`, or something of it."""
    if data.startswith(WIDE):
        data = data.replace(b"\0", b"")
    if re.search(_FROM, data) is not None:
        return True
    said = b"\n".join(re.findall(_IMPORT, data))
    # Most imports name none: of those only what many of the names have in common is looked for.
    for part, names in _BY_PART:
        if part in said and any(name in said and holds_word(said, name) for name in names):
            return True
    return False


def does_import(modules: Callable[[], Iterable[str]]) -> bool:
    """Tell whether what looks like an import of such a package is one, and not part of a string.

    Args:
        modules: Reads which modules the file imports by their full names; where it cannot be read, it does.
    """
    try:
        return any(f"{module}.".startswith(_PACKAGES) for module in modules())
    except UnreadableFile:
        return True


def is_evident(data: bytes) -> bool:
    """Tell whether a class in Python code may look like a mapped one whatever maps it: by its table, an annotation."""
    return b"__tablename__" in data or re.search(_ANNOTATION, data) is not None
