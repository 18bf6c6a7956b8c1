"""Alembic's own hook: a real `alembic revision --autogenerate` runs the check on what it has written."""

from __future__ import annotations

import re
import sys
from importlib.metadata import version
from pathlib import Path

import pytest

from tests.support.pages import DOCS, recipe
from tests.support.repositories import ROOT, Repository, new_repository

# The tables that Alembic compares with the database, and a model of one of them that does not import.
TABLES = """\
from sqlalchemy import JSON, Column, Integer, MetaData, Table

metadata = MetaData()
events = Table("events", metadata, Column("id", Integer, primary_key=True), Column("metadata", JSON))
"""
MODELS = """\
from sqlalchemy import JSON, Column, Integer
from sqlalchemy.orm import declarative_base

Base = declarative_base()


class Event(Base):
    __tablename__ = "events"
    id = Column(Integer, primary_key=True)
    metadata = Column(JSON)
"""
MENDED = MODELS.replace("    metadata = Column(JSON)", '    event_metadata = Column("metadata", JSON)')


@pytest.fixture
def project(tmp_path: Path) -> Repository:
    """A project with an SQLite database and Alembic set up, but for the hook."""
    repository = new_repository(tmp_path / "user", PYTHONPATH=str(ROOT))
    made = repository.run(sys.executable, "-m", "alembic", "init", "migrations")
    assert made.returncode == 0, made.stderr
    repository.write({"desk/__init__.py": "", "desk/tables.py": TABLES, "desk/models.py": MODELS})
    change(
        repository, "migrations/env.py", "target_metadata = None", "from desk.tables import metadata as target_metadata"
    )
    change(repository, "alembic.ini", "driver://user:pass@localhost/dbname", "sqlite:///desk.db")
    return repository


def change(repository: Repository, path: str, old: str, new: str) -> None:
    text = (repository.folder / path).read_text(encoding="utf-8")
    assert old in text
    repository.write({path: text.replace(old, new, 1)})


def with_hook(repository: Repository) -> None:
    change(repository, "alembic.ini", "[post_write_hooks]\n", recipe("alembic", "alembic.ini"))


def autogenerate(repository: Repository, *options: str) -> tuple[str, str]:
    """Let Alembic write a revision; return what is printed and what is written."""
    done = repository.run(
        *(sys.executable, "-m", "alembic", *options, "revision", "--autogenerate", "--rev-id", "0001", "-m", "events")
    )
    assert done.returncode == 0, done.stdout + done.stderr
    written = repository.folder / "migrations" / "versions" / "0001_events.py"
    return done.stdout, written.read_text(encoding="utf-8")


def test_the_new_revision_is_checked_with_the_models_around_it(project: Repository) -> None:
    with_hook(project)
    printed, written = autogenerate(project)
    assert "sa.Column('metadata', sa.JSON()" in written
    (shown,) = DOCS.joinpath("alembic.md").read_text(encoding="utf-8").split("<!-- printed -->\n```\n")[1:]
    for line in shown.partition("```")[0].splitlines():
        assert re.sub(r"py:\d+:", "py:26:", line) in re.sub(r"py:\d+:", "py:26:", printed)
    project.write({"desk/models.py": MENDED})
    (project.folder / "migrations" / "versions" / "0001_events.py").unlink()
    assert "No findings; 1 file checked." in autogenerate(project)[0]


def test_it_can_be_repaired_at_once(project: Repository) -> None:
    with_hook(project)
    change(project, "alembic.ini", "options = check REVISION", "options = fix --write REVISION")
    printed, written = autogenerate(project)
    assert "1 finding repaired" in printed
    assert (project.folder / "desk" / "models.py").read_text(encoding="utf-8") == MENDED
    assert "sa.Column('metadata', sa.JSON()" in written


def test_any_executable_will_do(project: Repository) -> None:
    with_hook(project)
    program = Path(sys.executable).parent / "sqla-guard"
    change(project, "alembic.ini", "sqla_guard.type = console_scripts", "sqla_guard.type = exec")
    change(project, "alembic.ini", "sqla_guard.entrypoint = sqla-guard", f"sqla_guard.executable = {program}")
    assert "error[SG301]" in autogenerate(project)[0]


@pytest.mark.skipif(
    tuple(map(int, version("alembic").split(".")[:2])) < (1, 16), reason="Alembic reads pyproject.toml from 1.16 on"
)
def test_the_hook_may_stand_in_pyproject(project: Repository) -> None:
    change(project, "alembic.ini", "[post_write_hooks]\n", "")
    project.write({"pyproject.toml": recipe("alembic", "pyproject.toml")})
    assert "error[SG301]" in autogenerate(project)[0]
