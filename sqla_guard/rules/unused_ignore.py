"""A comment silences a rule that has nothing to say there.

## What it finds

A directive, or one name in it, that silences nothing: `sqla-guard: ignore[...]`, `ignore-file[...]`, or a code of
this tool in a `noqa`. Reported only if the rules that it names ran on the file and everything in it could be judged;
with `--select SG101`, a directive about `SG301` is left alone.

## Why it hurts

What was ignored has been repaired, or was never there. The directive stays, and silences the next finding that turns
up in its place, which nobody has looked at.

## Bad

```python models.py
from sqlalchemy import JSON, Column, Integer
from sqlalchemy.orm import declarative_base

Base = declarative_base()


class Event(Base):
    __tablename__ = "events"
    id = Column(Integer, primary_key=True)
    event_metadata = Column("metadata", JSON)  # sqla-guard: ignore[reserved-attribute] -- the API names it so
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

Quiet: directives inside a Python string that is not known to be SQL, codes of other tools in a `noqa`.

## Fix

Removes the directive, or the name that silences nothing; the comment goes too if nothing else stands in it.

## Fix safety

Safe: only a comment changes.
"""

from __future__ import annotations

from collections.abc import Iterator

from sqla_guard.core.diagnostic import Diagnostic
from sqla_guard.facts.ignores import JudgedDirective
from sqla_guard.fix.directives import without
from sqla_guard.project.project import Project
from sqla_guard.rules.rule import Rule

RULE = Rule("unused-ignore", "SG901", "warning", JudgedDirective)


def check(fact: JudgedDirective, project: Project) -> Iterator[Diagnostic]:
    """Report the selectors of ``fact`` that silence nothing."""
    if not fact.unused:
        return
    directive = fact.directive
    names = ", ".join(f"`{selector.text}`" for selector in fact.unused)
    where = "in this file" if directive.kind == "file" else "here"
    yield RULE.report(
        directive.path,
        directive.span,
        f"{names} finds nothing {where} that could be ignored.",
        "Remove it, so that it cannot hide what comes later.",
        without(directive, fact.unused, project.source(directive.path)),
    )
