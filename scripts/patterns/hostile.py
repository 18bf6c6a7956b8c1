"""Inputs that would take a regular expression longest, made from the expression itself."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import Any

if sys.version_info >= (3, 11):
    from re import _constants as codes
    from re import _parser as parser
else:
    import sre_constants as codes
    import sre_parse as parser

MANY = 600
"""Repeats that may go on for longer than this count as endless."""

# What stands for a class of characters: one of each kind that the expressions tell apart.
_KINDS = "a_A0 \n\t.,:;=-+*/\\'\"()[]{}<>#$%@&|!?é"
_BREAK = "\x00!"


def parsed(pattern: str | bytes, flags: int) -> Any:
    """Return the tree of ``pattern`` as the standard library parses it."""
    parse: Any = parser.parse  # takes bytes too
    return parse(pattern, flags)


def pumps(tree: Any) -> Iterator[tuple[str, str, str]]:
    """Yield what stands before a part that is repeated, that part, and what stands behind it."""
    seen: set[tuple[str, str, str]] = set()
    repeats = list(_repeats(tree, ""))
    if not repeats:
        return  # what is bounded takes a bounded time at each place
    for before, inner in [*repeats, ("", tree)]:
        bodies = _bodies(inner)
        for body in bodies:
            for case in ((before, body, _BREAK), ("", body, _BREAK), ("", before + body, _BREAK), (before, body, "")):
                if case[1] and case not in seen:
                    seen.add(case)
                    yield case


def _repeats(items: Any, before: str) -> Iterator[tuple[str, Any]]:
    """Yield the body of each endless repeat with a text that leads to it."""
    for code, argument in items:
        for inner in _inside(code, argument):
            yield from _repeats(inner, before)
        if _is_repeat(code) and argument[1] > MANY:
            yield before, argument[2]
        before += _sample(code, argument)


def _is_repeat(code: Any) -> bool:
    return str(code) in ("MAX_REPEAT", "MIN_REPEAT", "POSSESSIVE_REPEAT")


def _inside(code: Any, argument: Any) -> list[Any]:
    name = str(code)
    if _is_repeat(code):
        return [argument[2]]
    if name == "SUBPATTERN":
        return [argument[-1]]
    if name == "BRANCH":
        return list(argument[1])
    if name in ("ASSERT", "ASSERT_NOT"):
        return [argument[1]]
    if name == "ATOMIC_GROUP":
        return [argument]
    return []


def _bodies(items: Any) -> list[str]:
    """Return a few texts that ``items`` match."""
    if len(items) == 1:
        code, argument = items[0]
        name = str(code)
        if name in ("IN", "ANY", "NOT_LITERAL", "CATEGORY"):
            return [c for c in _KINDS if _takes(code, argument, c)][:8]
        if name == "BRANCH":
            return [text for branch in argument[1] for text in _bodies(branch)][:8]
        if name == "SUBPATTERN":
            return _bodies(argument[-1])
        if _is_repeat(code):
            return _bodies(argument[2])
    text = "".join(_sample(code, argument) for code, argument in items)
    return [text, text[:-1]] if len(text) > 1 else [text]


def _sample(code: Any, argument: Any) -> str:
    """Return one short text that a part matches."""
    name = str(code)
    if name == "LITERAL":
        return chr(argument)
    if name in ("IN", "ANY", "NOT_LITERAL", "CATEGORY"):
        return next((c for c in _KINDS if _takes(code, argument, c)), "\x7f")
    if name in ("AT", "ASSERT_NOT", "GROUPREF"):
        return ""
    if name == "ASSERT":
        return "".join(_sample(*item) for item in argument[1]) if argument[0] > 0 else ""
    inside = _inside(code, argument)
    if _is_repeat(code):
        inside = [argument[2]] * max(1, min(argument[0], 20))
    elif name == "BRANCH":
        inside = inside[:1]
    return "".join(_sample(*item) for part in inside for item in part)


def _takes(code: Any, argument: Any, character: str) -> bool:
    name, point = str(code), ord(character)
    if name == "ANY":
        return character != "\n"
    if name == "NOT_LITERAL":
        return bool(point != argument)
    if name == "CATEGORY":
        return in_category(argument, character)
    return in_set(argument, character)


def in_set(items: Any, character: str) -> bool:
    """Tell whether ``[...]`` takes ``character``."""
    negated = str(items[0][0]) == "NEGATE"
    point = ord(character)
    for code, argument in items[negated:]:
        name = str(code)
        if (
            (name == "LITERAL" and point == argument)
            or (name == "RANGE" and argument[0] <= point <= argument[1])
            or (name == "CATEGORY" and in_category(argument, character))
        ):
            return not negated
    return negated


def in_category(category: Any, character: str) -> bool:
    r"""Tell whether ``\w`` and the like take ``character``."""
    name = str(category)
    word = character.isalnum() or character == "_"
    kinds = {"DIGIT": character.isdecimal(), "SPACE": character.isspace(), "WORD": word}
    kind = name.rpartition("_")[2]
    return kinds[kind] != ("_NOT_" in name)


__all__ = ["MANY", "codes", "in_category", "in_set", "parsed", "pumps"]
