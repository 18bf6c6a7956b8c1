"""Edits that take a directive, or a part of one, out of its file, or correct it."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from sqla_guard.core.fix import Applicability, Edit, Fix
from sqla_guard.core.source import SourceFile
from sqla_guard.facts.ignores import Directive, Selector

_BLANKS = " \t"


def removal(directive: Directive, source: SourceFile) -> Fix | None:
    """Return the fix that takes ``directive`` out, with its comment or its line where nothing else stands there.

    A file whose checksum tools remember gets none.
    """
    if directive.fixed:
        return None
    return Fix("Remove the directive", (_removal(directive, source.text),), Applicability.SAFE)


def without(directive: Directive, dead: Collection[Selector], source: SourceFile) -> Fix | None:
    """Return the fix that takes the selectors ``dead`` out of ``directive``, and all of it if none is left."""
    gone = frozenset(dead)
    kept = [selector for selector in directive.selectors if selector not in gone]
    if not kept or directive.fixed:
        return removal(directive, source)
    first, last = directive.selectors[0].span, directive.selectors[-1].span
    between = source.text[first.end : directive.selectors[1].span.start]
    edit = Edit(directive.path, first.start, last.end, between.join(selector.text for selector in kept))
    names = ", ".join(f"`{selector.text}`" for selector in dead)
    return Fix(f"Remove {names} from the directive", (edit,), Applicability.SAFE)


def corrected(directive: Directive, meant: Mapping[Selector, str]) -> Fix | None:
    """Return the fix that writes the rules that are ``meant`` in place of selectors; it silences what they find."""
    if directive.fixed:
        return None
    edits = tuple(Edit(directive.path, s.span.start, s.span.end, word) for s, word in meant.items())
    words = ", ".join(f"`{word}` for `{selector.text}`" for selector, word in meant.items())
    return Fix(f"Write {words}", edits, Applicability.UNSAFE)


def _removal(directive: Directive, text: str) -> Edit:
    start, end = directive.span.start, directive.span.end
    limit = directive.string.end if directive.string else len(text)
    line_end = end
    # Only as far as it is blank: a line may hold one directive after the other.
    while line_end < limit and text[line_end] not in "\r\n" and text[line_end].isspace():
        line_end += 1
    follows = line_end < limit and text[line_end] not in "\r\n"
    if follows or (line_end == limit and directive.string):
        # Something follows: it stays where it is.
        while end < line_end and text[end] in _BLANKS:
            end += 1
        return Edit(directive.path, start, end, "")
    while start > 0 and text[start - 1] in _BLANKS:
        start -= 1
    if start == 0 or text[start - 1] in "\r\n":
        line_end += 2 if text.startswith("\r\n", line_end) else 1
        return Edit(directive.path, start, min(line_end, len(text)), "")
    return Edit(directive.path, start, line_end, "")
