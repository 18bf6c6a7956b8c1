"""What a file says about tables and columns in SQL or Alembic operations: the entry for the rest of the tool."""

from __future__ import annotations

from sqla_guard.core.source import SourceFile, Span
from sqla_guard.facts.operations import CreateTable, SqlFact
from sqla_guard.facts.passed_on import Across
from sqla_guard.read.sql.dialect import Dialect

_ALONE = Across()


def read_sql_facts(
    source: SourceFile,
    wanted: frozenset[str],
    dialect: str | None = None,
    likely: str | None = None,
    across: Across = _ALONE,
) -> tuple[SqlFact, ...]:
    """Return the facts of a Python file or an SQL script, in the order of their statements.

    Args:
        source: A ``.py`` or ``.sql`` file; any other gives nothing.
        wanted: Names, in lower case, whose references are reported. Definitions are reported whatever their name.
        dialect: sqlglot's name of the dialect, where it is certain.
        likely: The dialect to read SQL in that does not itself look like any.
        across: What other modules do with the SQL of a Python file.

    Raises:
        UnparsableFile: A Python file that is no Python.
    """
    if source.is_sql:
        from sqla_guard.read.sql_files import read_sql_file

        facts = read_sql_file(source, wanted, Dialect(dialect, likely))
    elif source.is_python:
        facts = _read_python(source, wanted, Dialect(dialect, likely), across)
    else:
        facts = []
    return tuple(sorted(facts, key=_order))


def _order(fact: SqlFact) -> tuple[int, bool]:
    return fact.carrier.statement.start, not isinstance(fact, CreateTable)


def _read_python(source: SourceFile, wanted: frozenset[str], dialect: Dialect, across: Across) -> list[SqlFact]:
    from sqla_guard.read.python.alembic import read_alembic
    from sqla_guard.read.python.core_tables import read_core_tables
    from sqla_guard.read.python.nodes import nodes_of
    from sqla_guard.read.python.sql_strings import read_sql_strings
    from sqla_guard.read.python.sql_values import Values

    values = Values(source, nodes_of(source), dict(across.strings))
    tables = read_core_tables(source, values, wanted) if ".create" in source.text else []
    strings = read_sql_strings(source, values, wanted, dialect, across.helpers)
    facts = read_alembic(source, values, wanted) + tables + strings
    if across.uses:
        from sqla_guard.read.python.sql_across import read_run_elsewhere

        facts += read_run_elsewhere(source, values, across.uses, wanted, dialect)
    return facts


def read_dialect(source: SourceFile) -> str:
    """Return the dialect that an SQL file looks like; empty for one that does not tell, and for any other file."""
    if not source.is_sql:
        return ""
    from sqla_guard.read.sql.tokens import guess_dialect

    return guess_dialect(source.text) or ""


def read_generated_name(source: SourceFile, statement: Span, column: str, dialect: str) -> str:
    """Return the word for which a database makes up a name out of ``column``; see :func:`.generated.made_up_name`."""
    from sqla_guard.read.sql.generated import made_up_name

    return made_up_name(source.text[statement.start : statement.end], column, dialect)
