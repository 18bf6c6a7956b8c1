"""A coroutine tests a shared place, is suspended, and sets it.

## What it finds

A coroutine that makes a global or class attribute on first use with an `await`, `async for` or `async with` between
the test and the assignment, and no lock of asyncio around both; and one that awaits while it holds a
`threading.Lock`. Without a suspension in between a coroutine cannot be interrupted by another: such code stays quiet.

## Why it hurts

At each `await` the event loop runs something else: a second request finds nothing yet and makes its own client, pool
or connection; the first one is never closed. A `threading.Lock` held across an `await` is worse: the coroutine that
wants it next blocks the loop's only thread, and the one that holds it can never go on.

## Bad

```python
_client = None


async def get_client():
    global _client
    if _client is None:
        _client = await connect("desk")
    return _client


async def connect(name):
    return object()
```

## Good

```python
import asyncio

_client = None
_client_lock = asyncio.Lock()


async def get_client():
    global _client
    if _client is None:
        async with _client_lock:
            if _client is None:
                _client = await connect("desk")
    return _client


async def connect(name):
    return object()
```

## Fix

A module-level or class-level `asyncio.Lock`, which from Python 3.10 on belongs to no loop until it is first waited
for, and the test repeated under it. Where the project supports older Pythons, the test is repeated after the `await`
instead. A lock of threads that nothing but coroutines take becomes one of asyncio.

## Fix safety

Unsafe: an `asyncio.Lock` serves one event loop, so a program that runs several at once, in several threads, needs
another way; and with the test repeated after the `await`, what the slower of two calls made is dropped.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from sqla_guard.core.diagnostic import Diagnostic
from sqla_guard.facts.lazy import LazyInit
from sqla_guard.project.project import Project
from sqla_guard.project.versions import python_version
from sqla_guard.rules.rule import Rule

if TYPE_CHECKING:
    from sqla_guard.project.lazy_verdict import Verdict

RULE = Rule("await-between-check-and-set", "SG205", "warning", LazyInit)


def check(fact: LazyInit, project: Project) -> Iterator[Diagnostic]:
    """Report ``fact`` where another coroutine can run between test and assignment."""
    from sqla_guard.project.lazy_verdict import judge

    verdict = judge(fact, project, RULE.code)
    if verdict is None:
        return
    from sqla_guard.fix.async_lock import async_lock_fix
    from sqla_guard.fix.width import keep_width
    from sqla_guard.project.width import line_length

    source = project.source(fact.path)
    version = python_version(project, fact.path)
    fix = async_lock_fix(fact, source, version)
    yield RULE.report(
        fact.path,
        fact.spot,
        _message(fact, verdict),
        _help(fact, version),
        keep_width(fix, source, line_length(project, fact.path)),
    )


def _help(fact: LazyInit, version: tuple[int, int]) -> str:
    from sqla_guard.fix.async_lock import LOCK_AT_IMPORT

    if version < LOCK_AT_IMPORT:
        return f"test `{fact.name}` again after the `await`, before it is set"
    return f"hold one `asyncio.Lock` from a second test of `{fact.name}` to its assignment"


def _message(fact: LazyInit, verdict: Verdict) -> str:
    if fact.thread_lock and fact.awaits_inside:
        return (
            f"`{fact.function_name}()` awaits while it holds `{fact.lock}`, a lock of threads: the next coroutine that "
            "wants it blocks the event loop, and the first can never go on"
        )
    from sqla_guard.project.lazy_verdict import two_threads

    return two_threads(fact, verdict)
