"""The closer look at whether a Python file can hold SQL: code, comments and documentation say none, strings do.

Told from the text, without parsing it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from keyword import iskeyword
from string import ascii_letters, digits

from sqla_guard.core.source import SourceFile
from sqla_guard.read.python.bodies import Bodies, bodies_of
from sqla_guard.read.python.sql_names import FOLLOWED, GROWS, VERBS
from sqla_guard.read.sql_marker import Parts, may_hold_sql_in

# A string in the code that ``bodies`` tells, with the letters before it.
_STRING = re.compile(r'[rbfuRBFU]{0,2}"+')
# A string that stands alone at the start of a body.
_DOCUMENTATION = re.compile(r'\s*([rRuU]?"+)(?=[ \t]*(?:\n|\Z))')
# The key of a subscript: what it is looked up for becomes SQL, never the key itself. Behind a keyword it is a list.
_KEY = re.compile(r'\[([rRuU]?"+)\]')
_LETTERS = ascii_letters + digits + "_"
# A call that is given but strings side by side, and what may be the start of a statement of SQL, or of what is put in.
_GIVEN = re.compile(r'\(((?:[rbfuRBFU]{0,2}"+(?!")\s*)+)[,)]')
_STATEMENT = re.compile(r" *(?:raise +|await +)?(?:[\w.]*\.)?(\w+)\Z")
_BEGINS = re.compile(rf"[rbfu]{{0,2}}[\"']{{1,3}}\s*(?:[{{%/(\\\"'-]|(?:{VERBS})(?!\w))", re.IGNORECASE)
_LONGEST, _LONGEST_LINE = 12, 200
# Another word for each word of the code, as long, that no statement has.
_WORDLESS = bytes(ord("_") if bytes([c]).isalnum() else c for c in range(256))


def may_speak_sql(source: SourceFile, wanted: frozenset[str] | None) -> bool:
    """Tell whether the strings of a Python file can hold SQL that matters; never wrong with ``False``.

    Args:
        source: The file.
        wanted: Names of interest, in lower case; ``None`` for any.
    """
    text, bodies = source.text, bodies_of(source)
    if len(bodies.code) != len(text) or not bodies.code.isascii():
        return True  # in doubt what is a string
    said = _said(text, bodies).encode("utf-8", "surrogatepass")
    whole = text.encode("utf-8", "surrogatepass").lower()
    return may_hold_sql_in(said, Parts(whole, said.lower(), bodies.code.lower().encode()), wanted)


def _said(text: str, bodies: Bodies) -> str:
    """Return ``text`` with ``_`` for each letter of its code, without what can be no SQL, wherever it goes.

    Prefixes and quotes stay.
    """
    code = bodies.code.encode().translate(_WORDLESS).decode()
    silent = {*_documents(bodies), *_keys(bodies.code), *_messages(text, bodies.code)}
    parts: list[str] = []
    done = 0
    for found in _STRING.finditer(bodies.code):
        start, end = found.span()
        parts += (code[done:start], text[start:end] if start not in silent else '""')
        done = end
    return "".join((*parts, code[done:]))


def _documents(bodies: Bodies) -> Iterator[int]:
    """Yield where the documentation of functions starts."""
    for body in bodies.found:
        found = _DOCUMENTATION.match(bodies.code, body.start)
        if found:
            yield found.start(1)


def _keys(code: str) -> Iterator[int]:
    for key in _KEY.finditer(code):
        before = code[max(0, key.start() - _LONGEST) : key.start()]
        word = before[len(before.rstrip(_LETTERS)) :]
        # Not ``for name in["one"]``.
        if not iskeyword(word) if word else before.endswith((")", "]")):
            yield key.start(1)


def _messages(text: str, code: str) -> Iterator[int]:
    """Yield where strings start that a call gets whole that is a statement of its own: a message to somebody.

    SQL would begin like SQL, unless a function of this file makes something of it.
    """
    depth = done = 0
    bound: dict[str, bool] = {}
    for given in _GIVEN.finditer(code):
        line = code.rfind("\n", max(0, given.start() - _LONGEST_LINE), given.start()) + 1
        call = _STATEMENT.match(code, line, given.start())
        if not line or call is None or _BEGINS.match(text, given.start(1)):
            continue
        depth += sum(code.count(bracket, done, line) for bracket in "([{")
        depth -= sum(code.count(bracket, done, line) for bracket in ")]}")
        done, name = line, call[1]
        if depth or name in FOLLOWED | GROWS:
            continue
        if name not in bound:
            bound[name] = _is_bound(code, name)
        if not bound[name]:
            yield from (found.start() for found in _STRING.finditer(code, *given.span(1)))


def _is_bound(code: str, name: str) -> bool:
    """Tell whether a file itself may say what ``name`` stands for."""
    for found in re.finditer(rf"{name}(?<!\w{name})(?!\w)", code):
        before = code[max(0, found.start() - _LONGEST) : found.start()].rstrip()
        after = code[found.end() : found.end() + _LONGEST].lstrip()
        if before.endswith(("def", "class", "as")) or (after[:1] in ("=", ":") and after[:2] != "=="):
            return True
    return False
