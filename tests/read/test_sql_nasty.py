"""``fixtures/sql/nasty.jsonl``: double angle quotes mark definitions, single ones what follows a rename."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from sqla_guard.core.source import Span
from sqla_guard.facts.operations import AddColumn, ColumnReference, CreateTable, DropColumn, RenameColumn, SqlFact
from sqla_guard.read.sql import read_sql

WANTED = frozenset(("metadata", "registry"))
LINES = (Path(__file__).parents[2] / "fixtures/sql/nasty.jsonl").read_text(encoding="utf-8").splitlines()
OPEN = "\u00ab\u2039"
CLOSE_DEFINED = "\u00bb"
CLOSE_REFERRED = "\u203a"
CASES = [json.loads(line) for line in LINES]


def unmarked(sql: str) -> tuple[str, list[str], list[str]]:
    """Return the text without marks, and the marked places as ``start:name``."""
    text = ""
    places: dict[str, list[str]] = {CLOSE_DEFINED: [], CLOSE_REFERRED: []}
    start = 0
    for character in sql:
        if character in OPEN:
            start = len(text)
        elif character in places:
            quoted = text[start] in '[`"'
            name = text[start + quoted : len(text) - quoted]
            places[character].append(f"{start + quoted}:{name}")
        else:
            text += character
    return text, places[CLOSE_DEFINED], places[CLOSE_REFERRED]


def spans(facts: list[SqlFact]) -> tuple[list[Span], list[Span]]:
    defined: list[Span | None] = []
    referred: list[Span | None] = []
    # What a view names is rewritten only where the view is made again.
    views = {f.carrier.statement for f in facts if isinstance(f, CreateTable) and f.kind == "view"}
    for fact in facts:
        if isinstance(fact, CreateTable):
            if fact.kind == "type":
                continue  # an attribute of a type is a column only in a table of it
            defined += [column.span for column in fact.columns if column.name in WANTED]
        elif isinstance(fact, AddColumn) and fact.column.name in WANTED:
            defined.append(fact.column.span)
        elif isinstance(fact, RenameColumn) and fact.new.name in WANTED:
            defined.append(fact.new.span)
        elif (isinstance(fact, DropColumn) and fact.column.name in WANTED) or (
            isinstance(fact, ColumnReference) and fact.role != "fixed" and fact.carrier.statement not in views
        ):
            referred.append(fact.column.span)
    return [s for s in defined if s], [s for s in referred if s]


@pytest.mark.parametrize("guessed", [False, True], ids=["dialect", "guessed"])
@pytest.mark.parametrize("case", CASES, ids=[case["case"] for case in CASES])
def test_marked_places(case: dict[str, str], guessed: bool) -> None:
    if guessed and case["case"] == "sqlite-odd":
        pytest.skip("[x] beside `x`: only SQLite reads both, and nothing says so")
    text, definitions, references = unmarked(case["sql"])
    found = spans(read_sql(text, None if guessed else case["dialect"], WANTED))
    defined, referred = ([f"{s.start}:{text[s.start : s.end]}" for s in group] for group in found)
    assert sorted(defined) == sorted(definitions)
    assert sorted(referred) == sorted(references)
