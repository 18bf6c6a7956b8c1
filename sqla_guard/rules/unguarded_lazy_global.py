"""A module global is made on first use, and nothing keeps two threads from making it at once.

## What it finds

A function that tests a module global and, where there is nothing yet, makes it: `if engine is None: engine = ...`,
an early return, `if not engine`, a sentinel, a boolean flag. The same for a variable of an enclosing function, an
element of a module's dictionary or list, and an attribute of `app.state`. Reported only where a second one has an
effect: an application, an engine, a pool, a client, a thread, an object with state of its own. Quiet where a lock is
held, in tests, in functions that run once at start-up or import, and for cheap values that come out the same each
time.

## Why it hurts

Between the test and the assignment another thread can pass the same test. Both make one, the second replaces the
first, and whoever got the first keeps it. Two Flask applications declare their models twice, and SQLAlchemy stops
with `InvalidRequestError: Table 'users' is already defined for this MetaData instance`; two engines are two
connection pools, of which nobody disposes the first; of two schedulers both run each job. It happens at the first
requests after a deploy, when the process is warming up and everything arrives together, and never on a laptop.

## Bad

```python
from sqlalchemy import create_engine

_engine = None


def get_engine():
    global _engine
    if _engine is None:
        _engine = create_engine("postgresql:///desk")
    return _engine
```

## Good

```python
import threading

from sqlalchemy import create_engine

_engine = None
_engine_lock = threading.Lock()


def get_engine():
    global _engine
    if _engine is None:
        with _engine_lock:
            if _engine is None:
                _engine = create_engine("postgresql:///desk")
    return _engine
```

## Fix

A module-level lock beside the global, and the test repeated under it, so that the usual call pays nothing. Where
another function empties the global again, the getter reads it once into a local name and the reset takes the lock.
With `singleton-style = "module"` the object is made at import where one call without arguments makes it and no import
cycle arises: importing a module holds a lock.

## Fix safety

Safe where one thread sees no difference. Unsafe, with the reason in the title, where an object that was visible while
it was set up no longer is, where the test calls something a second time, or where an existing lock is taken.
Docstrings in a block that moves are indented with it, as formatters do; other text keeps its bytes.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from sqla_guard.core.diagnostic import Diagnostic
from sqla_guard.core.fix import Fix
from sqla_guard.facts.lazy import LazyInit
from sqla_guard.project.project import Project
from sqla_guard.rules.rule import Rule

if TYPE_CHECKING:
    from sqla_guard.project.lazy_verdict import Verdict

RULE = Rule("unguarded-lazy-global", "SG201", "warning", LazyInit)


def check(fact: LazyInit, project: Project) -> Iterator[Diagnostic]:
    """Report ``fact`` where two threads can make the global at once and that has an effect."""
    from sqla_guard.project.lazy_verdict import judge, two_threads

    verdict = judge(fact, project, RULE.code)
    if verdict is None:
        return
    yield RULE.report(
        fact.path,
        fact.spot,
        two_threads(fact, verdict),
        f"repeat the test under a {fact.lock_level} `threading.Lock` before `{fact.name}` is set",
        _fix(fact, project, verdict),
    )


def _fix(fact: LazyInit, project: Project, verdict: Verdict) -> Fix | None:
    from sqla_guard.fix.at_import import at_import_fix, can_be_made_at_import
    from sqla_guard.fix.lock import lock_fix
    from sqla_guard.fix.width import keep_width
    from sqla_guard.project.import_order import can_run_at_import
    from sqla_guard.project.width import line_length

    source = project.source(fact.path)
    if project.config.singleton_style == "module" and can_be_made_at_import(fact) and can_run_at_import(fact, project):
        fix = at_import_fix(fact, source)
        if fix is not None:
            return fix
    return keep_width(lock_fix(fact, source, verdict.comes_back), source, line_length(project, fact.path))
