"""The new name of a reserved attribute."""

from __future__ import annotations

import keyword
import re
from collections.abc import Callable, Iterator

from sqla_guard.facts.reserved_words import RESERVED
from sqla_guard.project.mapped import Mappings, subclasses
from sqla_guard.project.project import Project
from sqla_guard.project.reserved import OUTSIDE, ReservedModel

_WORDS = re.compile(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z0-9]+|[A-Z]+|[0-9]+")


def new_name(project: Project, model: ReservedModel, is_taken: Callable[[str], bool]) -> str:
    """Return the first candidate that is free in the class, its bases, its subclasses and its table.

    Where the configuration has a template, what it makes comes first, and then ``name_``.

    Args:
        project: The project.
        model: The class and its reserved attribute.
        is_taken: Tells of a name whether the table has a column called so, as far as that is known.
    """
    texts = list(_class_texts(project, model))
    template = project.config.rename_template
    for candidate in candidates(model, template) if template else usual_candidates(model):
        word = re.compile(rf"\b{re.escape(candidate)}\b")
        if not any(word.search(text) for text in texts) and not is_taken(candidate):
            return candidate
    return _numbered(model.fact.name, texts, is_taken)


def usual_candidates(model: ReservedModel) -> Iterator[str]:
    """Yield the names to try: last word of the class + name, whole class + name, name + ``_``."""
    name = model.fact.name
    words = _words(model)
    for prefix in (words[-1:], words):
        # ``Metadata.metadata`` would become ``metadata_metadata``, which says nothing twice.
        if prefix and name not in prefix:
            yield from _usable("_".join([*prefix, name]))
    yield f"{name}_"


def candidates(model: ReservedModel, template: str) -> Iterator[str]:
    """Yield the names to try: what ``template`` makes, name + ``_``."""
    name = model.fact.name
    table = model.table.name if model.table is not None else ""
    # Without a table, a name that should tell of it would tell nothing.
    if table or "{table}" not in template:
        yield from _usable(template.format(**{"name": name, "table": table, "class": "_".join(_words(model))}))
    yield f"{name}_"


def _words(model: ReservedModel) -> list[str]:
    return [word.lower() for word in _WORDS.findall(model.cls.definition.name)]


def _usable(candidate: str) -> Iterator[str]:
    if candidate.isidentifier() and not keyword.iskeyword(candidate) and candidate not in RESERVED:
        yield candidate


def _numbered(name: str, texts: list[str], is_taken: Callable[[str], bool]) -> str:
    number = 2
    while any(f"{name}_{number}" in text for text in texts) or is_taken(f"{name}_{number}"):
        number += 1
    return f"{name}_{number}"


def _class_texts(project: Project, model: ReservedModel) -> Iterator[str]:
    """Yield the source of the class and of everything it shares attributes with.

    A name that appears anywhere in there counts as taken: an attribute may be set in a method, too.
    """
    mappings = Mappings.of_project(project)
    for cls in (*mappings.linear(model.cls), *subclasses(project, mappings, model.cls)):
        span = cls.definition.span
        yield project.source(cls.path).text[span.start : span.end]
    if model.fact.form in OUTSIDE:
        # Where one attribute is given to the class from outside, others may be.
        yield project.source(model.fact.path).text
