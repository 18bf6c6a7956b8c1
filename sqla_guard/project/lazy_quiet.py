"""What has the shape of a lazily made object and is something else, or is safe: nobody should hear of it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from sqla_guard.core.roles import is_test
from sqla_guard.core.workspace import UnreadableFile
from sqla_guard.facts.lazy import LazyInit
from sqla_guard.facts.values import InstanceOf, Unknown, Value
from sqla_guard.project.lazy_users import LOCKED_BLOCK, User, all_hold_a_lock, all_of, users_of
from sqla_guard.project.project import Project
from sqla_guard.project.symbols import ProjectFunction

_TEST_FUNCTION = re.compile(
    r"(?:^|\.)(?:test_\w*|setUp\w*|tearDown\w*|setup_(?:module|class|method|function))$|(?:^|\.)Test[A-Z]\w*\."
)

# Functions that a program calls once while it starts; asked of the first word of the name.
_START_UP = re.compile(
    r"_*(?:init|initiali[sz]e|setup|set|register|start|startup|configure|install|bootstrap|enable|on|main)(?:_|$)"
)
# Who calls those: besides themselves, what makes or runs the program.
_PROGRAM = re.compile(
    r"_*(?:create_app|make_app|build_app|app_factory|get_application|create_application|lifespan\w*|run|serve|cli|"
    r"main|startup|worker_\w*|before_\w+|after_\w+|celery_\w*|launch\w*|boot\w*|entrypoint|__main__|connect_\w+)$"
)
# Those of them that run once whatever happens, by what they are called.
_ONCE = re.compile(
    r"_*(?:(?:create|make|build)_app(?:lication)?|app_factory|get_application|lifespan\w*|main|__main__)$"
)
_SHUT_DOWN = re.compile(r"_*(?:stop|shutdown|shut|close|reset|clear|teardown|cleanup|dispose|set|disable)(?:_|$)")
# A lock that the database keeps, for all processes.
_ADVISORY = re.compile(r"pg_(?:try_)?advisory_(?:xact_)?lock|GET_LOCK\(", re.IGNORECASE)
_ONCE_DECORATOR = re.compile(
    r"fixture|before_first_request|on_event|startup|lifespan|worker_(?:process_)?init|singleton"
    r"|\b(?:command|cache|lru_cache|once)\b"
)


def is_safe(fact: LazyInit, project: Project) -> bool:
    """Tell whether no two threads can meet in the function; that can take a look at the whole project."""
    return _is_guarded(fact, project) or _runs_once(fact, project)


def _is_guarded(fact: LazyInit, project: Project) -> bool:
    """Tell whether a lock is held by whoever calls, or by a decorator."""
    if fact.lock_kind == "decorator" or _ADVISORY.search(
        project.source(fact.path).text, fact.span.start, fact.span.end
    ):
        return True
    callers = fact.callers
    if fact.made_whole:
        return True
    if callers.locked and not callers.unlocked and not callers.at_import and _all_locked(fact, project):
        return True
    if fact.function_name.endswith("_locked") and not callers.unlocked:
        return True
    if fact.guard == "none" and fact.function_name.startswith("_") and _all_locked(fact, project):
        return True
    return any(_locks(fact.path, decorator, project) for decorator in fact.decorators)


def _all_locked(fact: LazyInit, project: Project) -> bool:
    """Tell whether every user in the project holds a lock, and there is one."""
    return all_hold_a_lock(project, fact.path, fact.function_name, bool(fact.owner))


def _locks(path: str, decorator: Value, project: Project) -> bool:
    symbol = project.resolve(path, getattr(decorator, "func", decorator))
    if not isinstance(symbol, ProjectFunction):
        return False
    try:
        text = project.source(symbol.path).text
    except UnreadableFile:
        return False
    span = symbol.definition.span
    return LOCKED_BLOCK.search(text[span.start : span.end]) is not None


def is_something_else(fact: LazyInit) -> bool:
    """Tell whether the function has the shape and another purpose: a test, a counter, a setter, a registry."""
    if fact.expires or fact.registry:
        return True
    if is_test(fact.path) or _TEST_FUNCTION.search(fact.function):
        return True
    own = [s for s in fact.sets if s.name in fact.tested and not s.empty]
    return bool(own) and all(is_handed_in(s.value) for s in own)


def is_handed_in(value: Value) -> bool:
    """Tell whether a value is a parameter as it came."""
    return value == Unknown("parameter") or isinstance(value, InstanceOf)


def _runs_once(fact: LazyInit, project: Project) -> bool:
    """Tell whether the function runs while the program starts, before there are threads."""
    if any(_ONCE_DECORATOR.search(text) for text in fact.decorator_texts):
        return True
    name = fact.function_name
    known = (*fact.callers.locked, *fact.callers.unlocked)
    if known and all(user.endswith(("__init_subclass__", "__set_name__")) for user in known):
        return True
    if name == "main" or _SHUT_DOWN.match(name):
        return True
    if not _is_start_up(name) and (not name.startswith("_") or name.startswith("__")):
        return False
    asked = fact.path, name, bool(fact.owner)
    at_import = fact.callers.at_import and not _is_start_up(name)
    return project.once(("runs once", *asked, at_import), lambda: _is_run_once(project, *asked, at_import))


def _is_run_once(project: Project, path: str, name: str, method: bool, at_import: bool) -> bool:
    """Tell the same of the function (or ``method``) ``name`` by who uses it."""
    if _is_start_up(name):
        users = _users(project, path, name, method)
        return all(not u.function or _is_start_up(u.function) or _is_program(u, project) for u in users)
    if at_import and all(not u.function for u in _users(project, path, name, method)):
        return True
    return _only_while_it_starts(_users(project, path, name, method), project)


def _users(project: Project, path: str, name: str, method: bool = False) -> Iterator[User]:
    """Yield the users of a function that are no tests."""
    return (user for user in users_of(project, path, name, method) if not _is_test(user))


def _only_while_it_starts(users: Iterable[User], project: Project, depth: int = 4) -> bool:
    """Tell whether all callers are known, and are modules, what makes the program, or functions of which this holds."""
    return all_of(
        users,
        lambda u: (
            u.called and (not u.function or _makes_program(u, project) or (depth > 0 and _starts(u, project, depth)))
        ),
    )


def _makes_program(user: User, project: Project) -> bool:
    return _ONCE.match(user.function) is not None and _is_program(user, project)


def _starts(user: User, project: Project, depth: int) -> bool:
    outline = project.outline_of(user.path, user.function)
    function = outline.functions.get(user.function) if outline else None
    if function is None or function.decorators:
        # A method can be called in ways that do not name it, and a decorator can hand the function to a framework.
        return False
    return _only_while_it_starts(_users(project, user.path, user.function), project, depth - 1)


def _is_program(user: User, project: Project) -> bool:
    """Tell whether a user makes or runs the program, and is not itself called whenever somebody asks."""
    if not _PROGRAM.match(user.function):
        return False
    return project.once(("program", user.path, user.function), lambda: _makes_once(user.path, user.function, project))


def _makes_once(path: str, function: str, project: Project) -> bool:
    return not any(_makes_lazily(u, project) for u in _users(project, path, function) if not u.locked)


def _makes_lazily(user: User, project: Project) -> bool:
    """Tell whether a user is itself a getter that nothing guards: then two threads may start the program twice."""
    facts = project.lazy_inits(user.path) if user.function else ()
    return any(f.function_name == user.function and f.guard == "none" for f in facts)


def _is_test(user: User) -> bool:
    return is_test(user.path) or _TEST_FUNCTION.search(user.function) is not None


def _is_start_up(name: str) -> bool:
    return not name.startswith("__") and _START_UP.match(name) is not None
