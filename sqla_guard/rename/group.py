"""All declarations that one rename is about: a class may bind the name twice, and so may its relatives."""

from __future__ import annotations

from dataclasses import replace

from sqla_guard.project.mapped import Mappings, subclasses
from sqla_guard.project.project import Project
from sqla_guard.project.reserved import ReservedModel, judge
from sqla_guard.project.symbols import ProjectClass
from sqla_guard.rename.outcome import Refusal


def declarations(project: Project, model: ReservedModel) -> tuple[ReservedModel, ...] | Refusal:
    """Return the declarations that change together, that of the topmost class first."""
    mappings = Mappings.of_project(project)
    name = model.fact.name
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
    # What is put on the class from outside, as by ``backref``, stands in no body.
    return tuple(found) if any(m.fact == model.fact for m in found) or found else (model,)


def _judged(project: Project, cls: ProjectClass, name: str) -> list[ReservedModel]:
    """Return the bindings of ``name`` in a class body, if one of them is reported: a setter goes with its property."""
    facts = [fact for fact in project.reserved_names(cls.path) if fact.owner == cls.qualname and fact.name == name]
    models = [(fact, judge(project, fact)) for fact in facts]
    first = next((model for _, model in models if isinstance(model, ReservedModel)), None)
    if first is None:
        return []
    return [model if isinstance(model, ReservedModel) else replace(first, fact=fact) for fact, model in models]
