"""There is a lock, and two threads can make the object all the same.

## What it finds

A lazily made global or class attribute with a lock that does not guard it: the test is made before the lock and not
again under it; one lock is held for the test and another for the assignment; the lock is let go before the assignment;
the lock is made in the function, so every thread has its own; the lock is itself made on first use.

## Why it hurts

Two threads pass the test together. The lock makes them wait for each other, and then the second makes its object too:
the same two engines, pools or thread pools as without a lock, one after the other, and nobody looks for them because
there is a lock.

## Bad

```python
import threading
from concurrent.futures import ThreadPoolExecutor

_workers = None
_workers_lock = threading.Lock()


def workers():
    global _workers
    with _workers_lock:
        if _workers is not None:
            return _workers
    _workers = ThreadPoolExecutor(4)
    return _workers
```

## Good

```python
import threading
from concurrent.futures import ThreadPoolExecutor

_workers = None
_workers_lock = threading.Lock()


def workers():
    global _workers
    with _workers_lock:
        if _workers is not None:
            return _workers
        _workers = ThreadPoolExecutor(4)
    return _workers
```

## Fix

What follows moves under the lock that is let go too early; where the lock is taken late, the test is repeated under
it. Of two locks that of the test is taken for both. A lock that is made in the function becomes the module's or the
class's, and one that is made on first use is made at import.

## Fix safety

Safe where one thread sees no difference. Unsafe, with the reason in the title, where other code takes the lock too,
where another lock is taken than before, or where something made before the lock is dropped. A lock taken by hand is
shown without a fix, but for `acquire()` with a `try` whose `finally` alone follows the work and releases it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from sqla_guard.core.diagnostic import Diagnostic
from sqla_guard.facts.lazy import LazyInit
from sqla_guard.project.project import Project
from sqla_guard.rules.rule import Rule

if TYPE_CHECKING:
    from sqla_guard.project.lazy_verdict import Verdict

RULE = Rule("broken-double-checked-lock", "SG203", "warning", LazyInit)


def check(fact: LazyInit, project: Project) -> Iterator[Diagnostic]:
    """Report ``fact`` where a lock is taken and guards nothing."""
    from sqla_guard.project.lazy_verdict import judge, two_threads

    verdict = judge(fact, project, RULE.code)
    if verdict is None:
        return
    from sqla_guard.fix.broken_lock import broken_lock_fix, lock_at_import_fix
    from sqla_guard.fix.width import keep_width
    from sqla_guard.project.width import line_length

    source = project.source(fact.path)
    lazy_lock = fact.guard == "none"
    fix = lock_at_import_fix(fact, source) if lazy_lock else broken_lock_fix(fact, source)
    yield RULE.report(
        fact.path,
        fact.spot,
        two_threads(fact, verdict) if lazy_lock else _message(fact, verdict),
        f"make `{fact.name}` at import, where it is bound"
        if lazy_lock
        else f"test `{fact.name}` again under the lock that is held while it is set, the same for every thread",
        keep_width(fix, source, line_length(project, fact.path)),
    )


_WHY = {
    "unchecked": "tests nothing again once it holds `{lock}`: a second thread has passed the first test by then",
    "other-lock": "holds `{read}` for the test and `{lock}` for the assignment: a second thread tests in between",
    "fresh": "makes its lock itself: a second thread holds another one",
    "released": "lets `{read}` go before it sets `{name}`: a second thread tests in between",
}


def _message(fact: LazyInit, verdict: Verdict) -> str:
    lock = next((s.lock for s in fact.sets if s.lock), None) or fact.lock or "the lock"
    why = _WHY[fact.guard].format(lock=lock, read=fact.read_lock or lock, name=fact.name)
    return f"`{fact.function_name}()` {why}, and both {verdict.makes}: {verdict.harm}"
