"""Whether something can be called while its module is imported."""

from __future__ import annotations

from collections.abc import Iterator

from sqla_guard.facts.lazy import LazyInit
from sqla_guard.facts.values import Attr, Call, Imported, Name, Value
from sqla_guard.project.project import Project
from sqla_guard.project.symbols import External, ProjectClass, ProjectFunction, ProjectModule


def can_run_at_import(fact: LazyInit, project: Project) -> bool:
    """Tell whether what makes the object is bound above the function and reached without an import cycle."""
    value = fact.sets[0].value
    root = _root(value)
    outline = project.outline(fact.path)
    if not isinstance(value, Call) or root is None or outline is None:
        return False
    symbol = project.resolve(fact.path, value.func)
    if isinstance(symbol, External):
        return True
    if not isinstance(symbol, (ProjectClass, ProjectFunction)):
        return False
    if symbol.path == fact.path:
        return symbol.definition.span.end <= fact.site.top_statement.start
    return fact.path not in set(_reached(project, symbol.path))


def _root(value: Value) -> str | None:
    func = value.func if isinstance(value, Call) else value
    while isinstance(func, Attr):
        func = func.of
    return func.id if isinstance(func, Name) else None


def _reached(project: Project, start: str) -> Iterator[str]:
    """Yield the modules of the project that importing ``start`` imports, itself first."""
    seen: set[str] = set()
    pending = [start]
    while pending:
        path = pending.pop()
        if path in seen:
            continue
        seen.add(path)
        yield path
        for item in _imports(project, path):
            symbol = project.resolve(path, item)
            if isinstance(symbol, (ProjectModule, ProjectClass, ProjectFunction)):
                pending.append(symbol.path)


def _imports(project: Project, path: str) -> Iterator[Imported]:
    """Yield what a module imports: modules, and what is taken from them, which can be modules too."""
    outline = project.outline(path)
    for item in outline.imports if outline else ():
        yield Imported(item.runs, None, item.level)
        if item.name is not None:
            yield Imported(item.module, item.name, item.level)
