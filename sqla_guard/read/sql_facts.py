"""What a file says about tables and columns in SQL or Alembic operations: the entry for the rest of the tool."""

from __future__ import annotations

import re
from functools import lru_cache

from sqla_guard.core.source import SourceFile
from sqla_guard.facts.operations import CreateTable, SqlFact

# Whatever runs SQL in a Python file has one of these words in it.
_CALLS = re.compile(
    rb"execut|exec_driver|fetch|scalar|mogrify|\braw\b|(?:run|read)_sql|\btext\b|\bDDL\b|alembic",
    re.IGNORECASE,
)
_VERBS = re.compile(
    rb"create|alter|drop|rename|insert|update|delete|select|replace|merge|comment|where|order|alembic|\btext\b",
    re.IGNORECASE,
)
# These matter without a column's name.
_TABLES = re.compile(rb"(?:drop|rename|alter)(?:_|[\s\\\"'])+table|sp_rename|batch_alter", re.IGNORECASE)
_ESCAPED = re.compile(rb"\\(?:[xuUN]|[0-7])")


def may_hold_sql(data: bytes, wanted: frozenset[str], sql: bool = False) -> bool:
    """Tell whether a file with these bytes can give facts that matter; cheap, and never wrong with ``False``.

    Args:
        data: The file as stored, in an encoding that keeps ASCII (UTF-16 always gives ``True``).
        wanted: Names of interest, in lower case.
        sql: Whether the file is an SQL script, in which a name always stands in one piece.
    """
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return True
    if _TABLES.search(data):
        return True
    if not _VERBS.search(data):
        return False
    lowered = data.lower()
    if any(name.encode() in lowered for name in wanted):
        return sql or _CALLS.search(data) is not None
    # A name in pieces, or with escapes, as Python literals can have it.
    if sql or not _CALLS.search(data):
        return False
    if _ESCAPED.search(data):
        return True
    return any(head.search(lowered) and tail.search(lowered) for head, tail in map(_pieces, sorted(wanted)))


@lru_cache(maxsize=64)
def _pieces(name: str) -> tuple[re.Pattern[bytes], re.Pattern[bytes]]:
    """Return patterns for a first and a last piece of ``name`` at the edge of a literal."""
    heads = "|".join(re.escape(name[:i]) for i in range(1, len(name)))
    tails = "|".join(re.escape(name[i:]) for i in range(1, len(name)))
    return re.compile(rf"(?:{heads})(?:[\"'\\]|\{{)".encode()), re.compile(rf"[\"'\\\n\r\}}](?:{tails})".encode())


def read_sql_facts(source: SourceFile, wanted: frozenset[str]) -> tuple[SqlFact, ...]:
    """Return the facts of a Python file or an SQL script, in the order of their statements.

    Args:
        source: A ``.py`` or ``.sql`` file; any other gives nothing.
        wanted: Names, in lower case, whose references are reported. Definitions are reported whatever their name.

    Raises:
        UnparsableFile: A Python file that is no Python.
    """
    if source.is_sql:
        from sqla_guard.read.sql_files import read_sql_file

        facts = read_sql_file(source, wanted)
    elif source.is_python:
        facts = _read_python(source, wanted)
    else:
        facts = []
    return tuple(sorted(facts, key=_order))


def _order(fact: SqlFact) -> tuple[int, bool]:
    return fact.carrier.statement.start, not isinstance(fact, CreateTable)


def _read_python(source: SourceFile, wanted: frozenset[str]) -> list[SqlFact]:
    from sqla_guard.read.python.alembic import read_alembic
    from sqla_guard.read.python.parse import parse
    from sqla_guard.read.python.sql_strings import read_sql_strings
    from sqla_guard.read.python.sql_values import Values

    tree = parse(source)
    values = Values(source, tree)
    return read_alembic(source, tree, values, wanted) + read_sql_strings(source, tree, values, wanted)
