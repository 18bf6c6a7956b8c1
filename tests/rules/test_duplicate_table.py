"""SG110 on programs in memory."""

from __future__ import annotations

from pathlib import Path

import pytest

from sqla_guard.core.diagnostic import Diagnostic
from tests.support.environments import VERSIONS, find
from tests.support.memory import check_files

HEAD = (
    "from sqlalchemy import Column, Integer, MetaData, Table\n"
    "from sqlalchemy.orm import declarative_base\nBase = declarative_base()\n"
)
KEY = "    id = Column(Integer, primary_key=True)\n"
EVENT = f"class Event(Base):\n    __tablename__ = 'events'\n{KEY}"
AGAIN = f"class Again(Base):\n    __tablename__ = 'events'\n{KEY}"


def found(files: dict[str, str], *reported: str) -> list[Diagnostic]:
    return [d for d in check_files(files, *reported).diagnostics if d.code == "SG110"]


@pytest.mark.parametrize(
    "text",
    [
        EVENT + AGAIN,
        EVENT + "again = Table('events', Base.metadata, Column('id', Integer))\n",
        "one = Table('events', Base.metadata)\ntwo = Table('events', Base.metadata, Column('id', Integer))\n",
        "m = MetaData()\none = Table('events', m)\ntwo = Table('events', m, Column('id', Integer))\n",
        EVENT + EVENT,
    ],
)
def test_a_second_declaration_is_found(text: str, tmp_path: Path) -> None:
    ran = find("2.0").run_code(HEAD + text, cwd=tmp_path)
    assert "Table 'events' is already defined for this MetaData instance." in ran.stderr
    (finding,) = found({"m.py": HEAD + text})
    assert "Table 'events' is already defined for this MetaData instance." in finding.message
    assert len(finding.related) == 1


@pytest.mark.parametrize(
    "text",
    [
        EVENT,
        EVENT + AGAIN + "    __table_args__ = {'extend_existing': True}\n",
        EVENT + AGAIN + "    __table_args__ = {'schema': 'other'}\n",
        EVENT + AGAIN.replace("'events'", "'others'"),
        EVENT + "Other = declarative_base()\n" + AGAIN.replace("Base", "Other"),
        "if Base:\n" + "".join(f"    {line}\n" for line in (EVENT).splitlines()) + AGAIN,
        EVENT + "def f():\n" + "".join(f"    {line}\n" for line in AGAIN.splitlines()),
        EVENT + "class Plain:\n    __tablename__ = 'events'\n",
        "one = Table('events', MetaData())\ntwo = Table('events', MetaData())\n",
        "m = MetaData()\none = Table('events', m, Column('id', Integer))\ntwo = Table('events', m)\n",
    ],
)
def test_what_is_no_second_declaration_stays_quiet(text: str) -> None:
    assert found({"m.py": HEAD + text}) == []


PACKAGE = {
    "app/__init__.py": "",
    "app/base.py": HEAD,
    "app/a.py": "from app.base import Base, Column, Integer\n" + EVENT,
    "app/b.py": "from app.base import Base, Column, Integer\n" + AGAIN,
}


def test_two_modules_that_a_third_imports_clash() -> None:
    (finding,) = found({**PACKAGE, "app/main.py": "from app import a, b\n"})
    assert finding.path == "app/b.py"


def test_two_modules_that_nothing_imports_together_do_not() -> None:
    assert found(PACKAGE) == []
    assert found({**PACKAGE, "tests/test_x.py": "from app import a, b\n"}) == []


def test_one_file_alone_gets_the_verdict_of_the_whole() -> None:
    files = {**PACKAGE, "app/main.py": "from app import a, b\n"}
    assert [d.path for d in found(files, "app/b.py")] == ["app/b.py"]
    assert found(files, "app/a.py") == []


# Ways to write the first of several declarations that only a parser reads.
UNUSUAL = {
    "brackets": EVENT.replace("'events'", "('events')"),
    "two literals": EVENT.replace("'events'", "'eve' 'nts'"),
    "two lines": EVENT.replace("'events'", "'eve' \\\n        'nts'"),
    "a prefix": EVENT.replace("'events'", "u'events'"),
    "an escape": EVENT.replace("'events'", r"'e\x76ents'"),
    "three quotes": EVENT.replace("'events'", '"""events"""'),
    "another line": EVENT.replace("= 'events'", "= \\\n        'events'"),
}


@pytest.mark.parametrize("case", UNUSUAL)
def test_the_first_declaration_may_be_written_in_any_way(case: str) -> None:
    files = {**PACKAGE, "app/a.py": "from app.base import Base, Column, Integer\n" + UNUSUAL[case]}
    findings = found({**files, "app/c.py": PACKAGE["app/b.py"], "app/main.py": "from app import a, b, c\n"})
    assert [(d.path, d.related[0].path) for d in findings] == [("app/b.py", "app/a.py"), ("app/c.py", "app/a.py")]


FLASK = (
    "from flask import Flask\nfrom flask_sqlalchemy import SQLAlchemy\napp = Flask('x')\n"
    "app.config['SQLALCHEMY_DATABASE_URI'] = 'sqlite://'\ndb = SQLAlchemy(app)\n"
)
DB_KEY = "    id = db.Column(db.Integer, primary_key=True)\n"
LOG = f"class EventLog(db.Model):\n{DB_KEY}"

# After `LOG`; whether the table `event_log` is declared again.
DERIVED = {
    "the same class again": (LOG, True),
    "a name that is written": (f"class Other(db.Model):\n    __tablename__ = 'event_log'\n{DB_KEY}", True),
    "a Table": ("other = db.Table('event_log', db.Column('id', db.Integer, primary_key=True))\n", True),
    "another spelling": (f"class Eventlog(db.Model):\n{DB_KEY}", False),
    "single-table inheritance": ("class Event_Log(EventLog):\n    pass\n", False),
    "joined-table inheritance": (
        "class Event_Log(EventLog):\n    id = db.Column(db.ForeignKey('event_log.id'), primary_key=True)\n",
        False,
    ),
    "an abstract class": ("class Event_Log(db.Model):\n    __abstract__ = True\n", False),
    "leading underscore": (f"class _EventLog(db.Model):\n{DB_KEY}", True),
}


@pytest.mark.parametrize("case", DERIVED)
def test_a_name_that_flask_sqlalchemy_derives_counts(case: str, tmp_path: Path) -> None:
    text, clashes = DERIVED[case]
    ran = find("2.0").run_code(FLASK + LOG + text, cwd=tmp_path)
    assert ("Table 'event_log' is already defined for this MetaData instance." in ran.stderr) == clashes
    assert (ran.returncode != 0) == clashes
    assert ["SG110"] * clashes == [d.code for d in found({"m.py": FLASK + LOG + text})]


@pytest.mark.parametrize(
    "head", ["class\tEventLog(", "class \\\n  EventLog(", "class EventLog\\\n  (", "class  EventLog ("]
)
def test_the_first_class_may_be_written_in_any_way(head: str) -> None:
    again = f"from app.a import db\n{LOG}"
    files = {
        "app/__init__.py": "",
        "app/a.py": (FLASK + LOG).replace("class EventLog(", head),
        **dict.fromkeys(("app/b.py", "app/c.py"), again),
        "app/main.py": "from app import a, b, c\n",
    }
    assert [(d.path, d.related[0].path) for d in found(files)] == [("app/b.py", "app/a.py"), ("app/c.py", "app/a.py")]


def test_a_name_that_sqlmodel_derives_counts(tmp_path: Path) -> None:
    text = "from sqlmodel import Field, SQLModel\n" + (
        "class Event(SQLModel, table=True):\n    id: int | None = Field(default=None, primary_key=True)\n"
        "class Other(SQLModel, table=True):\n    __tablename__ = 'event'\n"
        "    id: int | None = Field(default=None, primary_key=True)\n"
    )
    ran = find("2.0").run_code(text, cwd=tmp_path)
    assert "Table 'event' is already defined for this MetaData instance." in ran.stderr
    assert len(found({"m.py": text})) == 1


BASE = "from sqlalchemy.orm import declarative_base\nBase = declarative_base()\n"
MODELS = "from sqlalchemy import Column, Integer\nfrom app.base import Base\n" + EVENT
OWN = {"app/__init__.py": "", "app/base.py": BASE, "app/models.py": MODELS}

RUN = {"main.py": "import app.run\n"}
BOTH = {**RUN, "app/run.py": "import app.models\nimport models\n"}
TABLE = "from sqlalchemy import Column, Integer, Table\nfrom app.base import Base\n"

# Files, and whether running `main.py` declares `events` twice; `.` and `app` (or `src`) are on the path.
TWICE = {
    "import and import": ({**OWN, **BOTH}, True),
    "from and import": ({**OWN, **RUN, "app/run.py": "from app.models import Event\nimport models as m\n"}, True),
    "from the package": ({**OWN, **RUN, "app/run.py": "from app import models\nfrom models import Event\n"}, True),
    "in two modules": (
        {**OWN, "app/views.py": "from models import Event\n", "main.py": "import app.models\nimport app.views\n"},
        True,
    ),
    "through src": (
        {
            "src/base.py": BASE,
            "src/models.py": MODELS.replace("app.base", "base"),
            "main.py": "import models\nimport src.models\n",
        },
        True,
    ),
    "a Table": (
        {**OWN, **BOTH, "app/models.py": TABLE + "t = Table('events', Base.metadata, Column('id', Integer))\n"},
        True,
    ),
    "a Table without columns": (
        {**OWN, **BOTH, "app/models.py": TABLE + "t = Table('events', Base.metadata)\n"},
        False,
    ),
    "one name": ({**OWN, "main.py": "import app.models\nfrom app import models\n"}, False),
    "a base of its own": ({**OWN, **BOTH, "app/models.py": HEAD + EVENT}, False),
    "a base imported with dots": (
        {
            "src/__init__.py": "",
            **{f"src/{path}": text.replace("app.base", ".base") for path, text in OWN.items()},
            "main.py": "import src.app.models\nimport app.models\n",
        },
        False,
    ),
    "one or the other": (
        {**OWN, **RUN, "app/run.py": "try:\n    import app.models\nexcept ImportError:\n    import models\n"},
        False,
    ),
    "allowed again": (
        {**OWN, **BOTH, "app/models.py": MODELS + "    __table_args__ = {'extend_existing': True}\n"},
        False,
    ),
    "apart": ({**OWN, "main.py": "import app.models\n", "app/script.py": "import models\n"}, False),
}


@pytest.mark.parametrize("case", TWICE)
def test_a_module_under_two_names_declares_its_tables_twice(case: str, tmp_path: Path) -> None:
    files, clashes = TWICE[case]
    for path, text in files.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text, encoding="utf-8")
    second = "src" if any(path.startswith("src/") for path in files) else "app"
    code = f"import sys\nsys.path[:0] = ['.', '{second}']\nimport main\n"
    ran = find("2.0").run_code(code, cwd=tmp_path)
    assert ("Table 'events' is already defined for this MetaData instance." in ran.stderr) == clashes, ran.stderr
    assert (ran.returncode != 0) == clashes, ran.stderr
    said = found(files)
    assert [d.code for d in said] == ["SG110"] * clashes
    assert all("this module is imported as" in d.message and len(d.related) == 2 for d in said)


@pytest.mark.parametrize("version", VERSIONS)
def test_every_version_refuses_a_second_declaration(version: str, tmp_path: Path) -> None:
    ran = find(version).run_code(HEAD + EVENT + AGAIN, cwd=tmp_path)
    assert "Table 'events' is already defined for this MetaData instance." in ran.stderr
