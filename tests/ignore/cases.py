"""A small project with a finding of each family, and shorthands for what a check says of it."""

from __future__ import annotations

from collections.abc import Mapping

from sqla_guard.core.config import Config
from tests.support.memory import check_files, fixed_texts

MODEL = """\
from sqlalchemy import JSON, Column, Integer
from sqlalchemy.orm import declarative_base

Base = declarative_base()


class Event(Base):
    __tablename__ = "events"
    id = Column(Integer, primary_key=True)
    metadata = Column(JSON)
"""
GETTER = """\
from sqlalchemy import create_engine

_engine = None


def get_engine():
    global _engine
    if _engine is None:
        _engine = create_engine("postgresql:///desk")
    return _engine
"""
SCRIPT = """\
CREATE TABLE IF NOT EXISTS events (
    id INTEGER PRIMARY KEY,
    metadata JSON
);
"""
STRING = '''\
from sqlalchemy import text


def migrate(session):
    session.execute(text("""
        CREATE TABLE IF NOT EXISTS events (
            id INTEGER PRIMARY KEY,
            metadata JSON
        )
    """))
'''


def codes(files: Mapping[str, str], config: Config | None = None) -> list[str]:
    """Return the codes that a check of ``files`` reports, sorted."""
    return sorted(d.code for d in check_files(files, config=config).diagnostics)


def said(files: Mapping[str, str], code: str, config: Config | None = None) -> list[str]:
    """Return the messages of the findings with ``code``."""
    return [d.message for d in check_files(files, config=config).diagnostics if d.code == code]


def mended(text: str, path: str = "models.py", config: Config | None = None) -> str:
    """Return what fixing makes of one file."""
    return fixed_texts({path: text}, config)[path]


def put(text: str, line: str, directive: str) -> str:
    """Return ``text`` with ``directive`` behind the first line that holds ``line``."""
    first = next(candidate for candidate in text.split("\n") if line in candidate)
    return text.replace(first, f"{first}  {directive}", 1)


def above(text: str, line: str, directive: str) -> str:
    """Return ``text`` with ``directive`` on a line of its own above the first one that holds ``line``."""
    first = next(candidate for candidate in text.split("\n") if line in candidate)
    indent = first[: len(first) - len(first.lstrip())]
    return text.replace(first, f"{indent}{directive}\n{first}", 1)
