"""The tool's verdict on a reserved name is what the real SQLAlchemy does.

``make oracle`` (``ORACLE=all``) runs every program; here a sample of each version.
"""

from __future__ import annotations

import os
import random
from collections import Counter

import pytest

from scripts.reserved.programs import SQLMODEL_NAMES, Program, programs
from tests.oracle.verdicts import disagreements
from tests.support.environments import find

SAMPLE = 100


def chosen(version: tuple[int, int]) -> list[Program]:
    """Return the programs to run: all of them, or a sample that is the same each time."""
    every = [program for program in programs(version) if not undecidable(program)]
    if os.environ.get("ORACLE") == "all":
        return every
    return random.Random(7).sample(every, SAMPLE)


def undecidable(program: Program) -> str:
    """Return why the tool says nothing of a program; empty where it has to say what happens."""
    if program.style == "SQLModel" and program.placement != "direct" and program.name in SQLMODEL_NAMES:
        return "a name that only a field of a table must not have, on a parent that looks like any Pydantic model"
    if program.name.startswith("query") and program.kind == "property":
        return "a property `query` may well be meant to take the place of Flask-SQLAlchemy's"
    return ""


@pytest.mark.timeout(3600)
@pytest.mark.parametrize("version", [(1, 4), (2, 0), (2, 1)], ids="{0[0]}.{0[1]}".format)
def test_the_tool_says_what_happens(version: tuple[int, int]) -> None:
    find(f"{version[0]}.{version[1]}")
    wanted = chosen(version)
    found = disagreements(wanted, version)
    print(f"{len(wanted)} programs, {len(found)} disagreements")  # noqa: T201 - `make oracle` shows it
    for reason, count in Counter(filter(None, map(undecidable, programs(version)))).most_common():
        print(f"left out {count}: {reason}")  # noqa: T201
    assert not found, f"{len(found)} of {len(wanted)}:\n" + "\n".join(found[:50])
