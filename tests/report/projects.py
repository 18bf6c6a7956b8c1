"""Projects whose reports are looked at: the sample, and one whose every name is an attack."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from sqla_guard.cli import main
from sqla_guard.cli.pages import rule_pages
from sqla_guard.core.config import Config
from sqla_guard.report import FORMATS, renderer
from sqla_guard.report.material import Material
from sqla_guard.run import run_check

# Python that is found fault with, in names that mean something to a terminal, to XML, to a workflow command, to a URI.
HOSTILE_NAMES = (
    "esc\x1b[31m.py",
    "line\n::error::forged.py",
    "colon::error file=x,line=1::.py",
    "<b>&amp;]]>'\".py",
    "per%0Acent%.py",
    "turned\u202e.py",
    "no\ufffexml.py",
    "bytes\udcff.py",
    "bell\x07 and space#?.py",
)
HOSTILE_TABLE = "t\x1b[2J]]><script>::error::%0A\u202e\ufffe[x](http://example.com)"


def model(table: str) -> str:
    """Return a module with two findings: a table that is declared twice, and a reserved attribute."""
    declared = f'    __tablename__ = "{table}"\n    id = Column(Integer, primary_key=True)\n'
    return (
        "from sqlalchemy import JSON, Column, Integer\nfrom sqlalchemy.orm import declarative_base\n\n"
        f"Base = declarative_base()\n\n\nclass First(Base):\n{declared}\n\nclass Second(Base):\n{declared}\n\n"
        f"class Event(Base):\n{declared.replace(table, 'events')}"
        "    metadata = Column(JSON)  # \x1b[31m ]]> ::error::\n"
    )


def write_hostile(folder: Path) -> None:
    """Fill a folder with the files of :data:`HOSTILE_NAMES`, and one that cannot be parsed."""
    for name in HOSTILE_NAMES:
        (folder / name).write_text(model(HOSTILE_TABLE), encoding="utf-8")
    (folder / "broken\x1b[1m::error::.py").write_text("def broken(:  # metadata declarative_base\n", encoding="utf-8")


def report(output_format: str, *arguments: str) -> str:
    """Return what `check` prints in a format."""
    return run("check", "--output-format", output_format, *arguments).stdout


def reports() -> dict[str, str]:
    """Return what a check of the working directory says in every format."""
    checked = run_check((".",), Config())
    material = Material(checked.report, checked.workspace.load, rule_pages)
    return {name: renderer(name)(material) for name in FORMATS}


def run(*arguments: str) -> Result:
    """Run the command line in the working directory."""
    return CliRunner().invoke(main, arguments)


@contextmanager
def inside(folder: Path) -> Iterator[None]:
    """Work in a folder."""
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        yield
