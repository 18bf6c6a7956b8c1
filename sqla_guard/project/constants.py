"""Strings that one module of the project keeps and another one builds SQL with."""

from __future__ import annotations

from sqla_guard.facts.values import Literal, Value
from sqla_guard.project.homes import home_of
from sqla_guard.project.project import Project


def imported_strings(project: Project, path: str) -> dict[str, str]:
    """Return the strings of other modules that ``path`` puts into strings of its own, by the names it writes.

    A name that may stand for several things is left out.
    """
    found: dict[str, str] = {}
    for chain in project.read(path, project.readers.embedded) or ():
        text = _text(project, path, chain)
        if text is not None:
            found[".".join(chain)] = text
    return found


def _text(project: Project, path: str, chain: tuple[str, ...]) -> str | None:
    home = home_of(project, path, chain)
    outline = project.outline(home[0]) if home is not None and home[0] != path else None
    if home is None or outline is None:
        return None
    _, name, rest = home
    values: tuple[Value | None, ...] = outline.bindings.get(name, ())
    if name in outline.classes:
        attributes = [a for a in outline.classes[name].attributes if rest == (a.name,)]
        values = (*values, *(a.value for a in attributes))
    elif rest:
        return None
    value = values[0] if len(values) == 1 else None
    return value.value if isinstance(value, Literal) and isinstance(value.value, str) else None
