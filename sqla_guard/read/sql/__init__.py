"""SQL text to facts with exact offsets; sqlglot is imported when the first text is read."""

from sqla_guard.read.sql.reader import moved, read_sql, statement_spans

__all__ = ["moved", "read_sql", "statement_spans"]
