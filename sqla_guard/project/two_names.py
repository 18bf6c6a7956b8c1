"""Modules that one program imports under two names, so that all that they declare is declared twice."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Iterator, Mapping
from itertools import combinations

from msgspec import Struct

from sqla_guard.core.fix import Place
from sqla_guard.core.look import Question
from sqla_guard.core.margin import Margin, margin_of
from sqla_guard.core.roles import is_apart
from sqla_guard.core.source import Span
from sqla_guard.facts.tables import DeclaredTable
from sqla_guard.facts.values import Attr, Call, Name, Value
from sqla_guard.project.collections import Collections
from sqla_guard.project.mapped import Mappings
from sqla_guard.project.project import Project
from sqla_guard.project.symbols import External, ProjectClass


class Naming(Struct, frozen=True):
    """An import at the left margin that runs a module under a name.

    Attributes:
        name: The dotted name that the module gets.
        importer: The file that imports.
        written: What it writes behind ``import`` or ``from``.
    """

    name: str
    importer: str
    written: str


ByName = dict[str, dict[str, Naming]]
"""Imports by the name that they give a module, and the importer."""


class _Margins:
    """What the files of a project import at the left margin, by file."""

    def __init__(self, margins: Mapping[str, Margin]) -> None:
        self._margins = margins
        self._by_word: dict[str, list[str]] = {}
        for path, margin in margins.items():
            for word in {word for module, taken in margin.found for word in (*module.split("."), taken)}:
                self._by_word.setdefault(word, []).append(path)
        self._in_doubt = [path for path, margin in margins.items() if margin.doubt]

    def __call__(self, word: str) -> Iterator[tuple[str, Margin]]:
        """Yield files that may import something with ``word`` between its dots; all if it is empty."""
        paths = {*self._by_word.get(word, ()), *self._in_doubt} if word else self._margins
        for path in sorted(paths):
            yield path, self._margins[path]


class TwoNames:
    """Finds modules that are imported under two names."""

    def __init__(self, project: Project) -> None:
        """Look in ``project``."""
        self._project = project
        self._collections = Collections.of_project(project)
        self._mappings = Mappings.of_project(project)
        self._finder = project.modules

    @classmethod
    def of_project(cls, project: Project) -> TwoNames:
        """Return the one of ``project``, the same object each time."""
        return project.once(cls, lambda: cls(project))

    def clash(self, table: DeclaredTable) -> tuple[Naming, Naming] | None:
        """Return two imports that run the module of ``table`` twice in one program.

        Only the first table of a module that cannot be declared twice is told of: the others never get so far.
        """
        if not (self._project.config.read_everything or self._project.table_names.has_two_names(table.path)):
            return None
        first = next((t for t in self._project.declared_tables(table.path) if self._is_shared(t)), None)
        # Whether two modules meet takes the imports of all, so it is asked last.
        return self._project.once(("two names", table.path), lambda: self._find(table.path)) if first == table else None

    def _find(self, path: str) -> tuple[Naming, Naming] | None:
        by_name = self._namings(path)
        for one, other in combinations(sorted(by_name), 2):
            for first in by_name[one].values():
                for second in by_name[other].values():
                    if self._collections.can_meet(first.importer, second.importer):
                        return first, second
        return None

    def _namings(self, target: str) -> ByName:
        """Return the imports that run ``target``: by name, by importer."""
        importers = {path: margin for path, margin in self._importers(target) if not is_apart(path)}
        # A string may look like an import, so what bytes tell of has to be parsed; but they seldom tell of two names.
        known = {path: self._imported(path) if margin.doubt else margin.found for path, margin in importers.items()}
        word = _last_name(target)
        written = {name for imported in known.values() for item in imported for name in _names(*item, word)}
        if len(written) < 2 or len(self._named(target, known)) < 2:
            return {}
        return self._named(target, {path: self._imported(path) for path in importers})

    def _importers(self, target: str) -> list[tuple[str, Margin]]:
        """Return the files that may import ``target`` at the left margin, with the imports that may be it."""
        disk, raw = self._project.workspace.disk, self._project.workspace.aside.raw
        word = _last_name(target)
        margins = self._project.once(("margins", disk.project_root(target)), lambda: self._all_margins(target))
        with_word = (
            (path, margin.with_word(word, raw(path) if margin.doubt else b"")) for path, margin in margins(word)
        )
        found = [(path, margin) for path, margin in with_word if margin]
        disk.noted(Question("margin", word), target, lambda: {path: margin.said() for path, margin in found})
        return found

    def _all_margins(self, near: str) -> _Margins:
        aside = self._project.workspace.aside
        paths = (path for path in aside.project_files(near) if path.endswith(".py"))
        return _Margins({path: margin for path in paths if (margin := margin_of(aside.raw(path)))})

    def _imported(self, path: str) -> Iterable[tuple[str, str]]:
        outline = self._project.outline(path)
        imports = outline.imports if outline else ()
        return [(item.runs, item.name or "") for item in imports if item.always and not item.level]

    def _named(self, target: str, imports: Mapping[str, Iterable[tuple[str, str]]]) -> ByName:
        found: ByName = {}
        word = _last_name(target)
        for path, imported in imports.items():
            for module, taken in imported:
                for name in _names(module, taken, word):
                    if self._file_of(path, module, name) == target:
                        found.setdefault(name, {}).setdefault(path, Naming(name, path, module))
        return found

    def _file_of(self, path: str, module: str, name: str) -> str | None:
        """Return the file that an import from ``module`` runs under ``name``."""
        if len(name) <= len(module):
            return self._finder.absolute(path, name)
        whole = self._finder.absolute(path, module)
        return self._finder.submodule(whole, name.rpartition(".")[2]) if whole else None

    def _is_shared(self, table: DeclaredTable) -> bool:
        """Tell whether a second run of the module finds the very same ``MetaData``: it is imported by one name."""
        if self._collections.key(table) is None or not self._collections.says_columns(table):
            return False
        if table.definition is None:
            outline = self._project.outline(table.path)
            calls = [v for v in outline.bindings.get(table.owner, ()) if isinstance(v, Call)] if outline else []
            return any(len(c.args) > 1 and self._is_by_name(table.path, c.args[1]) for c in calls)
        return any(
            self._is_by_name(table.path, base) for base in self._roots(ProjectClass(table.path, table.definition))
        )

    def _roots(self, cls: ProjectClass) -> Iterator[Value]:
        """Yield the bases that make ``cls`` mapped and are not of its own module."""
        for owner in self._mappings.linear(cls):
            if owner.path != cls.path:
                continue
            for base in owner.definition.bases:
                symbol = self._project.resolve(owner.path, base)
                if isinstance(symbol, ProjectClass):
                    if symbol.path != cls.path and self._mappings.of(symbol).role in ("mapped", "base", "abstract"):
                        yield base
                elif isinstance(symbol, External):
                    yield base

    def _is_by_name(self, path: str, value: Value) -> bool:
        """Tell whether ``value`` starts with a name that is imported without dots."""
        while isinstance(value, Attr):
            value = value.of
        outline = self._project.outline(path)
        if outline is None or not isinstance(value, Name):
            return False
        imports = [item for item in outline.imports if item.local == value.id]
        return bool(imports) and all(item.level == 0 and item.always for item in imports)


def _last_name(path: str) -> str:
    """Return the word that every absolute import of the module at ``path`` holds; empty where that is not known."""
    stem = posixpath.splitext(path)[0]
    return posixpath.basename(stem.removesuffix("/__init__") if stem != "__init__" else "")


def _names(module: str, taken: str, word: str) -> Iterator[str]:
    """Yield the names that an import of ``taken`` from ``module`` may give to a module called ``word`` (empty: any)."""
    parts = module.split(".")
    for end, part in enumerate(parts, 1):
        if part == word or not word:
            yield ".".join(parts[:end])
    if taken and (taken == word or not word):
        yield f"{module}.{taken}"


def place(project: Project, naming: Naming) -> Place:
    """Return where an import stands."""
    text = project.source(naming.importer).text
    found = re.search(rf"^(?:from|import)[ \t]+({re.escape(naming.written)})(?![\w.])", text, re.MULTILINE)
    span = Span(*found.span(1)) if found else Span(0, 0)
    return Place(naming.importer, span, f"imported as `{naming.name}` here")
