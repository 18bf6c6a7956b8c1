"""The guarded rename in the words of each database, and where it stands in a script."""

from __future__ import annotations

import pytest
import sqlglot

from sqla_guard.core.config import Config
from sqla_guard.facts.operations import TableName
from sqla_guard.rename.outcome import ColumnRename, Refusal
from sqla_guard.rename.sql_guard import guarded_rename
from tests.rename.test_traps import PLAIN
from tests.support.memory import fix_files

SQL_SERVER = """\
IF COL_LENGTH('dbo.parcels', 'metadata') IS NOT NULL
BEGIN
    IF COL_LENGTH('dbo.parcels', 'parcel_metadata') IS NULL
        EXEC sp_rename 'dbo.parcels.metadata', 'parcel_metadata', 'COLUMN';
    ELSE
        PRINT 'parcels has both metadata and parcel_metadata: nothing was renamed';
END;
"""
ORACLE = """\
DECLARE
    has_old NUMBER;
    has_new NUMBER;
BEGIN
    SELECT COUNT(*) INTO has_old FROM all_tab_columns
        WHERE owner = 'DBO' AND table_name = 'PARCELS' AND column_name = 'METADATA';
    SELECT COUNT(*) INTO has_new FROM all_tab_columns
        WHERE owner = 'DBO' AND table_name = 'PARCELS' AND column_name = 'PARCEL_METADATA';
    IF has_old = 1 AND has_new = 0 THEN
        EXECUTE IMMEDIATE 'ALTER TABLE dbo.parcels RENAME COLUMN metadata TO parcel_metadata';
    ELSIF has_old = 1 THEN
        DBMS_OUTPUT.PUT_LINE('parcels has both metadata and parcel_metadata: nothing was renamed');
    END IF;
END;
/
"""
CREATE = "CREATE TABLE IF NOT EXISTS parcels (id INTEGER PRIMARY KEY, metadata {kind});\n"
JSONB = CREATE.format(kind="JSONB")


def wish(dialect: str) -> ColumnRename:
    return ColumnRename(TableName("parcels", "dbo"), "metadata", "parcel_metadata", dialect)


def fixed(files: dict[str, str], config: Config | None = None) -> tuple[dict[str, str], str]:
    result = fix_files({"models.py": PLAIN, **files}, config=config)
    titles = " ".join(made.title for made in result.made)
    return {path: result.workspace.load(path).text for path in files}, titles


@pytest.mark.parametrize(("dialect", "expected"), [("tsql", SQL_SERVER), ("mssql", SQL_SERVER), ("oracle", ORACLE)])
def test_databases_that_do_not_run_here(dialect: str, expected: str) -> None:
    assert guarded_rename(wish(dialect)) == expected


@pytest.mark.parametrize("dialect", ["tsql", "oracle", "mysql", "postgres"])
def test_it_can_be_read_again(dialect: str) -> None:
    step = guarded_rename(wish(dialect))
    assert isinstance(step, str)
    # The parser has no words for PREPARE and for blocks of PL/SQL; all of them have to be tokens.
    assert sqlglot.tokenize(step, read=dialect)
    if dialect in ("tsql", "postgres"):
        assert all(statement is not None for statement in sqlglot.parse(step.strip().removesuffix(";"), read=dialect))


@pytest.mark.parametrize("dialect", ["", "sqlite", "snowflake"])
def test_databases_that_cannot_ask(dialect: str) -> None:
    refused = guarded_rename(wish(dialect))
    assert isinstance(refused, Refusal)
    assert "known which database" in refused.reason if not dialect else "cannot ask in SQL" in refused.reason


def test_quotes_in_names_stay_inside_their_texts() -> None:
    odd = ColumnRename(TableName("it's"), "metadata", "it's_metadata", "postgres")
    step = guarded_rename(odd)
    assert isinstance(step, str)
    assert "to_regclass('\"it''s\"')" in step
    assert "'it''s has both metadata and it''s_metadata: nothing was renamed'" in step


def test_the_step_stands_above_the_statement_and_its_comment() -> None:
    script = f"-- The whole schema.\n\nSELECT 1;\n-- parcels\n{JSONB}"
    after, title = fixed({"schema.sql": script}, Config(rename="column"))
    assert "and its column" in title
    head, _, tail = after["schema.sql"].partition("-- Rename parcels.metadata to parcel_metadata")
    assert head == "-- The whole schema.\n\nSELECT 1;\n"
    assert tail.endswith("END\n$$;\n\n-- parcels\n" + JSONB.replace("metadata", "parcel_metadata"))


def test_windows_line_ends_stay() -> None:
    after, _ = fixed({"schema.sql": JSONB.replace("\n", "\r\n")}, Config(rename="column"))
    assert after["schema.sql"].count("\n") == after["schema.sql"].count("\r\n") > 5


def test_a_batch_of_its_own() -> None:
    script = (
        "IF OBJECT_ID('dbo.parcels') IS NULL\n"
        "CREATE TABLE parcels (id INT IDENTITY(1,1) PRIMARY KEY, [metadata] NVARCHAR(40))\nGO\n"
    )
    after, title = fixed({"schema.sql": script}, Config(rename="column", dialect="mssql"))
    assert "and its column" in title
    assert "END;\nGO\n\nIF OBJECT_ID" in after["schema.sql"]
    assert "[parcel_metadata] NVARCHAR(40)" in after["schema.sql"]


@pytest.mark.parametrize(
    ("files", "dialect", "reason"),
    [
        ({"schema.sql": CREATE.format(kind="TEXT")}, "sqlite", "SQLite cannot ask in SQL"),
        ({"schema.sql": CREATE.format(kind="TEXT")}, None, "it is not known which database"),
        ({"schema.sql": "DELIMITER //\n" + CREATE.format(kind="JSON").replace(";", " //")}, "mysql", "ends with //"),
        (
            {"schema.sql": JSONB, "run.py": 'for part in open("schema.sql").read().split(";"):\n    run(part)\n'},
            None,
            "run.py cuts SQL at every semicolon",
        ),
    ],
)
def test_scripts_that_cannot_have_it(files: dict[str, str], dialect: str | None, reason: str) -> None:
    after, title = fixed(files, Config(rename="column", dialect=dialect))
    assert reason in title
    assert after == files


RUNS = (
    'from db import engine\n\n\ndef migrate():\n    with open("schema.sql") as file:\n        engine.run(file.read())\n'
)


@pytest.mark.parametrize(
    ("files", "column"),
    [
        ({}, False),
        ({"app.py": RUNS}, True),
        ({"tests/test_app.py": RUNS}, False),
        (
            {"app.py": RUNS.replace("    with", "    if fresh():\n      with").replace("        e", "          e")},
            False,
        ),
    ],
    ids=["nobody", "at start", "in tests", "asked about"],
)
def test_without_being_told_only_a_script_that_something_runs(files: dict[str, str], column: bool) -> None:
    after, title = fixed({"schema.sql": JSONB, **files})
    assert ("and its column" in title) == column
    assert ("parcel_metadata" in after["schema.sql"]) == column
