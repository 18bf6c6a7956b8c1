"""The tables of names are what the installed SQLAlchemy does, measured again."""

from __future__ import annotations

import os

import pytest

from scripts.reserved.measure import NAMES, general, measured_text, outcomes
from scripts.reserved.programs import PATTERNS, programs
from sqla_guard.project.names import cells
from tests.support.environments import find

VERSIONS = [(1, 4), (2, 0), (2, 1)]


@pytest.mark.parametrize("version", VERSIONS, ids="{0[0]}.{0[1]}".format)
def test_one_way_to_declare_is_as_stored(version: tuple[int, int]) -> None:
    find(f"{version[0]}.{version[1]}")
    style = "declarative_base"
    wanted = [p for p in programs(version) if p.style == style and p.placement in ("direct", "mixin after the base")]
    names = {name: pattern for pattern, name in PATTERNS.items()}
    for p, (verdict, words) in outcomes(wanted, version).items():
        rows = cells(version).get(names.get(p.name, p.name), {}).get(p.placement, {}).get(p.kind, {})
        stored = rows.get(style) or rows.get("*", "fine")
        assert f"{verdict}: {general(words, p)}".removesuffix(": ") == stored, p.id


@pytest.mark.skipif(os.environ.get("ORACLE") != "all", reason="takes minutes: `make oracle` does it")
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("version", VERSIONS, ids="{0[0]}.{0[1]}".format)
def test_every_table_is_as_stored(version: tuple[int, int]) -> None:
    find(f"{version[0]}.{version[1]}")
    name = f"{version[0]}.{version[1]}.json"
    assert measured_text(version) == (NAMES / name).read_text(encoding="utf-8")
