"""Coroutines that make a shared object: a lock of asyncio around it, or the test again after the ``await``."""

from __future__ import annotations

import re

from sqla_guard.core.fix import Applicability, Fix, ImportNeed
from sqla_guard.core.source import SourceFile, Span
from sqla_guard.facts.lazy import LazyInit
from sqla_guard.fix.lock import local_name, lock_fix
from sqla_guard.fix.reindent import Lines, inner_unit, without_comments

LOCK_AT_IMPORT = (3, 10)
"""The first Python where an ``asyncio.Lock`` belongs to no event loop until it is first waited for."""


def async_lock_fix(fact: LazyInit, source: SourceFile, python: tuple[int, int] = LOCK_AT_IMPORT) -> Fix | None:
    """Return the fix that holds an ``asyncio.Lock`` from a second test to the assignment, or ``None``.

    Args:
        fact: The finding.
        source: Its file.
        python: The oldest Python that the project runs on; below 3.10 the test is repeated instead.
    """
    if fact.thread_lock and fact.awaits_inside:
        return _other_lock(fact, source) if python >= LOCK_AT_IMPORT else None
    if python < LOCK_AT_IMPORT:
        return repeat_test_fix(fact, source, "what the slower of two calls made is dropped")
    return lock_fix(fact, source, module="asyncio")


def repeat_test_fix(fact: LazyInit, source: SourceFile, reason: str) -> Fix | None:
    """Return the fix that keeps the value in a local name and tests again after the ``await``, or ``None``.

    Args:
        fact: The finding.
        source: Its file.
        reason: What a person has to judge; nothing where making the value twice has no effect.
    """
    only = fact.sets[0] if len(fact.sets) == 1 else None
    if only is None or only.target is None or not only.direct or not only.awaits or fact.shape not in _SHAPES:
        return None
    if fact.early or fact.alias or fact.decided or fact.retest or fact.guarded_inline or fact.form == "walrus":
        return None
    if fact.lock is not None or (fact.shape == "if" and fact.statement.end > fact.guarded.end):
        return None
    lines = Lines(source, fact.strings)
    if not lines.is_first_on_line(only.statement.start):
        return None
    local, indent = local_name(fact), source.indent_at(only.statement.start)
    lines.replace(only.target, local)
    depth = indent.removeprefix(source.indent_at(fact.statement.start))
    if fact.shape == "if":
        unit = inner_unit(source, fact.span, fact.strings)
        again = [f"{indent}if {lines.indented(fact.test, depth)}:", f"{indent}{unit}{fact.written} = {local}"]
    else:
        copy = without_comments(lines.indented(fact.statement, depth))
        again = [indent + copy, f"{indent}{fact.written} = {local}"]
    lines.insert_lines(lines.after(only.statement.end), again)
    reasons = [reason] if reason else []
    if fact.test_calls:
        reasons.append("the test, which calls something, runs twice")
    title = f"Test `{fact.name}` again after the `await`" + (f" ({'; '.join(reasons)})" if reasons else "")
    return Fix(title, lines.edits(), Applicability.UNSAFE if reasons else Applicability.SAFE)


_SHAPES = ("if", "early-return")


def _other_lock(fact: LazyInit, source: SourceFile) -> Fix | None:
    """Make a lock of threads that only coroutines take one of asyncio."""
    lock, text = fact.lock or "", source.text
    name = re.escape(lock.rpartition(".")[2])
    made = [*re.finditer(rf"^[ \t]*{name}[ \t]*(?::[^=\n]+)?=[ \t]*((?:\w+\.)?Lock)\(\)", text, re.MULTILINE)]
    taken = [*re.finditer(rf"^([ \t]*)with [\w.]*\b{name}[ \t]*:", text, re.MULTILINE)]
    uses = [*re.finditer(rf"\b{name}\b", text)]
    if len(made) != 1 or not taken or len(uses) != len(made) + len(taken):
        return None
    if not all(_in_coroutine(text, match.start()) for match in taken):
        return None
    lines = Lines(source, fact.strings)
    lines.replace(Span(made[0].start(1), made[0].end(1)), "asyncio.Lock")
    for match in taken:
        lines.insert(match.end(1), "async ")
    needless = _only_import(text, made[0].group(1).partition(".")[0])
    if needless is not None:
        lines.replace(needless, "")
    title = f"Make `{lock}` a lock of asyncio (an `asyncio.Lock` serves the coroutines of one event loop)"
    return Fix(title, lines.edits(), Applicability.UNSAFE, (ImportNeed(fact.path, "asyncio"),))


def _only_import(text: str, name: str) -> Span | None:
    """Return the line that imports ``name``, from or as ``threading``, if it is used but once."""
    statement = f"import {name}" if name == "threading" else f"from threading import {name}"
    line = re.search(rf"^{statement}[ \t]*\r?\n", text, re.MULTILINE)
    once = len(re.findall(rf"\b{name}\b", text)) == 2
    return Span(line.start(), line.end()) if line is not None and once else None


def _in_coroutine(text: str, offset: int) -> bool:
    """Tell whether the innermost function around the line at ``offset`` is a coroutine function."""
    depth = len(text[offset:]) - len(text[offset:].lstrip(" \t"))
    for line in reversed(text[:offset].split("\n")[:-1]):
        indent = len(line) - len(line.lstrip(" \t"))
        if line.strip() and indent < depth:
            depth = indent
            if re.match(r"[ \t]*(?:async[ \t]+)?def\b", line):
                return line.lstrip().startswith("async")
    return False
