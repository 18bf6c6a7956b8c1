"""SQL scripts: history or re-runnable, up and down sections."""

from __future__ import annotations

import re
from bisect import bisect_right

from msgspec.structs import replace

from sqla_guard.core.source import SourceFile
from sqla_guard.facts.operations import Carrier, SqlFact
from sqla_guard.read.sql import moved, read_sql
from sqla_guard.read.sql.dialect import Dialect

# V12__x.sql, 0012_x.sql, 20240102030405_x.sql, 12.do.x.sql, U12__x.sql; R__x.sql is Flyway's repeatable kind.
_VERSIONED = re.compile(r"(?:[VvUuBb]\d[\d._]*__|\d+[-_.])")
_DOWN_NAME = re.compile(
    r"(?:\.|_|-)(?:down|undo|rollback|revert)\.sql\Z|\AU\d[\d._]*__|\A\d+\.(?:down|undo)\.", re.IGNORECASE
)
_DOWN_FOLDER = re.compile(r"(?:^|/)(?:down|undo|rollback|revert)/[^/]*\Z", re.IGNORECASE)
# What starts a part that does or undoes: goose, dbmate, sql-migrate, micrate, rambler, MyBatis (//@UNDO),
# node-pg-migrate (Up Migration), shmig (==== UP ====), tern (create above / drop below).
_SECTION = re.compile(
    r"^[ \t]*--(?:[ \t]*(?:\+goose|\+migrate|migrate:|\+micrate|rambler)[ \t]*(?P<tool>up|down)\b"
    r"|[ \t]*(?://)?@(?P<undo>undo)\b|[ \t]*(?P<node>up|down) migration\b|[ \t]*=+[ \t]*(?P<shmig>up|down)[ \t]*=+"
    r"|--[ \t]*create above / (?P<tern>drop) below)",
    re.IGNORECASE | re.MULTILINE,
)
# Liquibase: a line that undoes is a comment to the database; Sqitch and yoyo keep what undoes in another file.
_ANNOTATED = re.compile(
    r"^[ \t]*--[ \t]*(?:\+goose|\+migrate|migrate:|\+micrate|rambler|(?://)?@undo|changeset\b|liquibase\b|depends:)"
    r"|^[ \t]*--[ \t]*(?:up|down) migration\b|^-- Deploy \S+ to \w+",
    re.IGNORECASE | re.MULTILINE,
)


def read_sql_file(source: SourceFile, wanted: frozenset[str], dialect: Dialect) -> list[SqlFact]:
    """Return the facts of an SQL script.

    Carriers have the kind ``sql-file``; their statement is the SQL statement. Nothing in a versioned file is
    re-runnable, whatever its statements say: tools keep a checksum of it.

    Args:
        source: The file.
        wanted: Names, in lower case, whose references are reported.
        dialect: What is known of its dialect.
    """
    name = source.path.rsplit("/", 1)[-1]
    history = is_history(source)
    down_file = _DOWN_NAME.search(name) is not None or name.lower() == "down.sql"
    starts, downs = _sections(source.text, down_file or _DOWN_FOLDER.search(source.path) is not None)

    def carrier(inner: Carrier) -> Carrier:
        down = downs[bisect_right(starts, inner.statement.start) - 1]
        return replace(
            inner,
            path=source.path,
            direction="down" if down else "up",
            rerunnable=inner.rerunnable and not history,
        )

    return [
        moved(fact, lambda span: span, carrier)
        for fact in read_sql(source.text, dialect.certain, wanted, dialect.likely)
    ]


def is_history(source: SourceFile) -> bool:
    """Tell whether an SQL script is a step that tools run once, and of which they keep a checksum."""
    name = source.path.rsplit("/", 1)[-1]
    return _VERSIONED.match(name) is not None or _ANNOTATED.search(source.text) is not None


def _sections(text: str, down: bool) -> tuple[list[int], list[bool]]:
    """Return where sections start, and for each whether it undoes."""
    starts, downs = [0], [down]
    for match in _SECTION.finditer(text):
        starts.append(match.start())
        downs.append(next(word for word in match.groups() if word).lower() != "up")
    return starts, downs
