"""Which dialect SQL is read in: configured, its own look, then what the project names."""

from __future__ import annotations

import pytest

from sqla_guard.core.config import Config
from sqla_guard.facts.operations import CreateTable
from sqla_guard.project.dialects import configured_dialect, likely_dialect
from tests.support.memory import project


@pytest.mark.parametrize(
    ("files", "dialect"),
    [
        ({"alembic.ini": "[alembic]\nsqlalchemy.url = postgresql+psycopg2://u:p@h/d\n"}, "postgres"),
        ({"alembic.ini": "sqlalchemy.url = driver://user:pass@localhost/dbname\n"}, None),
        ({"requirements.txt": "SQLAlchemy>=2\nmysqlclient==2.2\n"}, "mysql"),
        ({"pyproject.toml": '[project]\ndependencies = ["asyncpg", "aiosqlite"]\n'}, "postgres"),
        ({"requirements.txt": "psycopg2-binary\nPyMySQL\n"}, None),
        ({"app/db.py": "engine = create_engine('mssql+pyodbc://u@dsn')\n"}, "tsql"),
        ({"app/db.py": "DATABASE_URL = 'oracle://u@h'\n", "requirements.txt": "oracledb\n"}, "oracle"),
        ({"app/db.py": "engine = create_engine('sqlite:///x.db')\n"}, "sqlite"),
        ({"app/db.py": "see = 'https://postgresql.org'\nengine = create_engine(url)\n"}, None),
    ],
)
def test_what_a_project_names(files: dict[str, str], dialect: str | None) -> None:
    assert likely_dialect(project({**files, "app/x.sql": ""}), "app/x.sql") == dialect


@pytest.mark.parametrize(
    ("named", "dialect"),
    [("postgresql", "postgres"), ("mssql", "tsql"), ("mariadb", "mysql"), ((("*", "tsql"),), "tsql")],
)
def test_the_configuration_names_it(named: str | tuple[tuple[str, str], ...], dialect: str) -> None:
    assert configured_dialect(project({"x.sql": ""}, Config(dialect=named)), "x.sql") == dialect


# In MySQL the first line is a comment, elsewhere an unclosed string goes on to the next quote.
SCRIPT = "# don't\nCREATE TABLE t (id INT, metadata TEXT);\nINSERT INTO t VALUES (1, 'x');\n"


@pytest.mark.parametrize(
    ("files", "config"),
    [({"requirements.txt": "mysqlclient\n"}, Config()), ({}, Config(dialect="mysql"))],
)
def test_sql_that_looks_like_none_is_read_in_the_dialect_of_the_project(files: dict[str, str], config: Config) -> None:
    facts = project({**files, "x.sql": SCRIPT}, config).sql_facts("x.sql")
    assert [type(f) for f in facts] == [CreateTable]


def test_sql_that_looks_like_another_dialect_is_read_in_that() -> None:
    files = {"requirements.txt": "mysqlclient\n", "x.sql": 'CREATE TABLE t ("metadata" jsonb);'}
    (fact,) = project(files).sql_facts("x.sql")
    assert isinstance(fact, CreateTable)
    assert [c.name for c in fact.columns] == ["metadata"]
