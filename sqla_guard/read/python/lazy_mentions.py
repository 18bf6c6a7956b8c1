"""What a function does with a shared place, told from the lines that name it: whether it may test and then make it.

The words of the close reading: a test is an ``if``, an ``or`` or a conditional expression that speaks of the place, or
of a local name that it was read into; what makes it is an assignment of something else than ``None`` or ``False``.
Whatever a line leaves open counts as a yes.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Literal

from sqla_guard.core.words import words_in
from sqla_guard.read.python.lazy_lines import compiled, goes_on, line_of, owner_before

PlaceKind = Literal["name", "attribute", "member", "element"]
"""How a place is written: ``X``, ``owner.x``, ``owner.x[key]``, ``X[key]``."""

_ASKS = rb"\b(?:if|elif|or)\b|:="
_SET = rb"\s*(?::[^\n=]{0,400})?=(?!=)"
_SET_UNDER_KEY = rb"[ \t]{0,40}\[[^\n]{0,400}\]\s*(?::[^\n=]{0,400})?=(?!=)"
_SET_UNDER_CONSTANT = rb"[ \t]{0,40}\[[ \t]{0,40}[rubRUB]{0,2}['\"0-9TFN.-][^\n]{0,400}\]\s*(?::[^\n=]{0,400})?=(?!=)"
_EMPTY = rb"\s*(?:None|False|0|\"\"|'')[ \t]*(?:[;#]|\Z)"
_CHANGED = rb"\s*(?:\*\*|//|>>|<<|[-+*/|&^%@])="
_DECLARED = rb"(?:.*[;:])?\s*(?:global|nonlocal)\b[\w\s,]*\Z"
_BOUND_OTHERWISE = re.compile(rb"\bfor\b|\bimport\b|\bas\s*\Z")
# What may stand before a target that is one of several, and behind it.
_HEAD = re.compile(rb"\s*(?:(?:if|elif|else|for|while|try|except|finally|with|def|async|class|match|case)\b.*:|.*;)?")
_AMONG = re.compile(rb"[\w\s.,()\[\]*'\"\\=-]*\Z")
_AMONG_ON = re.compile(rb"\s*[,)\]\\][\w\s.,()\[\]*'\"\\-]*(?:=(?!=)|\Z)|\s*(?:#|\Z)")
_KEYWORD = rb"\s*(?:return|if|elif|while|assert|raise|yield|await|not|del|with|and|or|in|is|lambda)\b"
# Statements whose expressions test nothing.
_NO_TEST = rb"\s*(?:return|raise|del|assert|import|from)\b[^;]*\Z"
_PART = rb"\s*(?:\.\s*(\w+)|\()"
_COMPARED = rb"\s*(?:[=!]=[ \t]*['\"\w]|[<>])"
_EMPTY_WORD = rb"\s*[=!]=\s*(?:None|True|False)\b"
_RIGHT = rb"(?:[=!]=|[<>]=?|\bis|\bis\s+not|\bin)[ \t]*(?:\w+\.)?\Z"
_UNDER_KEY = rb"\s*(?:\[|\.\s*get\b)"
_INTO_LOCAL = rb"(?:.*[:;])?\s*\w+\s*=(?!=)"
_CONTINUES = rb"\s*(?:(?:and|or|not|is|in|if|else)\b|[=!<>+\-*/%|&^)\]}.])"
# How far behind a place its target may go on.
_MOST_FURTHER = 400
# A longer line is left open: looking at all of it from each place on it would take long.
_LONG_LINE = 1_000
_SINGLETON = re.compile(rb"\s*(?:async\s+)?def\s+(?:__new__|__call__)\b")


class Mentions:
    """What one function does with one place."""

    def __init__(self, function: bytes, name: bytes, kind: PlaceKind, owners: frozenset[bytes], any_key: bool) -> None:
        """Remember what is asked.

        Args:
            function: The text of the function, from the start of its first line on.
            name: The place: the last word of it.
            kind: How it is written.
            owners: What may stand before the dot of an attribute.
            any_key: Whether the keys of an element may be variables.
        """
        self._text = function
        self._name = name
        self._kind = kind
        self._owners = owners
        fixed = kind in ("member", "element") and not any_key and not _SINGLETON.match(function)
        under = _SET_UNDER_CONSTANT if fixed else _SET_UNDER_KEY
        self._set = compiled(_SET if kind in ("name", "attribute") else under)

    def may_make(self) -> bool:
        """Tell whether the function may both test the place and set it to something."""
        text = self._text
        if compiled(_ASKS).search(text) is None:
            return False
        if not self._name:
            return True
        asked = False
        for start, end, before, behind in self._lines():
            if len(before) + len(behind) > _LONG_LINE:
                return True
            if not self._is_meant(start, before, behind):
                continue
            made = self._makes(start, before, behind) or self._makes_further_on(end, behind)
            if made and (asked or self._may_ask_yet(end, behind)):
                return True
            asked = asked or self._asks(start, before, behind)
        return False

    def _lines(self) -> Iterator[tuple[int, int, bytes, bytes]]:
        """Yield where the name stands, with what its line has before it and behind it."""
        text = self._text
        for start, end in words_in(text, self._name):
            last = text.find(b"\n", end)
            yield start, end, text[line_of(text, start) : start], text[end : last if last >= 0 else len(text)]

    def _is_meant(self, start: int, before: bytes, behind: bytes) -> bool:
        if b"#" in before and b"'" not in before and b'"' not in before:
            return False
        if self._kind == "name":
            return compiled(_DECLARED).match(before) is None
        near = self._text[max(0, start - 400) : start].rstrip(b" \t\n\\")
        if self._kind == "element":
            return not near.endswith(b".")
        return behind.startswith((b"'", b'"')) or (
            near.endswith(b".") and owner_before(near, len(near) - 1) in self._owners
        )

    def _makes(self, start: int, before: bytes, behind: bytes) -> bool:
        if behind.startswith((b"'", b'"')):
            return b"setattr" in before or self._is_further_on(start, before)
        found = self._set.match(behind)
        if found is not None:
            return compiled(_EMPTY).match(behind, found.end()) is None
        if compiled(_CHANGED).match(behind) is not None:
            return False
        return _BOUND_OTHERWISE.search(before) is not None or may_be_one_of_several(before, behind)

    def _may_ask_yet(self, end: int, behind: bytes) -> bool:
        """Tell whether what stands behind a target may test it: ``X = X or make()``, on this line or on those after."""
        if compiled(_ASKS).search(behind) is None and not _may_be_unfinished(behind):
            return False
        last = len(self._text) if _may_be_unfinished(behind) else end + len(behind)
        return any(end < start < last and self._is_meant(start, *lines) for start, _, *lines in self._lines())

    def _makes_further_on(self, end: int, behind: bytes) -> bool:
        """Tell whether the place may be set on a line after its name: a key or an annotation may take several."""
        is_open = behind.count(b"[") + behind.count(b"(") > behind.count(b"]") + behind.count(b")")
        if self._kind == "name" or not (is_open or behind.rstrip().endswith(b"\\")):
            return False
        near = self._text[end : end + _MOST_FURTHER].replace(b"\\\n", b"  ").replace(b"\n", b" ")
        return self._set.match(near) is not None

    def _asks(self, start: int, before: bytes, behind: bytes) -> bool:
        if behind.startswith((b"'", b'"')):
            if b"setattr" in before:
                return False
            return (
                b"attr" in before
                or self._is_further_on(start, before)
                or re.match(rb"['\"]\s*(?:not|in)\b", behind) is not None
            )
        simple = self._kind in ("name", "attribute")
        bound = self._set.match(behind)
        # Not so in ``if not X:  # a = b`` and ``if X[k] is None: X[k] =``.
        is_target = bound is not None and self._name not in bound[0] and compiled(_ASKS).search(before) is None
        if is_target or compiled(_CHANGED).match(behind) is not None:
            return False
        if not (self._is_whole(before, behind) if simple else self._is_under_key(start, behind)):
            return False
        if compiled(_NO_TEST).match(before) is not None:
            return False
        if compiled(_ASKS).search(before) or compiled(_ASKS).search(behind) or compiled(_INTO_LOCAL).match(before):
            return True
        if b"=" in before and _may_be_unfinished(before + behind):
            return True
        return compiled(_CONTINUES).match(before) is not None or goes_on(self._text, 0, start - len(before) - 1)

    def _is_further_on(self, start: int, before: bytes) -> bool:
        """Tell whether a quoted name may be an argument of a call that begins on a line before."""
        return not before.strip(b" \t\"'") or goes_on(self._text, 0, start - len(before) - 1)

    def _is_whole(self, before: bytes, behind: bytes) -> bool:
        """Tell whether the place itself may be tested, and not a part of it, nor something else by comparing it."""
        if compiled(_PART).match(behind) is not None or compiled(_RIGHT).search(before[-100:]) is not None:
            return False
        return compiled(_COMPARED).match(behind) is None or compiled(_EMPTY_WORD).match(behind) is not None

    def _is_under_key(self, start: int, behind: bytes) -> bool:
        """Tell whether an element may be tested: it is looked up, or asked for by ``in``."""
        if compiled(_UNDER_KEY).match(behind) is not None or not behind.strip(b" \t\\."):
            return True
        near = self._text[max(0, start - 400) : start].rstrip(b" \t\n\\(")
        while self._kind == "member" and near.endswith(b"."):
            near = near[:-1].rstrip(b" \t\n\\")
            if near.endswith(b")"):
                near = near.rpartition(b"(")[0].rstrip(b" \t\n\\")
            near = near.rstrip(_NAMED).rstrip(b" \t\n\\(")
        return near.endswith(b"in")


_NAMED = b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_"


def may_be_one_of_several(before: bytes, behind: bytes) -> bool:
    """Tell whether what stands between two parts of a line may be one of several targets of an assignment."""
    head = _HEAD.match(before)
    statement = before[head.end() if head else 0 :]
    if compiled(_KEYWORD).match(statement) is not None or _AMONG.match(statement) is None:
        return False
    on = _AMONG_ON.match(behind)
    if on is None:
        return False
    whole = before + on.group()
    opened, closed = (sum(map(whole.count, marks)) for marks in ((b"(", b"["), (b")", b"]")))
    # What stands in the brackets of a key or a call is no target.
    is_alone = compiled(rb"[\w)\]][ \t]*[(\[][^()\[\]]*\Z").search(before[-400:]) is None
    return is_alone and (opened <= closed or not on.group().endswith(b"="))


def _may_be_unfinished(line: bytes) -> bool:
    """Tell whether a statement may go on behind its line."""
    if line.rstrip().endswith(b"\\") or any(mark in line for mark in (b"'", b'"', b"#")):
        return True
    return any(
        line.count(opened) != line.count(closed) for opened, closed in ((b"(", b")"), (b"[", b"]"), (b"{", b"}"))
    )
