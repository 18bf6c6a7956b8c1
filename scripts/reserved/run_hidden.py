# mypy: ignore-errors
"""Tells which names of columns are methods or the like instead, in the places that columns are looked up in.

Runs on the SQLAlchemy of the interpreter that it is started with, on its own. Reads names from standard input, a JSON
list; with none it takes every public or private name that one of the places has. Writes places by name.
"""

from __future__ import annotations

import json
import sys

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql
from sqlalchemy.ext.declarative import declarative_base
from sqlalchemy.orm import Session, aliased
from sqlalchemy.pool import StaticPool

OLD = sa.__version__.startswith("1.3")
NEUTRAL = "neutral"


def select(*columns):
    """Return a SELECT, in the way of the version."""
    return sa.select(list(columns)) if OLD else sa.select(*columns)


def places(name):
    """Return ``{place: (object, what the name has to be there)}`` for a column of that name."""
    base = declarative_base()
    body = {"__tablename__": "items", "id": sa.Column(sa.Integer, primary_key=True), name: sa.Column(sa.String)}
    model = type("Item", (base,), body)
    table = model.__table__
    mapper = sa.inspect(model)
    mapper._check_configure() if hasattr(mapper, "_check_configure") else sa.orm.configure_mappers()
    engine = sa.create_engine("sqlite://", poolclass=StaticPool)
    base.metadata.create_all(engine)
    with engine.begin() as connection:
        connection.execute(table.insert().values({"id": 1, name: "x"}))
        core = connection.execute(select(table.c[name])).first()
    session = Session(engine)
    orm = session.query(model.__mapper__.all_orm_descriptors[name]).first()
    below = select(table).alias() if OLD else select(table).subquery()
    excluded = postgresql.insert(table).excluded
    alias = aliased(model)
    found = {
        "Table.c": (table.c, table.c[name]),
        "subquery().c": (below.c, below.c[name]),
        "insert().excluded": (excluded, excluded[name]),
        "inspect(Model).columns": (mapper.columns, mapper.columns[name]),
        "inspect(Model).attrs": (mapper.attrs, mapper.attrs[name]),
        "inspect(Model).all_orm_descriptors": (mapper.all_orm_descriptors, mapper.all_orm_descriptors[name]),
        "Row": (core, "x"),
        "Row of an ORM query": (orm, "x"),
        "aliased(Model)": (alias, None),
    }
    session.close()
    return found


def hidden(name):
    """Return the places in which an attribute of that name is not the column."""
    found = []
    for place, (owner, wanted) in places(name).items():
        try:
            got = getattr(owner, name)
        except Exception:
            found.append(place)
            continue
        right = hasattr(got, "property") if wanted is None else got is wanted or (wanted == "x" and got == "x")
        if not right:
            found.append(place)
    return found


def candidates():
    """Return every name that one of the places has whatever the columns are."""
    names = {name for owner, _ in places(NEUTRAL).values() for name in (*dir(owner), *dir(type(owner)))}
    return sorted(n for n in names - {"id", NEUTRAL} if not n.startswith(("__", "_sa_")) and n.isidentifier())


def main():
    """Measure the names that come in."""
    result = {}
    for name in json.load(sys.stdin) or candidates():
        try:
            result[name] = hidden(name)
        except Exception as error:  # it cannot even be mapped, or no row comes back
            result[name] = [f"{type(error).__name__}: {error}"]
    json.dump(result, sys.stdout)


if __name__ == "__main__":
    main()
