"""The new name of a reserved attribute."""

from __future__ import annotations

import keyword
import re
from collections.abc import Iterator

from sqla_guard.facts.reserved_words import RESERVED
from sqla_guard.project.mapped import Mappings, subclasses
from sqla_guard.project.project import Project
from sqla_guard.project.reserved import ReservedModel

_WORDS = re.compile(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z0-9]+|[A-Z]+|[0-9]+")


def new_name(project: Project, model: ReservedModel, taken: frozenset[str]) -> str:
    """Return the first candidate that is free in the class, its bases, its subclasses and its table.

    Args:
        project: The project.
        model: The class and its reserved attribute.
        taken: Names of the table's columns, as far as they are known.
    """
    texts = list(_class_texts(project, model))
    for candidate in candidates(model.cls.definition.name, model.fact.name):
        word = re.compile(rf"\b{re.escape(candidate)}\b")
        if candidate not in taken and not any(word.search(text) for text in texts):
            return candidate
    return _numbered(model.fact.name, texts, taken)


def candidates(class_name: str, name: str) -> Iterator[str]:
    """Yield the names to try: last word of the class + name, whole class + name, name + ``_``."""
    words = [word.lower() for word in _WORDS.findall(class_name)]
    for prefix in (words[-1:], words):
        candidate = "_".join([*prefix, name])
        # ``Metadata.metadata`` would become ``metadata_metadata``, which says nothing twice.
        says_more = prefix and name not in prefix
        if says_more and candidate.isidentifier() and not keyword.iskeyword(candidate) and candidate not in RESERVED:
            yield candidate
    yield f"{name}_"


def _numbered(name: str, texts: list[str], taken: frozenset[str]) -> str:
    number = 2
    while f"{name}_{number}" in taken or any(f"{name}_{number}" in text for text in texts):
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
