"""DDL in all forms on real databases: what the fix makes of it, loaded beside the original.

A database that the rewritten script makes must be what renaming the column in one of the original makes of that. An old
database with rows must become the same by the forward migration, keep its rows, and go back by the down migration.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

import pytest
import sqlalchemy as sa

from sqla_guard.core.config import Config
from tests.databases.catalogue import Catalogue, Database, Dialect, Servers
from tests.databases.forms import FORMS, SPELLINGS, Form
from tests.support import mariadb, postgres
from tests.support.memory import fix_files

Carrier = Literal["script", "history", "python"]

MODEL = """\
from sqlalchemy import Column, Integer, Text
from sqlalchemy.orm import declarative_base

Base = declarative_base()


class Scan(Base):
    __tablename__ = "scans"{schema}
    id = Column(Integer, primary_key=True)
    metadata = Column(Text)
"""
# Each tool's way to keep both directions; the title of the file that is there, and its text.
TOOLS = {
    "goose": {"00001_scans.sql": "-- +goose Up\n-- +goose StatementBegin\n{up}\n-- +goose StatementEnd\n"},
    "dbmate": {"20260101120000_scans.sql": "-- migrate:up\n{up}\n\n-- migrate:down\n"},
    "migrate": {"000001_scans.up.sql": "{up}\n", "000001_scans.down.sql": "DROP TABLE scans;\n"},
    "yoyo": {"0001.scans.sql": "-- depends:\n\n{up}\n", "0001.scans.rollback.sql": "DROP TABLE scans;\n"},
    "flyway": {"V1__scans.sql": "{up}\n", "U1__scans.sql": "DROP TABLE scans;\n"},
}

# MariaDB leaves views behind that name a renamed column; this is what they have to become.
VIEWS = {
    "a view that renames it": "CREATE OR REPLACE VIEW v AS"
    " SELECT s.id, s.scan_metadata AS details FROM scans s WHERE s.scan_metadata IS NOT NULL",
    "a view that shows it": "CREATE OR REPLACE VIEW v AS SELECT id, scan_metadata AS {old} FROM scans",
}


@dataclass(frozen=True)
class Case:
    """One DDL input."""

    name: str
    form: Form
    carrier: Carrier
    dialect: Dialect
    spelling: str
    tool: str = ""

    @property
    def written(self) -> str:
        """The DDL."""
        table, column = SPELLINGS[self.dialect][self.spelling]
        again = self.carrier != "history"
        view = "CREATE VIEW" if not again else "CREATE VIEW IF NOT EXISTS" if self.dialect == "sqlite" else ""
        return self.form.sql.format(
            t=table, c=column, g="IF NOT EXISTS " if again else "", v=view or "CREATE OR REPLACE VIEW"
        )

    @property
    def reason(self) -> str:
        """Why the column keeps its name, as a regular expression; empty where it does not."""
        return self.form.reason("history" if self.carrier == "history" else "script", self.dialect)

    @property
    def files(self) -> dict[str, str]:
        """The project."""
        schema = '\n    __table_args__ = {"schema": "app"}' if self.spelling == "qualified" else ""
        models = {"models.py": MODEL.replace("{schema}", schema)}
        if self.carrier == "script":
            return {**models, "schema.sql": self.written}
        if self.carrier == "python":
            return {**models, "migrate.py": _python(self.written)}
        return {**models, **{f"db/{n}": t.replace("{up}", self.written) for n, t in TOOLS[self.tool].items()}}

    def __str__(self) -> str:
        return "-".join((self.dialect, self.tool or self.carrier, self.spelling, self.name)).replace(" ", "_")


def _python(ddl: str) -> str:
    steps = "".join(f'        conn.exec_driver_sql(\n            r"""{s}""")\n' for s in _statements(ddl))
    return f"""\
from sqlalchemy import inspect


def column_exists(conn, table, column):
    inspector = inspect(conn)
    return inspector.has_table(table) and column in [c["name"].lower() for c in inspector.get_columns(table)]


def migrate(engine):
    with engine.begin() as conn:
{steps}"""


def _statements(ddl: str) -> list[str]:
    return [s.rstrip(";") for s in re.split(r"(?<=;)\n", ddl)]


def _cases() -> Iterator[Case]:
    tools = list(TOOLS)
    number = 0
    for name, form in FORMS.items():
        for dialect, spellings in SPELLINGS.items():
            if form.only and dialect not in form.only:
                continue
            for spelling in spellings if form.spell else ("plain",):
                number += 1
                yield Case(name, form, "history", dialect, spelling, tools[number % len(tools)])
                if dialect != "sqlite" and not form.once:
                    yield Case(name, form, "script", dialect, spelling)
            if not form.once and "$" not in form.sql and not (dialect == "sqlite" and "ADD COLUMN" in form.sql):
                yield Case(name, form, "python", dialect, "plain")


CASES = list(_cases())


@pytest.fixture(scope="module")
def servers(postgres_server: postgres.Server, mariadb_server: mariadb.Server) -> Iterator[Servers]:
    made = Servers(postgres_server, mariadb_server)
    yield made
    made.close()


def fixed(case: Case) -> tuple[dict[str, str], str]:
    """Return all files after the fix, and the title of what was done."""
    result = fix_files(case.files, config=Config(rename="column", dialect=case.dialect))
    assert result.put_back == ()
    texts = {path: result.workspace.load(path).text for path in {*case.files, *result.workspace.changed}}
    again = fix_files(texts, config=Config(rename="column", dialect=case.dialect))
    assert again.made == ()
    return texts, " ".join(made.title for made in result.made)


def both_ways(case: Case, texts: dict[str, str]) -> tuple[str, str]:
    """Return the new migration, forwards and backwards."""
    new = {path: text for path, text in texts.items() if path not in case.files}
    if case.tool in ("goose", "dbmate"):
        (text,) = new.values()
        _, up, down = re.split(r"-- (?:\+goose |migrate:)(?:up|down)\n", text, flags=re.IGNORECASE)
        return up, down
    back = {p for p in new if re.search(r"/U|\.down\.|\.rollback\.", p)}
    assert len(back) == 1
    assert len(new) == 2
    return next(new[p] for p in new if p not in back), new[back.pop()]


def renamed(case: Case, database: Database) -> Catalogue:
    """Return the catalogue after the database itself has renamed the column."""
    quote = "`" if case.dialect == "mariadb" else '"'
    old = "metadata" if case.dialect == "postgresql" else re.sub(r"\W", "", _name(case))
    database.load(f"ALTER TABLE scans RENAME COLUMN {quote}{old}{quote} TO scan_metadata;")
    if case.dialect == "mariadb" and case.name in VIEWS:
        database.load(VIEWS[case.name].format(old=old))
    return database.catalogue()


def _name(case: Case) -> str:
    return re.sub(r"/\*.*?\*/|--.*", "", SPELLINGS[case.dialect][case.spelling][1], flags=re.DOTALL)


def fill(case: Case, database: Database) -> None:
    for number, value in enumerate(case.form.values, start=1):
        database.load(f"INSERT INTO scans (id, metadata) VALUES ({number}, {value.format()});")


def rows(database: Database, column: str) -> list[tuple[Any, ...]]:
    return sorted(database.rows(f"SELECT id, {column} FROM scans WHERE id < 90"), key=repr)


@pytest.mark.parametrize("case", [c for c in CASES if c.reason], ids=str)
def test_what_cannot_move_keeps_its_name(case: Case) -> None:
    texts, title = fixed(case)
    assert re.search(f"the column keeps its name, because .*(?:{case.reason})", title), title
    assert {p: t for p, t in texts.items() if p != "models.py"} == {
        p: t for p, t in case.files.items() if p != "models.py"
    }
    assert 'scan_metadata = Column("metadata", Text)' in texts["models.py"]


@pytest.mark.parametrize("case", [c for c in CASES if c.carrier == "history" and not c.reason], ids=str)
def test_a_history_goes_on(case: Case, servers: Servers) -> None:
    texts, title = fixed(case)
    assert "and its column to" in title, title
    assert {p: texts[p] for p in case.files if p != "models.py"} == {
        p: t for p, t in case.files.items() if p != "models.py"
    }
    up, down = both_ways(case, texts)
    with servers.several(case.dialect, 2) as (other, database):
        other.load(case.written)
        before = other.catalogue()
        database.load(case.written)
        fill(case, database)
        there = rows(database, "metadata")
        database.load(up)
        assert database.catalogue() == renamed(case, other)
        assert rows(database, "scan_metadata") == there
        database.load(down)
        assert _as_written(database.catalogue()) == _as_written(before)
        assert rows(database, "metadata") == there


def _as_written(catalogue: Catalogue) -> Catalogue:
    """A name that was written with capitals comes back in small letters, which is the same name to these databases."""
    return {
        key: [tuple(c.replace("MetaData", "metadata") if isinstance(c, str) else c for c in row) for row in found]
        for key, found in catalogue.items()
    }


@pytest.mark.parametrize("case", [c for c in CASES if c.carrier == "script" and not c.reason], ids=str)
def test_a_script_that_runs_again(case: Case, servers: Servers) -> None:
    texts, title = fixed(case)
    assert "and its column to" in title, title
    script = texts["schema.sql"]
    with servers.several(case.dialect, 3) as (other, new, old):
        other.load(case.written)
        expected = renamed(case, other)
        for _ in range(2):
            new.load(script)
            assert new.catalogue() == expected
        old.load(case.written)
        fill(case, old)
        there = rows(old, "metadata")
        for _ in range(2):
            old.load(script)
            assert old.catalogue() == expected
            assert rows(old, "scan_metadata") == there


@pytest.mark.parametrize("case", [c for c in CASES if c.carrier == "python" and not c.reason], ids=str)
def test_a_python_script_that_runs_again(case: Case, servers: Servers) -> None:
    texts, title = fixed(case)
    assert "and its column to" in title, title
    with servers.several(case.dialect, 3) as (other, new, old):
        other.load(case.written)
        expected = renamed(case, other)
        for _ in range(2):
            run(texts["migrate.py"], new)
            assert new.catalogue() == expected
        run(case.files["migrate.py"], old)
        fill(case, old)
        there = rows(old, "metadata")
        for _ in range(2):
            run(texts["migrate.py"], old)
            assert old.catalogue() == expected
            assert rows(old, "scan_metadata") == there


def run(script: str, database: Database) -> None:
    names: dict[str, Any] = {"__name__": "migrate"}
    exec(compile(script, "migrate.py", "exec"), names)
    names["migrate"](engine(database))


def engine(database: Database) -> sa.Engine:
    return database.engine()


@pytest.mark.parametrize("dialect", ["postgresql", "mariadb"])
def test_both_columns_are_left_as_they_are(dialect: Dialect, servers: Servers) -> None:
    case = Case("both", FORMS["an index"], "script", dialect, "plain")
    script = fixed(case)[0]["schema.sql"]
    with servers.several(dialect, 1) as (database,):
        database.load(case.written)
        database.load("ALTER TABLE scans ADD COLUMN scan_metadata VARCHAR(40);")
        fill(case, database)
        database.load("UPDATE scans SET scan_metadata = 'newer' WHERE id = 1;")
        there = database.rows("SELECT id, metadata, scan_metadata FROM scans ORDER BY id")
        said = database.load(script)
        assert database.rows("SELECT id, metadata, scan_metadata FROM scans ORDER BY id") == there
        assert "scans has both metadata and scan_metadata: nothing was renamed" in said


def test_there_are_enough_of_them() -> None:
    assert sum(not case.reason for case in CASES) > 300
