from __future__ import annotations

import textwrap

import pytest

from sqla_guard.project.symbols import ProjectClass
from sqla_guard.read.python.references import read_references
from sqla_guard.read.python.summaries import read_summary
from sqla_guard.rename.uses import NAMES_COLUMN, find_uses
from tests.support.memory import project

MODELS = """
from flask_sqlalchemy import SQLAlchemy
db = SQLAlchemy()

class Stamped(db.Model):
    __abstract__ = True
    created = db.Column(db.DateTime)

class Event(Stamped):
    id = db.Column(db.Integer)
    kind = db.Column(db.String)
    metadata = db.Column(db.JSON)
    author = db.relationship("User", back_populates="events")

class LoudEvent(Event):
    volume = db.Column(db.Integer)

class User(db.Model):
    events = db.relationship("Event", back_populates="author")

class Plain:
    metadata = {}
"""

HEAD = """
import functools
from typing import Protocol
from flask import g, jsonify
from sqlalchemy import Index, Table, insert, select, text, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.orm import Session, aliased, load_only, synonym, validates
from sqlalchemy.orm.attributes import flag_modified
from models import Event, LoudEvent, Plain, Stamped, User, db
"""


def verdicts(text: str) -> list[tuple[str, str]]:
    """Return the lines of ``text`` with a verdict on something in them."""
    files = {"models.py": MODELS, "case.py": HEAD + textwrap.dedent(text)}
    found = project(files)
    outline = found.outline("models.py")
    assert outline is not None
    cls = ProjectClass("models.py", outline.classes["Event"])
    names = frozenset({"metadata"})
    references = {"case.py": read_references(found.source("case.py"), names)}
    uses = find_uses(found, cls, "metadata", references, read_summary)
    source = found.source("case.py")
    result = [
        (r.span.start, source.line(source.position(r.span.start)[0]), "column" if how == NAMES_COLUMN else "use")
        for _, r, how in uses.proven
    ]
    result += [(r.span.start, source.line(source.position(r.span.start)[0]), "look") for _, r, _ in uses.to_look_at]
    return [(line.strip(), verdict) for _, line, verdict in sorted(result)]


def verdict(line: str, before: str = "") -> str:
    """Return the one verdict on ``line`` inside a function."""
    head = "def f(x, session: Session, unknown=None, event: Event = None):\n"
    found = [v for _, v in verdicts(head + textwrap.indent(f"{before}\n{line}\n", "    "))]
    assert len(set(found)) <= 1, found
    return found[0] if found else "none"


@pytest.mark.parametrize(
    "line",
    [
        "event.metadata",
        "event.metadata['a'] = 1",
        "Event.metadata.isnot(None)",
        "LoudEvent.metadata",
        "LoudEvent().metadata",
        "aliased(Event).metadata",
        "Event(metadata=1)",
        "LoudEvent(metadata=1)",
        "Event(**{'metadata': 1})",
        "Event.query.filter_by(metadata=1)",
        "session.query(Event).filter_by(metadata=1)",
        "select(Event).filter_by(metadata=1)",
        "update(Event).values(metadata=1)",
        "update(Event).where(Event.id == 1).values({'metadata': 1})",
        "insert(Event).values(metadata=1)",
        "Event.query.update({'metadata': 1})",
        "session.execute(insert(Event), [{'metadata': 1}])",
        "session.bulk_insert_mappings(Event, [{'metadata': 1}])",
        "getattr(event, 'metadata', None)",
        "setattr(event, 'metadata', 1)",
        "getattr(Event, 'metadata')",
        "flag_modified(event, 'metadata')",
        "User().events[0].metadata",
        "functools.partial(Event, metadata=1)",
        "session.execute(select(Event.id, Event.metadata)).first().metadata",
        "session.execute(select(Event.metadata)).mappings().all()[0]['metadata']",
        "select(Event.metadata).subquery().c.metadata",
    ],
)
def test_proven(line: str) -> None:
    assert verdict(line) == "use"


@pytest.mark.parametrize(
    "line",
    [
        "Event.__table__.c.metadata",
        "Event.__table__.c['metadata']",
        "Event.query.order_by('metadata')",
        "select(Event).subquery().c.metadata",
        "insert(Event.__table__).values(metadata=1)",
        "upsert(Event).excluded.metadata",
        "upsert(Event).values(kind=1).on_conflict_do_update(set_={'metadata': 1})",
    ],
)
def test_names_the_column(line: str) -> None:
    assert verdict(line) == "column"


@pytest.mark.parametrize(
    "line",
    [
        "x.metadata",
        "getattr(x, 'metadata')",
        "x(metadata=1)",
        "x.filter_by(metadata=1)",
        "Event(**x)",
        "Event.query.filter_by(**x)",
        "Event.query.update(x)",
        "get_or_create(Event, metadata=1)",
        "g.event.metadata",
        "x.event().metadata",
        "(x or Event()).metadata",
    ],
)
def test_to_look_at(line: str) -> None:
    assert verdict(line) == "look"


@pytest.mark.parametrize(
    "line",
    [
        "Event.metadata.create_all(db.engine)",
        "db.metadata.tables",
        "db.Model.metadata",
        "Stamped.metadata",
        "User.metadata",
        "User().metadata",
        "Plain().metadata",
        "Plain(metadata=1)",
        "jsonify({'metadata': event})",
        "x.get('metadata')",
        "x['metadata']",
        "x.update({'metadata': 1})",
        "event['metadata']",
        "x.y(metadata=1)",
        "User(**x)",
        "Table('t', db.metadata)",
        "session.execute(text('...')).first().metadata",
        "session.execute(text('...'), {'metadata': 1})",
        "dict(metadata=1)",
        "'a'.metadata",
        "event.kind.metadata",
        "metadata = 1; print(metadata)",
        "x.page_content; x.metadata",
    ],
)
def test_no_use(line: str) -> None:
    assert verdict(line) == "none"


def test_inside_the_class() -> None:
    text = """
    class Own(db.Model):
        metadata = 1

    class Child(Event):
        name = synonym("metadata")
        __table_args__ = (Index("ix", "metadata"),)
        @validates("metadata")
        def check(self, key, value): return self.metadata
        @classmethod
        def find(cls): return cls.query.filter(cls.metadata == 1)
        def to_dict(self): return {"metadata": self.metadata}
    """
    assert [v for _, v in verdicts(text)] == ["use", "column", "use", "use", "use", "use"]


def test_a_base_class_may_be_the_class() -> None:
    text = """
    class HasMetadata(Protocol):
        metadata: dict
    class HasBody(Protocol):
        metadata: dict
        body: str
    class Mixin:
        def show(self): return self.metadata
    class Quiet(Mixin, Event): pass
    def f(a: Stamped, b: HasMetadata, c: HasBody, d: User):
        a.metadata
        b.metadata
        c.metadata
        d.metadata
    """
    assert verdicts(text) == [
        ("def show(self): return self.metadata", "look"),
        ("a.metadata", "look"),
        ("b.metadata", "look"),
    ]


def test_a_constructor_of_its_own() -> None:
    text = """
    class Strict(Event):
        def __init__(self, metadata):
            super().__init__(metadata=metadata)
    Strict(metadata=1)
    """
    assert [line for line, v in verdicts(text) if line.startswith("Strict(")] == []


def test_one_of_two_classes_that_both_have_it() -> None:
    assert verdict("(Event() if x else Plain()).metadata") == "look"
    assert verdict("(Event() if x else User()).metadata") == "use"
    assert verdict("(Event() if x else None).metadata") == "use"


def test_reasons_name_the_thing() -> None:
    files = {"models.py": MODELS, "case.py": HEAD + "def f(row):\n    row.metadata\n"}
    found = project(files)
    outline = found.outline("models.py")
    assert outline is not None
    references = {"case.py": read_references(found.source("case.py"), frozenset({"metadata"}))}
    cls = ProjectClass("models.py", outline.classes["Event"])
    ((_, _, why),) = find_uses(found, cls, "metadata", references).to_look_at
    assert why == "untyped parameter `row`; it may be a `Event`"
