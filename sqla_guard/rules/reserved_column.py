"""DDL creates a column that a mapped class takes as a reserved attribute.

## What it finds

A column called `metadata` or `registry`, created by `CREATE TABLE`, `ADD COLUMN` or a rename in a migration (SQL in
a `.sql` file or in a Python string, or an Alembic operation), that still has this name after all migrations ran, and
whose table a model of the project maps with the attribute of that name.

## Why it hurts

The model and its DDL belong together. Whoever mends the one alone gets an application that starts and then asks for a
column that does not exist, or a database that has it twice:

    sqlalchemy.exc.InvalidRequestError: Attribute name 'metadata' is reserved when using the Declarative API.

## Bad

```python models.py
from flask_sqlalchemy import SQLAlchemy

db = SQLAlchemy()


class SecurityEvent(db.Model):
    __tablename__ = "security_events"
    id = db.Column(db.Integer, primary_key=True)
    metadata = db.Column(db.JSON, nullable=True)
```

```sql schema.sql
CREATE TABLE IF NOT EXISTS security_events (id INTEGER PRIMARY KEY, metadata JSONB);
```

## Good

```python models.py
from flask_sqlalchemy import SQLAlchemy

db = SQLAlchemy()


class SecurityEvent(db.Model):
    __tablename__ = "security_events"
    id = db.Column(db.Integer, primary_key=True)
    event_metadata = db.Column(db.JSON, nullable=True)
```

```sql schema.sql
CREATE TABLE IF NOT EXISTS security_events (id INTEGER PRIMARY KEY, event_metadata JSONB);
```

Or the model maps the column under another name: `event_metadata = db.Column("metadata", db.JSON)`. Quiet: tables that
no model maps, models with a safe attribute, columns that a later migration renames or drops, arguments of functions,
SQL in comments and docstrings.

## Fix

The same as that of `reserved-attribute`: model, uses and DDL change together.

## Fix safety

As for `reserved-attribute`. Migrations that have already run are never edited.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from sqla_guard.core.diagnostic import Diagnostic
from sqla_guard.core.fix import Place
from sqla_guard.facts.operations import AddColumn, CreateTable, Identifier, RenameColumn
from sqla_guard.facts.reserved import RESERVED
from sqla_guard.project.project import Project
from sqla_guard.project.replay import Known
from sqla_guard.project.reserved import ReservedModel, reserved_models
from sqla_guard.project.schema import table_history
from sqla_guard.rename.plan import rename_fix
from sqla_guard.rules.rule import Rule

RULE = Rule("reserved-column", "SG301", "error", (CreateTable, AddColumn, RenameColumn))


def check(fact: CreateTable | AddColumn | RenameColumn, project: Project) -> Iterator[Diagnostic]:
    """Report the reserved columns that ``fact`` creates and that exist at the head."""
    path = fact.carrier.path
    for column in _created(fact):
        if column.name not in RESERVED:
            continue
        models = [m for m in reserved_models(project, path) if m.table == fact.table and m.column == column.name]
        if models and _is_at_head(project, fact, column):
            yield _finding(fact, column, models[0], project)


def _created(fact: CreateTable | AddColumn | RenameColumn) -> tuple[Identifier, ...]:
    match fact:
        case CreateTable(columns=columns):
            return columns
        case AddColumn(column=column):
            return (column,)
        case RenameColumn(new=new):
            return (new,)


def _is_at_head(project: Project, fact: CreateTable | AddColumn | RenameColumn, column: Identifier) -> bool:
    answer = table_history(project, fact.carrier.path, fact.table).schema.column(fact.table, column.name)
    return isinstance(answer, Known) and any(
        d.identifier.span == column.span and d.carrier.path == fact.carrier.path for d in answer.definitions
    )


def _finding(
    fact: CreateTable | AddColumn | RenameColumn, column: Identifier, model: ReservedModel, project: Project
) -> Diagnostic:
    name = model.cls.definition.name
    finding = RULE.report(
        fact.carrier.path,
        column.span or fact.carrier.statement,
        f"`{fact.table.name}.{column.name}` becomes the reserved attribute `{name}.{model.fact.name}`: "
        f"{model.outcome.text}",
        "Rename the column together with the attribute, or map it under another name.",
        rename_fix(project, model),
        (Place(model.fact.path, model.fact.span, f"`{name}` maps the column here"),),
    )
    return replace(finding, symbol=f"{fact.table.name}.{column.name}")
