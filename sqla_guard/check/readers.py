"""The read room's functions, handed to the project room, which must not know them."""

from __future__ import annotations

from collections.abc import Callable, Collection
from importlib import import_module
from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from sqla_guard.project.project import Readers
from sqla_guard.read.python.reserved import may_break_models, may_reserve
from sqla_guard.read.sql_marker import may_hold_sql

if TYPE_CHECKING:
    from sqla_guard.core.source import SourceFile
    from sqla_guard.facts.outline import Class
    from sqla_guard.facts.reserved import ReservedName


def _late(module: str, name: str) -> Callable[..., Any]:
    """Return a reader that is loaded when it is first called: few runs need all of them."""
    found: list[Callable[..., Any]] = []

    def read(*given: object) -> object:
        if not found:
            found.append(getattr(import_module(f"sqla_guard.read.{module}"), name))
        return found[0](*given)

    return read


QUICK = Readers(
    outline=_late("python.outline", "read_outline"),
    outline_of=_late("python.outline", "read_outline_of"),
    references=_late("python.references", "read_references"),
    attributes=_late("python.references", "read_attributes"),
    summary=_late("python.summaries", "read_summary"),
    may_reserve=may_reserve,
    may_break_models=may_break_models,
    classes_called=_late("python.outline", "read_classes_called"),
    reserving=_late("python.reserved", "read_reserving_classes"),
    reserved=_late("python.reserved", "read_reserved_names"),
    named=_late("python.hidden", "read_named"),
    lazy=_late("python.lazy", "read_lazy_inits"),
    cached=_late("python.lazy_cached", "read_cached_factories"),
    may_hold_sql=may_hold_sql,
    may_speak_sql=_late("python.spoken", "may_speak_sql"),
    may_keep=_late("python.sql_sparse", "may_keep"),
    sql=_late("sql_facts", "read_sql_facts"),
    passed_on=_late("python.sql_across", "read_passed_on"),
    helpers=_late("python.sql_across", "read_helpers"),
    called=_late("python.sql_across", "read_called"),
    handed=_late("python.sql_across", "read_handed"),
    passing=_late("python.sql_across", "read_passing"),
    kept_sql=_late("python.sql_across", "read_kept_sql"),
    embedded=_late("python.sql_across", "read_embedded"),
    loose_sql=_late("python.sql_loose", "read_loose_sql"),
    dialect=_late("sql_facts", "read_dialect"),
    generated_name=_late("sql_facts", "read_generated_name"),
    existing=_late("python.existing", "read_existing"),
    revision=_late("python.revision", "read_revision"),
    manner=_late("python.script", "read_manner"),
    runs=_late("python.runs", "read_runs"),
    column_words=_late("python.column_words", "read_column_words"),
    tables=_late("python.tables", "read_tables"),
    requirements=_late("requirements", "read_requirements"),
)


def close_readers() -> Readers:
    """Return readers that look at everything closely; the measure of the quick ones, for tests."""
    from sqla_guard.read.python.class_bodies import read_every_class
    from sqla_guard.read.python.lazy import read_every_function
    from sqla_guard.read.python.outline import read_outline
    from sqla_guard.read.python.reserved_outside import read_outside

    def reserved(source: SourceFile, classes: Collection[Class]) -> tuple[ReservedName, ...]:
        return (*read_every_class(source), *read_outside(source))

    return replace(
        QUICK,
        outline_of=lambda source, name: read_outline(source),
        classes_called=lambda source, names: tuple(c for c in read_outline(source).classes.values() if c.name in names),
        may_reserve=lambda data: True,
        may_hold_sql=lambda data, wanted, sql, are_imported: True,
        may_speak_sql=lambda source, wanted, are_imported: True,
        may_keep=lambda source, words: True,
        reserving=lambda source: read_outline(source).classes,
        reserved=reserved,
        lazy=read_every_function,
    )
