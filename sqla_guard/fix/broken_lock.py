"""Mending a lock that is taken and guards nothing: the second test, or one lock for all threads."""

from __future__ import annotations

import re

from sqla_guard.core.fix import Applicability, Fix, ImportNeed
from sqla_guard.core.source import SourceFile, Span
from sqla_guard.facts.lazy import LazyInit
from sqla_guard.fix.lock import choose_lock
from sqla_guard.fix.reindent import Lines, inner_unit, without_comments

_MADE = re.compile(r"^[ \t]*(\w+)[ \t]*(?::[^=\n]+)?=[ \t]*(?:\w+\.)?R?Lock\(\)[ \t]*(?:#[^\n]*)?\r?\n", re.MULTILINE)
_ENTERED = re.compile(r"(?<=with )[ \t]*((?:\w+\.)?R?Lock\(\))(?=[ \t]*:)")


def broken_lock_fix(fact: LazyInit, source: SourceFile) -> Fix | None:
    """Return the fix that makes the lock guard, or ``None`` where a person has to say which lock is meant."""
    if fact.is_async or fact.yields_guarded or fact.decided or fact.early:
        return None
    if fact.guard == "unchecked":
        return _second_test(fact, source)
    return _shared_lock(fact, source) if fact.guard == "fresh" else None


def _second_test(fact: LazyInit, source: SourceFile) -> Fix | None:
    locks = {s.lock for s in fact.sets}
    lock = next(iter(locks))
    if len(locks) != 1 or lock is None or fact.shape not in ("if", "early-return") or fact.alias is not None:
        return None
    lines = Lines(source, fact.strings)
    text = source.text
    found = [*re.finditer(rf"^[ \t]*with {re.escape(lock)}:[ \t]*(?:#[^\n]*)?\r?\n", text, re.MULTILINE)]
    withs = [m for m in found if fact.guarded.start <= m.end() and m.start() <= fact.guarded.end]
    if len(withs) != 1 or fact.form == "walrus" or (fact.shape == "if" and fact.statement.end > fact.guarded.end):
        return None
    header = withs[0]
    base = source.indent_at(header.start() + 1) if text[header.start()] in "\r\n" else source.indent_at(header.start())
    unit = inner_unit(source, fact.span, fact.strings)
    inner = base + unit
    body = _block(lines, header.end(), inner)
    if not all(body.contains(s.statement) for s in fact.sets):
        return None
    if fact.shape == "early-return":
        depth = inner.removeprefix(source.indent_at(fact.statement.start))
        copy = without_comments(lines.indented(fact.statement, depth))
        lines.insert_lines(header.end(), [inner + copy])
    else:
        again = lines.indented(fact.test, inner.removeprefix(source.indent_at(fact.statement.start)))
        lines.insert_lines(header.end(), [f"{inner}if {again}:"])
        lines.indent(body, unit, inner)
    reasons = "the test, which calls something, runs twice" if fact.test_calls else ""
    title = f"Test `{fact.name}` again under `{lock}`" + (f" ({reasons})" if reasons else "")
    return Fix(title, lines.edits(), Applicability.UNSAFE if reasons else Applicability.SAFE)


def _block(lines: Lines, start: int, indent: str) -> Span:
    """Return the lines from ``start`` on that stand at ``indent`` or deeper."""
    text, offset, end = lines.source.text, start, start
    while offset < len(text):
        following = lines.after(offset)
        line = text[offset:following]
        inside = any(s.start < offset < s.end for s in lines.strings)
        if line.strip() and not inside and not line.startswith(indent):
            break
        if line.strip():
            end = offset + len(line.rstrip("\r\n"))
        if following == offset:
            break
        offset = following
    return Span(start, end)


def _shared_lock(fact: LazyInit, source: SourceFile) -> Fix | None:
    """Hoist a lock that is made in the function, and held around the test, to where all threads share it."""
    text = source.text[fact.span.start : fact.span.end]
    lines = Lines(source, fact.strings)
    lock = choose_lock(fact, source, lines, reentrant="RLock(" in text or fact.reenters)
    made, entered = [*_MADE.finditer(text)], [*_ENTERED.finditer(text)]
    if lock is None or not lock.line or len(made) + len(entered) != 1:
        return None
    at = fact.span.start
    if entered:
        lines.replace(Span(at + entered[0].start(1), at + entered[0].end(1)), lock.written)
        first = at + entered[0].start()
    else:
        name, uses = made[0].group(1), [*re.finditer(rf"(?<![\w.]){made[0].group(1)}\b", text)]
        if len(uses) != 2 or not re.search(rf"with {name}[ \t]*:", text):
            return None
        lines.replace(Span(at + made[0].start(), at + made[0].end()), "")
        lines.replace(Span(at + uses[1].start(), at + uses[1].end()), lock.written)
        first = at + uses[1].start()
    if first > fact.test.start:
        # It is taken behind the test, which would have to be repeated as well.
        return None
    lines.insert_lines(lock.at, [lock.line])
    needs = (ImportNeed(fact.path, "threading"),) if lock.needs_import else ()
    return Fix(f"Take one lock, `{lock.written}`, in all threads", lines.edits(), Applicability.SAFE, needs)
