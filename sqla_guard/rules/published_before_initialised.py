"""An object is put where other threads see it before it is ready.

## What it finds

A lazily made global or class attribute that is assigned first and filled, connected or initialised afterwards, with
or without a lock: `_pool = Pool()` and then `_pool.open()`; a flag that is set before the work; `__new__` that stores
the new object and leaves the rest to `__init__`; `X = C()` followed by `await X.connect()`.

## Why it hurts

The fast path does not wait: another thread sees that there is something, takes it, and works on half of it:
`AttributeError: 'Pool' object has no attribute '_connections'`, an empty list of locales, a session without its
adapters. A lock does not help as long as the first test is made outside of it.

## Bad

```python
import threading


class Pool:
    _instance = None
    _lock = threading.Lock()

    def __new__(cls):
        if cls._instance is None:
            with cls._lock:
                if cls._instance is None:
                    cls._instance = super().__new__(cls)
                    cls._instance._open()
        return cls._instance

    def _open(self):
        self.connections = []
```

## Good

```python
import threading


class Pool:
    _instance = None
    _lock = threading.Lock()

    def __new__(cls):
        if cls._instance is None:
            with cls._lock:
                if cls._instance is None:
                    instance = super().__new__(cls)
                    instance._open()
                    cls._instance = instance
        return cls._instance

    def _open(self):
        self.connections = []
```

## Fix

The object is built in a local name and published last, under the lock that is there or a new one. Where `__init__`
does its work only once, behind a flag of the instance, `__new__` calls it before the object is published; the call
that Python makes afterwards does nothing. Where the flag is one of the class, `__new__` and `__init__` get a lock each:
every caller waits in `__init__` for the first one.

## Fix safety

Unsafe: what was visible while it was set up no longer is, nor when setting it up fails. Safe where `__new__` and
`__init__` get a lock each, as one thread sees no difference. An `__init__` that works again
at every call is reported without a fix: it has to become a method that `__new__` calls once.
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

RULE = Rule("published-before-initialised", "SG204", "warning", LazyInit)


def check(fact: LazyInit, project: Project) -> Iterator[Diagnostic]:
    """Report ``fact`` where the object can be seen before it is ready."""
    from sqla_guard.project.lazy_verdict import judge

    verdict = judge(fact, project, RULE.code)
    if verdict is None:
        return
    yield RULE.report(
        fact.path,
        fact.spot,
        f"another thread in `{fact.function_name}()` can take `{fact.name}` before it is ready: {_why(fact)}",
        f"make it in a local name and set `{fact.name}` last, under a {fact.lock_level} lock",
        _fix(fact, project, verdict),
    )


def _fix(fact: LazyInit, project: Project, verdict: Verdict) -> Fix | None:
    from sqla_guard.fix.both_halves import fix_both_halves
    from sqla_guard.fix.publish import publish_fix
    from sqla_guard.fix.width import keep_width
    from sqla_guard.project.lazy_pairs import halves
    from sqla_guard.project.versions import python_version
    from sqla_guard.project.width import line_length

    source, both = project.source(fact.path), halves(fact, project)
    fix = None
    if both is not None:
        (new, of_new), (init, of_init) = both
        fix = fix_both_halves(new, init, source, (of_new.comes_back, of_init.comes_back))
    if fix is None:
        fix = publish_fix(fact, source, verdict.comes_back, python_version(project, fact.path))
    return keep_width(fix, source, line_length(project, fact.path))


def _why(fact: LazyInit) -> str:
    if fact.early:
        return fact.early
    return f"`__init__()` of `{fact.owner.rpartition('.')[2]}` runs after `__new__()` has stored it"
