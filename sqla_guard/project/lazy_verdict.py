"""The verdict on a lazily made object: which rule it breaks, what is made twice, and why that hurts."""

from __future__ import annotations

import re

from msgspec import Struct

from sqla_guard.core.workspace import UnreadableFile
from sqla_guard.facts.lazy import LazyInit
from sqla_guard.facts.values import (
    Attr,
    Call,
    Dictionary,
    Display,
    Item,
    Literal,
    Name,
    OneOf,
    Unknown,
    Value,
    dotted,
)
from sqla_guard.project.effects import Effect, effect_of, singleton_effect, work_of
from sqla_guard.project.lazy_quiet import is_handed_in, is_safe, is_something_else
from sqla_guard.project.project import Project
from sqla_guard.project.symbols import External

_ASYNCIO = frozenset(
    f"asyncio.{name}"
    for name in ("Lock", "Event", "Semaphore", "BoundedSemaphore", "Condition", "Queue", "PriorityQueue")
)

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
    "mapped": "SQLAlchemy refuses to map the same tables again (\"Table '...' is already defined\")",
    "work": "it is done twice",
    "container": "what one thread puts in is missing from the other's",
}


class Verdict(Struct, frozen=True):
    """What is wrong with a lazy initialisation.

    Attributes:
        code: The rule's code.
        makes: What both threads do: ``make `Pool()```.
        harm: Why that hurts, in a few words.
        comes_back: Whether what is called may call the function again.
        cheap: Whether making it twice has no effect.
    """

    code: str
    makes: str
    harm: str
    comes_back: bool = False
    cheap: bool = False


def judge(fact: LazyInit, project: Project, code: str = "") -> Verdict | None:
    """Return what is wrong with ``fact``, or nothing; with ``code``, nothing too where another rule says it."""
    key = fact.path, fact.span, fact.test, fact.tested
    verdict = project.once(("verdict", *key), lambda: _judge(fact, project))
    if verdict is None or code not in ("", verdict.code):
        return None
    # Who calls the function is asked last, and only for a rule that wants to know: that looks through the project.
    return None if project.once(("safe", *key), lambda: _is_quiet(fact, project)) else verdict


def _is_quiet(fact: LazyInit, project: Project) -> bool:
    return _is_for_coroutines(fact, project) or is_safe(fact, project) or _is_said_of_new(fact, project)


def _judge(fact: LazyInit, project: Project) -> Verdict | None:
    """Return what is wrong with ``fact`` if two threads or coroutines can meet in it."""
    if is_something_else(fact) or _code(fact, matters=True) is None:
        return None  # whatever is made
    effect = _effect(fact, project)
    code = _code(fact, effect is not None or _is_filled_later(fact) or _sets_another(fact))
    if code is None or (fact.kind == "keyed" and effect is None):
        return None
    if effect is not None and effect.kind == "lock" and code in ("SG201", "SG202"):
        return Verdict("SG203", f"make `{effect.made}`", _HARM["lock"])
    if effect is not None:
        verb = "run" if effect.kind in ("work", "app") or effect.made.split(".")[-1].islower() else "make"
        comes_back = _comes_back(fact, project, effect.path)
        return Verdict(code, f"{verb} `{effect.made}`", _HARM[effect.kind], comes_back)
    if _is_filled_later(fact):
        if fact.early:
            return Verdict(code, f"fill `{fact.name}`", "one of them returns it half filled")
        return Verdict(code, f"make `{fact.name}` anew", _HARM["container"])
    if code == "SG204":
        return Verdict(code, f"make `{fact.name}`", "one of them goes on with half of it")
    if not _is_memo(fact):
        return None
    return Verdict("SG206", f"work out `{fact.name}`", "the work is done twice, with the same result", cheap=True)


def _is_said_of_new(fact: LazyInit, project: Project) -> bool:
    """Tell whether ``__init__`` works once on what ``__new__`` hands out too early: one race, reported there."""
    if fact.function_name != "__init__" or fact.kind != "instance":
        return False
    news = (f for f in project.lazy_inits(fact.path) if f.owner == fact.owner and f.init_after)
    return any(f.init_call is not None and judge(f, project, "SG204") is not None for f in news)


def _code(fact: LazyInit, matters: bool) -> str | None:
    """Return the rule that ``fact`` breaks if making it twice matters."""
    if fact.is_async:
        return _code_of_coroutine(fact)
    if fact.guard == "held":
        return None
    if fact.guard == "checked":
        return "SG204" if fact.init_after or (fact.early and (matters or fact.form != "flag")) else None
    if fact.guard in ("unchecked", "other-lock", "released") or (fact.guard == "fresh" and _fresh_counts(fact)):
        return "SG203"
    if (fact.early or fact.init_after) and matters:
        return "SG204"
    in_class = fact.kind in ("class", "instance") or (fact.kind != "state" and "." in fact.name.partition("[")[0])
    return "SG202" if in_class else "SG201"


def _code_of_coroutine(fact: LazyInit) -> str | None:
    if fact.guard in ("held", "checked"):
        if fact.thread_lock and fact.awaits_inside:
            return "SG205"
        return "SG204" if fact.guard == "checked" and fact.awaits_after and fact.early else None
    if fact.awaits_after and fact.early:
        return "SG204"
    return "SG205" if fact.await_between else None


def _fresh_counts(fact: LazyInit) -> bool:
    return fact.lock_kind == "fresh"


def _is_for_coroutines(fact: LazyInit, project: Project) -> bool:
    values = [s.value for s in fact.sets if s.name in fact.tested and not s.empty]
    return bool(values) and all(_is_of_asyncio(project, fact.path, value) for value in values)


def _sets_another(fact: LazyInit) -> bool:
    """Tell whether something else is set together with a flag, for which a caller then looks in vain."""
    return fact.form == "flag" and any(s.name not in fact.tested and not s.empty for s in fact.sets)


def _effect(fact: LazyInit, project: Project) -> Effect | None:
    flag = fact.form == "flag"
    if fact.kind == "keyed" and fact.function_name not in ("__new__", "__call__"):
        return _instance_by_class(fact)
    if not flag and fact.owner and any(_makes_instance(s.value) for s in fact.sets):
        if fact.function_name == "__new__" and fact.kind == "class":
            return singleton_effect(project, fact.path, fact.owner, fact.name.rpartition(".")[2])
        return Effect("state", fact.owner.rpartition(".")[2] + "()", fact.path)
    for assignment in fact.sets:
        if not assignment.empty and not is_handed_in(assignment.value):
            effect = effect_of(project, fact.path, assignment.value)
            if effect is not None:
                return effect
    if not flag:
        return None
    done = (work_of(project, fact.path, call) for call in fact.work)
    return next((effect for effect in done if effect is not None), None)


def _makes_instance(value: Value) -> bool:
    """Tell whether a value is what ``super().__new__(cls)`` or a metaclass's ``super().__call__()`` gives."""
    if isinstance(value, OneOf):
        return any(_makes_instance(option) for option in value.options)
    func = value.func if isinstance(value, Call) else None
    return isinstance(func, Attr) and func.name in ("__new__", "__call__")


def _is_filled_later(fact: LazyInit) -> bool:
    return fact.form != "flag" and fact.mutates and any(_is_container(s.value) for s in fact.sets)


def _is_memo(fact: LazyInit) -> bool:
    """Tell whether what is set is worked out, not a constant."""
    return fact.form != "flag" and any(
        not s.empty and not is_handed_in(s.value) and not _is_constant(s.value) for s in fact.sets
    )


def _is_constant(value: Value) -> bool:
    """Tell whether a value is a literal, or looked up under one: a default, not worked out."""
    return isinstance(value, Literal) or (
        isinstance(value, Item) and isinstance(value.of, Name) and isinstance(value.key, Literal)
    )


def _is_of_asyncio(project: Project, path: str, value: Value) -> bool:
    """Tell whether a lock, queue or event of asyncio is made: it is for the coroutines of one loop."""
    symbol = project.resolve(path, value.func) if isinstance(value, Call) else None
    made = getattr(symbol, "name", "") if isinstance(symbol, External) else ""
    return made in _ASYNCIO


def _instance_by_class(fact: LazyInit) -> Effect | None:
    """Return the effect of ``instances[cls] = cls(...)``: what a decorator keeps for each class it is put on."""
    key = fact.name.partition("[")[2].removesuffix("]")
    for assignment in fact.sets:
        func = getattr(assignment.value, "func", None)
        if func == Name(key) or (func == Unknown("parameter") and fact.kind == "keyed" and key.isidentifier()):
            return Effect("state", f"{key}()", fact.path)
    return None


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


def two_threads(fact: LazyInit, verdict: Verdict) -> str:
    """Return the interleaving that hurts, of threads or in a coroutine of its calls, in one line."""
    if fact.is_async:
        return (
            f"`{fact.function_name}()` is suspended between finding `{fact.name}` missing and setting it: a second "
            f"call finds it missing too, and both {verdict.makes}: {verdict.harm}"
        )
    found = "unset" if fact.form == "flag" else "missing or outdated" if fact.rebuilds else "missing"
    return (
        f"in `{fact.function_name}()` a second thread finds `{fact.name}` {found} before the first has set it, "
        f"and both {verdict.makes}: {verdict.harm}"
    )
