"""Tables that `create_all` makes, against what real SQLAlchemy makes of the same modules."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from sqla_guard.facts.operations import TableName
from sqla_guard.project.replay import Absent, Known
from sqla_guard.project.schema import table_history
from tests.support.memory import project

HEAD = "from sqlalchemy import *\nfrom sqlalchemy.orm import *\n"
BASE = HEAD + "Base = declarative_base()\n"
EVENT = "class Event(Base):\n    __tablename__ = 'events'\n    id = Column(Integer, primary_key=True)\n"
NOTED = EVENT + "    note = Column('metadata', JSON)\n"
SHOW = """
import json, sys
from sqlalchemy import inspect
for folder in sys.argv[1:]:
    sys.path.insert(0, folder)
    import make
    seen = inspect(make.engine)
    print(json.dumps({t: [c["name"] for c in seen.get_columns(t)] for t in seen.get_table_names()}))
    sys.path.remove(folder)
    for name in ("make", "models", "others", "mixins", "meta", "base", "tables"):
        sys.modules.pop(name, None)
"""
UNKNOWN = ("declared later", "some of them", "some of them, listed")
ENGINE = "from sqlalchemy import create_engine\nfrom sqlalchemy.pool import StaticPool\n"
ENGINE += "engine = create_engine('sqlite://', poolclass=StaticPool)\n"
CREATED = {
    "declarative": {"models.py": BASE + NOTED, "make.py": "import models\nmodels.Base.metadata.create_all(engine)"},
    "in a function": {
        "models.py": BASE + NOTED,
        "make.py": "def setup(e):\n    from models import Base\n    Base.metadata.create_all(bind=e)\nsetup(engine)",
    },
    "handed on": {
        "models.py": BASE + NOTED,
        "make.py": "from models import Base\ndef run(f): f(engine)\nrun(Base.metadata.create_all)",
    },
    "by name": {
        "models.py": BASE + "metadata = Base.metadata\n" + NOTED,
        "make.py": "from models import metadata\nmetadata.create_all(engine)",
    },
    "by module": {
        "models.py": BASE + "metadata = Base.metadata\n" + NOTED,
        "make.py": "import models\nmodels.metadata.create_all(engine)",
    },
    "given": {
        "meta.py": HEAD + "naming = MetaData()\n",
        "models.py": HEAD + "from meta import naming\nBase = declarative_base(metadata=naming)\n" + NOTED,
        "make.py": "import models\nfrom meta import naming\nnaming.create_all(engine)",
    },
    "class": {
        "base.py": HEAD + "class Base(DeclarativeBase):\n    metadata = MetaData()\n",
        "models.py": HEAD + "from base import Base\n" + NOTED,
        "make.py": "import models\nfrom base import Base\nBase.metadata.create_all(engine)",
    },
    "through a model": {
        "models.py": BASE + NOTED,
        "make.py": "from models import Event\nEvent.metadata.create_all(engine)",
    },
    "registry": {
        "models.py": HEAD + "mapper = registry()\n@mapper.mapped\n" + NOTED.replace("(Base)", ""),
        "make.py": "from models import mapper\nmapper.metadata.create_all(engine)",
    },
    "generated base": {
        "models.py": HEAD + "mapper = registry()\nBase = mapper.generate_base()\n" + NOTED,
        "make.py": "from models import mapper\nmapper.metadata.create_all(engine)",
    },
    "core": {
        "tables.py": HEAD + "meta = MetaData()\nevents = Table(\n    'events', meta,\n    Column('id', Integer),\n"
        "    Column('metadata', JSON),\n    Index('i', 'id'),\n)\n",
        "make.py": "import tables\ntables.meta.create_all(engine)",
    },
    "mixin and annotations": {
        "mixins.py": HEAD + "class Noted:\n    note: Mapped[str] = mapped_column('metadata')\n    said = 1\n",
        "models.py": HEAD
        + "from mixins import Noted\nclass Base(DeclarativeBase): pass\nclass Event(Noted, Base):\n"
        + "    __tablename__ = 'events'\n    id: Mapped[int] = mapped_column(primary_key=True)\n    kind: Mapped[str]\n"
        + "    extra = deferred(Column('registry', Text))\n    twice = column_property(id + id)\n"
        + "    def say(self): pass\n    @property\n    def loud(self): return 1\n",
        "make.py": "from models import Base\nBase.metadata.create_all(engine)",
    },
    "joined": {
        "models.py": BASE
        + NOTED
        + "    kind = Column(Text)\n    __mapper_args__ = {'polymorphic_on': 'kind'}\n"
        + "class Special(Event):\n    __tablename__ = 'specials'\n"
        + "    id = Column(ForeignKey('events.id'), primary_key=True)\n    extra = Column('registry', Text)\n",
        "make.py": "import models\nmodels.Base.metadata.create_all(engine)",
    },
    "two bases": {
        "models.py": BASE + NOTED,
        "others.py": HEAD + "Other = declarative_base()\n" + NOTED.replace("Base", "Other").replace("events", "others"),
        "make.py": "import models, others\nmodels.Base.metadata.create_all(engine)",
    },
    "declared later": {
        "models.py": BASE + EVENT + "    @declared_attr\n    def note(cls): return Column('metadata', JSON)\n",
        "make.py": "import models\nmodels.Base.metadata.create_all(engine)",
    },
    "some of them, listed": {
        "models.py": BASE + EVENT + NOTED.replace("Event", "Other").replace("events", "others"),
        "make.py": "import models\nmodels.Base.metadata.create_all(engine, [models.Event.__table__])",
    },
    "all of them, with more": {
        "models.py": BASE + NOTED,
        "make.py": "import models\nmodels.Base.metadata.create_all(\n    engine, checkfirst=bool(1),\n)",
    },
    "some of them": {
        "models.py": BASE + EVENT + NOTED.replace("Event", "Other").replace("events", "others"),
        "make.py": "import models\nmodels.Base.metadata.create_all(engine, tables=[models.Event.__table__])",
    },
}


def files_of(form: str) -> dict[str, str]:
    return {**CREATED[form], "make.py": f"{ENGINE}{CREATED[form]['make.py']}\n"}


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, list[str]]]:
    """The columns of the tables that each form makes."""
    root = tmp_path_factory.mktemp("made")
    folders = []
    for number, form in enumerate(CREATED):
        folders.append(root / str(number))
        folders[-1].mkdir()
        for name, text in files_of(form).items():
            (folders[-1] / name).write_text(text)
    done = subprocess.run([sys.executable, "-c", SHOW, *folders], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return dict(zip(CREATED, map(json.loads, done.stdout.splitlines()), strict=True))


@pytest.mark.parametrize("form", CREATED)
def test_what_create_all_makes_is_known(form: str, made: dict[str, dict[str, list[str]]]) -> None:
    real, files = made[form], files_of(form)
    found = project(files)
    for name in ("events", "specials", "others"):
        table = TableName(name)
        schema = table_history(found, "make.py", table).schema
        for column in ("id", "metadata", "registry", "kind", "extra", "say", "note", "said"):
            answer = schema.column(table, column)
            there = column in real.get(name, ())
            assert not (isinstance(answer, Known) and not there), (name, column, answer)
            assert not (isinstance(answer, Absent) and there), (name, column, answer)
        if form not in UNKNOWN:
            assert set(schema.columns(table)) == set(real.get(name, ())), name


FLASK = "from flask_sqlalchemy import SQLAlchemy\ndb = SQLAlchemy()\n"
SQLMODEL = "from sqlmodel import Field, SQLModel\n"
OTHERS = {
    "flask": (
        FLASK + "class EventLog(db.Model):\n    id = db.Column(db.Integer, primary_key=True)\n"
        "    note = db.Column('metadata', db.JSON)\n",
        "from models import db\nwith app.app_context():\n    db.create_all()\n",
        "event_log",
    ),
    "sqlmodel": (
        SQLMODEL + "class EventLog(SQLModel, table=True):\n    id: int = Field(primary_key=True)\n"
        "    note: dict = Field(sa_column=Column('metadata', JSON))\n",
        "from sqlmodel import SQLModel\nSQLModel.metadata.create_all(engine)\n",
        "eventlog",
    ),
    "async": (
        BASE + NOTED,
        "from models import Base\nasync def setup():\n    async with engine.begin() as c:\n"
        "        await c.run_sync(Base.metadata.create_all)\n",
        "events",
    ),
}


@pytest.mark.parametrize(("models", "make", "table"), OTHERS.values(), ids=OTHERS)
def test_other_ways_to_create_all(models: str, make: str, table: str) -> None:
    found = project({"models.py": models, "make.py": make})
    schema = table_history(found, "make.py", TableName(table)).schema
    assert schema.columns(TableName(table)) == ("id", "metadata")
    alone = project({"models.py": models, "make.py": make.replace("create_all", "drop_all")})
    assert table_history(alone, "make.py", TableName(table)).schema.columns(TableName(table)) == ()


def test_what_migrations_make_comes_first() -> None:
    sql = "CREATE TABLE events (id INTEGER, note TEXT);"
    files = {"models.py": BASE + NOTED, "make.py": "import models\nmodels.Base.metadata.create_all(e)", "a.sql": sql}
    schema = table_history(project(files), "make.py", TableName("events")).schema
    assert schema.columns(TableName("events")) == ("id", "note")
    assert isinstance(schema.column(TableName("events"), "metadata"), Absent)
