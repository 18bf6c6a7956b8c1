"""A comment that should silence a rule means nothing.

## What it finds

A directive that names a rule which does not exist, that names no rule at all (`sqla-guard: ignore` without brackets
would hide every rule to come, so it hides none), or that is misspelled, such as `sqla-guard: ingore[...]`, a last day
that is none, or words behind the brackets without `--`.

## Why it hurts

It silences nothing. Whoever wrote it believes that the finding was dealt with; a misspelled `until=` would never end.

## Bad

```python models.py
from sqlalchemy import JSON, Column, Integer
from sqlalchemy.orm import declarative_base

Base = declarative_base()


class Event(Base):
    __tablename__ = "events"
    id = Column(Integer, primary_key=True)
    event_metadata = Column("metadata", JSON)  # sqla-guard: ignore[reserved-atribute]
```

## Good

```python models.py
from sqlalchemy import JSON, Column, Integer
from sqlalchemy.orm import declarative_base

Base = declarative_base()


class Event(Base):
    __tablename__ = "events"
    id = Column(Integer, primary_key=True)
    metadata = Column(JSON)  # sqla-guard: ignore[reserved-attribute] -- this module is only read by a test
```

Quiet: unknown codes in a `noqa`, which may be those of another tool.

## Fix

Removes the directive, or the name that means no rule.

## Fix safety

Safe: only a comment changes, and it had no effect.
"""

from __future__ import annotations

from collections.abc import Iterator

from sqla_guard.core.diagnostic import Diagnostic
from sqla_guard.facts.ignores import JudgedDirective
from sqla_guard.fix.directives import removal, without
from sqla_guard.project.project import Project
from sqla_guard.rules.rule import Rule

RULE = Rule("unknown-ignore", "SG902", "warning", JudgedDirective)


def check(fact: JudgedDirective, project: Project) -> Iterator[Diagnostic]:
    """Report ``fact`` where it cannot be understood, or names what is no rule."""
    directive = fact.directive
    if directive.fault:
        yield RULE.report(
            directive.path,
            directive.span,
            f"This silences nothing: {directive.fault}.",
            "Write `sqla-guard: ignore[rule] until=2027-03-31 -- reason`; the last day and the reason may be left out.",
            removal(directive, project.source(directive.path)),
        )
    elif fact.unknown:
        yield RULE.report(
            directive.path,
            directive.span,
            f"{', '.join(_named(selector.text, nearest) for selector, nearest in fact.unknown)}.",
            "`sqla-guard rules` lists all names and codes.",
            without(directive, [selector for selector, _ in fact.unknown], project.source(directive.path)),
        )


def _named(text: str, nearest: str) -> str:
    return f"there is no rule `{text}`" + (f"; did you mean `{nearest}`?" if nearest else "")
