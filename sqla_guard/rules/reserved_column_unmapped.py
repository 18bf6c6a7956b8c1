"""DDL creates a column of a reserved name in a table that no model maps.

## What it finds

A column called `metadata` or `registry`, created by a migration or a script, that is still there after all migrations
ran, in a table that no model of the project maps. Off by default: `--extend-select SG302`. Where a model maps the
column under its reserved name, `reserved-column` says so; where a model maps it under another name, all is well.
Tables that SQLAlchemy Core declares (`Table(...)`) are left out: a column may have any name there.

## Why it hurts

Not yet. The first model of that table runs into it, by hand or made by a generator such as sqlacodegen:

    sqlalchemy.exc.InvalidRequestError: Attribute name 'metadata' is reserved when using the Declarative API.

Before there is a model, another name costs one line.

## Bad

```sql 0003_events.sql
CREATE TABLE events (id INTEGER PRIMARY KEY, metadata TEXT);
```

## Good

```sql 0003_events.sql
CREATE TABLE events (id INTEGER PRIMARY KEY, event_metadata TEXT);
```

## Fix

None: who reads the column is not in sight.

## Fix safety

There is no fix.
"""

from __future__ import annotations

from collections.abc import Iterator

from msgspec.structs import replace

from sqla_guard.core.diagnostic import Diagnostic
from sqla_guard.facts.operations import AddColumn, CreateTable, RenameColumn
from sqla_guard.facts.reserved_words import RESERVED
from sqla_guard.project.project import Project
from sqla_guard.project.schema import Creating, created, is_at_head, names_of
from sqla_guard.project.takers import is_mapped, takers
from sqla_guard.rules.rule import Rule

RULE = Rule("reserved-column-unmapped", "SG302", "warning", (CreateTable, AddColumn, RenameColumn), on_by_default=False)


def check(fact: Creating, project: Project) -> Iterator[Diagnostic]:
    """Report the reserved columns of tables without a model that ``fact`` creates and that exist at the head."""
    path = fact.carrier.path
    if fact.carrier.kind == "core" or (isinstance(fact, CreateTable) and fact.kind == "type"):
        return
    for column in created(fact):
        if column.name not in RESERVED or column.span is None or is_mapped(project, path, fact.table):
            continue
        names = names_of(project, fact)
        taken = any(taker for name in names for taker in takers(project, path, name, column.name))
        if not taken and is_at_head(project, replace(fact, table=names[0]), column):
            finding = RULE.report(
                path,
                column.span,
                f"`{fact.table.name}.{column.name}` has a name that no declarative model can map as it is.",
                "Give the column another name while no model depends on it.",
            )
            yield replace(finding, symbol=f"{fact.table.name}.{column.name}")
