"""The migration, on databases that are empty and on databases that the old script built."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from tests.story import sample
from tests.support import environments

ROWS = 1_000


@pytest.fixture(params=["sqlite", "postgresql"])
def databases(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[str, str]]:
    """Two empty databases of one kind."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path}/old.db", f"sqlite:///{tmp_path}/new.db"
        return
    server = request.getfixturevalue("postgres_server")
    with server.database() as old, server.database() as new:
        yield old, new


def migrate(app: Path, url: str) -> str:
    run = environments.find("2.0").run_module("desk.migrate", url, cwd=app)
    assert run.returncode == 0, run.stderr
    return run.stdout + run.stderr


def fill(url: str) -> None:
    insert = sa.text("INSERT INTO security_events (id, site_id, kind, metadata) VALUES (:id, :site, 'door', :details)")
    with sa.create_engine(url).begin() as connection:
        connection.execute(sa.text("INSERT INTO sites (code, name) VALUES ('N1', 'North gate')"))
        site = connection.execute(sa.text("SELECT id FROM sites")).scalar_one()
        rows = [{"id": f"e{n:04}", "site": site, "details": json.dumps(details(n))} for n in range(ROWS)]
        connection.execute(insert, rows)


def details(number: int) -> dict[str, object]:
    return {"number": number, "text": "gemäß § 'quoted'", "list": [1, {"deep": None}]}


def stored(url: str, column: str = "event_metadata") -> dict[str, object]:
    with sa.create_engine(url).connect() as connection:
        rows = connection.execute(sa.text(f"SELECT id, {column} FROM security_events"))
        return {key: json.loads(value) if isinstance(value, str) else value for key, value in rows}


def schema(url: str) -> dict[str, object]:
    """Return the catalogue: columns with types, nullability and defaults, keys and indexes of every table."""
    inspector = sa.inspect(sa.create_engine(url))
    return {
        table: (
            # A renamed column keeps its place, so the order is compared too.
            [(c["name"], str(c["type"]), c["nullable"], c["default"]) for c in inspector.get_columns(table)],
            inspector.get_pk_constraint(table)["constrained_columns"],
            sorted((i["name"] or "", tuple(i["column_names"])) for i in inspector.get_indexes(table)),
            sorted((tuple(f["constrained_columns"]), f["referred_table"]) for f in inspector.get_foreign_keys(table)),
        )
        for table in inspector.get_table_names()
    }


def test_old_and_empty_databases_end_at_the_same_schema(databases: tuple[str, str], tmp_path: Path) -> None:
    old, new = databases
    migrate(sample.broken(tmp_path / "before"), old)
    fill(old)
    app = sample.mended(tmp_path / "after")
    for url in databases:
        assert "applied" in migrate(app, url)
        once = schema(url)
        assert "nothing to do" in migrate(app, url)
        assert schema(url) == once
    assert schema(old) == schema(new)
    assert [c[0] for c in schema(new)["security_events"][0]].count("event_metadata") == 1  # type: ignore[index]
    assert stored(old) == {f"e{n:04}": details(n) for n in range(ROWS)}


def test_a_database_with_both_columns_loses_nothing_and_is_named(databases: tuple[str, str], tmp_path: Path) -> None:
    old, _ = databases
    migrate(sample.broken(tmp_path / "before"), old)
    fill(old)
    with sa.create_engine(old).begin() as connection:
        connection.execute(sa.text("ALTER TABLE security_events ADD COLUMN event_metadata VARCHAR(40)"))
    before = schema(old)["security_events"]
    app = sample.mended(tmp_path / "after")
    migrate(app, old)
    again = migrate(app, old)
    assert "WARNING:desk.migrate:security_events has both metadata and event_metadata: nothing was renamed" in again
    assert "nothing to do" in again
    assert schema(old)["security_events"] == before
    assert stored(old, "metadata") == {f"e{n:04}": details(n) for n in range(ROWS)}
