"""What the text of a module says about its names, without a tree of it; ``None`` where it leaves that open.

The text is as :attr:`~sqla_guard.read.python.bodies.Bodies.code` has it: without comments, and with quotes for strings.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

# What a call goes on with behind the name, and behind one in brackets.
_OPENED = re.compile(r"[\s\\]*\(")
_OPENED_BEHIND = re.compile(r"[\s\\]*\)[\s\\)]*\(")
# What a name that calls no class stands behind.
_NO_CALL = re.compile(r"(?:\.|\b(?:class|def)\b)[\s\\]{0,9}\Z|\w\Z")
# What stands before the call in a plain assignment at the top of a module, and what goes on behind a call.
_KEPT = re.compile(r"\w+[ \t]*(?::[^\n=]*)?=[ \t]*")
_GOES_ON = re.compile(r"[ \t]*[^\s;)\\]")
_BLANK = re.compile(r"[ \t]*(?:\n|\Z)")
_FIRST = re.compile(r"[ \t]*\S")
_BRACKET = re.compile(r"[()]")
# A class pattern is written as a call.
_PATTERNS = re.compile(r"case(?<!\wcase)[ \t(\[{\"\\-]")
DEFINITIONS = ("def ", "async def ", "class ")
# An assignment of a boolean to a place; what stands before a place, and behind it, where it is no such assignment.
_FLAG = re.compile(r"[ \t]*(?::[^\n=]*)?=[ \t]*(?:True|False)[ \t]*(?:[;\n]|\Z)")
_OWNER = re.compile(r"\s*(?:\w+\.)*")
_MAY_BE_FLAG = re.compile(r"=[\s\\(]*(?:True|False)\b")
_SET = re.compile(r"(?<![=!<>])=(?!=)|<<=|>>=")
_MAY_BEGIN = re.compile(r"[^:;]*[:;].*|\s*[\w.(]*")
_ANNOTATED = re.compile(r"[ \t)]*:")
# How far a line is looked at from a name on; a longer one is in doubt.
_LONG = 400
_MANY = 20


def has_only_one(name: str, code: str, text: str) -> bool | None:
    """Tell whether a module makes one instance of the class ``name`` at its top, and no other anywhere.

    Args:
        name: The class.
        code: The text without strings.
        text: The text with them.
    """
    calls = list(_calls(name, code))
    if not code or not code.isascii() or (calls and _PATTERNS.search(code)) or _is_called_in_brackets(name, code):
        return None
    if len(calls) != 1:
        return False
    start, end = calls[0]
    line = code.rfind("\n", 0, start) + 1
    behind = _behind_call(code, end)
    if _GOES_ON.match(code, behind) or _is_in_definition(code, line):
        return False
    is_plain = _KEPT.fullmatch(code, line, start) and _BLANK.match(code, behind) and code[line - 2 : line - 1] != "\\"
    return True if is_plain and is_balanced(code, 0, line) and not _may_be_formatted(name, code, text) else None


def _is_called_in_brackets(name: str, code: str) -> bool:
    """Tell whether ``(name)(...)`` may stand somewhere."""
    return any(_OPENED_BEHIND.match(code, end) for _, end in mentioned(name, code))


def may_be_only_one(name: str, code: str) -> bool:
    """Tell whether no more than one instance of the class ``name`` is made in a module."""
    return _PATTERNS.search(code) is not None or sum(1 for _ in _calls(name, code)) <= 1


def _may_be_formatted(name: str, code: str, text: str) -> bool:
    """Tell whether a string with expressions may call ``name``."""
    quoted = [start for start, _ in _calls(name, text) if code[start] == '"']
    return len(quoted) > _MANY or any(code[:start].rstrip('"')[-1:].isalpha() for start in quoted)


def _calls(name: str, code: str) -> Iterator[tuple[int, int]]:
    """Yield where ``name`` is called: its start, and behind the bracket."""
    for start, end in mentioned(name, code):
        call = _OPENED.match(code, end)
        if call is not None and _NO_CALL.search(code, max(0, start - 20), start) is None:
            yield start, call.end()


def _behind_call(code: str, at: int) -> int:
    """Return what is behind the bracket that closes one opened ahead of ``at``."""
    depth = 1
    for bracket in _BRACKET.finditer(code, at):
        depth += 1 if bracket.group() == "(" else -1
        if not depth:
            return bracket.end()
    return len(code)


def _is_in_definition(code: str, line: int) -> bool:
    """Tell whether the line that starts there is one of a function or class, or its header."""
    depth = len(code)
    while True:
        first = _FIRST.match(code, line)
        if first is not None and first.end() - line <= depth:
            depth = first.end() - line - 1
            if code.startswith(DEFINITIONS, line + depth):
                return True
        if not depth or not line:
            return False
        line = code.rfind("\n", 0, line - 1) + 1


def only_booleans(word: str, code: str) -> bool | None:
    """Tell whether every assignment to what ends in ``word`` is ``True`` or ``False``, and there is one."""
    found = set(_booleans(word, code)) if code.isascii() else {None}
    return False if found <= {False} else True if found == {True} else None


def _booleans(word: str, code: str) -> Iterator[bool | None]:
    """Yield for each place that ends in ``word`` and may be bound whether a boolean is assigned to it."""
    for start, end in mentioned(word, code):
        before = code[max(0, start - _LONG) : start].rpartition("\n")[2]
        behind = code[end : end + _LONG]
        if _FLAG.match(behind) and _OWNER.fullmatch(before):
            yield True
            continue
        line, newline, _ = behind.partition("\n")
        if not newline or len(before) == _LONG or _goes_on(before, line):
            yield None
        elif _SET.search(line):
            yield None if _MAY_BE_FLAG.search(line) else False
        elif "del" in before or (_ANNOTATED.match(line) and _MAY_BEGIN.fullmatch(before)):
            yield False


def _goes_on(before: str, behind: str) -> bool:
    """Tell whether a place may be one of the targets on a line that do not end with it."""
    line = (before + behind).rstrip()
    if line.endswith(("\\", ",")) or not is_balanced(line, 0, len(line)):
        return True
    return not behind.strip() and before.rstrip()[-1:] in ("", ".", ",", "*")


def mentioned(word: str, code: str) -> Iterator[tuple[int, int]]:
    """Yield where ``word`` stands as a whole word: start and end; an empty one stands nowhere."""
    at = code.find(word) if word else -1
    while at >= 0:
        end = at + len(word)
        before, behind = code[at - 1 : at], code[end : end + 1]
        if not (before.isalnum() or before == "_" or behind.isalnum() or behind == "_"):
            yield at, end
        at = code.find(word, end)


def is_balanced(code: str, start: int, end: int) -> bool:
    """Tell whether as many brackets of each kind are closed as opened in a part of a text."""
    return all(code.count(a, start, end) == code.count(b, start, end) for a, b in ("()", "[]", "{}"))
