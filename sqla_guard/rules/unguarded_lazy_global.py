"""A module global is made on first use, and nothing keeps two threads from making it at once.

## What it finds

A function that tests a module global and, where there is nothing yet, makes it: `if engine is None: engine = ...`,
an early return, `if not engine`, a boolean flag. Reported only where a second one has an effect: an application, an
engine, a pool, a client, a thread, an object with state of its own. Quiet where a lock is held, in tests, in
functions that run once at start-up or import, and for cheap values that come out the same each time.

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
Where the object was visible before it was ready, it is built in a local name and published last.

## Fix safety

Safe where one thread sees no difference. Unsafe, with the reason in the title, where an object that was visible while
it was set up no longer is, where the test calls something a second time, or where an existing lock is taken.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from sqla_guard.core.diagnostic import Diagnostic
from sqla_guard.core.workspace import UnreadableFile
from sqla_guard.facts.lazy import LazyInit
from sqla_guard.facts.values import Dictionary, Display, InstanceOf, Unknown, Value, dotted
from sqla_guard.fix.lock import lock_fix
from sqla_guard.project.effects import Effect, effect_of, work_of
from sqla_guard.project.project import Project
from sqla_guard.project.symbols import ProjectFunction
from sqla_guard.rules.rule import Rule

RULE = Rule("unguarded-lazy-global", "SG201", "warning", LazyInit)

_TEST_PATH = re.compile(r"(?:^|/)(?:tests?|testing|test_[^/]*|[^/]*_tests?|conftest)(?:/|\.py$)")
_TEST_FUNCTION = re.compile(
    r"(?:^|\.)(?:test_\w*|setUp\w*|tearDown\w*|setup_(?:module|class|method|function))$|(?:^|\.)Test[A-Z]\w*\."
)

# Functions that a program calls once while it starts; asked of the first word of the name.
_START_UP = re.compile(
    r"_*(?:init|initiali[sz]e|setup|set|register|start|startup|configure|install|bootstrap|enable|on|main)(?:_|$)"
)
_SHUT_DOWN = re.compile(r"_*(?:stop|shutdown|shut|close|reset|clear|teardown|cleanup|dispose|set|disable)(?:_|$)")
_ONCE_DECORATOR = re.compile(
    r"fixture|before_first_request|on_event|startup|lifespan|worker_(?:process_)?init|singleton"
    r"|\b(?:command|cache|lru_cache|once)\b"
)
_LOCKING_BODY = re.compile(r"with\s+[\w.\[\]()]*(?:lock|mutex|semaphore)\b|\.acquire\(", re.IGNORECASE)

_HARM = {
    "app": "two applications load the models twice (\"Table '...' is already defined for this MetaData instance\")",
    "engine": "each engine has a connection pool of its own, and nobody disposes the first",
    "sessions": "sessions opened through the first one are never removed by the second",
    "pool": "each pool opens its own connections, and nobody closes the first",
    "client": "each has connections of its own, and nobody closes the first",
    "thread": "both run, and the first can no longer be stopped",
    "lock": "each thread holds a different one, so neither keeps the other out",
    "model": "it is loaded twice, with the time and memory that takes",
    "identity": "each thread goes on with a different value",
    "state": "each thread goes on with its own, and what one of them remembers is lost to the other",
    "work": "it is done twice",
    "container": "what one thread puts in is missing from the other's",
}


def check(fact: LazyInit, project: Project) -> Iterator[Diagnostic]:
    """Report ``fact`` where two threads can make the global at once and that has an effect."""
    if _is_guarded(fact, project) or _is_something_else(fact) or _runs_once(fact):
        return
    reason = _reason(fact, project)
    if reason is None:
        return
    made, harm, where = reason
    yield RULE.report(
        fact.path,
        fact.test,
        f"two threads in `{fact.function_name}()` can both find `{fact.name}` {_found(fact)} and both {made}: {harm}",
        _help(fact),
        lock_fix(fact, project.source(fact.path), _comes_back(fact, project, where)),
    )


def _found(fact: LazyInit) -> str:
    if fact.form == "flag":
        return "unset"
    return "missing or outdated" if fact.rebuilds else "missing"


def _help(fact: LazyInit) -> str:
    if fact.early:
        return f"hold a module-level lock while `{fact.name}` is made, and set it last: {fact.early}"
    return f"repeat the test under a module-level `threading.Lock` before `{fact.name}` is set"


def _is_guarded(fact: LazyInit, project: Project) -> bool:
    """Tell whether a lock is held, here or by whoever calls."""
    if fact.lock is not None:
        return True
    callers = fact.callers
    if callers.locked and not callers.unlocked and not callers.at_import:
        return True
    if fact.function_name.endswith("_locked") and not callers.unlocked:
        return True
    return any(_locks(fact.path, decorator, project) for decorator in fact.decorators)


def _locks(path: str, decorator: Value, project: Project) -> bool:
    symbol = project.resolve(path, getattr(decorator, "func", decorator))
    if not isinstance(symbol, ProjectFunction):
        return False
    try:
        text = project.source(symbol.path).text
    except UnreadableFile:
        return False
    span = symbol.definition.span
    return _LOCKING_BODY.search(text[span.start : span.end]) is not None


def _is_something_else(fact: LazyInit) -> bool:
    """Tell whether the function has the shape and another purpose: a coroutine, a test, a counter, a setter."""
    if fact.is_async or fact.expires:
        return True
    if _TEST_PATH.search(fact.path) or _TEST_FUNCTION.search(fact.function):
        return True
    own = [s for s in fact.sets if s.name in fact.tested and not s.empty]
    return bool(own) and all(_is_handed_in(s.value) for s in own)


def _is_handed_in(value: Value) -> bool:
    """Tell whether a value is a parameter as it came."""
    return value == Unknown("parameter") or isinstance(value, InstanceOf)


def _runs_once(fact: LazyInit) -> bool:
    """Tell whether the function runs while the program starts, before there are threads."""
    if any(_ONCE_DECORATOR.search(text) for text in fact.decorator_texts):
        return True
    name = fact.function_name
    users = [user.rpartition(".")[2] for user in (*fact.callers.locked, *fact.callers.unlocked)]
    if name.startswith("_") and fact.callers.at_import and not users:
        return True
    if name == "main" or _SHUT_DOWN.match(name):
        return True
    return _is_start_up(name) and all(_is_start_up(user) or _TEST_FUNCTION.search(user) for user in users)


def _is_start_up(name: str) -> bool:
    return not name.startswith("__") and _START_UP.match(name) is not None


def _reason(fact: LazyInit, project: Project) -> tuple[str, str, str | None] | None:
    """Return what both threads do, why it hurts and the file of what is called; ``None`` where it does no harm."""
    effect = _effect(fact, project)
    if effect is not None:
        verb = "run" if effect.kind in ("work", "app") or effect.made.split(".")[-1].islower() else "make"
        return f"{verb} `{effect.made}`", _HARM[effect.kind], effect.path
    if fact.form != "flag" and fact.mutates and any(_is_container(s.value) for s in fact.sets):
        if fact.early:
            return f"fill `{fact.name}`", "one of them returns it half filled", None
        return f"make `{fact.name}` anew", _HARM["container"], None
    return None


def _effect(fact: LazyInit, project: Project) -> Effect | None:
    flag = fact.form == "flag"
    for assignment in fact.sets:
        if not assignment.empty and not _is_handed_in(assignment.value):
            effect = effect_of(project, fact.path, assignment.value)
            if effect is not None:
                return effect
    if not flag:
        return None
    done = (work_of(project, fact.path, call) for call in fact.work)
    return next((effect for effect in done if effect is not None), None)


def _is_container(value: Value) -> bool:
    if isinstance(value, (Display, Dictionary)):
        return not isinstance(value, Display) or value.kind in ("list", "set")
    func = getattr(value, "func", None)
    name = dotted(func) if func is not None else None
    return name in ("dict", "list", "set", "defaultdict", "collections.defaultdict", "OrderedDict", "deque")


def _comes_back(fact: LazyInit, project: Project, where: str | None) -> bool:
    """Tell whether what is called may call the function again: its module mentions the function's name."""
    if where is None or where == fact.path:
        return False
    try:
        text = project.source(where).text
    except UnreadableFile:
        return False
    return re.search(rf"\b{re.escape(fact.function_name)}\b", text) is not None
