"""A mapped class has an attribute whose name SQLAlchemy reserves.

## What it finds

An attribute called `metadata` or `registry` on a class that SQLAlchemy maps declaratively: a column, a relationship,
an annotation `metadata: Mapped[...]`, a property, a method or a constant. It may also be given to the class from
outside of its body, as by `Document.metadata = Column(...)` or `relationship(Document, backref="metadata")`. Bases are
followed through imports; it does not matter how they are spelled.

## Why it hurts

Every declarative class has an attribute `metadata` of its own, the `MetaData` that its table belongs to. Up to
SQLAlchemy 2.0 the class cannot even be made:

    sqlalchemy.exc.InvalidRequestError: Attribute name 'metadata' is reserved when using the Declarative API.

The exception comes at import, so the whole application does not start. SQLAlchemy 2.1 warns instead and hides the
`MetaData` behind the column. `registry` hides the class registry; 2.1 warns of it.

## Bad

```python models.py
from flask_sqlalchemy import SQLAlchemy

db = SQLAlchemy()


class SecurityEvent(db.Model):
    id = db.Column(db.Integer, primary_key=True)
    metadata = db.Column(db.JSON, nullable=True)
```

## Good

```python models.py
from flask_sqlalchemy import SQLAlchemy

db = SQLAlchemy()


class SecurityEvent(db.Model):
    id = db.Column(db.Integer, primary_key=True)
    event_metadata = db.Column("metadata", db.JSON, nullable=True)
```

The database may keep a column called `metadata`; only the Python attribute is reserved. What stays quiet:
`metadata = MetaData()` on a base or model, Pydantic models, dataclasses, plain classes, local variables.

## Fix

Renames the attribute and every use that can be proven, in all files of the project. Where the script that creates
the table runs again at each deploy, the column is renamed with it, by a guarded step that keeps existing rows;
elsewhere the column keeps its name (`--rename`).

## Fix safety

Safe where the class could not be imported before and every use was found. Unsafe where uses remain that could not
be proven, such as an untyped parameter or a template; they are listed.
"""

from __future__ import annotations

from collections.abc import Iterator

from sqla_guard.core.diagnostic import Diagnostic, NotAnalysed
from sqla_guard.core.fix import Fix
from sqla_guard.facts.reserved import ReservedName
from sqla_guard.project.project import Project
from sqla_guard.project.reserved import ReservedModel, judge
from sqla_guard.rules.rule import Rule

RULE = Rule("reserved-attribute", "SG101", "error", ReservedName)


def check(fact: ReservedName, project: Project) -> Iterator[Diagnostic | NotAnalysed]:
    """Report ``fact`` where SQLAlchemy takes offence at it."""
    model = judge(project, fact)
    if isinstance(model, NotAnalysed):
        yield model
    elif model is not None:
        from sqla_guard.rename.plan import rename_fix, why_no_fix

        why_not = why_no_fix(project, model) if model.renamable else ""
        yield _finding(model, rename_fix(project, model) if model.renamable else None, why_not)


def _finding(model: ReservedModel, fix: Fix | None, why_not: str) -> Diagnostic:
    fact = model.fact
    attribute = f"`{model.cls.definition.name}.{fact.name}`"
    message = f"{attribute} has a reserved name: {model.outcome.text}"
    advice = "Give the attribute another name; the column in the database can keep its own."
    if why_not:
        advice += f" No fix is offered, because {why_not}."
    return Diagnostic(RULE.code, RULE.name, model.outcome.severity, fact.path, fact.span, message, advice, fix)
