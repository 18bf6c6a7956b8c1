"""Mending a lock that is taken and guards nothing: the second test, one lock for all threads, a lock held on."""

from __future__ import annotations

import re

from sqla_guard.core.fix import Applicability, Fix, ImportNeed
from sqla_guard.core.source import SourceFile, Span
from sqla_guard.facts.lazy import LazyInit
from sqla_guard.fix.lock import add_lock, choose_lock
from sqla_guard.fix.reindent import Lines, inner_unit, without_comments

_MADE = re.compile(r"^[ \t]*(\w+)[ \t]*(?::[^=\n]+)?=[ \t]*(?:\w+\.)?R?Lock\(\)[ \t]*(?:#[^\n]*)?\r?\n", re.MULTILINE)
_ENTERED = re.compile(r"(?<=with )[ \t]*((?:\w+\.)?R?Lock\(\))(?=[ \t]*:)")
_TWICE = "the test, which calls something, runs twice"


def broken_lock_fix(fact: LazyInit, source: SourceFile) -> Fix | None:
    """Return the fix that makes the lock guard, or ``None`` where a person has to say which lock is meant."""
    if fact.is_async or fact.yields_guarded or fact.early:
        return None
    if fact.guard == "released":
        return _held_on(fact, source)
    if fact.decided:
        return None
    if fact.guard in ("unchecked", "other-lock"):
        return _second_test(fact, source)
    return _shared_lock(fact, source) if fact.guard == "fresh" else None


def lock_at_import_fix(fact: LazyInit, source: SourceFile) -> Fix | None:
    """Return the fix that makes a lazily made lock where its global is bound, with the module."""
    text, bound, name = source.text, fact.site.bound, re.escape(fact.name)
    if bound is None or len(fact.sets) != 1 or fact.kind != "global" or fact.shape != "if" or fact.guarded_inline:
        return None
    only = fact.sets[0]
    value = text[only.value_span.start : only.value_span.end]
    imported = dict(fact.site.imported_at)
    none = re.fullmatch(rf"{name}\s*(?::[^=]+)?=\s*(None)", text[bound.start : bound.end])
    needed = re.match(r"\w+", value)
    if none is None or needed is None or imported.get(needed.group(), bound.end) >= bound.start:
        return None
    if only.statement != fact.guarded or fact.statement.end != fact.guarded.end or fact.resets or fact.others_tested:
        return None
    lines = Lines(source, fact.strings)
    lines.replace(Span(bound.start + none.start(1), bound.start + none.end(1)), value)
    lines.replace(Span(lines.start(fact.statement.start), lines.after(fact.statement.end)), "")
    function = text[fact.span.start : fact.span.end]
    alone = re.search(rf"^[ \t]*global[ \t]+{name}[ \t]*(?:#[^\n]*)?\r?\n", function, re.MULTILINE)
    if alone is not None:
        lines.replace(Span(fact.span.start + alone.start(), fact.span.start + alone.end()), "")
    return Fix(f"Make `{fact.name}` at import, once", lines.edits(), Applicability.SAFE)


def _second_test(fact: LazyInit, source: SourceFile) -> Fix | None:
    locks = {s.lock for s in fact.sets}
    lock = next(iter(locks))
    if len(locks) != 1 or lock is None:
        return None
    lines = Lines(source, fact.strings)
    header = _header(source, lock, fact.guarded)
    if header is None or not _test_again(lines, fact, header, lock):
        return None
    reasons = [_TWICE] if fact.test_calls else []
    if source.text[fact.guarded.start : header.start()].strip():
        reasons.append("what the slower of two threads made before is dropped")
    if fact.guard == "other-lock":
        if fact.read_lock is None or header.group(1) is not None:
            return None
        at = source.text.index(lock, header.start())
        lines.replace(Span(at, at + len(lock)), fact.read_lock)
        reasons.append(f"check that nobody else relies on `{lock}`")
        lock = fact.read_lock
    return _fix(f"Test `{fact.name}` again under `{lock}`", lines, reasons)


def _fix(title: str, lines: Lines, reasons: list[str], needs: tuple[ImportNeed, ...] = ()) -> Fix:
    applicability = Applicability.UNSAFE if reasons else Applicability.SAFE
    return Fix(title + (f" ({'; '.join(reasons)})" if reasons else ""), lines.edits(), applicability, needs)


def _header(source: SourceFile, lock: str, around: Span) -> re.Match[str] | None:
    """Return the one line in ``around`` that takes ``lock``, or the two that do by hand, the line end included."""
    end, taken = r"[ \t]*(?:#[^\n]*)?\r?\n", re.escape(lock)
    ways = rf"^[ \t]*with {taken}[ \t]*:{end}|^([ \t]*){taken}\.acquire\(\){end}\1try[ \t]*:{end}"
    found = [*re.finditer(ways, source.text, re.MULTILINE)]
    inside = [m for m in found if around.start <= m.end() and m.start() <= around.end]
    return inside[0] if len(inside) == 1 else None


def _is_let_go(source: SourceFile, lock: str, header: re.Match[str], body: Span) -> bool:
    """Tell whether the lock that ``header`` takes is given back behind ``body``, whatever happens in it."""
    if header.group(1) is None:
        return True
    behind = rf"\s*^{header.group(1)}finally[ \t]*:(?:[ \t]*#[^\n]*)?\s*{re.escape(lock)}\.release\(\)"
    return re.compile(behind, re.MULTILINE).match(source.text, body.end) is not None


def _test_again(lines: Lines, fact: LazyInit, header: re.Match[str], lock: str) -> bool:
    """Repeat the test as the first thing under the lock; tell whether that was possible."""
    source = lines.source
    if fact.shape not in ("if", "early-return") or fact.form == "walrus" or fact.retest is not None:
        return False
    if fact.shape == "if" and fact.statement.end > fact.guarded.end:
        return False
    unit = inner_unit(source, fact.span, fact.strings)
    inner = source.indent_at(header.start()) + unit
    body = _block(lines, header.end(), inner)
    if not all(body.contains(s.statement) for s in fact.sets) or not _is_let_go(source, lock, header, body):
        return False
    again = [inner + source.text[span.start : span.end] for _, span in ([fact.alias] if fact.alias else [])]
    depth = inner.removeprefix(source.indent_at(fact.statement.start))
    if fact.shape == "early-return":
        copy = without_comments(lines.indented(fact.statement, depth))
        lines.insert_lines(header.end(), [*again, inner + copy])
    else:
        lines.insert_lines(header.end(), [*again, f"{inner}if {lines.indented(fact.test, depth)}:"])
        lines.indent(body, unit, inner)
    return True


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
    """Hoist a lock that is made in the function to where all threads share it, and test under it."""
    text = source.text[fact.span.start : fact.span.end]
    lines = Lines(source, fact.strings)
    lock = choose_lock(fact, source, lines, reentrant="RLock(" in text or fact.reenters())
    made, entered = [*_MADE.finditer(text)], [*_ENTERED.finditer(text)]
    if lock is None or not lock.line or len(made) + len(entered) != 1:
        return None
    at = fact.span.start
    if entered:
        own = entered[0].group(1)
        used = Span(at + entered[0].start(1), at + entered[0].end(1))
    else:
        own, uses = made[0].group(1), [*re.finditer(rf"(?<![\w.]){made[0].group(1)}\b", text)]
        if len(uses) != 2 or not re.search(rf"with {own}[ \t]*:", text):
            return None
        lines.replace(Span(at + made[0].start(), at + made[0].end()), "")
        used = Span(at + uses[1].start(), at + uses[1].end())
    lines.replace(used, lock.written)
    if used.start > fact.test.start:
        header = _header(source, own, fact.guarded)
        if header is None or not _test_again(lines, fact, header, own):
            return None
    add_lock(lines, lock.line, lock.at)
    needs = (ImportNeed(fact.path, "threading"),) if lock.needs_import else ()
    reasons = [_TWICE] if fact.test_calls and used.start > fact.test.start else []
    return _fix(f"Take one lock, `{lock.written}`, in all threads", lines, reasons, needs)


def _held_on(fact: LazyInit, source: SourceFile) -> Fix | None:
    """Move what follows the ``with`` of the test, up to the assignment, under its lock."""
    lock = fact.read_lock
    behind = fact.statement if fact.shape == "if" else fact.guarded
    header = _header(source, lock, Span(fact.span.start, behind.start)) if lock else None
    if lock is None or header is None or header.group(1) is not None or fact.shape not in ("if", "early-return"):
        return None
    lines = Lines(source, fact.strings)
    base, unit = source.indent_at(header.start()), inner_unit(source, fact.span, fact.strings)
    first = lines.after(_block(lines, header.end(), base + unit).end)
    tail = Span(first, behind.end)
    if first > behind.start or source.indent_at(behind.start) != base or not _block(lines, first, base).contains(tail):
        return None
    if re.search(rf"\b{re.escape(lock)}\b", source.text[tail.start : tail.end]):
        return None
    lines.indent(tail, unit, base)
    last = re.escape(lock.rpartition(".")[2])
    everywhere = len(re.findall(rf"\bwith\b[^\n:]{{0,200}}\b{last}\b|\b{last}\.acquire\b", source.text))
    reasons = [f"check that nothing called there takes `{lock}` too"] if everywhere > 1 or fact.reenters() else []
    return _fix(f"Hold `{lock}` until `{fact.name}` is set", lines, reasons)
