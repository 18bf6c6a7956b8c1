"""Which fixes can be made together."""

from __future__ import annotations

from collections.abc import Iterable

from sqla_guard.core.diagnostic import Diagnostic
from sqla_guard.core.fix import Applicability, Edit, Fix
from sqla_guard.fix.edits import clashes


def choose(diagnostics: Iterable[Diagnostic], refused: frozenset[Fix]) -> tuple[Fix, ...]:
    """Return the fixes of one round: whole, in a stable order, none clashing with an earlier one.

    Several findings may share one fix; it is taken once. What clashes waits for the next round.

    Args:
        diagnostics: The findings, sorted.
        refused: Fixes that were tried and put back.
    """
    taken: dict[Fix, None] = {}
    edits: set[Edit] = set()
    for diagnostic in diagnostics:
        fix = diagnostic.fix
        if fix is None or fix in taken or fix in refused or fix.applicability is Applicability.DISPLAY:
            continue
        if not any(clashes(new, old) for new in fix.edits for old in edits if new.path == old.path):
            taken[fix] = None
            edits.update(fix.edits)
    return tuple(taken)
