"""Which database a project's SQL is written for: configured, else what URLs and drivers name."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Iterator
from functools import partial

from sqla_guard.project.project import Project
from sqla_guard.project.versions import requirement_files, upwards

# SQLAlchemy's names and those of common URLs, as sqlglot calls the dialect.
_NAMES = {
    "postgresql": "postgres",
    "postgres": "postgres",
    "cockroachdb": "postgres",
    "mysql": "mysql",
    "mariadb": "mysql",
    "sqlite": "sqlite",
    "mssql": "tsql",
    "tsql": "tsql",
    "oracle": "oracle",
    "snowflake": "snowflake",
    "bigquery": "bigquery",
    "redshift": "redshift",
    "duckdb": "duckdb",
    "databricks": "databricks",
    "hive": "hive",
    "spark": "spark",
    "clickhouse": "clickhouse",
    "trino": "trino",
    "presto": "presto",
    "teradata": "teradata",
}
_DRIVERS = {
    b"psycopg": "postgres",
    b"psycopg2": "postgres",
    b"psycopg2-binary": "postgres",
    b"asyncpg": "postgres",
    b"pg8000": "postgres",
    b"pymysql": "mysql",
    b"mysqlclient": "mysql",
    b"mysql-connector-python": "mysql",
    b"aiomysql": "mysql",
    b"asyncmy": "mysql",
    b"pymssql": "tsql",
    b"oracledb": "oracle",
    b"cx-oracle": "oracle",
    b"cx_oracle": "oracle",
    b"snowflake-sqlalchemy": "snowflake",
    b"sqlalchemy-bigquery": "bigquery",
    b"aiosqlite": "sqlite",
}
_URL = re.compile(rb"\b(" + b"|".join(name.encode() for name in sorted(_NAMES)) + rb")(?:\+\w+)?://")


def configured_dialect(project: Project, path: str) -> str | None:
    """Return sqlglot's name of the dialect that the configuration gives for ``path``, if any."""
    named = project.config.of(path).dialect_for(path)
    return _NAMES.get(named.lower(), named.lower()) if named else None


def likely_dialect(project: Project, path: str) -> str | None:
    """Return the one dialect that the project around ``path`` names, ``None`` where it names none or several.

    SQLite beside another is what its tests or its laptop use, and does not count.
    """
    folder = posixpath.dirname(path)
    return project.once(("dialect", folder), lambda: _look(project, path, folder))


def _look(project: Project, path: str, folder: str) -> str | None:
    for found in _named_around(project, path, folder):
        found = found if len(found) < 2 else found - {"sqlite"}
        if found:
            return next(iter(found)) if len(found) == 1 else None
    return None


def _named_around(project: Project, path: str, folder: str) -> Iterator[set[str]]:
    """Yield the dialects that files around ``path`` name, those that say most first."""
    yield _all_named(project, _near(project, folder))
    root = project.workspace.disk.project_root(path)
    yield project.once(("dialects of modules", root), lambda: _all_named(project, _modules(project, path)))


def _all_named(project: Project, places: Iterable[str]) -> set[str]:
    # The same lock file stands above many folders.
    named = (project.once(("dialects named", p), partial(_named_in, project, p)) for p in places)
    return {dialect for dialects in named for dialect in dialects}


def _named_in(project: Project, path: str) -> set[str]:
    return _named(project.workspace.raw(path))


def _near(project: Project, folder: str) -> Iterator[str]:
    """Yield ``alembic.ini`` and the requirements in the folders from the file's own up to the project's."""
    for current in upwards(project, folder):
        for name in ("alembic.ini", *requirement_files()):
            place = posixpath.join(current, name)
            if project.workspace.exists(place):
                yield place


def _modules(project: Project, path: str) -> Iterator[str]:
    words = frozenset({"create_engine", "create_async_engine", "SQLALCHEMY_DATABASE_URI", "DATABASE_URL"})
    return project.files_naming(path, words, (".py",))


def _named(data: bytes) -> set[str]:
    lowered = data.lower()
    found = {_NAMES[match.decode()] for match in _URL.findall(lowered)} if b"://" in lowered else set()
    # Most drivers stand nowhere, which is quick to tell.
    return found | {dialect for driver, dialect in _DRIVERS.items() if driver in lowered and _is_word(driver, lowered)}


def _is_word(driver: bytes, data: bytes) -> bool:
    name = re.escape(driver)
    return re.search(name + rb"(?<![\w.-]" + name + rb")(?![\w-])", data) is not None
