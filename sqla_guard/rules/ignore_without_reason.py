"""A directive does not say why.

## What it finds

With `require-reason = true`: a directive that silences a rule and gives no reason behind `--`. A `noqa` with a code
of this tool needs one as well: `noqa: SG101 -- reason`. Without that setting nothing is reported.

## Why it hurts

Nobody can tell later whether the finding was looked at, or only in the way.

## Bad

```toml sqla-guard.toml
require-reason = true
```

```python models.py
from sqlalchemy import JSON, Column, Integer
from sqlalchemy.orm import declarative_base

Base = declarative_base()


class Event(Base):
    __tablename__ = "events"
    id = Column(Integer, primary_key=True)
    metadata = Column(JSON)  # sqla-guard: ignore[reserved-attribute]
```

## Good

```toml sqla-guard.toml
require-reason = true
```

```python models.py
from sqlalchemy import JSON, Column, Integer
from sqlalchemy.orm import declarative_base

Base = declarative_base()


class Event(Base):
    __tablename__ = "events"
    id = Column(Integer, primary_key=True)
    metadata = Column(JSON)  # sqla-guard: ignore[reserved-attribute] -- this module is only read by a test
```

## Fix

None: a person has to say why.

## Fix safety

There is no fix.
"""

from __future__ import annotations

from collections.abc import Iterator

from sqla_guard.core.diagnostic import Diagnostic
from sqla_guard.facts.ignores import JudgedDirective
from sqla_guard.project.project import Project
from sqla_guard.rules.rule import Rule

RULE = Rule("ignore-without-reason", "SG904", "warning", JudgedDirective)


def check(fact: JudgedDirective, project: Project) -> Iterator[Diagnostic]:
    """Report ``fact`` where it has to say why, and does not."""
    if fact.lacks_reason:
        yield RULE.report(
            fact.directive.path,
            fact.directive.span,
            "This silences a rule and does not say why; `require-reason` asks for it.",
            "Write the reason behind the directive: `-- reason`.",
        )
