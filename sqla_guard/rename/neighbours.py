"""Code of other projects in the same repository that uses a class of this one."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from sqla_guard.core.look import Question, true_of
from sqla_guard.facts.values import Imported
from sqla_guard.project.project import Project
from sqla_guard.project.symbols import ProjectClass, ProjectModule


def neighbours_using(project: Project, cls: ProjectClass) -> Iterator[str]:
    """Yield the Python files of neighbouring projects that import ``cls`` or its module.

    A repository may hold a backend and a worker, each with requirements of its own, where one imports the other.
    """
    name = cls.definition.name.encode()
    aside = project.workspace.aside
    neighbours = project.workspace.disk.neighbours(cls.path)
    holding = (path for path in neighbours if path.endswith(".py") and name in aside.raw(path))
    question = Question("bytes", cls.definition.name, "neighbours")
    for path in sorted(project.workspace.disk.noted(question, cls.path, partial(true_of, holding))):
        if _imports(project, path, cls):
            yield path


def _imports(project: Project, path: str, cls: ProjectClass) -> bool:
    outline = project.outline(path)
    for item in outline.imports if outline else ():
        symbol = project.resolve(path, Imported(item.module, item.name, item.level))
        if isinstance(symbol, ProjectModule) and symbol.path == cls.path:
            return True
        if isinstance(symbol, ProjectClass) and (symbol.path, symbol.qualname) == (cls.path, cls.qualname):
            return True
    return False
