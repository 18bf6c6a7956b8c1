"""The layouts of migration tools: what does and what undoes, and in which order scripts run."""

from __future__ import annotations

import pytest

from sqla_guard.facts.operations import TableName
from sqla_guard.project.replay import Absent, Known
from sqla_guard.project.schema import table_history
from sqla_guard.project.sql_history import apply_order
from tests.support.memory import project
from tests.support.sql_facts import operations

UP = "ALTER TABLE t ADD metadata INT;"
DOWN = "ALTER TABLE t DROP COLUMN metadata;"
BOTH = ["add t.metadata", "down: drop t.metadata"]


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("00012_x.sql", f"-- +goose Up\n{UP}\n-- +goose Down\n{DOWN}\n"),
        ("20240102030405_x.sql", f"-- migrate:up\n{UP}\n\n-- migrate:down transaction:false\n{DOWN}\n"),
        ("1.sql", f"-- +migrate Up notransaction\n{UP}\n-- +migrate Down\n{DOWN}\n"),
        ("1_x.sql", f"-- +micrate Up\n{UP}\n-- +micrate Down\n{DOWN}\n"),
        ("1_x.sql", f"-- rambler up\n{UP}\n-- rambler down\n{DOWN}\n"),
        ("2024_x.sql", f"-- // add it\n{UP}\n-- //@UNDO\n{DOWN}\n"),
        ("1700000000000_x.sql", f"-- Up Migration\n{UP}\n\n-- Down Migration\n{DOWN}\n"),
        ("1700000000-x.sql", f"-- ====  UP  ====\n{UP}\n-- ==== DOWN ====\n{DOWN}\n"),
        ("001_x.sql", f"{UP}\n---- create above / drop below ----\n{DOWN}\n"),
    ],
)
def test_a_file_with_both_directions(path: str, text: str) -> None:
    assert operations(text, f"db/{path}") == BOTH


@pytest.mark.parametrize(
    "path",
    [
        *("0012_x.down.sql", "0012-x.rollback.sql", "U12__x.sql", "001.undo.x.sql", "2024-01-01-x/down.sql"),
        *("down/0012_x.sql", "migrations/revert/x.sql"),
    ],
)
def test_a_file_that_undoes(path: str) -> None:
    assert operations(DOWN, f"db/{path}") == ["down: drop t.metadata"]


@pytest.mark.parametrize("path", ["0012_x.up.sql", "V12__x.sql", "001.do.x.sql", "up/0012_x.sql", "countdown.sql"])
def test_a_file_that_does(path: str) -> None:
    assert operations(UP, f"db/{path}") == ["add t.metadata"]


def test_liquibase_undoes_in_comments() -> None:
    text = (
        "--liquibase formatted sql\n\n--changeset ann:1\n" + UP + "\n--rollback ALTER TABLE t DROP COLUMN metadata;\n\n"
        "--changeset ann:2 runOnChange:true\nALTER TABLE t ADD registry INT;\n--rollback empty\n"
    )
    assert operations(text, "db/changelog/one.sql") == ["add t.metadata", "add t.registry"]


def test_yoyo_steps_in_python() -> None:
    code = (
        f'from yoyo import step\nsteps = [step("{UP}", "{DOWN}"), step(apply="{UP.replace("metadata", "registry")}")]\n'
    )
    assert operations(code) == ["add t.metadata", "down: drop t.metadata", "add t.registry"]


@pytest.mark.parametrize(
    "paths",
    [
        ["db/9_a/up.sql", "db/10_b/up.sql"],
        ["db/2024-01-02-000000_a/up.sql", "db/2024-01-10-000000_b/up.sql"],
        ["prisma/migrations/20240102030405_a/migration.sql", "prisma/migrations/20240202030405_b/migration.sql"],
        ["z/V1__a.sql", "a/V1.1__b.sql", "m/V1.10__c.sql", "a/R__views.sql"],
        ["db/structure.sql", "db/001.do.a.sql", "db/002.do.b.sql"],
    ],
)
def test_the_order_of_files(paths: list[str]) -> None:
    assert apply_order(sorted(paths, reverse=True)) == tuple(paths)


MAKE = "CREATE TABLE t (id INT, metadata INT);"
RENAME = "ALTER TABLE t RENAME COLUMN metadata TO kind;"


@pytest.mark.parametrize(
    "files",
    [
        {
            "sqitch.plan": "%syntax-version=1.0.0\n%project=x\n\nzebra 2024-01-01T00:00:00Z Ann <a@x> # make\n"
            "@v1 2024-01-02T00:00:00Z Ann <a@x> # tag\nant [zebra] 2024-01-03T00:00:00Z Ann <a@x> # rename\n",
            "deploy/zebra.sql": MAKE,
            "deploy/ant.sql": RENAME,
            "revert/zebra.sql": "DROP TABLE t;",
            "revert/ant.sql": "ALTER TABLE t RENAME COLUMN kind TO metadata;",
            "verify/ant.sql": "SELECT kind FROM t;",
        },
        {"m/a.sql": f"-- rename\n-- depends: b\n{RENAME}", "m/b.sql": MAKE, "m/b.rollback.sql": "DROP TABLE t;"},
        {"m/1_a.sql": f"-- depends: 2_b\n{RENAME}", "m/2_b.sql": f"-- depends:\n{MAKE}"},
    ],
    ids=["sqitch", "yoyo", "yoyo with numbers"],
)
def test_an_order_that_the_tool_writes_down(files: dict[str, str]) -> None:
    near = sorted(p for p in files if p.endswith(".sql"))[0]
    schema = table_history(project(files), near, TableName("t")).schema
    assert isinstance(schema.column(TableName("t"), "metadata"), Absent)
    assert isinstance(schema.column(TableName("t"), "kind"), Known)
