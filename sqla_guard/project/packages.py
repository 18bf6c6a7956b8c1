"""Whether a project has to do with SQLAlchemy at all: where nothing imports what maps classes, none is mapped."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqla_guard.core.config import Config
from sqla_guard.core.look import Question, true_of
from sqla_guard.core.words import holds_import
from sqla_guard.core.workspace import UnreadableFile
from sqla_guard.facts.reserved_words import MAPPING_PACKAGES

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from sqla_guard.project.project import Project

_PACKAGES = tuple(f"{name.decode()}." for names in MAPPING_PACKAGES.values() for name in names)
# What a class that nothing maps may still be judged by: base classes out of sight, an annotation by its name.
_EVIDENCE = (b"__tablename__", b"Mapped")


def may_be_judged(project: Project, path: str, data: bytes) -> bool:
    """Tell whether a reserved name in the file at ``path``, with the bytes ``data``, can be more than a name."""
    return any(word in data for word in _EVIDENCE) or may_map(project, path)


def may_map(project: Project, near: str) -> bool:
    """Tell whether a class can be mapped in the project of ``near``, or in one of those beside it that it may import.

    Where it is not known which those are, it can.
    """
    if project.config.read_everything or project.config.declarative_bases or project.config.src != Config().src:
        return True
    root = project.workspace.disk.project_root(near)
    return project.once(("may map", root), lambda: _may_map(project, near, root))


def _may_map(project: Project, near: str, root: str) -> bool:
    workspace = project.workspace
    if _imports_any(project, near, "project_files", workspace.project_files(near)):
        return True
    if root == ".":
        return workspace.exists("__init__.py")  # what lies beside the working directory can be imported too
    beside = workspace.disk.neighbours(near)
    return not beside or _imports_any(project, near, "neighbours", beside)


def _imports_any(project: Project, near: str, among: str, paths: Iterable[str]) -> bool:
    aside = project.workspace.aside

    def holding() -> Iterator[str]:
        for path in paths:
            if not path.endswith(".sql") and holds_import(aside.raw(path), MAPPING_PACKAGES):
                yield path

    project.workspace.disk.noted(Question("mapping", "", among), near, lambda: true_of(holding()))
    return any(_does_import(project, path) for path in holding())


def _does_import(project: Project, path: str) -> bool:
    """Tell whether what looks like an import is one, and not part of a string."""
    try:
        outline = project.readers.outline(project.workspace.load(path))
    except UnreadableFile:
        return True
    return any(f"{item.runs}.".startswith(_PACKAGES) for item in outline.imports if not item.level)
