"""SQL that asks by itself whether it has run before."""

from __future__ import annotations

import pytest

from sqla_guard.facts.operations import AddColumn
from sqla_guard.read.sql import read_sql


@pytest.mark.parametrize(
    ("sql", "rerunnable"),
    [
        ("ALTER TABLE t ADD COLUMN metadata int", False),
        ("ALTER TABLE t ADD COLUMN IF NOT EXISTS metadata int", True),
        (
            "DO $$\nBEGIN\n IF NOT EXISTS (SELECT 1 FROM x) THEN\n  ALTER TABLE t ADD metadata int;\n END IF;\nEND $$",
            True,
        ),
        (
            "DO $$\nBEGIN\n IF NOT EXISTS (SELECT 1 FROM x WHERE c = 'metadata') THEN\n"
            "  ALTER TABLE t ADD metadata int;\n END IF;\nEND $$",
            False,
        ),
        ("IF NOT EXISTS (SELECT 1 FROM sys.columns)\nALTER TABLE t ADD metadata nvarchar(9)\nGO", True),
        ("IF COL_LENGTH('t', 'x') IS NULL\nBEGIN\n  ALTER TABLE t ADD metadata nvarchar(9)\nEND\nGO", True),
        ("IF COL_LENGTH('t', 'metadata') IS NULL\nALTER TABLE t ADD metadata nvarchar(9)", False),
    ],
)
def test_rerunnable(sql: str, rerunnable: bool) -> None:
    (fact,) = (f for f in read_sql(sql, None, frozenset(("metadata",))) if isinstance(f, AddColumn))
    assert fact.column.name == "metadata"
    assert fact.carrier.rerunnable == rerunnable
