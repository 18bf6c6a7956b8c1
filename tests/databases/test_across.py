"""A home-made script and queries in several modules, fixed and run on databases that the old code built."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from sqla_guard.core.config import Config
from tests.databases.catalogue import Database, Dialect, Servers
from tests.support import mariadb, postgres
from tests.support.memory import fix_files

MODEL = """\
from sqlalchemy import Column, Integer, Text
from sqlalchemy.orm import declarative_base

Base = declarative_base()


class Scan(Base):
    __tablename__ = "scans"
    id = Column(Integer, primary_key=True)
    metadata = Column(Text)
"""
NAMES = 'SCANS = "scans"\n'
HELPERS = """\
from sqlalchemy import text


def run_sql(connection, sql):
    return connection.execute(text(sql))


class Runner:
    def __init__(self, connection):
        self.connection = connection

    def run(self, sql):
        return run_sql(self.connection, sql)
"""
QUERIES = """\
from app.names import SCANS

ADD = f"INSERT INTO {SCANS} (id, metadata) VALUES (:id, 'metadata')"


class Scans:
    FIND = "SELECT id, " "metadata FROM scans WHERE metadata = 'metadata' ORDER BY id"


def drop():
    return "DELETE FROM " + SCANS + " WHERE metadata <> 'metadata'"
"""
ASKS = """\
from sqlalchemy import text

from app import queries
from app.helpers import Runner


def use(connection, number):
    connection.execute(text(queries.ADD), {"id": number})
    runner = Runner(connection)
    runner.run(queries.drop())
    runner.run("UPDATE scans SET metadata = 'metadata' WHERE metadata IS NULL")
    return [row._mapping["metadata"] for row in connection.execute(text(queries.Scans.FIND))]
"""
MIGRATE = """\
from sqlalchemy import inspect, text

from app import ddl
from app.helpers import Runner, run_sql


def migrate(engine):
    with engine.begin() as connection:
        if not inspect(connection).has_table("scans"):
            {run}("CREATE TABLE scans (id INTEGER PRIMARY KEY, metadata VARCHAR(40))")
"""
DDL = """\
CREATE = (
    "CREATE TABLE scans (id INTEGER PRIMARY KEY, "
    "metadata VARCHAR(40))"
)
"""
RUNS = {
    "a function": "run_sql(connection, {sql})",
    "a method": "Runner(connection).run({sql})",
    "a constant of another module": "connection.execute(text(ddl.CREATE))",
}
DIALECTS: tuple[Dialect, ...] = ("postgresql", "mariadb", "sqlite")


@pytest.fixture(scope="module")
def servers(postgres_server: postgres.Server, mariadb_server: mariadb.Server) -> Iterator[Servers]:
    found = Servers(postgres_server, mariadb_server)
    yield found
    found.close()


def loaded(folder: Path, files: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> tuple[Any, Any]:
    """Return the modules ``migrate`` and ``asks`` of a project, fresh."""
    for path, text in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text, encoding="utf-8")
    for name in [name for name in sys.modules if name.partition(".")[0] == "app"]:
        monkeypatch.delitem(sys.modules, name)
    with monkeypatch.context() as patched:
        patched.syspath_prepend(str(folder))
        modules = importlib.import_module("app.migrate"), importlib.import_module("app.asks")
    for name in [name for name in sys.modules if name.partition(".")[0] == "app"]:
        del sys.modules[name]
    return modules


def use(modules: tuple[Any, Any], database: Database, number: int) -> list[str]:
    """Start the project once, as a deploy does, and use it."""
    engine = database.engine()
    modules[0].migrate(engine)
    with engine.begin() as connection:
        return list(modules[1].use(connection, number))


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize("way", RUNS)
def test_modules_that_share_a_query_go_on_together(
    way: str, dialect: Dialect, servers: Servers, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    create = '"CREATE TABLE scans (id INTEGER PRIMARY KEY, metadata VARCHAR(40))"'
    files = {
        "app/__init__.py": "",
        "app/models.py": MODEL,
        "app/names.py": NAMES,
        "app/helpers.py": HELPERS,
        "app/queries.py": QUERIES,
        "app/asks.py": ASKS,
        "app/ddl.py": DDL if "ddl" in RUNS[way] else "",
        "app/migrate.py": MIGRATE.replace(f"{{run}}({create})", RUNS[way].format(sql=create)),
    }
    config = Config(rename="column", dialect=dialect)
    result = fix_files(files, config=config)
    assert result.put_back == ()
    texts = {path: result.workspace.load(path).text for path in files}
    assert fix_files(texts, config=config).made == ()
    assert "scan_metadata VARCHAR(40)" in texts["app/ddl.py" if "ddl" in RUNS[way] else "app/migrate.py"]
    before, after = loaded(tmp_path / "old", files, monkeypatch), loaded(tmp_path / "new", texts, monkeypatch)
    with servers.several(dialect, 3) as (other, new, old):
        use(before, other, 1)
        quote = "`" if dialect == "mariadb" else '"'
        other.load(f"ALTER TABLE scans RENAME COLUMN {quote}metadata{quote} TO scan_metadata;")
        expected = other.catalogue()
        assert use(before, old, 1) == ["metadata"]
        for number in (2, 3):
            assert use(after, old, number) == ["metadata"] * number
            assert old.catalogue() == expected
        for number in (1, 2):
            assert use(after, new, number) == ["metadata"] * number
            assert new.catalogue() == expected
