"""What a database keeps besides tables that names a column: views, triggers and their functions, copies of tables."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from posixpath import basename

from sqla_guard.core.source import Span
from sqla_guard.facts.operations import ColumnReference, CreateTable, SqlFact
from sqla_guard.project.project import Project
from sqla_guard.project.replay import Known
from sqla_guard.rename.outcome import ColumnRename

_CASCADES = re.compile(r"\bpartition\s+of\b|\binherits\s*\(", re.IGNORECASE)
_COMMENT = re.compile(r"/\*[^*/]*(?:[*/](?![*/])[^*/]*)*\*/|--[^\n]*")
_NESTED = 3
_REPEATABLE = re.compile(r"R__.*\.sql")


def objects_in_the_way(
    project: Project, facts: Iterable[SqlFact], known: Known, wish: ColumnRename, again: bool
) -> str:
    """Return why a column cannot be renamed because of what else there is in the database; empty where it can.

    Args:
        project: The project.
        facts: What is known of the table.
        known: The column.
        wish: Its new name.
        again: Whether the DDL runs again: then an old database would keep what a new one makes anew.
    """
    for definition in known.definitions:
        operation = definition.operation
        if isinstance(operation, CreateTable) and definition.identifier.span is None and operation.like:
            return f"{wish.table.name} has the column from {operation.like[0].name}"
    for fact in facts:
        if isinstance(fact, CreateTable) and fact.carrier.direction == "up" and fact.kind != "temporary":
            why = _copy(project, fact, wish, again)
            if why:
                return why
    return _trigger_function(project, known.definitions[0].carrier.path, wish)


def _copy(project: Project, fact: CreateTable, wish: ColumnRename, again: bool) -> str:
    if wish.table not in fact.like or fact.table == wish.table:
        return ""
    if fact.kind == "view":
        return f"the view {fact.table.name} shows all columns of {wish.table.name}"
    statement = fact.carrier.statement
    cascades = _CASCADES.search(project.source(fact.carrier.path).text[statement.start : statement.end])
    if again and not cascades:
        return f"{fact.table.name} takes over all columns of {wish.table.name}"
    return ""


def view_in_the_way(
    facts: Iterable[SqlFact], references: Iterable[ColumnReference], wish: ColumnRename, edited: Iterable[str]
) -> str:
    """Return the view that a rename would break or change, with the reason; empty where there is none.

    PostgreSQL follows a renamed column into its views and keeps the names of their results. SQLite follows it too, but
    a result without a name of its own is renamed as well. MySQL and MariaDB leave the view as it is, broken, until it
    is made again.

    Args:
        facts: What is known of the table.
        references: The places that name the column.
        wish: Its new name.
        edited: Files whose statements run again, so that what they make anew is made with the new name.
    """
    views = {_place(f): f for f in facts if isinstance(f, CreateTable) and f.kind == "view"}
    files = frozenset(edited)
    for reference in references:
        view = views.get(_place(reference))
        if view is None or view.carrier.direction != "up":
            continue
        name = f"the view {view.table.name}"
        runs = view.carrier.path in files or is_repeatable(view.carrier.path)
        if wish.dialect == "sqlite":
            if reference.role == "output":
                return f"{name} shows the column under its name, which SQLite would change"
        elif wish.dialect == "mysql":
            if not (view.replaces and runs):
                return f"{name} names the column, and MySQL and MariaDB would leave it broken"
        elif wish.dialect != "postgres":
            return f"{name} names the column, and not every database follows a rename into its views"
    return ""


def _place(fact: SqlFact) -> tuple[str, Span]:
    return fact.carrier.path, fact.carrier.statement


def is_repeatable(path: str) -> bool:
    """Tell whether a file is one of Flyway's that run again, behind all numbered ones."""
    return _REPEATABLE.fullmatch(basename(path)) is not None


def _trigger_function(project: Project, near: str, wish: ColumnRename) -> str:
    """Return the function that a trigger of the table calls and that looks into its rows by name.

    Such a function names no table, so nothing else tells whose column it means.
    """
    name = r"[\"`\[]?"
    trigger = re.compile(
        rf"\btrigger\b[^;]{{1,400}}?\bon\s+(?:only\s+)?(?:{name}\w+{name}?\s*\.\s*)?{name}{re.escape(wish.table.name)}(?!\w)"
        rf"[^;]{{0,400}}?\bexecute\s+(?:function|procedure)\s+(?:\w+\s*\.\s*)?{name}(\w+)",
        re.IGNORECASE,
    )
    row = re.compile(rf"\b(?:new|old)\s*\.\s*{name}{re.escape(wish.old)}(?!\w)", re.IGNORECASE)
    words = frozenset({wish.table.name, wish.old})
    said = _saying(project, near, words, ("trigger", "execute", wish.table.name.lower()))
    called = {match[1].lower() for _, text in said for match in trigger.finditer(text)}
    for function in sorted(called):
        made = re.compile(rf"\bfunction\s+(?:\w+\s*\.\s*)?{name}{re.escape(function)}(?!\w)", re.IGNORECASE)
        for path, text in _saying(project, near, words, ("function",)):
            if made.search(text) and row.search(text):
                return f"a trigger calls {function} in {path}, which names the column"
    return ""


def _saying(project: Project, near: str, words: frozenset[str], others: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Yield the files that hold one of ``words`` and all of ``others``, with their texts without comments of SQL."""
    for path in project.files_naming(near, words, (".py", ".sql")):
        source = project.read(path, lambda found: found)
        lowered = source.text.lower() if source is not None else ""
        if source is not None and all(other in lowered for other in others):
            yield path, _without_comments(source.text)


def _without_comments(text: str) -> str:
    """Return SQL without its comments, the innermost first."""
    for _ in range(_NESTED):
        text = _COMMENT.sub(" ", text)
    return text
