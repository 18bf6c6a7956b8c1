"""A cache decorator stands for "make it once", which it does not promise.

## What it finds

`functools.cache` or `lru_cache` on a function that makes an engine, a session factory, an application, a pool or a
client, and `cached_property` on such a method. Off by default.

## Why it hurts

These decorators keep results; they do not keep a second thread out while the first is still at work. Two threads
that call the function for the first time together both run it: two engines, two pools, and each thread goes on with
its own. `cached_property` held a lock until Python 3.11; from 3.12 on it holds none.

## Bad

```python
from functools import lru_cache

from sqlalchemy import create_engine


@lru_cache
def engine():
    return create_engine("postgresql:///desk")
```

## Good

```python
from sqlalchemy import create_engine

_engine = create_engine("postgresql:///desk")


def engine():
    return _engine
```

## Fix

None: whether the object is made at import, or a lock is held around the call, is for a person to say.

## Fix safety

Nothing is changed.
"""

from __future__ import annotations

from collections.abc import Iterator

from sqla_guard.core.diagnostic import Diagnostic
from sqla_guard.facts.lazy import CachedFactory
from sqla_guard.project.project import Project
from sqla_guard.rules.rule import Rule

RULE = Rule("cached-factory", "SG207", "warning", CachedFactory, on_by_default=False)

_KINDS = frozenset({"app", "engine", "sessions", "pool", "client"})


def check(fact: CachedFactory, project: Project) -> Iterator[Diagnostic]:
    """Report ``fact`` where what is kept should exist once."""
    from sqla_guard.project.effects import effect_of

    effects = (effect_of(project, fact.path, value) for value in fact.made)
    effect = next((e for e in effects if e is not None and e.kind in _KINDS), None)
    if effect is None:
        return
    name = fact.function.rpartition(".")[2]
    since = ", from Python 3.12 on," if fact.is_property else ""
    yield RULE.report(
        fact.path,
        fact.span,
        f"`{fact.decorator}`{since} keeps a result and no second thread out: two first calls of `{name}()` both run "
        f"`{effect.made}`, and each thread goes on with its own",
        f"make it at import, or hold a lock around the call of `{name}()`",
    )
