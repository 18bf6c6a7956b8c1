"""What would go on asking for a column by its old name: SQL that no edit of the rename reaches."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator

from msgspec import Struct

from sqla_guard.core.source import Span
from sqla_guard.core.words import holds_word, renamed_in
from sqla_guard.facts.loose import Loose, Telling
from sqla_guard.facts.operations import (
    AddColumn,
    ColumnReference,
    CreateTable,
    DropColumn,
    Identifier,
    RenameColumn,
    SqlFact,
    TableName,
)
from sqla_guard.project.constants import kept_strings, strings_of
from sqla_guard.project.dialects import configured_dialect, likely_dialect
from sqla_guard.project.project import Project
from sqla_guard.project.schema import TableHistory
from sqla_guard.rename.elsewhere import mapped_classes
from sqla_guard.rename.outcome import ColumnRename

_Place = tuple[str, Span]
_WHY = {
    "names": "names the column in SQL that nothing in sight is known to run",
    "open": "puts names of columns into SQL of {table} at run time",
    "rows": "reads whole rows of {table}, in which the column goes by its name",
    "given": "gives names of columns of {table} to a call that cannot be followed",
    "piece": "names the column in a piece of SQL that cannot be followed",
    "shared": "names the column in a piece of SQL that several statements may share",
}


def left_behind(
    project: Project, history: TableHistory, near: str, wish: ColumnRename, words: Collection[ColumnReference]
) -> str:
    """Return the first place that a rename of the column would leave with the old name, with the reason.

    Args:
        project: The project.
        history: What is known of the table.
        near: A file of the project.
        wish: The column and its new name.
        words: What else names the column, known to the plan.

    Returns:
        Words that can follow "because"; empty where everything is accounted for.
    """
    return _Search(project, history, near, wish, words).first()


class _Found(Struct, frozen=True):
    path: str
    loose: Loose


class _Search:
    def __init__(
        self,
        project: Project,
        history: TableHistory,
        near: str,
        wish: ColumnRename,
        words: Collection[ColumnReference],
    ) -> None:
        self._project = project
        self._near = near
        self._wish = wish
        self._past = history.past
        self._ours = {
            (r.carrier.path, r.column.span)
            for r in (*history.references(wish.table, wish.old), *words)
            if r.column.span
        }
        self._known = _places(history.facts, wish.old) | self._ours

    def first(self) -> str:
        filled: list[_Found] = []
        pieces: list[_Found] = []
        for found in self._all():
            kind = self._kind(found)
            if kind in _WHY:
                return self._told(found, kind)
            filled += [found] if kind == "filled" else []
            pieces += [found] if kind == "loose piece" else []
        if filled and pieces:
            return self._told(pieces[0], "piece")
        return self._in_other_languages()

    def _in_other_languages(self) -> str:
        disk = self._project.workspace.disk
        words = [w.encode() for w in (self._wish.table.name, self._wish.old)]
        pattern = _statement(self._wish.table.name, self._wish.old)
        for path in (*disk.other_files(self._near), *disk.templates(self._near)):
            data = self._project.workspace.raw(path).lower()
            if all(holds_word(data, word) for word in words) and pattern.search(data):
                return f"{path} names the column in SQL that this tool does not edit"
        return ""

    def _kind(self, found: _Found) -> str:
        """Return what is to be said of a place; empty where nothing is."""
        loose = found.loose
        places = {(found.path, span) for span in loose.names}
        known = bool(places) and places <= self._known
        if loose.kind in ("piece", "loose piece", "word"):
            if loose.shared and places & self._ours:
                return "shared"
            return "" if known or loose.kind == "word" else loose.kind
        return "" if known and loose.kind in ("names", "given") else loose.kind

    def _told(self, found: _Found, kind: str) -> str:
        line = self._project.source(found.path).position(found.loose.span.start)[0]
        return f"{found.path}:{line} {_WHY[kind].replace('{table}', self._wish.table.name)}"

    def _all(self) -> Iterator[_Found]:
        project, table = self._project, self._wish.table
        classes = mapped_classes(project, self._near, table)
        words = frozenset({table.name, self._wish.old, *classes})
        naming = project.files_naming(self._near, words, (".py",))
        kept = [found for path in naming for found in kept_strings(project.outline(path))]
        words |= {name for name, text in kept if text == table.name or self._wish.old in text}
        telling = self._imported_as({name for name, text in kept if table.name in text or self._wish.old in text})
        for path in project.files_naming(self._near, words, (".py",)):
            if path not in self._past and not project.config.is_migration(path):
                yield from (_Found(path, loose) for loose in self._read(path, table, classes, telling))

    def _imported_as(self, names: Collection[str]) -> frozenset[str]:
        """Return ``names`` and those that modules of the project give them when they import them."""
        found, new = set(names), frozenset(names)
        while new:
            paths = self._project.files_naming(self._near, new, (".py",))
            given = (pair for path in paths for pair in renamed_in(self._project.workspace.raw(path)))
            new = frozenset(other for name, other in given if name in found) - found
            found |= new
        return frozenset(found)

    def _read(self, path: str, table: TableName, classes: frozenset[str], telling: frozenset[str]) -> tuple[Loose, ...]:
        project = self._project
        certain = configured_dialect(project, path)
        dialect = (certain, None if certain else likely_dialect(project, path))
        words = Telling(table, self._wish.old, classes, telling)
        read = project.readers.loose_sql
        return (
            project.read(path, lambda s: read(s, words, dialect, lambda chains: strings_of(project, path, chains)))
            or ()
        )


def _statement(table: str, column: str) -> re.Pattern[bytes]:
    """Return a pattern for SQL of the table that names the column, in any text, in lower case."""
    name = rf"(?:\w+\.)?\\?[\"`\[]?{re.escape(table)}(?!\w)"
    word = rf"(?<!\w){re.escape(column)}(?!\w)"
    some = r"[^;]{0,600}?"
    listed = rf"\bselect\s(?=[^;]{{0,600}}?{word}){some}\b(?:from|join)\s+{name}"
    asked = rf"\bselect\s{some}\bfrom\s+{name}{some}{word}"
    return re.compile(rf"{listed}|{asked}|\b(?:into|update|delete\s+from|copy)\s+{name}{some}{word}".encode())


def _places(facts: Collection[SqlFact], column: str) -> set[_Place]:
    """Return where SQL that was read names a column of this name, of whatever table."""
    found: set[_Place] = set()
    for fact in facts:
        guard = fact.carrier.guard.column if fact.carrier.guard is not None else None
        for name in (*_names(fact), *((guard,) if guard is not None else ())):
            if name.name == column and name.span is not None:
                found.add((fact.carrier.path, name.span))
    return found


def _names(fact: SqlFact) -> tuple[Identifier, ...]:
    if isinstance(fact, CreateTable):
        return fact.columns
    if isinstance(fact, (AddColumn, DropColumn, ColumnReference)):
        return (fact.column,)
    return (fact.old, fact.new) if isinstance(fact, RenameColumn) else ()
