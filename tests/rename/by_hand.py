"""Operations of simple DDL, found with a regular expression: these tests need no SQL reader."""

from __future__ import annotations

import re

from sqla_guard.core.source import SourceFile, Span
from sqla_guard.facts.operations import (
    AddColumn,
    Carrier,
    CreateTable,
    Identifier,
    Operation,
    TableName,
)

_CREATE = re.compile(r"CREATE TABLE (IF NOT EXISTS )?(\"?\w+\"?) \(([^;]*?)\n?\s*\)(?=\s*(?:\"|'|;|$))", re.MULTILINE)
_ADD = re.compile(r"ALTER TABLE (\w+)\s+ADD COLUMN (IF NOT EXISTS )?(\w+) [\w ]+")


def operations(source: SourceFile) -> list[Operation]:
    """Return the creates and added columns of a script or SQL file."""
    found: list[Operation] = []
    kind = "python-sql" if source.is_python else "sql-file"
    for match in _CREATE.finditer(source.text):
        carrier = Carrier(source.path, kind, Span(*match.span()), rerunnable=True)  # type: ignore[arg-type]
        columns = []
        for line in re.finditer(r"(?:^|,)\s*(\"?)(\w+)\"? [A-Z]", match[3], re.MULTILINE):
            start = match.start(3) + line.start(2)
            columns.append(Identifier(line[2].lower(), Span(start, start + len(line[2])), bool(line[1])))
        found.append(CreateTable(TableName(match[2].strip('"').lower()), tuple(columns), carrier))
    for match in _ADD.finditer(source.text):
        carrier = Carrier(source.path, kind, Span(*match.span()), rerunnable=True)  # type: ignore[arg-type]
        column = Identifier(match[3].lower(), Span(*match.span(3)))
        found.append(AddColumn(TableName(match[1].lower()), column, carrier))
    return found
