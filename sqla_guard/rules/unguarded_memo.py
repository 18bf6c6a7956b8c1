"""A cheap value is kept on first use, and two threads can work it out at once.

## What it finds

The same race as `unguarded-lazy-global` and `unguarded-lazy-attribute`, over something that comes out the same each
time: literals, containers, comprehensions, a compiled pattern, settings, strings. Off by default.

## Why it hurts

Seldom: the work is done twice and one result is dropped. It matters where the work is slow, or where callers compare
by identity. Select it to see all of the family: `--extend-select SG206`.

## Bad

```python
import re

_pattern = None


def pattern():
    global _pattern
    if _pattern is None:
        _pattern = re.compile("desk-[0-9]+")
    return _pattern
```

## Good

```python
import re
import threading

_pattern = None
_pattern_lock = threading.Lock()


def pattern():
    global _pattern
    if _pattern is None:
        with _pattern_lock:
            if _pattern is None:
                _pattern = re.compile("desk-[0-9]+")
    return _pattern
```

## Fix

A lock beside the value, and the test repeated under it, as for `unguarded-lazy-global`. In a coroutine the test is
repeated after the `await`, and the first value stays: no lock is needed for one that can be dropped.

## Fix safety

Safe where one thread sees no difference; unsafe, with the reason in the title, otherwise.
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

RULE = Rule("unguarded-memo", "SG206", "warning", LazyInit, on_by_default=False)


def check(fact: LazyInit, project: Project) -> Iterator[Diagnostic]:
    """Report ``fact`` where two threads can work out a cheap value at once."""
    from sqla_guard.project.lazy_verdict import judge, two_threads

    verdict = judge(fact, project, RULE.code)
    if verdict is None:
        return
    yield RULE.report(
        fact.path,
        fact.spot,
        two_threads(fact, verdict),
        f"make `{fact.name}` at import, or repeat the test under a {fact.lock_level} `threading.Lock`",
        _fix(fact, project, verdict),
    )


def _fix(fact: LazyInit, project: Project, verdict: Verdict) -> Fix | None:
    from sqla_guard.fix.async_lock import repeat_test_fix
    from sqla_guard.fix.lock import lock_fix
    from sqla_guard.fix.width import keep_width
    from sqla_guard.project.lazy_pairs import halves
    from sqla_guard.project.width import line_length

    source = project.source(fact.path)
    if fact.is_async:
        fix = repeat_test_fix(fact, source, "")
    else:
        # What `__init__` works out once is made together with an instance; a lock there would not make that one.
        fix = None if halves(fact, project) else lock_fix(fact, source, verdict.comes_back)
    return keep_width(fix, source, line_length(project, fact.path))
