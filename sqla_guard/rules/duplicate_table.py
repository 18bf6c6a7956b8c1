"""One table is declared twice on one MetaData.

## What it finds

Two mapped classes, two `Table()` calls, or one of each, that give a table of one name and schema to the same
`MetaData`, in one file or in modules that one program imports. Names that Flask-SQLAlchemy and SQLModel derive from
the class count as if they were written. And one module of models that a program imports under two names, such as
`app.models` and `models`: it is run twice, and so are its declarations.

## Why it hurts

The second declaration fails at import:

    sqlalchemy.exc.InvalidRequestError: Table 'events' is already defined for this MetaData instance.  Specify
    'extend_existing=True' to redefine options and columns on an existing Table object.

## Bad

```python models.py
from sqlalchemy import Column, Integer
from sqlalchemy.orm import declarative_base

Base = declarative_base()


class Event(Base):
    __tablename__ = "events"
    id = Column(Integer, primary_key=True)


class Incident(Base):
    __tablename__ = "events"
    id = Column(Integer, primary_key=True)
```

## Good

```python models.py
from sqlalchemy import Column, Integer
from sqlalchemy.orm import declarative_base

Base = declarative_base()


class Event(Base):
    __tablename__ = "events"
    id = Column(Integer, primary_key=True)


class Incident(Base):
    __tablename__ = "incidents"
    id = Column(Integer, primary_key=True)
```

Under two names:

```python app/__init__.py
```

```python app/models.py
from sqlalchemy import Column, Integer

from app.base import Base


class Event(Base):
    __tablename__ = "events"
    id = Column(Integer, primary_key=True)
```

```python main.py
import app.models
from app.models import Event
```

Quiet: `extend_existing` or `keep_existing`, another schema or bind key, another base, definitions in branches and in
functions, tests, migrations, modules that nothing imports together.

## Fix

None: which of the two is meant is for a person to say.

## Fix safety

There is no fix.
"""

from __future__ import annotations

from collections.abc import Iterator

from sqla_guard.core.diagnostic import Diagnostic
from sqla_guard.core.fix import Place
from sqla_guard.facts.tables import DeclaredTable
from sqla_guard.project.collections import Collections
from sqla_guard.project.project import Project
from sqla_guard.project.two_names import TwoNames, place
from sqla_guard.rules.rule import Rule

RULE = Rule("duplicate-table", "SG110", "error", DeclaredTable)

_TEXT = "importing this raises InvalidRequestError: Table '{}' is already defined for this MetaData instance."


def check(fact: DeclaredTable, project: Project) -> Iterator[Diagnostic]:
    """Report ``fact`` where it is the second declaration of its table."""
    collections = Collections.of_project(project)
    table = collections.name(fact)
    earlier = collections.earlier(fact)
    if earlier is not None:
        yield RULE.report(
            fact.path,
            fact.span,
            f"`{fact.owner}` declares table `{table}` again: {_TEXT.format(table)}",
            "Give one of the two another name, or remove it.",
            related=(Place(earlier.path, earlier.span, f"`{earlier.owner}` declares it here"),),
        )
        return
    clash = TwoNames.of_project(project).clash(fact)
    if clash is not None:
        one, other = clash
        yield RULE.report(
            fact.path,
            fact.span,
            f"this module is imported as `{one.name}` and as `{other.name}`, so `{fact.owner}` declares table "
            f"`{table}` twice: {_TEXT.format(table)}",
            "Import the module under one name everywhere.",
            related=(place(project, one), place(project, other)),
        )
