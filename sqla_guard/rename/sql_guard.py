"""SQL that renames a column where it has its old name, and does nothing where it has not.

Run twice it does nothing the second time. Where both columns exist it says so and loses nothing: which of the two holds
the truth is for a person to decide.
"""

from __future__ import annotations

from sqla_guard.rename.outcome import ColumnRename, Refusal
from sqla_guard.rename.sql_text import family, rename_sql, sql_table, version_note

_NAMES = {"": "the database", "sqlite": "SQLite", "bigquery": "BigQuery", "snowflake": "Snowflake"}


def guarded_rename(wish: ColumnRename, table: str | None = None, old: str | None = None) -> str | Refusal:
    """Return the statements, each with its end.

    Args:
        wish: What to rename, with a dialect.
        table: The table as the project writes it, if it shall be written so.
        old: The column as the project writes it.
    """
    dialect = family(wish.dialect)
    make = {"postgres": _postgres, "mysql": _mysql, "tsql": _sql_server, "oracle": _oracle}.get(dialect)
    if make is None:
        if dialect:
            return Refusal(f"{_NAMES.get(dialect, dialect)} cannot ask in SQL whether a column exists")
        return Refusal("it is not known which database the SQL is for")
    table = table or sql_table(wish.table, dialect)
    return make(wish, table, rename_sql(wish, table, old))


def both_columns(wish: ColumnRename) -> str:
    """Return what there is to say where both columns exist."""
    return f"{wish.table.name} has both {wish.old} and {wish.new}: nothing was renamed"


def _text(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"


def _postgres(wish: ColumnRename, table: str, rename: str) -> str:
    def exists(column: str) -> str:
        return (
            f"EXISTS (SELECT FROM pg_attribute WHERE attrelid = to_regclass({_text(table)})\n"
            f"            AND attname = {_text(column)} AND NOT attisdropped)"
        )

    return f"""\
DO $$
BEGIN
    IF {exists(wish.old)} THEN
        IF {exists(wish.new)} THEN
            RAISE WARNING {_text(both_columns(wish).replace("%", "%%"))};
        ELSE
            {rename};
        END IF;
    END IF;
END
$$;
"""


def _mysql(wish: ColumnRename, table: str, rename: str) -> str:
    schema = _text(wish.table.schema) if wish.table.schema else "DATABASE()"

    def count(column: str) -> str:
        return (
            f"(SELECT COUNT(*) FROM information_schema.columns\n"
            f"    WHERE table_schema = {schema} AND table_name = {_text(wish.table.name)}"
            f" AND column_name = {_text(column)})"
        )

    warning = f"SELECT {_text(both_columns(wish))} AS warning"
    return f"""\
{version_note("mysql")}SET @has_old = {count(wish.old)};
SET @has_new = {count(wish.new)};
SET @rename_column = CASE
    WHEN @has_old = 0 THEN 'DO 0'
    WHEN @has_new = 0 THEN {_text(rename)}
    ELSE {_text(warning)}
END;
PREPARE rename_column FROM @rename_column;
EXECUTE rename_column;
DEALLOCATE PREPARE rename_column;
"""


def _sql_server(wish: ColumnRename, table: str, rename: str) -> str:
    return f"""\
IF COL_LENGTH({_text(table)}, {_text(wish.old)}) IS NOT NULL
BEGIN
    IF COL_LENGTH({_text(table)}, {_text(wish.new)}) IS NULL
        {rename};
    ELSE
        PRINT {_text(both_columns(wish))};
END;
"""


def _oracle(wish: ColumnRename, table: str, rename: str) -> str:
    where = f"table_name = {_text(wish.table.name.upper())}"
    view = "user_tab_columns"
    if wish.table.schema:
        view, where = "all_tab_columns", f"owner = {_text(wish.table.schema.upper())} AND {where}"

    def count(column: str, into: str) -> str:
        return (
            f"SELECT COUNT(*) INTO {into} FROM {view}\n        WHERE {where} AND column_name = {_text(column.upper())};"
        )

    return f"""\
DECLARE
    has_old NUMBER;
    has_new NUMBER;
BEGIN
    {count(wish.old, "has_old")}
    {count(wish.new, "has_new")}
    IF has_old = 1 AND has_new = 0 THEN
        EXECUTE IMMEDIATE {_text(rename)};
    ELSIF has_old = 1 THEN
        DBMS_OUTPUT.PUT_LINE({_text(both_columns(wish))});
    END IF;
END;
/
"""
