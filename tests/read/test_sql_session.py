"""The schema that a script's own words put a table in."""

from __future__ import annotations

import pytest

from sqla_guard.facts.operations import CreateTable
from sqla_guard.read.sql import read_sql

TABLE = "CREATE TABLE events (metadata INT)"


@pytest.mark.parametrize(
    ("dialect", "script", "expected"),
    [
        ("postgres", 'SET search_path TO "$user", public; {table};', ["public"]),
        ("postgres", 'SET SESSION search_path = "App", b; {table};', ["App"]),
        ("postgres", "SET search_path TO DEFAULT; {table};", [None]),
        ("postgres", "SET search_path TO ${{schema}}, public; {table};", [None]),
        ("postgres", "SET search_path TO :tenant; {table};", [None]),
        ("postgres", "SET search_path TO a; RESET ALL; {table};", [None]),
        ("postgres", "SET statement_timeout = 0; {table};", [None]),
        ("postgres", "ALTER ROLE clerk SET search_path TO a; {table};", [None]),
        (
            "postgres",
            "CREATE FUNCTION f() RETURNS int LANGUAGE sql SET search_path = a AS 'SELECT 1'; {table};",
            [None],
        ),
        ("postgres", "SET search_path TO a; CREATE TABLE b.events (id INT); {table};", ["b", "a"]),
        ("postgres", "BEGIN; SET LOCAL search_path TO a; {table}; ROLLBACK; {table};", ["a", None]),
        ("mysql", "USE shop; {table}; USE `Other`; {table};", ["shop", "other"]),
        ("mysql", "use shop\n{table};", ["shop"]),
        ("mysql", "USE {{{{ database }}}}; {table};", [None]),
        ("tsql", "USE [Shop];\nGO\nCREATE TABLE dbo.events (metadata INT);\nGO\n", ["shop"]),
        ("tsql", "USE Shop;\nGO\nCREATE TABLE sales.events (metadata INT);\nGO\n", ["sales"]),
        ("oracle", "ALTER SESSION SET CURRENT_SCHEMA = APP; {table};", ["app"]),
        ("snowflake", "USE ROLE clerk; USE SCHEMA shop.app; {table}; USE DATABASE other; {table};", ["app", None]),
        ("hive", "USE shop; {table};", ["shop"]),
        (None, "SET SCHEMA app; {table};", ["app"]),
    ],
)
def test_a_table_is_named_with_the_schema_that_it_lands_in(
    dialect: str | None, script: str, expected: list[str | None]
) -> None:
    facts = read_sql(script.format(table=TABLE), dialect, frozenset({"metadata"}))
    assert [f.table.schema for f in facts if isinstance(f, CreateTable)] == expected
