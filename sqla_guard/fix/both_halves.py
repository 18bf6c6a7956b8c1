"""Both halves of a singleton in one fix: ``__new__`` that keeps the instance, ``__init__`` behind a flag of it."""

from __future__ import annotations

from msgspec.structs import replace

from sqla_guard.core.fix import Applicability, Fix
from sqla_guard.core.source import SourceFile
from sqla_guard.facts.lazy import LazyInit
from sqla_guard.fix.edits import clashes
from sqla_guard.fix.lock import lock_fix


def fix_both_halves(
    new: LazyInit, init: LazyInit, source: SourceFile, comes_back: tuple[bool, bool] = (False, False)
) -> Fix | None:
    """Return the fix that locks ``__new__`` and ``__init__``, or ``None`` where no edit is known to be right.

    Python runs ``__init__`` for every caller, so each one waits there until the first is through with its work: nobody
    gets half an object, although ``__new__`` hands it out before.

    Args:
        new: The finding in ``__new__``.
        init: The finding in ``__init__`` of the same class.
        source: Their file.
        comes_back: For each, whether code outside the module that is called there may call it again.
    """
    parts = [lock_fix(init, source, comes_back[1])]
    if new.guard != "checked":
        parts.insert(0, lock_fix(replace(new, init_after=False), source, comes_back[0]))
    elif new.early:
        return None
    fixes = [part for part in parts if part is not None]
    if len(fixes) < len(parts):
        return None
    edits = [edit for part in fixes for edit in part.edits]
    if len(fixes) > 1 and any(clashes(a, b) for a in fixes[0].edits for b in fixes[1].edits):
        return None
    safe = all(part.applicability is Applicability.SAFE for part in fixes)
    return Fix(
        "; ".join(part.title for part in fixes),
        tuple(sorted(edits)),
        Applicability.SAFE if safe else Applicability.UNSAFE,
        tuple(dict.fromkeys(need for part in fixes for need in part.imports)),
    )
