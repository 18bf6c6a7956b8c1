"""Rename a column in an SQL script that runs again at each deploy.

The definition gets the new name in place, and a guarded rename stands before the first of them: an old database must
have the new name before anything of the script looks for it, and before ``ADD COLUMN IF NOT EXISTS`` makes it anew.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from sqla_guard.core.fix import Edit
from sqla_guard.core.source import SourceFile
from sqla_guard.project.replay import Definition
from sqla_guard.rename.outcome import Change, ColumnRename, Outcome, Refusal
from sqla_guard.rename.sql_guard import guarded_rename
from sqla_guard.rename.sql_text import sql_name, written_table

_DELIMITER = re.compile(r"^[ \t]*delimiter[ \t]+(\S+)", re.IGNORECASE | re.MULTILINE)
_GO = re.compile(r"^[ \t]*GO[ \t]*(?:;[ \t]*)?$", re.IGNORECASE | re.MULTILINE)
_COMMENT = re.compile(r"[ \t]*(?:--|#)")


def rename_in_sql(source: SourceFile, wish: ColumnRename, definitions: Sequence[Definition]) -> Outcome:
    """Return the edits that rename a column in one script.

    Args:
        source: The script.
        wish: What to rename, with the dialect of the script.
        definitions: Every place of the script that defines the column.
    """
    edits: list[Edit] = []
    for definition in definitions:
        identifier = definition.identifier
        if identifier.span is None:
            return Refusal("the column comes from another table")
        new = wish.new if identifier.quoted else sql_name(wish.new, wish.dialect)
        edits.append(Edit(source.path, identifier.span.start, identifier.span.end, new))
    first = min(definitions, key=lambda d: d.carrier.statement)
    statement = first.carrier.statement
    changed = [m[1] for m in _DELIMITER.finditer(source.text, 0, statement.start)]
    if changed and changed[-1] != ";":
        return Refusal(f"the statement ends with {changed[-1]}, not with a semicolon")
    table = written_table(source.text[statement.start : statement.end], wish.table)
    step = guarded_rename(wish, table)
    if isinstance(step, Refusal):
        return step
    if wish.dialect == "tsql" and _GO.search(source.text):
        step += "GO\n"
    why = f"-- Rename {wish.table.name}.{wish.old} to {wish.new} (SQLAlchemy reserves the old name)\n"
    at, own_line = _place(source, statement.start)
    text = (why + step + "\n") if own_line else ("\n" + why + step)
    edits.append(Edit(source.path, at, at, text.replace("\n", source.newline)))
    return Change(tuple(sorted(set(edits))))


def _place(source: SourceFile, start: int) -> tuple[int, bool]:
    """Return where the step goes: above the comments of the statement, or directly before it inside a line."""
    number = source.position(start)[0]
    at = source.line_starts[number - 1]
    if source.text[at:start].strip():
        return start, False
    while number > 1 and _COMMENT.match(source.line(number - 1)) and not _is_header(source, number - 1):
        number -= 1
    return source.line_starts[number - 1], True


def _is_header(source: SourceFile, number: int) -> bool:
    """Tell whether a comment belongs to the file: the block at its top."""
    return all(_COMMENT.match(source.line(n)) for n in range(1, number + 1))
