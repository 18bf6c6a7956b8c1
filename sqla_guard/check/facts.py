"""The facts of one file that rules judge."""

from __future__ import annotations

from collections.abc import Iterator

from sqla_guard.project.project import Project
from sqla_guard.read.markers import may_define
from sqla_guard.read.python.lazy_marker import may_hold_lazy_init
from sqla_guard.read.python.reserved import may_reserve


def facts_of(path: str, project: Project) -> Iterator[object]:
    """Yield the facts of ``path``; what the project picture needs too is read once."""
    data = project.workspace.raw(path)
    everything = project.config.read_everything
    if not path.endswith(".sql"):
        if project.outline(path) is None:
            return
        if everything or may_reserve(data):
            yield from project.reserved_names(path)
        if everything or may_hold_lazy_init(data):
            yield from project.lazy_inits(path)
    if everything or may_define(data):
        yield from project.sql_facts(path)
