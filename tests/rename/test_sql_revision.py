"""The next file of a folder of SQL migrations."""

from __future__ import annotations

import sqlite3

import pytest

from sqla_guard.core.config import Config
from sqla_guard.core.source import SourceFile
from sqla_guard.facts.operations import Operation, TableName
from sqla_guard.project.replay import Known, replay
from sqla_guard.project.sql_history import apply_order
from sqla_guard.rename.outcome import Change, ColumnRename, Outcome, Refusal
from sqla_guard.rename.sql_revision import sql_rename
from sqla_guard.rename.sql_text import rename_sql, sql_name, written_table
from tests.rename.by_hand import operations
from tests.support.memory import fixed_texts

WISH = ColumnRename(TableName("logs"), "metadata", "log_metadata")
CREATE = "CREATE TABLE logs (\n  id INTEGER,\n  metadata TEXT\n);\n"
UP = "ALTER TABLE logs RENAME COLUMN metadata TO log_metadata;\n"
DOWN = "ALTER TABLE logs RENAME COLUMN log_metadata TO metadata;\n"


def outcome(*names: str, text: str = CREATE, wish: ColumnRename = WISH) -> Outcome:
    return sql_rename(wish, "db", {f"db/{name}": text for name in names})


def made(*names: str, text: str = CREATE) -> dict[str, str]:
    change = outcome(*names, text=text)
    assert isinstance(change, Change), change
    assert all((e.start, e.end) == (0, 0) for e in change.edits)
    return {edit.path.removeprefix("db/"): edit.text for edit in change.edits}


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (["V9__a.sql", "V12__logs.sql"], {"V13__rename_logs_metadata.sql": UP}),
        (["V1__a.sql", "V1.1__b.sql"], {"V2__rename_logs_metadata.sql": UP}),
        (["V1.0__a.sql", "V1.9__b.sql"], {"V1.10__rename_logs_metadata.sql": UP}),
        (["V2026_01_02__a.sql"], {"V2026_01_03__rename_logs_metadata.sql": UP}),
        (["V002__a.sql", "R__views.sql"], {"V003__rename_logs_metadata.sql": UP}),
        (
            ["V1__a.sql", "U1__a.sql"],
            {"V2__rename_logs_metadata.sql": UP, "U2__rename_logs_metadata.sql": DOWN},
        ),
        (
            ["000009_a.up.sql", "000009_a.down.sql"],
            {"000010_rename_logs_metadata.up.sql": UP, "000010_rename_logs_metadata.down.sql": DOWN},
        ),
        (["000009_a.up.sql"], {"000010_rename_logs_metadata.up.sql": UP}),
        (["0012_x.sql"], {"0013_rename_logs_metadata.sql": UP}),
        (["9-some-words.sql"], {"10-rename-logs-metadata.sql": UP}),
        (["m099_x.sql"], {"m100_rename_logs_metadata.sql": UP}),
        (["010_a.sql", "020_b.sql"], {"030_rename_logs_metadata.sql": UP}),
        (["20261231235959_x.sql"], {"20270101000000_rename_logs_metadata.sql": UP}),
        (["20240228_x.sql"], {"20240229_rename_logs_metadata.sql": UP}),
        (["202613990000_x.sql"], {"202613990001_rename_logs_metadata.sql": UP}),
    ],
)
def test_the_next_name(names: list[str], expected: dict[str, str]) -> None:
    assert made(*names) == expected
    paths = [f"db/{name}" for name in (*names, *expected)]
    ups = [p for p in apply_order(paths) if "R__" not in p and "/U" not in p and "down" not in p]
    assert ups[-1].removeprefix("db/") == next(iter(expected))


def test_goose_has_both_ways_in_one_file() -> None:
    text = f"-- +goose Up\n{CREATE}\n-- +goose Down\nDROP TABLE logs;\n"
    assert made("00001_logs.sql", text=text) == {
        "00002_rename_logs_metadata.sql": f"-- +goose Up\n{UP}\n-- +goose Down\n{DOWN}"
    }


def test_dbmate_has_both_ways_in_one_file() -> None:
    text = f"-- migrate:up\n{CREATE}\n-- migrate:down\nDROP TABLE logs;\n"
    assert made("20260101120000_logs.sql", text=text) == {
        "20260101120001_rename_logs_metadata.sql": f"-- migrate:up\n{UP}\n-- migrate:down\n{DOWN}"
    }


def test_sql_migrate_has_both_ways_in_one_file() -> None:
    text = f"-- +migrate Up\n{CREATE}\n-- +migrate Down\nDROP TABLE logs;\n"
    assert made("1_logs.sql", text=text) == {
        "2_rename_logs_metadata.sql": f"-- +migrate Up\n{UP}\n-- +migrate Down\n{DOWN}"
    }


@pytest.mark.parametrize("names", [["changelog.sql"], ["001_logs.sql", "002_other.sql"]])
def test_liquibase_gets_another_changeset_behind_all_others(names: list[str]) -> None:
    text = f"--liquibase formatted sql\n\n--changeset me:1\n{CREATE}--rollback DROP TABLE logs;\n"
    change = outcome(*names, text=text)
    assert isinstance(change, Change), change
    (edit,) = change.edits
    assert (edit.path, edit.start, edit.end) == (f"db/{names[-1]}", len(text), len(text))
    assert edit.text == f"\n--changeset sqla-guard:rename-logs-metadata\n{UP}--rollback {DOWN}"


def test_liquibase_files_without_numbers_have_no_order() -> None:
    assert isinstance(outcome("a.sql", "b.sql", text="--liquibase formatted sql\n"), Refusal)


PLAN = """\
%syntax-version=1.0.0
%project=desk

logs 2026-03-04T11:22:33Z Planner <planner@localhost> # Logs.
other [logs] 2026-03-05T11:22:33Z Planner <planner@localhost> # Other.
@v1 2026-03-06T11:22:59Z Planner <planner@localhost> # Tag.
"""
SQITCH = {
    "sqitch.plan": PLAN,
    "deploy/logs.sql": f"-- Deploy desk:logs to pg\n\nBEGIN;\n\n{CREATE}\nCOMMIT;\n",
    "revert/logs.sql": "-- Revert desk:logs from pg\n\nBEGIN;\n\nDROP TABLE logs;\n\nCOMMIT;\n",
    "verify/logs.sql": "-- Verify desk:logs on pg\n\nBEGIN;\nSELECT metadata FROM logs WHERE FALSE;\nROLLBACK;\n",
    "deploy/other.sql": "-- Deploy desk:other to pg\n\nSELECT 1;\n",
    "models.py": """\
from sqlalchemy import Column, Integer, Text
from sqlalchemy.orm import declarative_base

Base = declarative_base()


class Log(Base):
    __tablename__ = "logs"
    id = Column(Integer, primary_key=True)
    metadata = Column(Text)
""",
}


def test_sqitch_gets_a_change_with_all_its_scripts() -> None:
    after = fixed_texts(SQITCH, Config(rename="column"))
    new = {path: text for path, text in after.items() if SQITCH.get(path) != text and path != "models.py"}
    assert new == {
        "sqitch.plan": PLAN + "rename_logs_metadata [logs] 2026-03-06T11:23:00Z sqla-guard <sqla-guard@localhost>"
        " # Rename logs.metadata to log_metadata.\n",
        "deploy/rename_logs_metadata.sql": f"-- Deploy desk:rename_logs_metadata to pg\n\nBEGIN;\n\n{UP}\nCOMMIT;\n",
        "revert/rename_logs_metadata.sql": "-- Revert desk:rename_logs_metadata from pg\n\n"
        f"BEGIN;\n\n{DOWN}\nCOMMIT;\n",
        "verify/rename_logs_metadata.sql": "-- Verify desk:rename_logs_metadata on pg\n\nBEGIN;\n\n"
        "SELECT log_metadata FROM logs WHERE FALSE;\n\nROLLBACK;\n",
    }
    assert "log_metadata = Column(Text)" in after["models.py"]
    assert fixed_texts(after, Config(rename="column")) == after


def test_yoyo_names_what_it_depends_on() -> None:
    assert made("0001.logs.sql", "0001.logs.rollback.sql") == {
        "0002.rename_logs_metadata.sql": f"-- depends: 0001.logs\n\n{UP}",
        "0002.rename_logs_metadata.rollback.sql": DOWN,
    }


@pytest.mark.parametrize(
    ("names", "text", "reason"),
    [
        ([], CREATE, "no numbered SQL files"),
        (["schema.sql"], CREATE, "no numbered SQL files"),
        (["003_a.sql", "003_b.sql"], CREATE, "several files have the highest number, 003"),
        (["V1__a.sql", "0001_a.sql"], CREATE, "mixes"),
        (["001_a.sql"], "-- +micrate Up\n" + CREATE, "not known here"),
    ],
)
def test_unclear_folders_are_refused(names: list[str], text: str, reason: str) -> None:
    refused = outcome(*names, text=text)
    assert isinstance(refused, Refusal)
    assert reason in refused.reason


@pytest.mark.parametrize(
    ("dialect", "version", "fine"),
    [
        ("mysql", (5, 7), False),
        ("mysql", (8, 0, 3), True),
        ("mysql", (), True),
        ("mariadb", (10, 4), False),
        ("sqlite", (3, 24), False),
        ("postgres", (9, 6), True),
    ],
)
def test_old_servers_cannot_rename(dialect: str, version: tuple[int, ...], fine: bool) -> None:
    wish = ColumnRename(WISH.table, WISH.old, WISH.new, dialect)
    answer = sql_rename(wish, "db", {"db/1_a.sql": CREATE}, version)
    assert isinstance(answer, Change) == fine


@pytest.mark.parametrize(
    ("dialect", "note"),
    [
        ("sqlite", "-- Needs SQLite 3.25 or newer.\n"),
        ("mariadb", "-- Needs MySQL 8.0 or MariaDB 10.5.2 or newer.\n"),
        ("postgresql", ""),
    ],
)
def test_the_oldest_server_is_told(dialect: str, note: str) -> None:
    change = outcome("0001_logs.sql", wish=ColumnRename(WISH.table, WISH.old, WISH.new, dialect))
    assert isinstance(change, Change)
    assert [edit.text for edit in change.edits] == [note + UP]


def test_the_history_ends_with_the_new_name() -> None:
    database = sqlite3.connect(":memory:")
    database.executescript(CREATE)
    database.execute("INSERT INTO logs VALUES (1, 'kept')")
    (text,) = made("0001_logs.sql").values()
    database.executescript(text)
    assert database.execute("SELECT log_metadata FROM logs").fetchall() == [("kept",)]
    database.executescript(DOWN)
    assert database.execute("SELECT metadata FROM logs").fetchall() == [("kept",)]
    database.close()


# -- the statement


@pytest.mark.parametrize(
    ("dialect", "sql"),
    [
        ("postgres", 'ALTER TABLE "order" RENAME COLUMN metadata TO "Data"'),
        ("mysql", "ALTER TABLE `order` RENAME COLUMN metadata TO `Data`"),
        ("oracle", 'ALTER TABLE "ORDER" RENAME COLUMN metadata TO "Data"'),
        ("mssql", "EXEC sp_rename '[order].metadata', 'Data', 'COLUMN'"),
    ],
)
def test_each_dialect(dialect: str, sql: str) -> None:
    assert rename_sql(ColumnRename(TableName("order"), "metadata", "Data", dialect)) == sql


def test_a_schema_is_written() -> None:
    wish = ColumnRename(TableName("logs", "audit"), "metadata", "m")
    assert rename_sql(wish) == "ALTER TABLE audit.logs RENAME COLUMN metadata TO m"


def test_names_that_need_no_quotes_get_none() -> None:
    assert sql_name("log_metadata") == "log_metadata"
    assert sql_name("2nd") == '"2nd"'


@pytest.mark.parametrize(
    ("sql", "table", "written"),
    [
        ("CREATE TABLE IF NOT EXISTS Logs (id int)", TableName("logs"), "Logs"),
        ('create table "Logs"(id int)', TableName("Logs"), '"Logs"'),
        ("CREATE TABLE audit . logs (id int)", TableName("logs", "audit"), "audit . logs"),
        ("CREATE TABLE logs_old (id int)", TableName("logs"), None),
    ],
)
def test_the_table_as_written(sql: str, table: TableName, written: str | None) -> None:
    assert written_table(sql, table) == written


def test_a_written_migration_replays() -> None:
    source = SourceFile("db/0001_logs.sql", CREATE)
    found: list[Operation] = operations(source)
    assert isinstance(replay(found).column(WISH.table, "metadata"), Known)
