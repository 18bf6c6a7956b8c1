"""Where a name of a module is bound, through imports, aliases and stars."""

from __future__ import annotations

from sqla_guard.facts.outline import Import
from sqla_guard.facts.values import Attr, Imported, Value, dotted
from sqla_guard.project.project import Project
from sqla_guard.project.symbols import ProjectModule


def home_of(
    project: Project, path: str, chain: tuple[str, ...], depth: int = 0
) -> tuple[str, str, tuple[str, ...]] | None:
    """Return the module that binds what ``chain`` stands for, its name there, and the attributes behind it."""
    outline = project.outline(path)
    if outline is None or not chain or depth > 8:
        return None
    first, rest = chain[0], chain[1:]
    bound = outline.bindings.get(first, ())
    imports = [item for item in outline.imports if item.local == first]
    if bound or first in outline.classes or first in outline.functions:
        if imports:
            return None  # the one or the other: nobody can say
        alias = dotted(bound[0]) if len(bound) == 1 else None
        further = home_of(project, path, (*alias.split("."), *rest), depth + 1) if alias else None
        return further or (path, first, rest)
    for item in imports or [i for i in outline.imports if i.local == "*"]:
        found = _through(project, path, item, chain, depth)
        if found is not None:
            return found
    return None


def _through(
    project: Project, path: str, item: Import, chain: tuple[str, ...], depth: int
) -> tuple[str, str, tuple[str, ...]] | None:
    """Return the same for a chain whose first name ``item`` binds."""
    if item.local != "*":
        value: Value = Imported(item.module, item.name, item.level)
        for taken in range(1, len(chain) + 1):
            symbol = project.resolve(path, value)
            if not isinstance(symbol, ProjectModule):
                break
            inside = home_of(project, symbol.path, chain[taken:], depth + 1)
            if inside is not None or taken == len(chain):
                return inside
            value = Attr(value, chain[taken])
    target = project.resolve(path, Imported(item.module, None, item.level)) if item.name else None
    if not isinstance(target, ProjectModule):
        return None
    first = chain[0] if item.local == "*" else item.name or ""
    return home_of(project, target.path, (first, *chain[1:]), depth + 1)
