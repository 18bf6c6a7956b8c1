"""All declarations that one rename is about: a class may bind the name twice, and so may its relatives."""

from __future__ import annotations

from msgspec.structs import replace

from sqla_guard.project.mapped import Mappings, subclasses
from sqla_guard.project.project import Project
from sqla_guard.project.reserved import OUTSIDE, ReservedModel, all_reserved_models, judge
from sqla_guard.project.shapes import same_class
from sqla_guard.project.symbols import ProjectClass
from sqla_guard.rename.outcome import Refusal


def declarations(project: Project, model: ReservedModel) -> tuple[ReservedModel, ...] | Refusal:
    """Return the declarations that change together with that of ``model``, that of the topmost class first.

    They are the same for every binding of a name in one class body, and for every one from outside of it; none where
    no body is known to have it.
    """
    mappings = Mappings.of_project(project)
    name = model.fact.name
    outside = _from_outside(project, model.cls, name)
    if model.fact.form in OUTSIDE:
        relatives = (*mappings.linear(model.cls), *subclasses(project, mappings, model.cls))
        if any(_binds(project, c, name) for c in relatives):
            return Refusal("a class body binds the name too")
        return outside
    ancestors = [c for c in mappings.linear(model.cls) if c.definition.attribute(name) is not None]
    top = next((c for c in reversed(ancestors) if _judged(project, c, name)), model.cls)
    found: list[ReservedModel] = []
    for cls in (top, *subclasses(project, mappings, top)):
        if cls.definition.attribute(name) is None:
            continue
        judged = _judged(project, cls, name)
        if not judged:
            line = project.source(cls.path).position(cls.definition.span.start)[0]
            return Refusal(f"`{cls.definition.name}` in {cls.path}:{line} has a `{name}` of another kind")
        found += judged
        if _from_outside(project, cls, name):
            return Refusal(f"`{cls.definition.name}` gets another `{name}` from outside of its body")
    return tuple(found)


def _binds(project: Project, cls: ProjectClass, name: str) -> bool:
    """Tell whether a class body binds ``name`` in a way that is reported."""
    return cls.definition.attribute(name) is not None and bool(_judged(project, cls, name))


def _from_outside(project: Project, cls: ProjectClass, name: str) -> tuple[ReservedModel, ...]:
    """Return what gives ``name`` to a class from outside of its body; no body has that."""
    return tuple(
        m
        for m in all_reserved_models(project, cls.path)
        if m.fact.form in OUTSIDE and m.fact.name == name and same_class(m.cls, cls)
    )


def _judged(project: Project, cls: ProjectClass, name: str) -> tuple[ReservedModel, ...]:
    """Return the bindings of ``name`` in a class body, if one of them is reported: a setter goes with its property."""
    return project.once(("bindings", cls.path, cls.qualname, name), lambda: _judge_all(project, cls, name))


def _judge_all(project: Project, cls: ProjectClass, name: str) -> tuple[ReservedModel, ...]:
    facts = [
        fact
        for fact in project.reserved_names(cls.path)
        if fact.owner == cls.qualname and fact.name == name and fact.form not in OUTSIDE
    ]
    models = [(fact, judge(project, fact)) for fact in facts]
    first = next((model for _, model in models if isinstance(model, ReservedModel)), None)
    if first is None:
        return ()
    return tuple(model if isinstance(model, ReservedModel) else replace(first, fact=fact) for fact, model in models)
