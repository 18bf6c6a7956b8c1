"""The read room's functions, handed to the project room, which must not know them."""

from __future__ import annotations

from dataclasses import replace

from sqla_guard.core.source import SourceFile
from sqla_guard.facts.outline import Outline
from sqla_guard.facts.reserved import ReservedName
from sqla_guard.project.project import Readers
from sqla_guard.read.python.column_words import read_column_words
from sqla_guard.read.python.existing import read_existing
from sqla_guard.read.python.hidden import read_named
from sqla_guard.read.python.lazy import read_every_function, read_lazy_inits
from sqla_guard.read.python.outline import read_outline
from sqla_guard.read.python.references import read_references, read_summary
from sqla_guard.read.python.reserved import may_reserve, read_reserved_names
from sqla_guard.read.python.revision import read_revision
from sqla_guard.read.python.runs import read_runs
from sqla_guard.read.python.script import read_manner
from sqla_guard.read.python.sql_across import read_called, read_embedded, read_kept_sql, read_passed_on
from sqla_guard.read.python.sql_loose import read_loose_sql
from sqla_guard.read.python.tables import read_tables
from sqla_guard.read.requirements import read_requirements
from sqla_guard.read.sql_facts import read_dialect, read_generated_name, read_sql_facts

QUICK = Readers(
    outline=read_outline,
    references=read_references,
    summary=read_summary,
    may_reserve=may_reserve,
    reserved=read_reserved_names,
    named=read_named,
    lazy=read_lazy_inits,
    sql=read_sql_facts,
    passed_on=read_passed_on,
    called=read_called,
    kept_sql=read_kept_sql,
    embedded=read_embedded,
    loose_sql=read_loose_sql,
    dialect=read_dialect,
    generated_name=read_generated_name,
    existing=read_existing,
    revision=read_revision,
    manner=read_manner,
    runs=read_runs,
    column_words=read_column_words,
    tables=read_tables,
    requirements=read_requirements,
)


def close_readers() -> Readers:
    """Return readers that look at everything closely; the measure of the quick ones, for tests."""
    from sqla_guard.read.python.class_bodies import read_every_class
    from sqla_guard.read.python.reserved_outside import read_outside

    def reserved(source: SourceFile, outline: Outline) -> tuple[ReservedName, ...]:
        return (*read_every_class(source), *read_outside(source))

    return replace(QUICK, may_reserve=lambda data: True, reserved=reserved, lazy=read_every_function)
