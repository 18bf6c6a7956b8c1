"""SQL that one module keeps and another one runs: constants, lists and functions that pass their argument on."""

from __future__ import annotations

import pytest

from sqla_guard.core.config import Config
from sqla_guard.core.diagnostic import Diagnostic
from tests.support.memory import check_files, fixed_texts

MODEL = """from sqlalchemy import Column, Integer, JSON
from sqlalchemy.orm import declarative_base
Base = declarative_base()
class Event(Base):
    __tablename__ = 'events'
    id = Column(Integer, primary_key=True)
    metadata = Column(JSON)
"""
CREATE = "CREATE TABLE events (id INTEGER PRIMARY KEY, metadata JSONB)"
ADD = "ALTER TABLE events ADD COLUMN metadata JSONB"
RUN = "from sqlalchemy import text\nfrom app.db import connection\n"
HELPER = RUN + "def run_sql(sql):\n    connection.execute(text(sql))\n"
HEAD = {"app/__init__.py": "", "app/models.py": MODEL, "app/db.py": "connection = None\n"}


def found(files: dict[str, str]) -> list[Diagnostic]:
    report = check_files({**HEAD, **files}, config=Config())
    return [d for d in report.diagnostics if d.code == "SG301"]


KEPT_HERE_RUN_THERE = {
    "a constant": (f"CREATE = '{CREATE}'\n", "from .ddl import CREATE\nconnection.execute(text(CREATE))\n"),
    "under another name": (f"CREATE = '{CREATE}'\n", "from .ddl import CREATE as C\nconnection.execute(text(C))\n"),
    "through its module": (f"CREATE = '{CREATE}'\n", "from app import ddl\nconnection.execute(text(ddl.CREATE))\n"),
    "by its full name": (f"CREATE = '{CREATE}'\n", "import app.ddl\nconnection.execute(text(app.ddl.CREATE))\n"),
    "by a star": (f"CREATE = '{CREATE}'\n", "from app.ddl import *\nconnection.execute(text(CREATE))\n"),
    "an import in a function": (
        f"CREATE = '{CREATE}'\n",
        "def start():\n    from .ddl import CREATE\n    connection.execute(text(CREATE))\n",
    ),
    "a local name between": (
        f"CREATE = '{CREATE}'\n",
        "from . import ddl\ndef start():\n    sql = ddl.CREATE\n    connection.execute(text(sql))\n",
    ),
    "a list": (
        f"ALL = ['SELECT 1', '{CREATE}']\n",
        "from . import ddl\nfor one in ddl.ALL:\n    connection.execute(text(one))\n",
    ),
    "a list that grows": (
        f"ALL = []\nALL.append('{CREATE}')\n",
        "from . import ddl\nfor one in ddl.ALL:\n    connection.execute(text(one))\n",
    ),
    "a list of names": (
        f"CREATE = '{CREATE}'\nALL = (CREATE,)\n",
        "from .ddl import ALL\nfor one in ALL:\n    connection.execute(text(one))\n",
    ),
    "pairs": (
        f"ALL = [('events', '{CREATE}')]\n",
        "from .ddl import ALL\nfor name, sql in ALL:\n    connection.execute(text(sql))\n",
    ),
    "a dictionary's values": (
        f"ALL = {{'events': '{CREATE}'}}\n",
        "from .ddl import ALL\nfor name, sql in ALL.items():\n    connection.execute(text(sql))\n",
    ),
    "one of a dictionary": (
        f"ALL = {{'events': '{CREATE}'}}\n",
        "from .ddl import ALL\nconnection.execute(text(ALL['events']))\n",
    ),
    "an attribute of a class": (
        f"class Schema:\n    CREATE = '{CREATE}'\n",
        "from .ddl import Schema\nconnection.execute(text(Schema.CREATE))\n",
    ),
    "what a function gives back": (
        f"def create():\n    return '{CREATE}'\n",
        "from .ddl import create\nconnection.execute(text(create()))\n",
    ),
    "a function here": (
        f"CREATE = '{CREATE}'\n",
        "from .ddl import CREATE\ndef run(sql):\n    connection.execute(text(sql))\nrun(CREATE)\n",
    ),
    "a function here that takes a list": (
        f"ALL = ['{CREATE}']\n",
        "from .ddl import ALL\ndef run(all):\n    for one in all:\n        connection.execute(text(one))\nrun(ALL)\n",
    ),
    "a list here of constants there": (
        f"CREATE = '{CREATE}'\n",
        "from .ddl import CREATE\nALL = ['SELECT 1', CREATE]\nfor one in ALL:\n    connection.execute(text(one))\n",
    ),
    "a cursor": (
        f"CREATE = '{CREATE}'\n",
        "from .ddl import CREATE\ncursor = connection.cursor()\ncursor.execute(CREATE)\n",
    ),
}


@pytest.mark.parametrize("case", KEPT_HERE_RUN_THERE)
def test_sql_that_another_module_runs_is_found_where_it_stands(case: str) -> None:
    kept, runs = KEPT_HERE_RUN_THERE[case]
    (finding,) = found({"app/ddl.py": kept, "app/start.py": RUN + runs})
    assert finding.path == "app/ddl.py"
    assert kept[finding.span.start : finding.span.end] == "metadata"


PASSED_ON = {
    "imported": (HELPER, f"from app.helpers import run_sql\nrun_sql('{ADD}')\n"),
    "through its module": (HELPER, f"from app import helpers\nhelpers.run_sql('{ADD}')\n"),
    "by its full name": (HELPER, f"import app.helpers\napp.helpers.run_sql('{ADD}')\n"),
    "under a keyword": (HELPER, f"from .helpers import run_sql as run\nrun(sql='{ADD}')\n"),
    "a constant": (HELPER, f"from .helpers import run_sql\nADD = '{ADD}'\nrun_sql(ADD)\n"),
    "each of a list": (HELPER, f"from .helpers import run_sql\nfor one in ['{ADD}']:\n    run_sql(one)\n"),
    "a second parameter": (
        HELPER.replace("(sql):", "(name, sql):"),
        f"from .helpers import run_sql\nrun_sql('x', '{ADD}')\n",
    ),
    "a list of them": (
        "from app.db import connection\ndef run_all(all):\n    for one in all:\n        connection.execute(one)\n",
        f"from .helpers import run_all\nrun_all(['SELECT 1', '{ADD}'])\n",
    ),
    "through a function here": (
        HELPER,
        f"from .helpers import run_sql\ndef step(sql):\n    run_sql(sql)\nstep('{ADD}')\n",
    ),
}


@pytest.mark.parametrize("case", PASSED_ON)
def test_sql_given_to_a_function_of_the_project_is_found(case: str) -> None:
    helper, step = PASSED_ON[case]
    (finding,) = found({"app/helpers.py": helper, "app/step.py": step})
    assert finding.path == "app/step.py"
    assert step[finding.span.start : finding.span.end] == "metadata"


RUNNER = (
    "class Runner:\n    def __init__(self, connection):\n        self.connection = connection\n"
    "    def run(self, sql):\n        self.connection.execute(sql)\n"
)
TEMPLATE = (
    "class Step:\n    SQL = ''\n    ALL = ()\n    def go(self, connection):\n        connection.execute(self.SQL)\n"
    "    def every(self, connection):\n        for one in self.ALL:\n            connection.execute(one)\n"
)
PARTIAL = "from functools import partial\nfrom app.db import connection\ndef execute(c, sql):\n    c.execute(sql)\n"
METHODS = {
    "of a new object": (RUNNER, f"from app.helpers import Runner\ndef f(c):\n    Runner(c).run('{ADD}')\n"),
    "of a local object": (RUNNER, f"from .helpers import Runner\ndef f(c):\n    r = Runner(c)\n    r.run('{ADD}')\n"),
    "of a class by its module": (RUNNER, f"from app import helpers\nr = helpers.Runner(None)\nr.run('{ADD}')\n"),
    "of an annotated parameter": (
        RUNNER,
        f"from .helpers import Runner\ndef f(r: 'Runner | None'):\n    r.run('{ADD}')\n",
    ),
    "of an attribute": (
        RUNNER,
        "from .helpers import Runner\nclass Steps:\n    def __init__(self, c):\n        self.db = Runner(c)\n"
        f"    def go(self):\n        self.db.run('{ADD}')\n",
    ),
    "of an attribute that is handed over": (
        RUNNER,
        "from .helpers import Runner\nclass Steps:\n    def __init__(self, db: Runner):\n        self.db = db\n"
        f"    def go(self):\n        self.db.run('{ADD}')\n",
    ),
    "of a base class": (
        RUNNER,
        f"from .helpers import Runner\nclass Steps(Runner):\n    def go(self):\n        self.run('{ADD}')\n",
    ),
    "of a base class's base class": (
        RUNNER + "class Middle(Runner):\n    pass\n",
        f"from .helpers import Middle\nclass Steps(Middle):\n    def go(self):\n        self.run('{ADD}')\n",
    ),
    "of an object of the module": (
        RUNNER + "runner = Runner(None)\n",
        f"from .helpers import runner\nrunner.run('{ADD}')\n",
    ),
    "of a class": (
        RUNNER.replace("    def run(self", "    @classmethod\n    def run(cls"),
        f"from .helpers import Runner\nRunner.run('{ADD}')\n",
    ),
    "through another method": (
        RUNNER + "    def twice(self, sql):\n        self.run(sql)\n",
        f"from .helpers import Runner\nRunner(None).twice('{ADD}')\n",
    ),
    "with a decorator": (
        HELPER.replace("def run_sql", "def again(f):\n    return f\n@again\ndef run_sql"),
        f"from .helpers import run_sql\nrun_sql('{ADD}')\n",
    ),
    "by a partial there": (
        PARTIAL + "run = partial(execute, connection)\n",
        f"from .helpers import run\nrun('{ADD}')\n",
    ),
    "by a partial here": (
        PARTIAL,
        f"from functools import partial\nfrom .helpers import execute\nrun = partial(execute, None)\nrun('{ADD}')\n",
    ),
    "by a partial of a method": (
        "",
        f"import functools\nfrom app.db import connection\ngo = functools.partial(connection.execute)\ngo('{ADD}')\n",
    ),
    "by a partial that has it": (
        "",
        f"from functools import partial\nfrom app.db import connection\ngo = partial(connection.execute, '{ADD}')\n"
        "go()\n",
    ),
    "by another name": ("", f"from app.db import connection\nrun = connection.execute\nrun('{ADD}')\n"),
    "as an attribute": (TEMPLATE, f"from .helpers import Step\nclass Add(Step):\n    SQL = '{ADD}'\n"),
    "as one of an attribute": (
        TEMPLATE,
        f"from .helpers import Step\nclass Add(Step):\n    ALL = ['{ADD}', 'SELECT 1']\n",
    ),
    "with the name of the table": (
        "TABLE = 'events'\n",
        "from app import helpers\nfrom app.db import connection\n"
        "connection.execute(f'ALTER TABLE {helpers.TABLE} ADD COLUMN metadata JSONB')\n",
    ),
    "added to the name of the table": (
        "TABLE = 'events'\n",
        "from app.helpers import TABLE\nfrom app.db import connection\n"
        "connection.execute('ALTER TABLE ' + TABLE + ' ADD COLUMN metadata JSONB')\n",
    ),
    "with an attribute of the model": (
        "",
        "from app.models import Event\nfrom app.db import connection\n"
        "connection.execute('ALTER TABLE %s ADD COLUMN metadata JSONB' % Event.__tablename__)\n",
    ),
}


@pytest.mark.parametrize("case", METHODS)
def test_sql_given_to_a_method_or_a_partial_is_found(case: str) -> None:
    helper, step = METHODS[case]
    (finding,) = found({"app/helpers.py": helper, "app/step.py": step})
    assert finding.path == "app/step.py"
    assert step[finding.span.start : finding.span.end] == "metadata"


def test_three_modules_between_the_sql_and_its_database() -> None:
    files = {
        "app/ddl/__init__.py": "from .events import CREATE\nALL = [CREATE]\n",
        "app/ddl/events.py": f"CREATE = '{CREATE}'\n",
        "app/helpers.py": HELPER,
        "app/tools.py": "from .helpers import run_sql\ndef apply(sql):\n    run_sql(sql)\n",
        "app/start.py": "from app.ddl import ALL\nfrom app.tools import apply\nfor one in ALL:\n    apply(one)\n",
    }
    (finding,) = found(files)
    assert finding.path == "app/ddl/events.py"


def test_every_constant_of_a_list_elsewhere_is_read() -> None:
    files = {
        "app/events.py": f"OTHER = 'CREATE TABLE others (metadata TEXT)'\nCREATE = '{CREATE}'\n",
        "app/ddl.py": "from . import events\nALL = [events.OTHER, events.CREATE]\n",
        "app/start.py": RUN + "from .ddl import ALL\nfor one in ALL:\n    connection.execute(text(one))\n",
    }
    assert [d.path for d in found(files)] == ["app/events.py"]


def test_sql_that_two_modules_run_is_one_finding() -> None:
    start = RUN + "from .ddl import CREATE\nconnection.execute(text(CREATE))\n"
    assert len(found({"app/ddl.py": f"CREATE = '{CREATE}'\n", "app/one.py": start, "app/two.py": start})) == 1


def test_modules_that_import_each_other_come_to_an_end() -> None:
    one = "from app.db import connection\nfrom app import two\ndef run(sql):\n    two.run(sql)\n"
    two = "from app import one\ndef run(sql):\n    one.run(sql)\nALL = [one.ALL]\n"
    step = f"from app.one import run\nrun('{ADD}')\n"
    assert found({"app/one.py": one + "ALL = [two.ALL]\n", "app/two.py": two, "app/step.py": step}) == []


START = RUN + "from .ddl import CREATE\nconnection.execute(CREATE)\n"


@pytest.mark.parametrize(
    "written",
    [
        '"""\n    CREATE TABLE events (\n        id INTEGER, -- \u00e9\n        metadata JSONB\n    )\n"""',
        "'CREATE TABLE events ('\n    'id INTEGER, \\x62 INT, metadata JSONB)'",
        "f'CREATE TABLE {SCHEMA}.events (metadata JSONB)'",
        "'CREATE TABLE %s (metadata JSONB)' % 'events'",
        "'CREATE TABLE events (' + 'metadata JSONB)'",
    ],
)
def test_the_place_in_the_literal_is_exact(written: str) -> None:
    kept = f"# \U0001f600\nSCHEMA = 'public'\nCREATE = ({written})\n"
    (finding,) = found({"app/ddl.py": kept, "app/start.py": START})
    assert kept[finding.span.start : finding.span.end] == "metadata"


QUIET = {
    "nobody runs it": {"app/ddl.py": f"CREATE = '{CREATE}'\n", "app/start.py": "from .ddl import CREATE\n"},
    "it is printed": {
        "app/ddl.py": f"CREATE = '{CREATE}'\n",
        "app/start.py": "from .ddl import CREATE\nprint(CREATE)\n",
    },
    "another constant runs": {
        "app/ddl.py": f"CREATE = '{CREATE}'\nOTHER = 'SELECT 1'\n",
        "app/start.py": RUN + "from .ddl import OTHER, CREATE\nconnection.execute(text(OTHER))\n",
    },
    "another module's constant of the name runs": {
        "app/ddl.py": f"CREATE = '{CREATE}'\n",
        "app/other.py": "CREATE = 'SELECT 1'\n",
        "app/start.py": RUN + "from .other import CREATE\nconnection.execute(text(CREATE))\n",
    },
    "the parameter hides the import": {
        "app/ddl.py": f"CREATE = '{CREATE}'\n",
        "app/start.py": RUN + "from .ddl import CREATE\ndef f(CREATE):\n    connection.execute(text(CREATE))\n",
    },
    "the function prints": {
        "app/helpers.py": "def run_sql(sql):\n    print(sql)\n",
        "app/step.py": f"from .helpers import run_sql as go\ngo('{ADD}')\n",
    },
    "another package's function": {"app/step.py": f"from elsewhere import run_ddl\nrun_ddl('{ADD}')\n"},
    "a method of another class": {
        "app/helpers.py": RUNNER + "class Other:\n    def run(self, sql):\n        print(sql)\n",
        "app/step.py": f"from .helpers import Other, Runner\nOther().run('{ADD}')\n",
    },
    "an object of one class or another": {
        "app/helpers.py": RUNNER + "class Other:\n    def run(self, sql):\n        print(sql)\n",
        "app/step.py": f"from .helpers import Other, Runner\nr = Runner(0)\nr = Other()\n"
        f"def f():\n    r.run('{ADD}')\n",
    },
    "a partial of something else": {
        "app/step.py": f"from functools import partial\nrun = partial(print, 'x')\nrun('{ADD}')\n",
    },
    "an attribute that no method runs": {
        "app/helpers.py": TEMPLATE,
        "app/step.py": f"from .helpers import Step\nclass Add(Step):\n    HELP = '{ADD}'\n",
    },
    "it is a downgrade": {
        "app/ddl.py": f"ADD = '{ADD}'\n",
        "app/step.py": "from alembic import op\nfrom .ddl import ADD\ndown_revision = None\n"
        "def upgrade():\n    pass\ndef downgrade():\n    op.execute(ADD)\n",
    },
    "a docstring": {"app/ddl.py": f'"""{CREATE}"""\n', "app/start.py": RUN + "from . import ddl\nprint(ddl.__doc__)\n"},
}


@pytest.mark.parametrize("case", QUIET)
def test_sql_that_reaches_no_database_stays_quiet(case: str) -> None:
    assert found(QUIET[case]) == []


def revision(name: str, after: str, body: str) -> str:
    return (
        f"from alembic import op\nfrom app.ddl import CREATE\nrevision = '{name}'\ndown_revision = {after}\n"
        f"def upgrade():\n    {body}\n"
    )


def test_sql_runs_when_its_revision_does() -> None:
    files = {
        "app/ddl.py": f"CREATE = '{CREATE}'\n",
        "migrations/versions/b_first.py": revision("b", "None", "op.execute(CREATE)"),
        "migrations/versions/a_second.py": revision(
            "a", "'b'", "op.alter_column('events', 'metadata', new_column_name='notes')"
        ),
    }
    assert found(files) == []
    files["migrations/versions/a_second.py"] = revision("a", "'b'", "pass")
    assert [d.path for d in found(files)] == ["app/ddl.py"]


@pytest.mark.parametrize(
    "files",
    [
        {
            "app/ddl.py": f"CREATE = '{CREATE}'\n",
            "app/start.py": RUN + "from .ddl import CREATE\nconnection.execute(text(CREATE))\n",
        },
        {"app/helpers.py": HELPER, "app/step.py": f"from .helpers import run_sql\nrun_sql('{ADD}')\n"},
    ],
)
def test_sql_that_another_module_runs_once_is_not_rewritten(files: dict[str, str]) -> None:
    before = {**HEAD, **files}
    after = fixed_texts(before)
    changed = {path for path, text in after.items() if text != before.get(path)}
    assert changed == {"app/models.py"}
    assert "Column('metadata', JSON)" in after["app/models.py"] or 'Column("metadata", JSON)' in after["app/models.py"]


PUT_IN = {
    "quoted for MySQL": 'f"ALTER TABLE `{TABLE}` ADD COLUMN metadata JSON"',
    "quoted for SQL Server": 'f"ALTER TABLE [dbo].[{TABLE}] ADD metadata NVARCHAR(MAX)"',
    "quoted with backslashes": 'f"CREATE TABLE \\"{TABLE}\\" (id INTEGER, metadata JSONB)"',
    "behind a schema": 'f"ALTER TABLE public.{TABLE} ADD COLUMN metadata JSONB"',
    "behind a schema, formatted": '"ALTER TABLE public.%s ADD COLUMN metadata JSONB" % TABLE',
    "behind a schema, joined": '"ALTER TABLE public." + TABLE + " ADD COLUMN metadata JSONB"',
    "in a call": "f\"EXEC sp_rename '{TABLE}.meta', 'metadata', 'COLUMN'\"",
}


@pytest.mark.parametrize("sql", PUT_IN.values(), ids=PUT_IN)
def test_a_table_of_another_module_is_put_in_as_names_are_written(sql: str) -> None:
    script = f"{RUN}from app.names import TABLE\nconnection.execute(text({sql}))\n"
    (finding,) = found({"app/names.py": "TABLE = 'events'\n", "app/start.py": script})
    assert finding.path == "app/start.py"
