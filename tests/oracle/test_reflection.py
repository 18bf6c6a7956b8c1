"""What real SQLAlchemy does with a reserved name that it finds in the database: SG301 says the same."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.environments import Environment

HEAD = """
from sqlalchemy import Column, ForeignKey, Integer, MetaData, Table, Text, create_engine, inspect, text
from sqlalchemy.ext.automap import automap_base
from sqlalchemy.ext.declarative import DeferredReflection
from sqlalchemy.orm import declarative_base
from sqlalchemy.pool import StaticPool
from sqlalchemy import __version__ as version

engine = create_engine("sqlite://", poolclass=StaticPool)
with engine.begin() as connection:
    connection.execute(text("CREATE TABLE events (id INTEGER PRIMARY KEY, metadata TEXT)"))
Base = declarative_base()


def table():
    return Table("events", Base.metadata, autoload_with=engine)
"""
TAKES = {
    "__table__": "class Event(Base):\n    __table__ = table()\n",
    "__table_args__": "class Event(Base):\n    __tablename__ = 'events'\n"
    "    __table_args__ = {'autoload_with': engine}\n",
    "deferred": "class Event(DeferredReflection, Base):\n    __abstract__ = False\n    __tablename__ = 'events'\n"
    "DeferredReflection.prepare(engine)\n",
    "automap": "Base = automap_base()\nBase.prepare(autoload_with=engine)\nEvent = Base.classes.events\n",
    "named automap": "Base = automap_base()\nclass Event(Base):\n    __tablename__ = 'events'\n"
    "Base.prepare(autoload_with=engine)\n",
}
SAFE = {
    "prefix": TAKES["__table__"] + "    __mapper_args__ = {'column_prefix': '_'}\n",
    "named": TAKES["__table__"] + "    note = __table__.c.metadata\n",
    "declared": TAKES["__table_args__"] + "    note = Column('metadata', Text)\n",
}
HIDDEN = """
assert not isinstance(Event.metadata, MetaData)
try:
    Event.metadata.create_all(engine)
except AttributeError:
    pass
else:
    raise AssertionError("Event.metadata is usable")
try:
    class Special(Event):
        __tablename__ = "special"
        id = Column(ForeignKey("events.id"), primary_key=True)
except Exception as error:
    assert version < "2.1", error
else:
    assert version >= "2.1", "a joined-table subclass can be made"
"""


@pytest.mark.parametrize("form", TAKES)
def test_a_reflected_column_hides_the_metadata(form: str, environment: Environment, tmp_path: Path) -> None:
    done = environment.run_code(HEAD + TAKES[form] + HIDDEN, cwd=tmp_path)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("form", SAFE)
def test_a_column_that_is_named_otherwise_hides_nothing(form: str, environment: Environment, tmp_path: Path) -> None:
    code = HEAD + SAFE[form] + "assert isinstance(Event.metadata, MetaData)\n"
    done = environment.run_code(code, cwd=tmp_path)
    assert done.returncode == 0, done.stderr


PLAIN = """
from sqlalchemy.orm import Session, registry
plain = registry()
table = Table("notes", plain.metadata, Column("id", Integer, primary_key=True), Column("metadata", Text))
class Note:
    pass
plain.map_imperatively(Note, table)
plain.metadata.create_all(engine)
with Session(engine) as session:
    session.add(Note(metadata="kept"))
    session.commit()
    assert session.query(Note).filter(Note.metadata == "kept").one().metadata == "kept"
"""


def test_a_plain_class_that_is_mapped_to_a_table_has_nothing_to_hide(environment: Environment, tmp_path: Path) -> None:
    done = environment.run_code(HEAD + PLAIN, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
