from __future__ import annotations

import textwrap

import pytest

from sqla_guard.project.shapes import InstanceType, ListType, Type, UnionType, UnknownType, options
from sqla_guard.project.types import TypeOf
from sqla_guard.read.python.references import read_references
from sqla_guard.read.python.summaries import read_summary
from tests.support.memory import project

MODELS = """
from flask_sqlalchemy import SQLAlchemy
db = SQLAlchemy()

class Stamped(db.Model):
    __abstract__ = True

class Event(Stamped):
    id = db.Column(db.Integer)
    kind = db.Column(db.String)
    author_id = db.Column(db.ForeignKey("user.id"))
    author = db.relationship("User", back_populates="events")
    tags = db.relationship("Tag", backref="event")

    @classmethod
    def latest(cls):
        return cls.query.order_by(cls.id.desc()).first()

    @property
    def first_tag(self) -> "Tag":
        return self.tags[0]

class User(db.Model):
    id = db.Column(db.Integer)
    events = db.relationship("Event", back_populates="author", lazy="dynamic")

class Tag(db.Model):
    id = db.Column(db.Integer)

class LoudEvent(Event):
    pass
"""

STORE = """
from __future__ import annotations
from typing import Generic, TypeVar
from contextlib import contextmanager
from models import Event, User, db

T = TypeVar("T")
Events = list[Event]

def find(id):
    return db.session.get(Event, id)

def typed() -> Event | None: ...
def alias() -> Events: ...
async def later() -> Event: ...
def walk():
    for event in Event.query:
        yield event
@contextmanager
def opened():
    yield Event()

class Repository(Generic[T]):
    def get(self, id) -> T: ...
    def all(self) -> list[T]: ...

class EventRepository(Repository[Event]):
    pass

class Holder:
    def __init__(self, event: Event):
        self.event = event
        self.session = db.session
        self.made = Event()
    def find(self): return self.event
"""

HEAD = """
import copy, random, json
from typing import Any, cast
from sqlalchemy import select, update, func
from sqlalchemy.orm import Session, aliased, joinedload
from models import Event, LoudEvent, Stamped, Tag, User, db
import store
from store import EventRepository, Holder
"""


def kind_of(body: str, signature: str = "unknown=None, session: Session = None") -> Type:
    """Return the type of ``x`` after ``body``."""
    lines = textwrap.indent(textwrap.dedent(body).strip(), "    ")
    text = f"{HEAD}\nasync def f({signature}):\n{lines}\n    x.metadata\n"
    found = project({"models.py": MODELS, "store.py": STORE, "case.py": text})
    (reference,) = (
        r for r in read_references(found.source("case.py"), frozenset({"metadata"})) if r.kind == "attribute"
    )
    return TypeOf(found, read_summary).of("case.py", reference.owner)


def shown(kind: Type) -> str:
    """Return a short form of a type: ``Event``, ``[Event]``, ``?``, ``-`` for anything else."""
    match kind:
        case InstanceType(cls=cls):
            return cls.definition.name
        case ListType(item=item):
            return f"[{shown(item)}]"
        case UnknownType():
            return "?"
        case UnionType():
            return "|".join(sorted(shown(o) for o in options(kind)))
        case _:
            return "-"


@pytest.mark.parametrize(
    "expression",
    [
        "Event()",
        "Event.query.first()",
        "Event.query.filter_by(kind=1).order_by(Event.id).limit(1).first()",
        "Event.query.get(1)",
        "Event.query.get_or_404(1)",
        "Event.query.filter(Event.kind == 1).one_or_none()",
        "Event.query.all()[0]",
        "Event.query[0]",
        "next(iter(Event.query))",
        "Event.query.paginate().items[0]",
        "db.session.query(Event).first()",
        "db.session.query(Event).options(joinedload(Event.author)).one()",
        "db.session.query(Event, User).first()[0]",
        "db.session.query(Event, User).first().Event",
        "db.session.query(User).with_entities(Event).first()",
        "session.get(Event, 1)",
        "unknown.get(Event, 1)",
        "unknown.query(Event).first()",
        "await unknown.get(Event, 1)",
        "session.execute(select(Event)).scalars().first()",
        "session.execute(select(Event).where(Event.id == 1)).scalar_one_or_none()",
        "session.execute(select(Event)).scalars().all()[0]",
        "session.execute(select(Event, User)).first()[0]",
        "session.execute(select(Event)).one().Event",
        "(await unknown.execute(select(Event))).scalar_one()",
        "session.scalars(select(Event)).one()",
        "session.scalar(select(Event))",
        "db.session.scalars(db.select(Event)).first()",
        "session.execute(update(Event).returning(Event)).scalar_one()",
        "session.query(aliased(Event)).first()",
        "session.merge(Event())",
        "list(Event.query)[0]",
        "sorted(Event.query.all(), key=print)[-1]",
        "max(Event.query.all(), key=print)",
        "[e for e in Event.query if e.kind][0]",
        "{e.id: e for e in Event.query}[1]",
        "{e.id: e for e in Event.query}.get(1)",
        "dict((e.id, e) for e in Event.query)[1]",
        "Event.query.all()[1:][0]",
        "list(filter(None, Event.query))[0]",
        "copy.copy(Event())",
        "random.choice(Event.query.all())",
        "cast(Event, unknown)",
        "cast('Event', unknown)",
        "Event.latest()",
        "store.find(1)",
        "store.typed()",
        "store.alias()[0]",
        "await store.later()",
        "next(store.walk())",
        "EventRepository().get(1)",
        "EventRepository().all()[0]",
        "Holder(1).event",
        "Holder(1).made",
        "Holder(1).find()",
        "Holder(1).session.get(Event, 1)",
        "User().events.first()",
        "User().events.filter_by(kind=1).all()[0]",
        "Event().author.events[0]",
        "session.query(User).first().events[0]",
        "Event() if unknown else None",
        "store.typed() or Event()",
        "getattr(Event, 'query').first() if 0 else Event()",
    ],
)
def test_objects_of_the_class(expression: str) -> None:
    allowed = {"Event", "?|Event", "Event|?"} if "getattr" in expression else {"Event"}
    assert shown(kind_of(f"x = {expression}")) in allowed


@pytest.mark.parametrize(
    "body",
    [
        "for x in Event.query: pass",
        "for i, x in enumerate(Event.query): pass",
        "for x, u in db.session.query(Event, User): pass",
        "for x, u in session.execute(select(Event, User)): pass",
        "for (x,) in session.execute(select(Event)): pass",
        "for u, x in zip([], Event.query): pass",
        "for k, x in {1: Event()}.items(): pass",
        "for x in {1: Event()}.values(): pass",
        "for x in reversed(Event.query.all()): pass",
        "for x in User().events: pass",
        "with store.opened() as x: pass",
        "with Session() as s:\n    x = s.get(Event, 1)",
        "x = []\nx.append(Event())\nx = x[0]",
        "q = Event.query\nfor i in unknown:\n    q = q.filter(Event.id == i)\nx = q.first()",
        "q = select(Event)\nif unknown:\n    q = q.where(Event.id == 1)\nx = session.scalars(q).first()",
        "x = unknown\nif not isinstance(x, Event):\n    return",
        "x: Event = unknown.load()",
        "xs: list[Event] = []\nunknown(xs)\nx = xs[0]",
        "x = None\nx = x or Event()",
        "x, = Event.query.limit(1)",
        "x = unknown\nwhile not isinstance(x, Event):\n    x = x.next",
    ],
)
def test_objects_bound_by_statements(body: str) -> None:
    assert shown(kind_of(body)) == "Event"


@pytest.mark.parametrize(
    ("expression", "kind"),
    [
        ("Event().author", "User|[User]"),
        ("Event().author.id", "-"),
        ("Event().first_tag", "Tag"),
        ("Tag().event", "Event|[Event]"),
        ("Event().tags", "Tag|[Tag]"),
        ("json.loads(unknown)", "-"),
        ("Event().id", "-"),
        ("Event.query.count()", "-"),
        ("unknown", "?"),
        ("unknown.event", "?"),
        ("unknown.get(1)", "?"),
        ("unknown.first()", "?"),
        ("LoudEvent()", "LoudEvent"),
        ("session.execute(unknown).first()", "?"),
        ("db.metadata_", "-"),
        ("{}", "-"),
        ("f'{1}'", "-"),
        ("session.scalar(select(func.count()))", "-"),
    ],
)
def test_other_values(expression: str, kind: str) -> None:
    assert shown(kind_of(f"x = {expression}")) == kind


@pytest.mark.parametrize(
    ("annotation", "kind"),
    [
        ("Event", "Event"),
        ("'Event'", "Event"),
        ("Event | None", "Event"),
        ("list[Event]", "[Event]"),
        ("dict[str, Event]", "-"),
        ("Any", "?"),
        ("str", "-"),
        ("type[Event]", "-"),
        ("Event | User", "Event|User"),
        ("tuple[Event, ...]", "[Event]"),
        ("Stamped", "Stamped"),
    ],
)
def test_annotations(annotation: str, kind: str) -> None:
    assert shown(kind_of("pass", f"x: {annotation}")) == kind


def test_a_value_that_grows_out_of_itself_ends() -> None:
    assert shown(kind_of("x = unknown\nwhile unknown:\n    x = [x]")).startswith("?|[?]")
