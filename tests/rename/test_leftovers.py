"""A plan that renames a column reaches every query that names it, or leaves the column alone and says why."""

from __future__ import annotations

import pytest

from sqla_guard.core.config import Config
from tests.support.memory import check_files, fixed_texts

MODEL = """from sqlalchemy import JSON, Column, Integer
from sqlalchemy.orm import declarative_base

Base = declarative_base()


class Doc(Base):
    __tablename__ = "docs"
    id = Column(Integer, primary_key=True)
    metadata = Column(JSON)
"""
MIGRATE = """from sqlalchemy import create_engine, inspect, text

engine = create_engine("postgresql://localhost/docs")


def run_migrations():
    with engine.begin() as connection:
        if not inspect(connection).has_table("docs"):
            connection.execute(text("CREATE TABLE docs (id INTEGER PRIMARY KEY, metadata JSONB)"))


run_migrations()
"""
HEAD = {"app/__init__.py": "", "app/models.py": MODEL, "app/migrate.py": MIGRATE}
INSERT = "INSERT INTO docs (id, metadata) VALUES (1, '{}')"
RENAMED = "INSERT INTO docs (id, doc_metadata) VALUES (1, '{}')"
SELECT = "SELECT id, metadata FROM docs"
RUN = "from sqlalchemy import text\n"


def of_column(files: dict[str, str]) -> bool:
    """Tell whether the fix renames the column."""
    return "doc_metadata JSONB" in fixed_texts({**HEAD, **files})["app/migrate.py"]


def title(files: dict[str, str]) -> str:
    found = [d.fix.title for d in check_files({**HEAD, **files}).diagnostics if d.code == "SG101" and d.fix]
    return found[0]


KEPT = {
    "a constant": (f'INSERT = "{INSERT}"\n', "from app.queries import INSERT\n\n\n", "INSERT"),
    "a constant in brackets": (f'INSERT = (\n    "{INSERT}"\n)\n', "from .queries import INSERT\n\n\n", "INSERT"),
    "through its module": (f'INSERT = "{INSERT}"\n', "from app import queries\n\n\n", "queries.INSERT"),
    "an attribute": (f'class Docs:\n    ADD = "{INSERT}"\n', "from app.queries import Docs\n\n\n", "Docs.ADD"),
    "one of a dictionary": (f'ALL = {{"add": "{INSERT}"}}\n', "from app import queries\n\n\n", 'queries.ALL["add"]'),
    "what a function gives back": (
        f'def add():\n    return "{INSERT}"\n',
        "from app.queries import add\n\n\n",
        "add()",
    ),
    "an f-string": (
        'T = "docs"\nINSERT = f"INSERT INTO {T} (id, metadata) VALUES (1, 2)"\n',
        "from app.queries import INSERT\n\n\n",
        "INSERT",
    ),
}


@pytest.mark.parametrize("case", KEPT)
def test_a_query_that_another_module_runs_is_renamed_where_it_stands(case: str) -> None:
    kept, imports, name = KEPT[case]
    asks = f"{RUN}{imports}def go(connection):\n    connection.execute(text({name}))\n"
    after = fixed_texts({**HEAD, "app/queries.py": kept, "app/asks.py": asks})
    assert "doc_metadata JSONB" in after["app/migrate.py"]
    assert after["app/asks.py"] == asks
    assert after["app/queries.py"] == kept.replace("metadata", "doc_metadata")


def test_a_query_with_a_name_of_the_table_from_elsewhere_is_renamed() -> None:
    body = 'def ask(connection):\n    connection.execute(text(f"DELETE FROM {TABLE} WHERE metadata IS NULL"))\n'
    files = {"app/names.py": 'TABLE = "docs"\n', "app/asks.py": f"{RUN}from app.names import TABLE\n\n\n{body}"}
    after = fixed_texts({**HEAD, **files})
    assert after["app/asks.py"] == files["app/asks.py"].replace("metadata", "doc_metadata")
    assert after["app/names.py"] == files["app/names.py"]


def test_a_query_given_to_a_method_or_under_another_name_is_renamed() -> None:
    store = (
        "class Store:\n    def __init__(self, c):\n        self.c = c\n\n"
        "    def run(self, sql):\n        self.c.execute(sql)\n"
    )
    body = f'def f(c):\n    Store(c).run("{INSERT}")\n    run = c.execute\n    run("{INSERT}")\n'
    files = {"app/store.py": store, "app/asks.py": f"from app.store import Store\n\n\n{body}"}
    after = fixed_texts({**HEAD, **files})
    assert after["app/asks.py"].count(RENAMED) == 2


def test_what_a_query_calls_its_result_stays_for_those_who_read_it() -> None:
    files = {
        "app/asks.py": f'{RUN}\n\ndef ask(c):\n    return c.execute(text("{SELECT}")).mappings().one()["metadata"]\n'
    }
    after = fixed_texts({**HEAD, **files})
    assert "SELECT id, doc_metadata AS metadata FROM docs" in after["app/asks.py"]


ONE = "def f(c):\n    "
REFUSED = {
    "a function of another package": f'from elsewhere import run\nrun("{INSERT}")\n',
    "a method of anything": f'{ONE}c.all("{SELECT}")\n',
    "a constant that nobody runs": f'ADD = "{INSERT}"\n',
    "a method of a driver": f'{ONE}c.copy_expert("COPY docs (id, metadata) FROM STDIN", None)\n',
    "a function of a driver": (
        "from psycopg2.extras import execute_values\n"
        f'{ONE}execute_values(c, "INSERT INTO docs (metadata) VALUES %s", ())\n'
    ),
    "a list of columns": f'COLUMNS = "id, metadata"\n{ONE}c.execute("SELECT " + COLUMNS + " FROM docs")\n',
    "a list of columns of two statements": (
        f'{ONE}columns = "id, metadata"\n    c.execute("SELECT " + columns + " FROM docs")\n'
        '    c.execute("SELECT " + columns + " FROM others")\n'
    ),
    "a list of columns that is read and written": (
        f'{ONE}columns = "id, metadata"\n    c.execute("SELECT " + columns + " FROM docs")\n'
        '    c.execute("INSERT INTO docs (" + columns + ") VALUES (1, 2)")\n'
    ),
    "columns from a list": (
        f'C = ["id", "metadata"]\n{ONE}c.execute("INSERT INTO docs (%s) VALUES (1)" % ", ".join(C))\n'
    ),
    "columns from the keys of values": (
        'def f(c, **v):\n    s = ", ".join(f"{k} = :{k}" for k in v)\n    c.execute(f"UPDATE docs SET {s}", v)\n'
    ),
    "a condition that is handed over": (
        'WHERE = "metadata IS NULL"\ndef f(c, where=WHERE):\n    c.execute(f"SELECT id FROM docs WHERE {where}")\n'
    ),
    "all columns, in two pieces": f'{ONE}sql = "SELECT * "\n    sql += "FROM docs"\n    c.execute(sql)\n',
    "all columns of the model's table": (
        f'from app.models import Doc\n{ONE}c.execute(f"SELECT * FROM {{Doc.__tablename__}}")\n'
    ),
    "a data frame's columns": f'{ONE}c.frame(columns=["id", "metadata"]).to_sql("docs", c)\n',
    "a driver's list of columns": f'{ONE}c.copy_from(None, "docs", columns=("id", "metadata"))\n',
    "the table once more": (
        "from sqlalchemy import JSON, Column, MetaData, Table\n"
        'DOCS = Table("docs", MetaData(), Column("metadata", JSON))\n'
    ),
    "the table by reflection": (
        "from sqlalchemy import MetaData, Table\n"
        'def f(e):\n    return Table("docs", MetaData(), autoload_with=e).c.metadata\n'
    ),
    "a column by its text": (
        'from sqlalchemy import literal_column\nfrom app.models import Doc\nFIRST = literal_column("docs.metadata")\n'
    ),
    "an unknown table": (
        f'from app.models import Doc\n{ONE}c.every("SELECT metadata FROM " + Doc.__mapper__.local_table.name)\n'
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_a_query_out_of_reach_keeps_the_column(case: str) -> None:
    files = {"app/asks.py": REFUSED[case]}
    assert not of_column(files)
    assert "the column keeps its name, because app/asks.py" in title(files)


ELSEWHERE = {
    "columns of another module": {
        "app/names.py": 'COLUMNS = "id, metadata"\n',
        "app/asks.py": f'{RUN}from app.names import COLUMNS\n{ONE}c.execute(text(f"SELECT {{COLUMNS}} FROM docs"))\n',
    },
    "table and column of another module": {
        "app/names.py": 'T = "docs"\nC = "metadata"\n',
        "app/asks.py": f'from app.names import C, T\n{ONE}c.execute(f"DELETE FROM {{T}} WHERE {{C}} IS NULL")\n',
    },
    "whole rows of a table of another module": {
        "app/names.py": 'T = "docs"\n',
        "app/asks.py": f'{RUN}from app.names import T\n{ONE}c.execute(text(f"SELECT * FROM {{T}}"))\n',
    },
    "a numbered file": {"sql/001_seed.sql": INSERT + ";\n"},
    "a file of seeds": {"seeds/docs.sql": INSERT + ";\n"},
    "a file of psql": {"sql/docs.psql": SELECT + ";\n"},
    "a template of SQL": {"sql/docs.sql.j2": SELECT + " {% if x %}WHERE id = 1{% endif %}\n"},
    "a notebook": {"docs.ipynb": f'{{"cells": [{{"source": ["c.execute(\\"{SELECT}\\")"]}}]}}\n'},
    "another language": {"web/docs.ts": f"const sql = `{SELECT}`\n"},
    "a shell script": {"bin/dump.sh": f"psql -c '{SELECT}'\n"},
    "a query for a revision": {
        "app/queries.py": 'FILL = "UPDATE docs SET metadata = 1"\n',
        "migrations/versions/a_first.py": (
            "from alembic import op\nfrom app.queries import FILL\nrevision = 'a'\ndown_revision = None\n"
            "def upgrade():\n    op.execute(FILL)\n"
        ),
    },
    "the SQL of a revision": {
        "migrations/versions/a_first.py": (
            "from alembic import op\nrevision = 'a'\ndown_revision = None\n"
            "def upgrade():\n    op.execute('UPDATE docs SET metadata = 1')\n"
        ),
    },
    "a revision": {
        "migrations/versions/a_first.py": (
            "from alembic import op\nrevision = 'a'\ndown_revision = None\n"
            "def upgrade():\n    op.create_index('ix', 'docs', ['metadata'])\n"
        ),
    },
}


@pytest.mark.parametrize("case", ELSEWHERE)
def test_a_query_out_of_reach_in_another_file_keeps_the_column(case: str) -> None:
    assert not of_column(ELSEWHERE[case])
    assert "the column keeps its name, because " in title(ELSEWHERE[case])


QUIET = {
    "another table": 'ADD = "INSERT INTO others (id, metadata) VALUES (1, 2)"\n',
    "another table's column": f'{ONE}c.all("SELECT o.metadata FROM others o JOIN docs ON docs.id = o.id")\n',
    "a key": 'PAYLOAD = {"metadata": {}, "docs": []}\n',
    "prose": 'HELP = "Docs have metadata, and more. Update docs and metadata."\n',
    "a message of another table": 'SAID = "Renaming others.metadata to other_metadata of docs"\n',
    "an arrow": 'SAID = "docs: metadata -> notes"\n',
    "a value that is told": 'SAID = "docs: metadata=%s, metadata is missing, Doc(metadata=None)"\n',
    "documentation": f'"""{INSERT}"""\n',
    "a count of rows": f'{ONE}c.all("SELECT count(*) FROM docs")\n',
    "a question for rows": f'{ONE}c.all("SELECT EXISTS (SELECT * FROM docs)")\n',
    "values put in": f'{ONE}c.execute(f"INSERT INTO docs (id) VALUES ({{c.id}})")\n',
    "a path of modules": 'TARGET = "app.db.metadata"\n',
}


@pytest.mark.parametrize("case", QUIET)
def test_what_is_no_query_of_the_column_is_not_in_the_way(case: str) -> None:
    assert of_column({"app/asks.py": QUIET[case]})


@pytest.mark.parametrize("before", [True, False])
def test_a_query_that_another_module_runs_too_early_keeps_the_column(before: bool) -> None:
    files = {
        "app/queries.py": f'INSERT = "{INSERT}"\n',
        "app/seed.py": f"{RUN}from app import queries\n\n\ndef seed(c):\n    c.execute(text(queries.INSERT))\n",
    }
    called = "        seed(connection)\n"
    script = MIGRATE.replace("\nengine =", "from app.seed import seed\n\nengine =", 1)
    at = script.index("        if not inspect") if before else script.index("\n\nrun_migrations()")
    files["app/migrate.py"] = script[:at] + called + script[at:]
    assert of_column(files) != before


def test_a_query_that_the_script_itself_runs_too_early_keeps_the_column() -> None:
    script = MIGRATE.replace("\nengine =", "from app import queries\n\nengine =", 1)
    step = script.index("        if not inspect")
    files = {"app/queries.py": f'INSERT = "{INSERT}"\n'}
    early = script[:step] + "        connection.execute(text(queries.INSERT))\n" + script[step:]
    assert not of_column({**files, "app/migrate.py": early})
    late = script.replace(
        "\n\n\nrun_migrations()", "\n        connection.execute(text(queries.INSERT))\n\n\nrun_migrations()"
    )
    assert of_column({**files, "app/migrate.py": late})


def test_ddl_for_a_function_of_another_module_is_rewritten_in_its_manner() -> None:
    helper = "from sqlalchemy import text\n\n\ndef run_sql(connection, sql):\n    connection.execute(text(sql))\n"
    script = MIGRATE.replace("\nengine =", "from app.helpers import run_sql\n\nengine =", 1).replace(
        'connection.execute(text("CREATE TABLE docs (id INTEGER PRIMARY KEY, metadata JSONB)"))',
        'run_sql(connection, "CREATE TABLE docs (id INTEGER PRIMARY KEY, metadata JSONB)")',
    )
    files = {**HEAD, "app/helpers.py": helper, "app/migrate.py": script}
    after = fixed_texts(files)
    assert "doc_metadata JSONB" in after["app/migrate.py"]
    assert 'run_sql(connection, "ALTER TABLE docs RENAME COLUMN metadata TO doc_metadata")' in after["app/migrate.py"]
    assert fixed_texts(after) == after


DDL = '"CREATE TABLE {guard}docs (id INTEGER PRIMARY KEY, metadata JSONB)"'
STEPS = {
    "behind its own question": (
        "",
        '    if not inspect(connection).has_table("docs"):\n        connection.execute(text(ddl.CREATE))\n',
        True,
    ),
    "for the database to ask": ("IF NOT EXISTS ", "    connection.execute(text(ddl.CREATE))\n", True),
    "as a whole": ("IF NOT EXISTS ", "    connection.execute(ddl.CREATE)\n", True),
    "for a setting": (
        "IF NOT EXISTS ",
        "    if connection.wanted:\n        connection.execute(text(ddl.CREATE))\n",
        False,
    ),
    "behind a way out": (
        "IF NOT EXISTS ",
        '    if inspect(connection).has_table("docs"):\n        return\n    connection.execute(text(ddl.CREATE))\n',
        False,
    ),
    "behind a way out, bare": (
        "",
        '    if inspect(connection).has_table("docs"):\n        return\n    connection.execute(text(ddl.CREATE))\n',
        False,
    ),
    "in a part": ("IF NOT EXISTS ", '    connection.execute(text(ddl.CREATE + " WITHOUT OIDS"))\n', False),
    "one of several": (
        "IF NOT EXISTS ",
        "    for one in [ddl.CREATE]:\n        connection.execute(text(one))\n",
        False,
    ),
    "in a test": ("IF NOT EXISTS ", "    return\n    connection.execute(text(ddl.CREATE))\n", False),
}


@pytest.mark.parametrize("case", STEPS)
def test_ddl_of_another_module_is_rewritten_where_a_step_of_its_own_runs_it(case: str) -> None:
    guard, step, moves = STEPS[case]
    kept = f"CREATE = {DDL.format(guard=guard)}\n"
    script = (
        "from sqlalchemy import create_engine, inspect, text\n\nfrom app import ddl\n\n"
        'engine = create_engine("postgresql://localhost/docs")\n\n\n'
        f"def migrate(connection):\n{step}\n\nwith engine.begin() as connection:\n    migrate(connection)\n"
    )
    before = {"app/__init__.py": "", "app/models.py": MODEL, "app/ddl.py": kept, "app/start.py": script}
    after = fixed_texts(before)
    if moves:
        assert after["app/ddl.py"] == kept.replace("metadata", "doc_metadata")
        assert "ALTER TABLE docs RENAME COLUMN metadata TO doc_metadata" in after["app/start.py"]
        assert fixed_texts(after) == after
    else:
        assert {p: t for p, t in after.items() if t != before[p]}.keys() == {"app/models.py"}


OWN = {
    "a name that is put in": (
        'COLUMN = "metadata"\nconnection.execute(f"CREATE TABLE IF NOT EXISTS docs (id INTEGER, {COLUMN} JSONB)")\n',
        "app/start.py puts the column's name into the SQL that creates it",
    ),
    "the columns of another table": (
        'connection.execute("CREATE TABLE old (id INTEGER, metadata JSONB)")\n'
        'connection.execute("CREATE TABLE IF NOT EXISTS docs (LIKE old)")\n',
        "app/start.py makes docs with the columns of another table",
    ),
    "a view": (
        'connection.execute("CREATE OR REPLACE VIEW docs AS SELECT id, notes AS metadata FROM others")\n',
        "docs is a view in app/start.py",
    ),
}


@pytest.mark.parametrize("case", OWN)
def test_a_name_that_the_ddl_does_not_write_is_told_as_such(case: str) -> None:
    script, why = OWN[case]
    files = {"app/__init__.py": "", "app/models.py": MODEL, "app/start.py": f"from app.db import connection\n{script}"}
    found = check_files(files, config=Config(rename="column")).diagnostics
    titles = [d.fix.title for d in found if d.code == "SG101" and d.fix]
    assert [title.partition("because ")[2] for title in titles] == [why]
