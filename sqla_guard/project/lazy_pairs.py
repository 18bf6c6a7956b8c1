"""A singleton in two halves: ``__new__`` that keeps the instance, and ``__init__`` that works once behind a flag."""

from __future__ import annotations

from sqla_guard.facts.lazy import LazyInit
from sqla_guard.project.lazy_verdict import Verdict, judge
from sqla_guard.project.project import Project

Judged = tuple[LazyInit, Verdict]


def halves(fact: LazyInit, project: Project) -> tuple[Judged, Judged] | None:
    """Return ``__new__`` and ``__init__`` where both are reported and ``fact`` is one of them.

    Neither is right as long as the other is not: an ``__init__`` under a lock still works on two instances.
    """
    if fact.function_name not in ("__new__", "__init__") or not fact.owner:
        return None
    new, init = (_judged(fact, project, name) for name in ("__new__", "__init__"))
    if len(new) != 1 or len(init) != 1 or new[0][1].code != "SG204" or not new[0][0].init_after:
        return None
    return new[0], init[0]


def _judged(fact: LazyInit, project: Project, function: str) -> list[Judged]:
    """Return what is reported of one method of the fact's class."""
    every = (f for f in project.lazy_inits(fact.path) if f.owner == fact.owner)
    of_it = ((f, judge(f, project)) for f in every if f.function_name == function)
    return [(f, verdict) for f, verdict in of_it if verdict is not None]
