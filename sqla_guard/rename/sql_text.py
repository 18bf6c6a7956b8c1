"""The statement that renames a column, in the words of each database."""

from __future__ import annotations

import re

from sqla_guard.facts.operations import TableName
from sqla_guard.rename.outcome import ColumnRename

_ALIASES = {
    "postgresql": "postgres",
    "mariadb": "mysql",
    "mssql": "tsql",
    "sqlserver": "tsql",
}
_BACKTICKS = frozenset({"mysql", "bigquery", "databricks", "spark", "hive"})
_UPPER = frozenset({"oracle", "snowflake"})
_PLAIN = re.compile(r"[a-z_][a-z0-9_]*")
# Words that at least one of the databases reserves and that people use as names. More quotes than
# needed do no harm.
_RESERVED = frozenset(
    re.findall(
        r"\w+",
        "all alter and any array as asc between by case check collate column comment "
        "constraint create cross current current_date current_time current_timestamp "
        "current_user database default delete desc describe distinct drop else end except "
        "exists false fetch for foreign from full function grant group groups having in index "
        "inner insert intersect interval into is join key keys lateral leading left like limit "
        "lock match minus natural not null number of offset on option or order outer partition "
        "primary range rank read references rename return returning right row rows select "
        "session session_user set size some start synonym system table then to trailing "
        "trigger true union unique update use user using values view when where window with ",
    )
)


def family(dialect: str) -> str:
    """Return the dialect under which a database and its relatives are known here."""
    return _ALIASES.get(dialect.lower(), dialect.lower())


def quoted(name: str, dialect: str = "") -> str:
    """Return ``name`` inside the quotes of ``dialect``."""
    dialect = family(dialect)
    if dialect in _BACKTICKS:
        return "`" + name.replace("`", "``") + "`"
    if dialect == "tsql":
        return "[" + name.replace("]", "]]") + "]"
    return '"' + name.replace('"', '""') + '"'


def needs_quotes(name: str) -> bool:
    """Tell whether a folded name cannot stand in SQL as it is."""
    return not _PLAIN.fullmatch(name) or name in _RESERVED


def sql_name(name: str, dialect: str = "") -> str:
    """Return a folded name as it can stand in SQL."""
    if not needs_quotes(name):
        return name
    if family(dialect) in _UPPER and _PLAIN.fullmatch(name):
        name = name.upper()  # unquoted names are stored so, and folded names stand for unquoted ones
    return quoted(name, dialect)


def sql_table(table: TableName, dialect: str = "") -> str:
    """Return a table's name with its schema."""
    name = sql_name(table.name, dialect)
    return f"{sql_name(table.schema, dialect)}.{name}" if table.schema else name


def written_table(statement: str, table: TableName) -> str | None:
    """Return the table's name as a CREATE or ALTER TABLE writes it, with quotes and case."""
    quote, end = r"[\"`\[]?", r"[\"`\]]?"
    schema = rf"{quote}{re.escape(table.schema)}{end}\s*\.\s*" if table.schema else ""
    head = r"\btable\s+(?:if\s+(?:not\s+)?exists\s+)?(?:only\s+)?"
    pattern = rf"{head}({schema}{quote}{re.escape(table.name)}{end})(?![\w.])"
    match = re.search(pattern, statement, re.IGNORECASE)
    return match[1] if match else None


def version_note(dialect: str) -> str:
    """Return a comment with the oldest server that knows RENAME COLUMN, where some in use do not; else nothing."""
    oldest = {"sqlite": "SQLite 3.25", "mysql": "MySQL 8.0 or MariaDB 10.5.2"}.get(family(dialect))
    return f"-- Needs {oldest} or newer.\n" if oldest else ""


def rename_sql(wish: ColumnRename, table: str | None = None, old: str | None = None) -> str:
    """Return the statement, without a semicolon.

    Args:
        wish: What to rename.
        table: The table as the project writes it, if it shall be written so.
        old: The column as the project writes it.
    """
    table = table or sql_table(wish.table, wish.dialect)
    if family(wish.dialect) == "tsql":
        path = f"{table}.{old or sql_name(wish.old, 'tsql')}".replace("'", "''")
        new = wish.new.replace("'", "''")  # sp_rename takes the name itself: brackets would become part of it
        return f"EXEC sp_rename '{path}', '{new}', 'COLUMN'"
    old = old or sql_name(wish.old, wish.dialect)
    return f"ALTER TABLE {table} RENAME COLUMN {old} TO {sql_name(wish.new, wish.dialect)}"
