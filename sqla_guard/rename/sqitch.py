"""The next change of a Sqitch project: a line of its plan, and the scripts that deploy, revert and verify it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from posixpath import basename, dirname, join

from sqla_guard.core.fix import Edit
from sqla_guard.rename.outcome import Change, ColumnRename, Outcome, Refusal
from sqla_guard.rename.sql_text import rename_sql, sql_name, sql_table

_CHANGE = re.compile(r"^[ \t]*(?P<name>[^\s#%\[]\S*)[ \t].*?(?P<at>\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ)", re.MULTILINE)
_HEADER = re.compile(r"\A-- Deploy (?P<project>[^\s:]+:)?\S+ to (?P<engine>\S+)")
_TRANSACTION = re.compile(r"^[ \t]*BEGIN[ \t]*;", re.IGNORECASE | re.MULTILINE)
# Whoever plans a change stands in the plan; this one was planned by no person.
_PLANNER = "sqla-guard <sqla-guard@localhost>"
_TIME = "%Y-%m-%dT%H:%M:%SZ"


def sqitch_rename(wish: ColumnRename, made_in: str, files: Mapping[str, str]) -> Outcome:
    """Return the change that renames a column.

    Args:
        wish: What to rename.
        made_in: The script that makes the column, in the folder ``deploy``.
        files: The plan and the scripts, by path.
    """
    root = dirname(dirname(made_in))
    plan = join(root, "sqitch.plan")
    changes = list(_CHANGE.finditer(files[plan]))
    name = re.sub(r"\W+", "_", f"rename_{wish.table.name}_{wish.old}")
    if not changes or join(root, "deploy", f"{name}.sql") in files:
        return Refusal(f"{plan} could not be read" if not changes else f"{name} exists already")
    # Not the clock: a second run has to give the same file.
    moment = (datetime.strptime(changes[-1]["at"], _TIME) + timedelta(seconds=1)).strftime(_TIME)
    needs = basename(made_in).removesuffix(".sql")
    line = f"{name} [{needs}] {moment} {_PLANNER} # Rename {wish.table.name}.{wish.old} to {wish.new}.\n"
    text = files[plan]
    edits = [Edit(plan, len(text), len(text), line if text.endswith("\n") else f"\n{line}")]
    model = files[made_in]
    back = ColumnRename(wish.table, wish.new, wish.old, wish.dialect)
    look = f"SELECT {sql_name(wish.new, wish.dialect)} FROM {sql_table(wish.table, wish.dialect)} WHERE FALSE"
    for folder, words, statement, end in (
        ("deploy", ("Deploy", "to"), rename_sql(wish), "COMMIT"),
        ("revert", ("Revert", "from"), rename_sql(back), "COMMIT"),
        ("verify", ("Verify", "on"), look, "ROLLBACK"),
    ):
        if folder != "verify" or join(root, folder, basename(made_in)) in files:
            edits.append(Edit(join(root, folder, f"{name}.sql"), 0, 0, _script(model, name, words, statement, end)))
    return Change(tuple(edits))


def _script(model: str, name: str, words: tuple[str, str], statement: str, end: str) -> str:
    header = _HEADER.search(model)
    head = ""
    if header is not None:
        head = f"-- {words[0]} {header['project'] or ''}{name} {words[1]} {header['engine']}\n\n"
    if _TRANSACTION.search(model) is None:
        return f"{head}{statement};\n"
    return f"{head}BEGIN;\n\n{statement};\n\n{end};\n"
