"""Which database the SQL of a table is written for."""

from __future__ import annotations

from collections.abc import Iterable

from sqla_guard.project.dialects import configured_dialect, likely_dialect
from sqla_guard.project.project import Project
from sqla_guard.rename.sql_text import family


def dialect_of(project: Project, paths: Iterable[str]) -> str:
    """Return the dialect of the files that make a table, as sqlglot calls it; empty where it is not known or not one.

    Args:
        project: Its configuration says it best; else an SQL file by its own words, else what else the project names.
        paths: The files.
    """
    found = {_dialect(project, path) for path in paths}
    return found.pop() if len(found) == 1 else ""


def _dialect(project: Project, path: str) -> str:
    told = configured_dialect(project, path)
    seen = None if told else project.read(path, project.readers.dialect)
    return family(told or seen or likely_dialect(project, path) or "")
