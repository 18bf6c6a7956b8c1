"""SQL scripts: history or re-runnable, up and down sections."""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import replace

from sqla_guard.core.source import SourceFile
from sqla_guard.facts.operations import Carrier, SqlFact
from sqla_guard.read.sql import moved, read_sql

# V12__x.sql, 0012_x.sql, 20240102030405_x.sql, 12.do.x.sql, U12__x.sql; R__x.sql is Flyway's repeatable kind.
_VERSIONED = re.compile(r"(?:[VvUuBb]\d[\d._]*__|\d+[-_.])")
_DOWN_NAME = re.compile(r"(?:\.|_|-)(?:down|undo|rollback|revert)\.sql\Z|\AU\d[\d._]*__", re.IGNORECASE)
_SECTION = re.compile(
    r"^[ \t]*--[ \t]*(?:\+goose|\+migrate|migrate:|\+micrate|@|>>>|step:|rambler)?[ \t]*"
    r"(up|down|rollback|undo)\b",
    re.IGNORECASE | re.MULTILINE,
)
_ANNOTATED = re.compile(
    r"^[ \t]*--[ \t]*(?:\+goose|\+migrate|migrate:|\+micrate|@UNDO|changeset\b)", re.IGNORECASE | re.MULTILINE
)


def read_sql_file(source: SourceFile, wanted: frozenset[str]) -> list[SqlFact]:
    """Return the facts of an SQL script.

    Carriers have the kind ``sql-file``; their statement is the SQL statement. Nothing in a versioned file is
    re-runnable, whatever its statements say: tools keep a checksum of it.

    Args:
        source: The file.
        wanted: Names, in lower case, whose references are reported.
    """
    name = source.path.rsplit("/", 1)[-1]
    history = is_history(source)
    starts, downs = _sections(source.text, _DOWN_NAME.search(name) is not None or name.lower() == "down.sql")

    def carrier(inner: Carrier) -> Carrier:
        down = downs[bisect_right(starts, inner.statement.start) - 1]
        return replace(
            inner,
            path=source.path,
            direction="down" if down else "up",
            rerunnable=inner.rerunnable and not history,
        )

    return [moved(fact, lambda span: span, carrier) for fact in read_sql(source.text, None, wanted)]


def is_history(source: SourceFile) -> bool:
    """Tell whether an SQL script is a step that tools run once, and of which they keep a checksum."""
    name = source.path.rsplit("/", 1)[-1]
    return _VERSIONED.match(name) is not None or _ANNOTATED.search(source.text) is not None


def _sections(text: str, down: bool) -> tuple[list[int], list[bool]]:
    """Return where sections start, and for each whether it undoes."""
    starts, downs = [0], [down]
    if _ANNOTATED.search(text) is not None:
        for match in _SECTION.finditer(text):
            starts.append(match.start())
            downs.append(match[1].lower() != "up")
    return starts, downs
