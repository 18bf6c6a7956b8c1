"""Templates that may read a renamed attribute; listed for a person, as a template's context cannot be followed."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import partial

from sqla_guard.core.fix import Place
from sqla_guard.core.look import Question, true_of
from sqla_guard.core.source import Span
from sqla_guard.core.workspace import UnreadableFile
from sqla_guard.project.project import Project

# Blocks of Jinja, Django and Mako; bounded, so that an opened block that never ends costs no more than its length.
_BLOCK = re.compile(r"\{\{.{0,400}?\}\}|\{%.{0,400}?%\}|\$\{.{0,400}?\}", re.DOTALL)


def template_places(project: Project, near: str, name: str, new: str, model: str) -> Iterator[Place]:
    """Yield the places in templates that read ``name`` of something."""
    # ``row["metadata"]`` is how a template reads a dictionary, whose keys keep their names.
    use = re.compile(rf"(?<=\.){re.escape(name)}\b|(?<=attribute=['\"]){re.escape(name)}(?=['\"])")
    aside = project.workspace.aside
    holding = (path for path in project.workspace.disk.templates(near) if name.encode() in aside.raw(path))
    said = project.workspace.disk.noted(Question("bytes", name, "templates"), near, partial(true_of, holding))
    for path in sorted(said):
        try:
            text = project.source(path).text
        except UnreadableFile:
            continue
        for block in _BLOCK.finditer(text):
            for match in use.finditer(text, block.start(), block.end()):
                message = f"a template reads `{name}`; if it is that of a {model}, this must become `{new}`"
                yield Place(path, Span(match.start(), match.end()), message)
