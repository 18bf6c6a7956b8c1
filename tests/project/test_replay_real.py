"""What the replay says against what real Alembic does to real databases."""

from __future__ import annotations

from pathlib import Path

import pytest
from alembic import command
from alembic.config import Config as AlembicConfig
from sqlalchemy import create_engine, inspect

from sqla_guard.facts.operations import ColumnReference, TableName
from sqla_guard.project.project import Project
from sqla_guard.project.replay import Absent, Known, Schema, Unknown, replay
from sqla_guard.project.revisions import graphs
from sqla_guard.project.schema import table_history
from tests.support.histories import COLUMNS, ENV, History, Maker
from tests.support.memory import project

SEEDS = range(12)


def upgraded(history: History, folder: Path, url: str) -> dict[str, set[str]]:
    """Return the tables and columns that ``alembic upgrade heads`` leaves in a database."""
    for path, text in {**history.files, "env.py": ENV}.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text, encoding="utf-8")
    config = AlembicConfig()
    config.set_main_option("script_location", str(folder))
    config.set_main_option("version_locations", f"{folder}/a/versions {folder}/b/versions")
    config.set_main_option("path_separator", "space")
    engine = create_engine(url)
    try:
        with engine.connect() as connection:
            config.attributes["connection"] = connection
            command.upgrade(config, "heads")
            connection.commit()
        inspector = inspect(engine)
        names = set(inspector.get_table_names()) - {"alembic_version"}
        return {name: {str(c["name"]) for c in inspector.get_columns(name)} for name in names}
    finally:
        engine.dispose()


def replayed(history: History) -> tuple[Project, Schema]:
    """Return the schema that reading the files comes to."""
    found = project(history.files)
    revisions = [r for p in history.files if (r := found.read(p, found.readers.revision)) is not None]
    order = [path for graph in graphs(revisions) for path in graph.order()]
    facts = [f for path in history.files for f in found.sql_facts(path) if not isinstance(f, ColumnReference)]
    return found, replay(facts, order)


def compare(history: History, real: dict[str, set[str]]) -> None:
    found, schema = replayed(history)
    assert {t.name for t in schema.tables} == set(real)
    for table, columns in real.items():
        assert set(schema.columns(TableName(table))) == columns, table
        assert schema.complete(TableName(table)), table
    unknown = 0
    ever = {f"t{n}" for n in range(1, 40)}
    for table in sorted(ever):
        # What a rule asks, from the files that speak of one table.
        asked = table_history(found, next(iter(history.files)), TableName(table)).schema
        for column in COLUMNS:
            answer = asked.column(TableName(table), column)
            there = column in real.get(table, ())
            unknown += isinstance(answer, Unknown) and table in real
            assert not (isinstance(answer, Known) and not there), (table, column, answer)
            assert not (isinstance(answer, Absent) and there), (table, column, answer)
            if column in ("metadata", "registry") and there:
                assert isinstance(answer, Known), (table, column, answer)
    assert unknown <= sum(len(c) for c in real.values())


@pytest.mark.parametrize("seed", SEEDS)
def test_replay_is_what_sqlite_gets(seed: int, tmp_path: Path) -> None:
    history = Maker(seed).make()
    real = upgraded(history, tmp_path, f"sqlite:///{tmp_path}/db")
    assert real == {name: set(columns) for name, columns in history.tables.items()}
    compare(history, real)


@pytest.mark.parametrize("seed", SEEDS)
def test_replay_is_what_postgresql_gets(seed: int, tmp_path: Path, fresh_database: str) -> None:
    history = Maker(seed).make()
    compare(history, upgraded(history, tmp_path, fresh_database))
