"""SG301: where a column of a reserved name exists at the head, and who would take it."""

from __future__ import annotations

import pytest

from sqla_guard.core.diagnostic import Diagnostic
from tests.support.memory import check_files

ORM = "from sqlalchemy import Column, Integer, JSON, Table\nfrom sqlalchemy.orm import declarative_base\n"
BASE = ORM + "Base = declarative_base()\nengine = make()\n"
KEY = "    id = Column(Integer, primary_key=True)\n"
EVENT = f"class Event(Base):\n    __tablename__ = 'events'\n{KEY}"
MODEL = BASE + EVENT + "    metadata = Column(JSON)\n"
IN_APP = MODEL + "    __table_args__ = {'schema': 'app'}\n"
SAFE = BASE + EVENT + "    event_metadata = Column('metadata', JSON)\n"
OTHER = f"class Note(Base):\n    __tablename__ = 'notes'\n{KEY}    event_id = Column(ForeignKey('events.id'))\n"
RELATED = "from sqlalchemy import ForeignKey\nfrom sqlalchemy.orm import relationship\n" + (
    OTHER + EVENT + "    metadata = relationship('Note')\n"
)
BACKWARD = "from sqlalchemy import ForeignKey\nfrom sqlalchemy.orm import relationship\n" + (
    EVENT + OTHER + "    event = relationship(Event, backref='metadata')\n"
)
DDL = "CREATE TABLE events (id INTEGER PRIMARY KEY, metadata TEXT);\n"


def found(files: dict[str, str]) -> list[Diagnostic]:
    return [d for d in check_files(files).diagnostics if d.code == "SG301"]


@pytest.mark.parametrize(
    "sql",
    [
        DDL,
        "CREATE TABLE IF NOT EXISTS public.events (metadata JSONB);",
        "CREATE TABLE events (id int);\nALTER TABLE events ADD COLUMN metadata TEXT;",
        "CREATE TABLE events (meta TEXT);\nALTER TABLE events RENAME COLUMN meta TO metadata;",
        "CREATE TABLE old (metadata TEXT);\nALTER TABLE old RENAME TO events;\nALTER TABLE events ADD metadata TEXT;",
        DDL + "ALTER TABLE events RENAME COLUMN metadata TO m;\nALTER TABLE events RENAME COLUMN m TO metadata;",
        "CREATE VIEW events AS SELECT id, payload AS metadata FROM raw;",
        "CREATE TABLE events AS SELECT id, payload AS metadata FROM raw;",
        "CREATE TABLE {{ schema }}.events (metadata TEXT);",
        DDL + "CREATE TEMP TABLE events AS SELECT 1;",
        "SET search_path TO app, public;\nCREATE TABLE events (metadata TEXT);",
        "CREATE SCHEMA app\n    CREATE TABLE events (metadata TEXT);",
        "CREATE DATABASE shop;\nUSE shop;\nCREATE TABLE events (metadata JSON);",
        "USE shop;\nCREATE TABLE events (id int);\nALTER TABLE events ADD metadata JSON;\nUSE other;\nDROP TABLE past;",
    ],
)
def test_a_column_that_a_model_takes_is_found(sql: str) -> None:
    (finding,) = found({"models.py": MODEL, "schema.sql": sql})
    assert finding.severity == "error"
    assert [place.path for place in finding.related] == ["models.py"]
    assert "metadata" in sql[finding.span.start : finding.span.end]


@pytest.mark.parametrize(
    ("models", "sql"),
    [
        (SAFE, DDL),
        (MODEL, DDL + "ALTER TABLE events RENAME COLUMN metadata TO event_metadata;"),
        (MODEL, DDL + "ALTER TABLE events DROP COLUMN metadata;"),
        (MODEL, DDL + "DROP TABLE events;"),
        (MODEL, "ALTER TABLE events ALTER COLUMN metadata TYPE jsonb;"),
        (MODEL, "ALTER TABLE events MODIFY metadata JSON;"),
        (MODEL, "CREATE FUNCTION events(metadata jsonb) RETURNS int AS $$ SELECT 1 $$ LANGUAGE sql;"),
        (MODEL, "CREATE FUNCTION f() RETURNS TABLE (metadata jsonb) AS $$ SELECT 1 $$ LANGUAGE sql;"),
        (MODEL, "CREATE TABLE metadata (id int, events int);"),
        (MODEL, "CREATE TABLE audit.events (metadata TEXT);"),
        (MODEL, "CREATE TEMPORARY TABLE events (metadata TEXT);"),
        (MODEL, "-- CREATE TABLE events (metadata TEXT);"),
        (MODEL, DDL.replace("events", "others")),
        (MODEL, "CREATE TABLE events (note TEXT DEFAULT ', metadata TEXT');"),
        (
            MODEL,
            "SET search_path TO app;\n" + DDL + "RESET search_path;\nCREATE TABLE events (id int);",
        ),
        (MODEL, "SET search_path TO app, public;\n" + DDL + "ALTER TABLE events RENAME metadata TO m;"),
        (MODEL, "USE a;\n" + DDL + "USE b;\nCREATE TABLE events (id int);"),
        (IN_APP, "SET search_path TO other;\n" + DDL),
        (BASE, DDL),
        (BASE + RELATED, DDL),
        (BASE + BACKWARD, DDL),
    ],
)
def test_what_no_model_takes_stays_quiet(models: str, sql: str) -> None:
    assert found({"models.py": models, "schema.sql": sql}) == []


@pytest.mark.parametrize("models", [MODEL, IN_APP])
def test_a_table_is_taken_in_the_schema_that_the_script_looks_in(models: str) -> None:
    files = {"models.py": models, "schema.sql": "SET search_path TO app;\n" + DDL}
    (finding,) = found(files)
    assert finding.symbol == "events.metadata"
    moved = {**files, "schema.sql": files["schema.sql"] + "ALTER TABLE app.events DROP COLUMN metadata;"}
    assert found(moved) == []


def test_a_column_in_each_of_several_databases_is_found_in_each() -> None:
    one, other = "USE dev;\n" + DDL, "USE test;\n" + DDL
    files = {"models.py": MODEL, "dev.sql": one, "test.sql": other}
    assert [d.path for d in found(files)] == ["dev.sql", "test.sql"]
    # Which of the two the model means, nobody knows.
    assert found({**files, "test.sql": other + "ALTER TABLE events DROP COLUMN metadata;"}) == []


@pytest.mark.parametrize(
    "sql",
    [
        "CREATE TYPE event AS (id int, metadata text);\nCREATE TABLE events OF event;",
        "CREATE TYPE event AS (id int, meta text);\nCREATE TABLE events OF event (PRIMARY KEY (id));\n"
        "ALTER TYPE event RENAME ATTRIBUTE meta TO metadata CASCADE;",
        "CREATE TABLE template (metadata text);\nCREATE TABLE events (LIKE template INCLUDING ALL);",
    ],
)
def test_columns_from_a_type_or_another_table_are_found(sql: str) -> None:
    (finding,) = found({"models.py": MODEL, "schema.sql": sql})
    assert sql[finding.span.start : finding.span.end].startswith(("CREATE TABLE events", "metadata"))
    assert finding.fix is not None
    assert "the column keeps its name" in finding.fix.title
    away = {"models.py": MODEL, "schema.sql": sql + "\nALTER TYPE event DROP ATTRIBUTE metadata CASCADE;"}
    assert found(away) == [] or "LIKE" in sql


def test_a_mixin_gives_the_column_to_the_tables_of_its_users() -> None:
    models = BASE + "class Noted:\n    metadata = Column(JSON)\n" + EVENT.replace("(Base)", "(Noted, Base)")
    (finding,) = found({"models.py": models, "schema.sql": DDL})
    assert "`Noted.metadata`" in finding.message


def test_a_column_set_on_the_class_later_is_taken_too() -> None:
    (finding,) = found({"models.py": BASE + EVENT + "Event.metadata = Column(JSON)\n", "schema.sql": DDL})
    assert finding.fix is not None
    assert "Event.metadata" in finding.fix.title.replace("`", "")


REFLECTED = [
    BASE + "class Event(Base):\n    __table__ = Table('events', Base.metadata, autoload_with=engine)\n",
    BASE + "class Event(Base):\n    __table__ = Table('events', Base.metadata, autoload=True)\n",
    BASE + "t = Table('events', Base.metadata, autoload_with=engine)\nclass Event(Base):\n    __table__ = t\n",
    BASE + "class Event(Base):\n    __tablename__ = 'events'\n    __table_args__ = {'autoload_with'  #\n : engine}\n",
    BASE + "class Event(Base):\n    __table__ = Table('events', Base.metadata, autoload_with\\\n = engine)\n",
    BASE + "class Event(Base):\n    __tablename__ = 'events'\n    __table_args__ = {'autoload_with': engine}\n",
    BASE
    + "from sqlalchemy.ext.declarative import DeferredReflection\n"
    + "class Event(DeferredReflection, Base):\n    __tablename__ = 'events'\nDeferredReflection.prepare(engine)\n",
    "from sqlalchemy.ext.automap import automap_base\nBase = automap_base()\n"
    "class Event(Base):\n    __tablename__ = 'events'\nBase.prepare(autoload_with=engine)\n",
    "from sqlalchemy.ext.automap import automap_base\nBase = automap_base()\nBase.prepare(autoload_with=engine)\n",
    "from sqlalchemy.ext.automap import automap_base\nBase = automap_base()\nBase.prepare(engine, reflect=True)\n",
]


@pytest.mark.parametrize("models", REFLECTED)
def test_a_reflected_class_takes_the_column(models: str) -> None:
    (finding,) = found({"models.py": models, "schema.sql": DDL})
    assert finding.severity == "warning"
    assert "is then the column and hides the MetaData" in finding.message
    assert [place.path for place in finding.related] == ["models.py"]


@pytest.mark.parametrize(
    "models",
    [
        BASE + "t = Table('events', Base.metadata, autoload_with=engine)\n",
        REFLECTED[0] + "    __mapper_args__ = {'column_prefix': '_'}\n",
        REFLECTED[0] + "    note = __table__.c.metadata\n",
        REFLECTED[3] + "    note = Column('metadata', JSON)\n",
        REFLECTED[0].replace("'events'", "'others'"),
        REFLECTED[0] + "def named(i, t, c):\n    c['key'] = 'x'\nlisten(Table, 'column_reflect', named)\n",
        REFLECTED[5] + "    note = Column('metadata', JSON)\n",
    ],
)
def test_reflection_that_names_the_column_otherwise_stays_quiet(models: str) -> None:
    assert found({"models.py": models, "schema.sql": DDL}) == []


def test_sql_that_may_create_the_column_is_counted() -> None:
    script = "from sqlalchemy import text\nimport names\nc.execute(text(f'ALTER TABLE events ADD COLUMN {names.x}'))\n"
    script += "c.execute(text(f'ALTER TABLE {names.t} ADD COLUMN metadata INT'))\n"
    report = check_files({"models.py": MODEL, "migrate.py": script})
    (note,) = report.not_analysed
    assert (note.path, note.line) == ("migrate.py", 4)
    assert "`events.metadata`" in note.reason
    known = check_files({"models.py": MODEL, "migrate.py": script, "schema.sql": DDL})
    assert known.not_analysed == ()


CORE = "import sqlalchemy as sa\nm = sa.MetaData()\n"
CORE += "t = sa.Table('events', m, sa.Column('metadata', sa.JSON))\nm.create_all(e)\n"
CORE += "e.execute(sa.text('CREATE INDEX i ON events (metadata)'))\n"


def test_a_column_of_core_concerns_only_who_reflects_it() -> None:
    assert found({"core.py": CORE}) == []
    (finding,) = found({"core.py": CORE, "models.py": REFLECTED[3]})
    assert (finding.path, finding.severity) == ("core.py", "warning")


CORE_TABLE = "import sqlalchemy as sa\nm = sa.MetaData()\nt = sa.Table('events', m, sa.Column('metadata', sa.JSON))\n"
SETUP = "import core, models\ncore.m.create_all(models.engine)\n"


@pytest.mark.parametrize("models", REFLECTED)
@pytest.mark.parametrize("table", ["core", "orm"])
def test_what_another_module_creates_concerns_who_reflects_it(models: str, table: str) -> None:
    core = CORE_TABLE if table == "core" else SAFE + "m = Base.metadata\n"
    (finding,) = found({"core.py": core, "models.py": models, "setup.py": SETUP})
    assert (finding.path, finding.severity) == ("core.py", "warning")
    assert core[finding.span.start : finding.span.end] == "metadata"
    assert [place.path for place in finding.related] == ["models.py"]
    for files in (
        {"core.py": core, "models.py": models},
        {"core.py": core, "models.py": models, "setup.py": SETUP, "a.sql": "CREATE TABLE events (id int);"},
        {"core.py": core.replace("'metadata'", "'note'"), "models.py": models, "setup.py": SETUP},
        {"core.py": core, "models.py": BASE, "setup.py": SETUP},
    ):
        assert found(files) == []


def test_a_plain_class_that_is_mapped_to_a_table_hides_nothing() -> None:
    """Measured: without a declarative base there is nothing to hide."""
    mapped = "from sqlalchemy.orm import registry\nfrom core import t\nclass Event: pass\n"
    mapped += "registry().map_imperatively(Event, t)\n"
    assert found({"core.py": CORE_TABLE, "models.py": mapped, "setup.py": SETUP.replace("models.", "")}) == []


def test_a_model_that_declares_the_column_is_told_so_once() -> None:
    files = {
        "core.py": CORE_TABLE,
        "models.py": "from core import m, t\n" + BASE + "class Event(Base):\n    __table__ = t\n",
    }
    report = check_files({**files, "setup.py": SETUP})
    assert [d.code for d in report.diagnostics] == ["SG101"]


def test_two_attributes_set_from_outside_have_symbols_of_their_own() -> None:
    other = EVENT.replace("Event", "Other").replace("events", "others")
    models = BASE + EVENT + other + "Event.metadata = Column(JSON)\nOther.metadata = Column(JSON)\n"
    report = check_files({"models.py": models})
    assert [d.symbol for d in report.diagnostics] == ["Event.metadata", "Other.metadata"]
