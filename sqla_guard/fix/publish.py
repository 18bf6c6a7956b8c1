"""Publishing last: where the object can be seen half made, it is built in a local name under the lock that is there."""

from __future__ import annotations

import re

from msgspec import Struct

from sqla_guard.core.fix import Applicability, Fix
from sqla_guard.core.source import SourceFile, Span
from sqla_guard.facts.lazy import GlobalSet, LazyInit
from sqla_guard.fix.async_lock import LOCK_AT_IMPORT, async_lock_fix
from sqla_guard.fix.lock import local_name, lock_fix, published
from sqla_guard.fix.reindent import Lines

_LEAVES = re.compile(r"^[ \t\f]*(?:return|yield|break|continue)\b|=\s*yield\b", re.MULTILINE)


def publish_fix(
    fact: LazyInit, source: SourceFile, comes_back: bool = False, python: tuple[int, int] = LOCK_AT_IMPORT
) -> Fix | None:
    """Return the fix that sets the shared place last, or ``None`` where no edit is known to be right."""
    if fact.init_after and fact.init_call is None:
        return None
    if fact.guard == "checked":
        return _publish_under_lock(fact, source)
    return async_lock_fix(fact, source, python) if fact.is_async else lock_fix(fact, source, comes_back)


class _Rest(Struct, frozen=True):
    """What follows the assignment in its block.

    Attributes:
        span: From the line behind the assignment to where the place is to be set.
        indent: The block's indentation.
    """

    span: Span
    indent: str


def _publish_under_lock(fact: LazyInit, source: SourceFile) -> Fix | None:
    sets = [s for s in fact.sets if s.name == fact.name]
    if len(sets) != 1 or sets[0].target is None or fact.resets or fact.form == "flag":
        return None
    lines = Lines(source, fact.strings)
    rest = _rest(lines, sets[0], fact.strings)
    after = [load for load in fact.loads if rest.span.contains(load.span)]
    text = source.text[rest.span.start : rest.span.end]
    if (not text and not fact.init_after) or _LEAVES.search(text):
        return None
    if any(load.role == "nested" for load in fact.loads) or not lines.is_first_on_line(sets[0].statement.start):
        return None
    value = source.text[sets[0].value_span.start : sets[0].value_span.end]
    if value.isidentifier():
        # It has a local name already: only the assignment moves.
        local = value
        lines.replace(Span(lines.start(sets[0].statement.start), lines.after(sets[0].statement.end)), "")
    else:
        local = local_name(fact)
        lines.replace(sets[0].target, local)
    for load in after:
        lines.replace(load.span, local)
    lines.insert_lines(rest.span.end, [rest.indent + line for line in published(fact, local)])
    title = f"Set `{fact.name}` last (it is no longer set while it is being set up, nor when that fails)"
    return Fix(title, lines.edits(), Applicability.UNSAFE)


def _rest(lines: Lines, assignment: GlobalSet, strings: tuple[Span, ...]) -> _Rest:
    """Return the lines of the assignment's own block that follow it, a closing ``return`` left out."""
    source = lines.source
    indent = source.indent_at(assignment.statement.start)
    start = end = offset = lines.after(assignment.statement.end)
    while offset < len(source.text):
        following = lines.after(offset)
        line = source.text[offset:following]
        inside = any(s.start < offset < s.end for s in strings)
        leaves = not line.startswith(indent) or line.startswith(indent + "return")
        if line.strip() and not inside and leaves:
            break
        if line.strip():
            end = following
        if following == offset:
            break
        offset = following
    return _Rest(Span(start, end), indent)
