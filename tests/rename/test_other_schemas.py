"""A rename where the script says in which schema it works: a table of that name elsewhere is left alone."""

from __future__ import annotations

import psycopg2
import pytest

from sqla_guard.core.config import Config
from tests.support.memory import fix_files

MODEL = """\
from sqlalchemy import JSON, Column, Integer
from sqlalchemy.orm import declarative_base

Base = declarative_base()


class Event(Base):
    __tablename__ = "events"
    id = Column(Integer, primary_key=True)
    metadata = Column(JSON)
"""
SCRIPT = """\
CREATE SCHEMA IF NOT EXISTS app;
SET search_path TO app, public;
CREATE TABLE{guard} events (
    id integer PRIMARY KEY,
    metadata json
);
"""
COLUMNS = "SELECT table_schema, column_name FROM information_schema.columns WHERE table_name = 'events' ORDER BY 1, 2"
AFTER = [("app", "event_metadata"), ("app", "id"), ("public", "metadata")]


def fixed(files: dict[str, str]) -> tuple[dict[str, str], str]:
    """Return all files after the fix, and what it is called."""
    result = fix_files(files, config=Config(rename="column", dialect="postgresql"))
    (made,) = result.made
    return {p: result.workspace.load(p).text for p in {*files, *result.workspace.changed}}, made.title


@pytest.mark.parametrize("path", ["0001_events.sql", "schema.sql"], ids=["history", "re-runnable"])
def test_the_other_table_keeps_its_column(path: str, fresh_database: str) -> None:
    script = SCRIPT.format(guard="" if path[0] == "0" else " IF NOT EXISTS")
    texts, title = fixed({"models.py": MODEL, path: script})
    assert "and its column" in title
    connection = psycopg2.connect(fresh_database.replace("postgresql+psycopg2:", "postgresql:"))
    connection.autocommit = True
    try:
        with connection.cursor() as cursor:
            # From out of sight; a script that has not made its own table yet would find this one.
            cursor.execute("CREATE TABLE public.events (metadata json)")
            if path == "schema.sql":
                cursor.execute(texts[path])
                cursor.execute("DROP SCHEMA app CASCADE")
            cursor.execute(script)
            for sql in sorted(texts.keys() - {path, "models.py"}) or [path, path]:
                cursor.execute("RESET search_path")
                cursor.execute(texts[sql])
            cursor.execute(COLUMNS)
            assert cursor.fetchall() == AFTER
    finally:
        connection.close()


def test_an_alembic_revision_names_the_schema() -> None:
    script = SCRIPT.format(guard="")
    revision = 'from alembic import op\nrevision = "a"\ndown_revision = None\n'
    revision += f'def upgrade():\n    op.execute("""{script}""")\n'
    files = {"models.py": MODEL, "migrations/versions/a.py": revision}
    (text,) = (text for path, text in fixed(files)[0].items() if path not in files)
    assert 'op.alter_column("events", "metadata", new_column_name="event_metadata", schema="app")' in text


def test_one_file_cannot_follow_two_schemas() -> None:
    one = SCRIPT.format(guard="")
    texts, title = fixed({"models.py": MODEL, "0001_a.sql": one, "0002_b.sql": one.replace("app", "branch")})
    assert title.endswith("because events is in several schemas: app, branch")
    assert len(texts) == 3
