"""The last day of a directive has passed.

## What it finds

A directive with `until=` and a day before today. It no longer silences anything, so what it was about is reported
again beside it.

## Why it hurts

The day was set so that somebody comes back to it.

## Bad

```python models.py
from sqlalchemy import JSON, Column, Integer
from sqlalchemy.orm import declarative_base

Base = declarative_base()


class Event(Base):
    __tablename__ = "events"
    id = Column(Integer, primary_key=True)
    metadata = Column(JSON)  # sqla-guard: ignore[reserved-attribute] until=2024-12-31 -- the rename is planned
```

## Good

```python models.py
from sqlalchemy import JSON, Column, Integer
from sqlalchemy.orm import declarative_base

Base = declarative_base()


class Event(Base):
    __tablename__ = "events"
    id = Column(Integer, primary_key=True)
    event_metadata = Column("metadata", JSON)
```

The day itself still counts.

## Fix

Removes the directive. What it hid is repaired by the fix of its own rule, where there is one.

## Fix safety

Safe: only a comment changes, and it no longer had an effect.
"""

from __future__ import annotations

from collections.abc import Iterator

from sqla_guard.core.diagnostic import Diagnostic
from sqla_guard.facts.ignores import JudgedDirective
from sqla_guard.fix.directives import removal
from sqla_guard.project.project import Project
from sqla_guard.rules.rule import Rule

RULE = Rule("expired-ignore", "SG903", "warning", JudgedDirective)


def check(fact: JudgedDirective, project: Project) -> Iterator[Diagnostic]:
    """Report ``fact`` where its last day has passed."""
    if not fact.expired:
        return
    directive = fact.directive
    names = ", ".join(f"`{selector.text}`" for selector in directive.selectors)
    yield RULE.report(
        directive.path,
        directive.span,
        f"This has silenced {names} up to {directive.until}, and no longer does.",
        "Repair what it hid, or set another day with a reason.",
        removal(directive, project.source(directive.path)),
    )
