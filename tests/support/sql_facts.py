"""Facts as short lines, so that a test can say what it expects."""

from __future__ import annotations

from sqla_guard.core.source import SourceFile
from sqla_guard.facts.operations import (
    AddColumn,
    ColumnReference,
    CreateTable,
    DropColumn,
    DropTable,
    Operation,
    RenameColumn,
    RenameTable,
    SetType,
    SqlFact,
    TableName,
    UnreadSql,
)
from sqla_guard.read.sql_facts import read_sql_facts

WANTED = frozenset(("metadata", "registry"))


def facts(text: str, path: str = "m.py") -> tuple[SqlFact, ...]:
    """Return all facts of a file."""
    return read_sql_facts(SourceFile(path, text), WANTED)


def operations(text: str, path: str = "m.py") -> list[str]:
    """Return what a file does to tables, unread SQL included, one short line each; ``down: `` before what undoes."""
    found = [f for f in facts(text, path) if not isinstance(f, ColumnReference)]
    return [("down: " if f.carrier.direction == "down" else "") + _said(f) for f in found]


def _name(table: TableName) -> str:
    return f"{table.schema}.{table.name}" if table.schema else table.name


def _said(fact: Operation | UnreadSql) -> str:
    if isinstance(fact, CreateTable):
        columns = [c.name for c in fact.columns] + [f"*{_name(t)}" for t in fact.like] + ["?"] * fact.partial
        return f"{fact.kind} {_name(fact.table)}({', '.join(columns)})"
    if isinstance(fact, AddColumn):
        return f"add {_name(fact.table)}.{fact.column.name}"
    if isinstance(fact, DropColumn):
        return f"drop {_name(fact.table)}.{fact.column.name}"
    if isinstance(fact, RenameColumn):
        return f"rename {_name(fact.table)}.{fact.old.name} {fact.new.name}"
    if isinstance(fact, DropTable):
        return f"drop {_name(fact.table)}"
    if isinstance(fact, RenameTable):
        return f"rename {_name(fact.table)} {_name(fact.new)}"
    if isinstance(fact, SetType):
        return f"type {_name(fact.table)} {_name(fact.of) if fact.of else ''}".strip()
    return f"unread {' '.join(_name(t) for t in fact.tables)}".strip()
