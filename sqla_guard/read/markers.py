"""Which files can matter, decided from their bytes."""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterator

from sqla_guard.core.config import Config
from sqla_guard.core.diagnostic import NotAnalysed
from sqla_guard.core.source import SourceFile
from sqla_guard.core.workspace import UnreadableFile, Workspace
from sqla_guard.facts.reserved import RESERVED
from sqla_guard.read.load import decode
from sqla_guard.read.python.lazy_marker import may_hold_lazy_init
from sqla_guard.read.python.reserved import may_reserve
from sqla_guard.read.sql_facts import may_hold_sql

# Up to here, syntax is checked in files that cannot matter too: it costs less than a tenth of a second.
_SMALL_RUN = 1_000_000

# Without one of these words nothing creates or renames a column. UTF-16 has zeros between the letters.
_DDL = re.compile(
    rb"(?:create|alter)(?:[\s\"'\\/*-]|_table|_column|$)|add_column|sp_rename|c\0r\0e|a\0l\0t", re.IGNORECASE
)

# The flag of ``ast``, which a clean run does not import, for "parse, do not compile".
_ONLY_AST = 0x400


def files_that_matter(workspace: Workspace, config: Config, notes: list[NotAnalysed]) -> Iterator[str]:
    """Yield the files that may hold a finding; what cannot be read at all goes to ``notes``."""
    read = 0
    for path in workspace.reported:
        data = workspace.raw(path)
        read += len(data)
        if config.read_everything or _may_matter(path, data):
            yield path
            continue
        note = _unreadable(workspace, path, data, check_syntax=read < _SMALL_RUN)
        if note is not None:
            notes.append(note)


def _may_matter(path: str, data: bytes) -> bool:
    if path.endswith(".sql"):
        return may_define(data)
    return may_reserve(data) or may_hold_lazy_init(data) or may_define(data)


def may_define(data: bytes) -> bool:
    """Tell whether SQL or Alembic operations in a file can give a column a reserved name."""
    return _DDL.search(data) is not None and may_hold_sql(data, RESERVED)


def _unreadable(workspace: Workspace, path: str, data: bytes, check_syntax: bool) -> NotAnalysed | None:
    try:
        source = decode(path, data) if data else workspace.load(path)
        if check_syntax and source.is_python:
            _check_syntax(source)
    except UnreadableFile as error:
        return NotAnalysed(path, error.line, str(error), fatal=True)
    return None


def _check_syntax(source: SourceFile) -> None:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of the checked code, not of this tool
            compile(source.text, source.path, "exec", _ONLY_AST, dont_inherit=True)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        from sqla_guard.read.python.parse import parse

        parse(source)
