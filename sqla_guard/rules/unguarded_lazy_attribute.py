"""A class attribute is made on first use, and nothing keeps two threads from making it at once.

## What it finds

A method that tests an attribute of its class and, where there is nothing yet, makes it: through `cls`, `type(self)`,
`self.__class__` or the class's name, with `is None`, `hasattr` or a boolean flag; singletons made in `__new__`, also
one for each key; a metaclass's `__call__`. Attributes of an instance count only where the module keeps the only one.
Quiet where a lock is held, in tests, in what runs once for each class that is defined, and for cheap values that come
out the same each time.

## Why it hurts

A class exists once, so its attributes are as global as a module's. Between the test and the assignment another thread
passes the same test: two pools, two event buses, two in-memory states, and whoever got the first keeps it. A singleton
made in `__new__` is worse: Python runs `__init__` on whatever `__new__` returns, so the second caller runs it again on
an object that the first is already using.

## Bad

```python
class Pool:
    _shared = None

    def __init__(self):
        self.connections = []

    @classmethod
    def shared(cls):
        if cls._shared is None:
            cls._shared = cls()
        return cls._shared
```

## Good

```python
import threading


class Pool:
    _shared = None
    _shared_lock = threading.Lock()

    def __init__(self):
        self.connections = []

    @classmethod
    def shared(cls):
        if cls._shared is None:
            with cls._shared_lock:
                if cls._shared is None:
                    cls._shared = cls()
        return cls._shared
```

## Fix

A class-level lock beside the attribute, and the test repeated under it. Where the class body gives every name in it a
meaning (an `Enum`, a Pydantic model), the lock is the module's. `__new__` that keeps the instance and `__init__` that
works once behind a flag are repaired together: a lock around only one of them would not help.

## Fix safety

Safe where one thread sees no difference. Unsafe, with the reason in the title, where something that was visible while
it was set up no longer is, or where the test calls something a second time.
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

RULE = Rule("unguarded-lazy-attribute", "SG202", "warning", LazyInit)


def check(fact: LazyInit, project: Project) -> Iterator[Diagnostic]:
    """Report ``fact`` where two threads can make the attribute at once and that has an effect."""
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
    from sqla_guard.fix.both_halves import fix_both_halves
    from sqla_guard.fix.lock import lock_fix
    from sqla_guard.fix.width import keep_width
    from sqla_guard.project.lazy_pairs import halves
    from sqla_guard.project.width import line_length

    source, both = project.source(fact.path), halves(fact, project)
    if both is None:
        fix = lock_fix(fact, source, verdict.comes_back)
    else:
        (new, of_new), (init, of_init) = both
        fix = fix_both_halves(new, init, source, (of_new.comes_back, of_init.comes_back))
    return keep_width(fix, source, line_length(project, fact.path))
