"""What the replay says of SQL scripts against what PostgreSQL and MariaDB make of them."""

from __future__ import annotations

from collections import defaultdict

import psycopg2
import pytest

from sqla_guard.core.config import Config
from sqla_guard.facts.operations import TableName
from sqla_guard.project.replay import Absent, Known
from sqla_guard.project.schema import table_history
from tests.support import mariadb
from tests.support.memory import project

LONG = "m" * 65
SEVERAL = "CREATE SCHEMA a; CREATE SCHEMA b;\n"
# Tables and columns that a question is asked about, whether a script has them or not.
ASKED = ("metadata", "registry", "note", "m", LONG, LONG[:63])
POSTGRES = {
    "search path": SEVERAL
    + """
        SET search_path TO a, public;
        CREATE TABLE events (id int, metadata text);
        SET search_path TO b;
        CREATE TABLE events (id int, note text);
        RESET search_path;
        CREATE TABLE events (registry int);
        SET search_path = 'a', public;
        ALTER TABLE events RENAME COLUMN metadata TO m;
    """,
    "looked for behind the first": SEVERAL
    + """
        CREATE TABLE events (metadata int);
        SET search_path TO a, b, public;
        ALTER TABLE events RENAME metadata TO m;
        CREATE TABLE events (metadata int);
        ALTER TABLE events ADD registry int;
        ALTER TABLE public.events ADD note int;
    """,
    "moved": SEVERAL
    + """
        CREATE TABLE events (metadata int);
        ALTER TABLE events SET SCHEMA a;
        CREATE TABLE events (registry int);
        SET SCHEMA 'b';
        CREATE TABLE events (note int);
        ALTER TABLE a.events RENAME TO past;
        ALTER TABLE a.past RENAME metadata TO m;
        CREATE VIEW seen AS SELECT note FROM events;
        ALTER VIEW seen SET SCHEMA a;
    """,
    "as pg_dump writes it": SEVERAL
    + """
        SELECT pg_catalog.set_config('search_path', '', false);
        CREATE TABLE a.events (metadata int);
        CREATE TABLE public.events (note int);
        SELECT set_config('search_path', 'b, public', false);
        CREATE TABLE events (registry int);
    """,
    "for a transaction": SEVERAL
    + """
        SET search_path TO a;
        BEGIN;
        SET LOCAL search_path TO b;
        CREATE TABLE events (metadata int);
        COMMIT;
        CREATE TABLE events (note int);
        DISCARD ALL;
        CREATE TABLE events (registry int);
    """,
    "elements of a schema": """
        CREATE SCHEMA a
            CREATE TABLE events (metadata int)
            CREATE TABLE past (note int);
        CREATE SCHEMA IF NOT EXISTS b AUTHORIZATION CURRENT_USER;
        CREATE TABLE events (registry int);
    """,
    "dynamic": SEVERAL
    + """
        SET search_path TO b;
        DO $$ BEGIN CREATE TABLE events (metadata int); END $$;
    """,
    "typed": """
        CREATE TYPE event AS (id int, metadata text);
        CREATE TABLE events OF event (PRIMARY KEY (id), metadata WITH OPTIONS NOT NULL);
        CREATE TABLE past OF event;
        CREATE TABLE kept (was event, registry int);
        CREATE TABLE early OF event;
        ALTER TABLE early NOT OF;
        ALTER TYPE event RENAME ATTRIBUTE metadata TO m CASCADE;
        CREATE TABLE late (id int, m text);
        ALTER TABLE late OF event;
        ALTER TYPE event ADD ATTRIBUTE note text CASCADE, ADD ATTRIBUTE registry int CASCADE, DROP ATTRIBUTE m CASCADE;
        ALTER TYPE event RENAME TO occurrence;
        ALTER TYPE occurrence RENAME ATTRIBUTE registry TO metadata CASCADE;
        CREATE TYPE gone AS (registry int);
        CREATE TABLE lost OF gone;
        DROP TYPE gone CASCADE;
    """,
    "long": f"""
        CREATE TABLE events (id int, {LONG} text);
        CREATE TABLE {LONG} (metadata text);
        ALTER TABLE {LONG} RENAME COLUMN metadata TO m;
        ALTER TABLE {LONG}x ADD note int;
    """,
}
MARIADB = {
    "databases": """
        CREATE DATABASE a; CREATE DATABASE b;
        USE a;
        CREATE TABLE events (metadata int);
        USE `b`;
        CREATE TABLE events (note int);
        ALTER TABLE a.events RENAME COLUMN metadata TO m;
        ALTER TABLE events ADD registry int;
        USE a;
        ALTER TABLE events ADD metadata int;
        RENAME TABLE events TO past;
    """,
}
COLUMNS = "SELECT table_schema, table_name, column_name FROM information_schema.columns WHERE table_schema "


def compare(script: str, dialect: str, rows: list[tuple[str, str, str]]) -> None:
    """Ask for each table, in each schema, for each column."""
    real: defaultdict[TableName, set[str]] = defaultdict(set)
    for home, name, there in rows:
        real[TableName(name, None if home == "public" else home)].add(there)
    found = project({"schema.sql": script}, Config(dialect=dialect))
    names = {table.name for table in real} | {"lost", "event"}
    for table in [TableName(name, schema) for name in sorted(names) for schema in (None, "a", "b")]:
        if dialect == "mysql" and table.schema is None:
            continue  # no database is the usual one
        if table.schema is None and table not in real and any(t.name == table.name for t in real):
            continue  # who names no schema means that one
        schema = table_history(found, "schema.sql", table).schema
        assert set(schema.columns(table)) >= real[table]
        for column in ASKED:
            answer = schema.column(table, column)
            # Known and Absent are promises; what is there must be found.
            assert isinstance(answer, Known) == (column in real[table]), (table, column, answer)
            assert not (isinstance(answer, Absent) and column in real[table])
        if table.schema is None:
            assert {t for t in schema.tables if t.name in names} == {t for t in real if real[t]}


@pytest.mark.parametrize("script", POSTGRES.values(), ids=POSTGRES)
def test_postgresql_has_what_the_replay_knows(script: str, fresh_database: str) -> None:
    connection = psycopg2.connect(fresh_database.replace("postgresql+psycopg2:", "postgresql:"))
    connection.autocommit = True
    try:
        with connection.cursor() as cursor:
            for statement in [script] if "$$" in script else script.split(";"):
                if statement.strip():
                    cursor.execute(statement)
            cursor.execute(COLUMNS + "IN ('a', 'b', 'public')")
            compare(script, "postgresql", cursor.fetchall())
    finally:
        connection.close()


@pytest.mark.parametrize("script", MARIADB.values(), ids=MARIADB)
def test_mariadb_has_what_the_replay_knows(script: str, mariadb_server: mariadb.Server) -> None:
    connection = mariadb_server.connect()
    try:
        with connection.cursor() as cursor:
            for statement in script.split(";"):
                if statement.strip():
                    cursor.execute(statement)
            cursor.execute(COLUMNS + "IN ('a', 'b')")
            rows = list(cursor.fetchall())
            cursor.execute("DROP DATABASE a")
            cursor.execute("DROP DATABASE b")
        compare(script, "mysql", rows)
    finally:
        connection.close()
