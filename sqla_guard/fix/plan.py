"""Which fixes can be made together."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from posixpath import dirname

from sqla_guard.core.diagnostic import Diagnostic
from sqla_guard.core.fix import Applicability, Edit, Fix
from sqla_guard.fix.edits import clashes


def choose(
    diagnostics: Iterable[Diagnostic], refused: frozenset[Fix], exists: Callable[[str], bool]
) -> tuple[Fix, ...]:
    """Return the fixes of one round: whole, in a stable order, none clashing with an earlier one.

    Several findings may share one fix; it is taken once. What clashes waits for the next round.

    Args:
        diagnostics: The findings, sorted.
        refused: Fixes that were tried and put back.
        exists: Tells whether a path is a file.
    """
    taken: dict[Fix, None] = {}
    edits: set[Edit] = set()
    folders: set[str] = set()
    for diagnostic in diagnostics:
        fix = diagnostic.fix
        if fix is None or fix in taken or fix in refused or fix.applicability is Applicability.DISPLAY:
            continue
        made_in = {dirname(edit.path) for edit in fix.edits if not exists(edit.path)}
        # A new migration continues the last one of its folder; the next must continue this one.
        if made_in & folders or any(clashes(new, old) for new in fix.edits for old in edits if new.path == old.path):
            continue
        taken[fix] = None
        edits.update(fix.edits)
        folders |= made_in
    return tuple(taken)
