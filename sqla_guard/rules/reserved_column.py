"""DDL creates a column that a mapped class takes as a reserved attribute.

## What it finds

A column called `metadata` or `registry`, created by `CREATE TABLE`, `ADD COLUMN` or a rename in a migration (SQL in
a `.sql` file or in a Python string, or an Alembic operation), that still has this name after all migrations ran, and
whose table a model of the project maps with the attribute of that name. Also one that `create_all` creates from a
`Table()` or from another model, where a class made by reflection takes it.

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

Or the model maps the column under another name: `event_metadata = db.Column("metadata", db.JSON)`. A class made by
reflection (automap, `autoload_with`, `DeferredReflection`) takes the column as well. Quiet: tables that no model
maps, models with a safe attribute, columns that a later migration renames or drops, arguments of functions, SQL in
comments and docstrings.

## Fix

The same as that of `reserved-attribute`: model, uses and DDL change together.

## Fix safety

As for `reserved-attribute`. Migrations that have already run are never edited.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator

from msgspec.structs import replace

from sqla_guard.core.diagnostic import Diagnostic, NotAnalysed
from sqla_guard.core.fix import Place
from sqla_guard.facts.operations import AddColumn, CreateTable, Identifier, RenameColumn, UnreadSql
from sqla_guard.facts.reserved_words import RESERVED
from sqla_guard.project.project import Project
from sqla_guard.project.replay import Unknown
from sqla_guard.project.reserved import all_reserved_models
from sqla_guard.project.schema import Creating, created, is_at_head, names_of, same, table_history, taken_over
from sqla_guard.project.takers import Taker, tables_of, takers
from sqla_guard.rules.rule import Rule

RULE = Rule("reserved-column", "SG301", "error", (CreateTable, AddColumn, RenameColumn, UnreadSql))


def check(fact: Creating | UnreadSql, project: Project) -> Iterator[Diagnostic | NotAnalysed]:
    """Report the reserved columns that ``fact`` creates and that exist at the head."""
    if isinstance(fact, UnreadSql):
        yield from _unread(fact, project)
        return
    for column in (*created(fact), *taken_over(project, fact)):
        if column.name in RESERVED:
            yield from itertools.islice(_taken(fact, column, project), 1)


def _taken(fact: Creating, column: Identifier, project: Project) -> Iterator[Diagnostic]:
    """Yield a finding for each name of the table under which some class takes the column."""
    for table in names_of(project, fact):
        found = tuple(takers(project, fact.carrier.path, table, column.name))
        if fact.carrier.kind == "core":
            # A class that declares the column, or that names such a table as its `__table__`, is told so itself.
            found = tuple(taker for taker in found if taker.model is None)
        named = replace(fact, table=table)
        if found and is_at_head(project, named, column):
            yield _finding(named, column, found, project)


def _unread(fact: UnreadSql, project: Project) -> Iterator[NotAnalysed]:
    """Count SQL that may create a column that a model takes, where nothing else in sight creates it."""
    path = fact.carrier.path
    if fact.carrier.direction == "down":
        return
    for model in all_reserved_models(project, path):
        for table in tables_of(project, model):
            concerned = not fact.tables or any(
                other.name == table.name if other.path else same(other, table) for other in fact.tables
            )
            schema = table_history(project, path, table).schema
            if concerned and isinstance(schema.column(table, model.column), Unknown):
                line = project.source(path).position(fact.carrier.statement.start)[0]
                column = f"{table.name}.{model.column}"
                yield NotAnalysed(path, line, f"whether this creates `{column}` is not known: {fact.reason}")


def _finding(fact: Creating, column: Identifier, found: tuple[Taker, ...], project: Project) -> Diagnostic:
    from sqla_guard.rename.plan import rename_fix

    first = found[0]
    fixable = first.model is not None and first.model.renamable
    return replace(
        RULE.report(
            fact.carrier.path,
            column.span or fact.carrier.statement,
            f"`{fact.table.name}.{column.name}` becomes the reserved attribute `{first.name}.{first.attribute}`: "
            f"{first.outcome.text}",
            "Rename the column together with the attribute, or map it under another name.",
            rename_fix(project, first.model) if fixable and first.model is not None else None,
            tuple(Place(t.path, t.span, f"`{t.name}` {'maps' if t.model else 'takes'} the column here") for t in found),
        ),
        severity=first.outcome.severity,
        symbol=f"{fact.table.name}.{column.name}",
    )
