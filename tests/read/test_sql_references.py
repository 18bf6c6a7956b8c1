"""Which names in queries and data changes are columns of which table."""

from __future__ import annotations

import sys

import pytest

from sqla_guard.facts.operations import ColumnReference, UnreadSql
from sqla_guard.read.sql import read_sql, statement_spans
from sqla_guard.read.sql.script import HOLE, mask

WANTED = frozenset(("metadata",))


def references(sql: str) -> list[str]:
    """Return ``offset table role`` of each reference; tables that are only candidates stand between bars."""
    out = []
    for fact in read_sql(sql.replace("{}", HOLE * 2), None, WANTED):
        if isinstance(fact, ColumnReference):
            assert fact.column.span is not None
            table = fact.table.name if fact.table else "|".join(["", *(t.name for t in fact.candidates), ""])
            out.append(f"{fact.column.span.start} {table} {fact.role}")
        elif isinstance(fact, UnreadSql):
            out.append("unread " + " ".join(t.name for t in fact.tables))
    return out


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        ("SELECT id, metadata FROM t WHERE metadata IS NULL", ["11 t output", "33 t plain"]),
        ("SELECT e.metadata FROM t e JOIN u ON u.i = e.i WHERE u.metadata = :metadata", ["9 t output", "55 u plain"]),
        ("SELECT metadata FROM t, u", ["7 |t|u| output"]),
        ("SELECT metadata AS m, lower(metadata) FROM t", ["7 t plain", "28 t plain"]),
        ("SELECT metadata::text FROM t", ["7 t fixed"]),
        ("SELECT metadata ->> 'metadata' FROM t", ["7 t plain"]),
        ("SELECT metadata FROM (SELECT metadata FROM t) x ORDER BY metadata", ["29 t output"]),
        ("SELECT metadata FROM (SELECT * FROM t) x", ["7 t output"]),
        ("WITH c AS (SELECT metadata FROM t) SELECT c.metadata FROM c", ["18 t output"]),
        ("SELECT 1 FROM a WHERE EXISTS (SELECT 1 FROM b WHERE metadata)", ["52 |b|a| plain"]),
        ("SELECT metadata FROM a UNION SELECT metadata FROM b ORDER BY metadata", ["7 a output", "36 b output"]),
        ("SELECT lower(x) AS metadata FROM t ORDER BY metadata", []),
        ("SELECT 1 FROM t JOIN u USING (metadata)", ["30 |t|u| fixed"]),
        ("UPDATE t SET metadata = u.metadata FROM u WHERE u.i = t.i", ["13 t plain", "26 u plain"]),
        ("UPDATE t SET metadata = :metadata RETURNING metadata", ["13 t plain", "44 t output"]),
        ("DELETE FROM t WHERE metadata IS NULL", ["20 t plain"]),
        ("INSERT INTO t (a, metadata) VALUES (:a, :metadata)", ["18 t plain"]),
        (
            "INSERT INTO t (metadata) VALUES (%(metadata)s) ON DUPLICATE KEY UPDATE metadata = VALUES(metadata)",
            ["15 t plain", "71 t plain", "89 t plain"],
        ),
        ("CREATE VIEW v AS SELECT metadata FROM t", ["24 t output"]),
        ("CREATE TRIGGER g BEFORE UPDATE OF metadata ON t BEGIN SELECT 1; END", ["34 t fixed"]),
        ("SELECT metadata.id FROM metadata", []),
        ("SELECT x FROM {} WHERE metadata", ["unread "]),
        ("SELECT x FROM t {} WHERE metadata > 1 {}", ["25 t plain"]),
        ("UPDATE {} SET metadata = 1", ["unread "]),
        ("SELECT metadata FROM t WHERE ((", ["unread t"]),
        ("SELECT column_name FROM information_schema.columns WHERE column_name = 'metadata'", []),
    ],
)
def test_reference(sql: str, expected: list[str]) -> None:
    assert references(sql) == expected


@pytest.mark.parametrize(
    "opening", ["{{", "{%", "${", "/*!1 ", "'", '"', "$$", "(", "CASE ", "BEGIN\n", "CREATE TABLE t (\n", "'\nCREATE "]
)
def test_hostile_text_takes_linearly_many_steps(opening: str) -> None:
    once, twice = (_steps("SELECT metadata FROM t WHERE " + opening * many) for many in (500, 1000))
    assert twice < 3 * once


def _steps(text: str) -> int:
    """Return how many calls it takes to read ``text``; those of regular expressions are counted elsewhere."""
    calls = 0

    def noted(frame: object, event: str, argument: object) -> None:
        nonlocal calls
        calls += event in ("call", "c_call")

    sys.setprofile(noted)
    try:
        read_sql(text, None, WANTED)
    finally:
        sys.setprofile(None)
    return calls


@pytest.mark.parametrize(
    "text", ["\\echo don't\n{{ a }}{% b\n %}\r\nGO\r\n/*!50001 x */", "COPY t FROM stdin;\na\n\\.\nx"]
)
def test_a_mask_keeps_length_and_lines(text: str) -> None:
    assert len(mask(text)) == len(text)
    assert [i for i, c in enumerate(mask(text)) if c == "\n"] == [i for i, c in enumerate(text) if c == "\n"]


def test_statement_spans() -> None:
    text = "SELECT ';';\n-- x;\nSELECT 2;"
    assert [text[s.start : s.end] for s in statement_spans(text, None)] == ["SELECT ';'", "SELECT 2"]
