"""Making a lazy global at import instead (``singleton-style = "module"``): importing a module holds a lock."""

from __future__ import annotations

import re

from sqla_guard.core.fix import Applicability, Fix
from sqla_guard.core.source import SourceFile, Span
from sqla_guard.facts.lazy import LazyInit
from sqla_guard.facts.values import Call
from sqla_guard.fix.reindent import Lines


def can_be_made_at_import(fact: LazyInit) -> bool:
    """Tell whether the object is one call without arguments, and nothing else but the test depends on it."""
    only = fact.sets[0] if len(fact.sets) == 1 else None
    if only is None or only.target is None or fact.shape != "if" or fact.kind != "global" or fact.guard != "none":
        return False
    if fact.resets or fact.early or fact.others_tested or fact.alias or fact.is_async or fact.decided:
        return False
    if only.statement != fact.guarded or fact.statement.end != fact.guarded.end:
        return False
    if not any(load.role == "return" and load.span.start > fact.statement.end for load in fact.loads):
        return False
    return isinstance(only.value, Call) and not only.value.args and not only.value.keywords


def at_import_fix(fact: LazyInit, source: SourceFile) -> Fix | None:
    """Return the fix; what the call needs is bound at module level before the function, as the rule has seen to."""
    text, bound = source.text, fact.site.bound
    name = re.escape(fact.name)
    declared = [*re.finditer(rf"^[ \t]*global[ \t][^\n]*\b{name}\b[^\n]*$", text, re.MULTILINE)]
    alone = len(declared) == 1 and re.fullmatch(rf"\s*global\s+{name}\s*", declared[0].group()) is not None
    if bound is None or not alone or not re.fullmatch(rf"{name}\s*(?::[^=]+)?=\s*None", text[bound.start : bound.end]):
        return None
    lines = Lines(source, fact.strings)
    if (
        fact.guarded_inline
        or not lines.is_first_on_line(fact.statement.start)
        or not lines.is_first_on_line(bound.start)
    ):
        return None
    made = text[fact.sets[0].value_span.start : fact.sets[0].value_span.end]
    head = text[bound.start : bound.end].rpartition("=")[0].rstrip()
    for gone in (declared[0].start(), fact.statement.start):
        end = fact.statement.end if gone == fact.statement.start else gone
        lines.replace(Span(lines.start(gone), lines.after(end)), "")
    new = f"{head} = {made}"
    if _knows_enough(fact, text, bound):
        lines.replace(bound, new)
    else:
        lines.replace(Span(lines.start(bound.start), lines.after(bound.end)), "")
        lines.insert_lines(lines.start(fact.site.top_statement.start), [new, "", ""])
    title = f"Make `{fact.name}` at import (it is made even where nobody asks for it, and earlier)"
    return Fix(title, lines.edits(), Applicability.UNSAFE)


def _knows_enough(fact: LazyInit, text: str, bound: Span) -> bool:
    """Tell whether what is called is bound above the line that binds the global."""
    value = fact.sets[0].value_span
    root = re.match(r"\w+", text[value.start : value.end])
    word = root.group() if root else ""
    defined = re.search(rf"^(?:async def|def|class)\s+{word}\b|^{word}\b[^\n]*=(?!=)", text, re.MULTILINE)
    return defined is None or defined.start() < bound.start
