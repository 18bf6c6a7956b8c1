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

Writes the name that was probably meant, where one is close enough; else removes the name, or the
directive when no other name is left. A directive that cannot be understood stays. Until it is mended, findings that it
may have been meant for get no fix.

## Fix safety

The correction is *unsafe*: it silences what the rule finds. The removal is *safe*: only a comment changes, and it had
no effect.
"""

from __future__ import annotations

from collections.abc import Iterator

from sqla_guard.core.diagnostic import Diagnostic
from sqla_guard.core.fix import Fix
from sqla_guard.facts.ignores import JudgedDirective
from sqla_guard.fix.directives import corrected, without
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
        )
    elif fact.unknown:
        yield RULE.report(
            directive.path,
            directive.span,
            f"{', '.join(_named(selector.text, nearest) for selector, nearest in fact.unknown)}.",
            "`sqla-guard rules` lists all names and codes.",
            _fix(fact, project),
        )


def _fix(fact: JudgedDirective, project: Project) -> Fix | None:
    meant = {selector: nearest for selector, nearest in fact.unknown if nearest}
    if meant:
        return corrected(fact.directive, meant)
    return without(fact.directive, [selector for selector, _ in fact.unknown], project.source(fact.directive.path))


def _named(text: str, nearest: str) -> str:
    return f"there is no rule `{text}`" + (f"; did you mean `{nearest}`?" if nearest else "")
