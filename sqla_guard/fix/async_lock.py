"""A lock of asyncio around a lazily made object; from Python 3.10 on it may be made at import."""

from __future__ import annotations

from sqla_guard.core.fix import Fix
from sqla_guard.core.source import SourceFile
from sqla_guard.facts.lazy import LazyInit
from sqla_guard.fix.lock import lock_fix


def async_lock_fix(fact: LazyInit, source: SourceFile) -> Fix | None:
    """Return the fix that holds an ``asyncio.Lock`` from a second test to the assignment, or ``None``."""
    return lock_fix(fact, source, module="asyncio")
