"""Problems put into real files: each fix takes its finding away and touches nothing else."""

from __future__ import annotations

import inspect
import random
from types import ModuleType

import click.formatting
import click.parser
import click.types
import pytest

from sqla_guard.core.fix import Edit
from tests.support.seeded import SEEDS, Seed, problems, seeded, touched


@pytest.mark.parametrize("name", SEEDS)
@pytest.mark.parametrize("module", [click.formatting, click.parser, click.types], ids=lambda module: module.__name__)
def test_a_real_file_is_mended(module: ModuleType, name: str) -> None:
    text = inspect.getsource(module)
    new = seeded(text, SEEDS[name], random.Random(name))
    assert new is not None
    assert list(problems({"module.py": new, "other.py": "import module\n"}, SEEDS[name])) == []


def test_a_seed_stands_whole_in_its_file() -> None:
    text = inspect.getsource(click.parser).replace("\n", "\r\n")
    new = seeded(text, SEEDS["model"], random.Random(1))
    assert new is not None
    assert SEEDS["model"].top.replace("\n", "\r\n") in new
    assert "\n" not in new.replace("\r\n", "")


def test_what_is_not_found_or_touched_is_said() -> None:
    harmless = Seed(frozenset({"SG201"}), "x = 1\n")
    assert list(problems({"module.py": harmless.top}, harmless)) == ["SG201 is not found"]
    assert list(touched("a.py", "one\ntwo = 3\n", [Edit("a.py", 0, 3, "# one")])) == []
    # What stands behind the edit is a comment now.
    assert list(touched("a.py", "one = 1\n", [Edit("a.py", 0, 0, "# ")]))
