"""Strings that one module of the project keeps and another one builds SQL with."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from sqla_guard.core.words import holds_word
from sqla_guard.facts.outline import Outline
from sqla_guard.facts.reserved_words import RESERVED
from sqla_guard.facts.values import Literal, Value
from sqla_guard.project.homes import home_of
from sqla_guard.project.project import Project


def imported_strings(project: Project, path: str) -> dict[str, str]:
    """Return the strings of other modules that ``path`` puts into strings of its own, by the names it writes."""
    return strings_of(project, path, project.read(path, project.readers.embedded) or ())


def strings_of(project: Project, path: str, chains: Iterable[tuple[str, ...]]) -> dict[str, str]:
    """Return those of ``chains``, dotted names in ``path``, that stand for strings of other modules, with the strings.

    A name that may stand for several things is left out.
    """
    found: dict[str, str] = {}
    for chain in chains:
        text = _text(project, path, chain)
        if text is not None:
            found[".".join(chain)] = text
    return found


def reserved_strings(project: Project, near: str) -> frozenset[str]:
    """Return the names under which a string with a reserved word may be imported from some module of the project."""
    root = project.workspace.disk.project_root(near)
    return project.once(("reserved strings", root), lambda: _reserved_strings(project, near))


def _reserved_strings(project: Project, near: str) -> frozenset[str]:
    may_keep = project.readers.may_keep
    paths = [
        path
        for path in project.python_files_that_reserve(near)
        if project.read(path, lambda source: may_keep(source, RESERVED))
    ]
    outlines = map(project.outline, paths)
    names = {name for outline in outlines for name, text in kept_strings(outline) if _names_reserved(text)}
    new = frozenset(names)
    while new:
        importers = map(project.outline, project.files_naming(near, new, (".py",)))
        imports = [i for outline in importers if outline is not None for i in outline.imports]
        new = frozenset(i.local for i in imports if i.name in names) - names
        names |= new
    return frozenset(names)


def kept_strings(outline: Outline | None) -> Iterator[tuple[str, str]]:
    """Yield the names that a module and its classes bind to strings, each with its string in lower case."""
    if outline is None:
        return
    bound = [(name, value) for name, values in outline.bindings.items() for value in values]
    bound += [(a.name, a.value) for c in outline.classes.values() for a in c.attributes if a.value is not None]
    for name, value in bound:
        if isinstance(value, Literal) and isinstance(value.value, str):
            yield name, value.value.lower()


def _names_reserved(text: str) -> bool:
    return any(holds_word(text.encode("utf-8", "surrogatepass"), word.encode()) for word in RESERVED)


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
