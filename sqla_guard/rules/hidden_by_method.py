"""A column has the name of something that SQLAlchemy's own objects have, which hides it there.

## What it finds

A column or another mapped attribute called `values`, `keys`, `items`, `get`, `t`, `tuple`, `_asdict` and so on: names
for which `Table.c.values`, `subquery().c.values`, `inspect(Model).attrs.values` or `row.t` are a method or a property
and not the column. Which names these are in which place was measured for each version of SQLAlchemy. Off by default:
`--extend-select SG102`.

## Why it hurts

The model works, and so does `Model.values`. But what looks like the column elsewhere is a method:

    >>> Event.__table__.c.values == "x"
    False
    >>> session.execute(select(Event.t)).first().t
    (42,)

The first makes a query without the condition, the second gives the whole row. Neither says a word.

## Bad

```python models.py
from sqlalchemy import Column, Integer, String
from sqlalchemy.orm import declarative_base

Base = declarative_base()


class Event(Base):
    __tablename__ = "events"
    id = Column(Integer, primary_key=True)
    values = Column(String)
```

## Good

```python models.py
from sqlalchemy import Column, Integer, String
from sqlalchemy.orm import declarative_base

Base = declarative_base()


class Event(Base):
    __tablename__ = "events"
    id = Column(Integer, primary_key=True)
    readings = Column(String)
```

The column stays within reach where it is asked for by name: `Event.__table__.c["values"]`, `row._mapping["t"]`.

## Fix

None: where all of the project asks for the column by name, nothing has to change.

## Fix safety

There is no fix.
"""

from __future__ import annotations

from collections.abc import Iterator

from sqla_guard.core.diagnostic import Diagnostic
from sqla_guard.facts.hidden import NamedAttribute, NamedColumn
from sqla_guard.project.hidden import hidden_places
from sqla_guard.project.project import Project
from sqla_guard.rules.rule import Rule

RULE = Rule("hidden-by-method", "SG102", "warning", (NamedAttribute, NamedColumn), on_by_default=False)


def check(fact: NamedAttribute | NamedColumn, project: Project) -> Iterator[Diagnostic]:
    """Report ``fact`` where its name is that of a method or the like."""
    places = [(place, name) for name, found in hidden_places(project, fact).items() for place in found]
    if not places:
        return
    if isinstance(fact, NamedColumn):
        path, span, what = fact.path, fact.span, f"column `{fact.name}`"
    else:
        bound = fact.binding
        path, span, what = bound.path, bound.span, f"`{bound.owner.rpartition('.')[2]}.{bound.name}`"
    spelled = dict.fromkeys(f"`{_object(place)}.{name}`" for place, name in places)
    message = f"{what} has a name that SQLAlchemy's own objects have too: {', '.join(spelled)}"
    yield RULE.report(
        path, span, f"{message} {'is' if len(spelled) == 1 else 'are'} not what it holds", _advice(*places[0])
    )


def _object(place: str) -> str:
    return "row" if place.startswith("Row") else place


def _advice(place: str, name: str) -> str:
    if place == "aliased(Model)":
        return "Give it another name."
    by_name = "row._mapping" if place.startswith("Row") else place
    return f'Ask for it by name, as in `{by_name}["{name}"]`, or give it another one.'
