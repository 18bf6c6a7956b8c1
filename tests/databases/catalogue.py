"""Databases to load scripts into, and everything that their catalogues say."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Literal, Protocol

import psycopg2
import pymysql
import sqlalchemy as sa
from sqlalchemy.pool import StaticPool

from tests.support import mariadb, postgres

Dialect = Literal["postgresql", "mariadb", "sqlite"]
Catalogue = dict[str, list[tuple[Any, ...]]]

_POSTGRES = {
    "columns": """
        SELECT c.relname, c.relkind, a.attnum, a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull,
            a.attidentity, a.attgenerated, pg_get_expr(d.adbin, d.adrelid), a.attstattarget,
            col_description(c.oid, a.attnum), pg_get_serial_sequence(quote_ident(c.relname), a.attname)
        FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid LEFT JOIN pg_attrdef d
            ON d.adrelid = a.attrelid AND d.adnum = a.attnum
        WHERE c.relnamespace = current_schema()::regnamespace AND a.attnum > 0 AND NOT a.attisdropped
            AND c.relkind IN ('r', 'p', 'v', 'm', 'f', 'c')""",
    "constraints": """
        SELECT conname, conrelid::regclass::text, contype, pg_get_constraintdef(oid) FROM pg_constraint
        WHERE connamespace = current_schema()::regnamespace""",
    "indexes": "SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = current_schema()",
    "views": """
        SELECT c.relname, pg_get_viewdef(c.oid) FROM pg_class c
        WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind IN ('v', 'm')""",
    "statistics": """
        SELECT stxname, pg_get_statisticsobjdef(oid) FROM pg_statistic_ext
        WHERE stxnamespace = current_schema()::regnamespace""",
    "policies": "SELECT tablename, policyname, qual, with_check FROM pg_policies WHERE schemaname = current_schema()",
    "partitions": """
        SELECT c.relname, pg_get_partkeydef(c.oid), pg_get_expr(c.relpartbound, c.oid) FROM pg_class c
        WHERE c.relnamespace = current_schema()::regnamespace""",
    "triggers": """
        SELECT t.tgname, pg_get_triggerdef(t.oid) FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid
        WHERE c.relnamespace = current_schema()::regnamespace AND NOT t.tgisinternal""",
}


class Database(Protocol):
    """One empty database."""

    def load(self, script: str) -> str:
        """Run a script of several statements; return what the database says to it."""

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        """Return what a query gives."""

    def catalogue(self) -> Catalogue:
        """Return everything that the database knows of its tables and views."""

    def engine(self) -> sa.Engine:
        """Return an engine on this very connection; the database stays open behind it."""


class Postgres:
    """A schema of the one database of the tests, first on the search path."""

    def __init__(self, connection: psycopg2.extensions.connection, schema: str) -> None:
        self._connection = connection
        self._schema = schema

    def load(self, script: str) -> str:
        with self._connection.cursor() as cursor:
            # Several schemas share a connection: each sets the path before it does something.
            cursor.execute(f"SET search_path TO {self._schema};\n{_here(script, self._schema)}")
        said = "".join(self._connection.notices)
        self._connection.notices.clear()
        return said

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        with self._connection.cursor() as cursor:
            cursor.execute(f"SET search_path TO {self._schema}; {query}")
            return [tuple(row) for row in cursor.fetchall()]

    def engine(self) -> sa.Engine:
        self.load("SELECT 1")
        return sa.create_engine("postgresql+psycopg2://", creator=lambda: self._connection, poolclass=StaticPool)

    def catalogue(self) -> Catalogue:
        found = {name: self.rows(query) for name, query in _POSTGRES.items()}
        return {
            name: sorted((tuple(_without(cell, self._schema) for cell in row) for row in rows), key=repr)
            for name, rows in found.items()
        }


class MariaDB:
    """A database of the one server of the tests."""

    def __init__(self, connection: pymysql.connections.Connection[pymysql.cursors.Cursor], name: str) -> None:
        self._connection = connection
        self._name = name

    def load(self, script: str) -> str:
        self._connection.select_db(self._name)
        with self._connection.cursor() as cursor:
            cursor.execute(_here(script, self._name))
            said = str(cursor.fetchall())
            while cursor.nextset():
                said += str(cursor.fetchall())
        return said

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        self._connection.select_db(self._name)
        with self._connection.cursor() as cursor:
            cursor.execute(query)
            return list(cursor.fetchall())

    def engine(self) -> sa.Engine:
        self._connection.select_db(self._name)
        return sa.create_engine("mysql+pymysql://", creator=lambda: self._connection, poolclass=StaticPool)

    def catalogue(self) -> Catalogue:
        kinds = dict(
            self.rows("SELECT table_name, table_type FROM information_schema.tables WHERE table_schema = DATABASE()")
        )
        found: Catalogue = {}
        for name, kind in sorted(kinds.items()):
            what = "VIEW" if kind == "VIEW" else "TABLE"
            written = str(self.rows(f"SHOW CREATE {what} `{name}`")[0][1])
            columns = self.rows(f"SHOW FULL COLUMNS FROM `{name}`")
            # How far it has counted says nothing about the schema.
            written = re.sub(r" AUTO_INCREMENT=\d+", "", written)
            found[name] = [(_without(written, self._name),), *columns]
        triggers = self.rows(
            "SELECT trigger_name, action_statement FROM information_schema.triggers WHERE trigger_schema = DATABASE()"
        )
        return {**found, "triggers": triggers}


class SQLite:
    """A database in memory."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def load(self, script: str) -> str:
        self._connection.executescript(_here(script, "main"))
        return ""

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        return self._connection.execute(query).fetchall()

    def engine(self) -> sa.Engine:
        return sa.create_engine("sqlite://", creator=lambda: self._connection, poolclass=StaticPool)

    def catalogue(self) -> Catalogue:
        objects = self.rows("SELECT type, name, tbl_name, sql FROM sqlite_master")
        found: Catalogue = {"objects": sorted((*o[:3], _plain(o[3] or "")) for o in objects)}
        for _, name, _, sql in objects:
            if (sql and "TABLE" in sql[:40].upper()) or (sql and "VIEW" in sql[:40].upper()):
                found[name] = self.rows(f'PRAGMA table_xinfo("{name}")')
                found[f"{name} keys"] = self.rows(f'PRAGMA foreign_key_list("{name}")')
                for index in self.rows(f'PRAGMA index_list("{name}")'):
                    found[f"{name} {index[1]}"] = [tuple(index), *self.rows(f'PRAGMA index_xinfo("{index[1]}")')]
        return found


def _here(script: str, schema: str) -> str:
    """Return a script in which the schema ``app`` is the one at hand."""
    return re.sub(r"\bapp\b(?=\s*\.|')", schema, script)


def _without(cell: Any, schema: str) -> Any:
    return re.sub(rf"[\"`]?\b{schema}\b[\"`]?\.", "", cell) if isinstance(cell, str) else cell


def _plain(sql: str) -> str:
    """Return SQL without what a rename by SQLite changes besides: quotes around names, and comments."""
    return " ".join(re.sub(r"[\"\[\]`]|--[^\n]*|/\*.*?\*/", " ", sql, flags=re.DOTALL).split()).lower()


class Servers:
    """Makes databases of each kind."""

    def __init__(self, postgres_server: postgres.Server, mariadb_server: mariadb.Server) -> None:
        self._mariadb = mariadb_server.connect()
        self._postgres = psycopg2.connect(
            postgres_server.url("postgres").replace("postgresql+psycopg2:", "postgresql:")
        )
        self._postgres.autocommit = True
        self._number = 0

    def close(self) -> None:
        self._postgres.close()
        self._mariadb.close()

    @contextmanager
    def several(self, dialect: Dialect, number: int) -> Iterator[Sequence[Database]]:
        """Yield ``number`` empty databases."""
        if dialect == "postgresql":
            yield from self._schemas(number)
        elif dialect == "mariadb":
            yield from self._databases(number)
        else:
            connections = [sqlite3.connect(":memory:") for _ in range(number)]
            yield [SQLite(connection) for connection in connections]
            for connection in connections:
                connection.close()

    def _schemas(self, number: int) -> Iterator[Sequence[Database]]:
        names = []
        for _ in range(number):
            self._number += 1
            names.append(f"s{self._number}")
            self._run(f"CREATE SCHEMA {names[-1]}")
        try:
            yield [Postgres(self._postgres, name) for name in names]
        finally:
            for name in names:
                self._run(f"DROP SCHEMA {name} CASCADE")

    def _run(self, statement: str) -> None:
        with self._postgres.cursor() as cursor:
            cursor.execute(statement)

    def _databases(self, number: int) -> Iterator[Sequence[Database]]:
        names = [f"d{self._number + n}" for n in range(number)]
        self._number += number
        with self._mariadb.cursor() as cursor:
            for name in names:
                cursor.execute(f"CREATE DATABASE {name}")
            try:
                yield [MariaDB(self._mariadb, name) for name in names]
            finally:
                for name in names:
                    cursor.execute(f"DROP DATABASE {name}")
