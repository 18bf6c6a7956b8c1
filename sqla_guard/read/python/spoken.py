"""The closer look at whether a Python file can hold SQL: code, comments and documentation say none, strings do.

Told from the text, without parsing it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from keyword import iskeyword
from string import ascii_letters, digits

from sqla_guard.core.source import SourceFile
from sqla_guard.core.words import words_in
from sqla_guard.read.python.bodies import Bodies, bodies_of
from sqla_guard.read.python.sql_names import FOLLOWED, GROWS, VERBS, WRAPPERS
from sqla_guard.read.sql_marker import Parts, may_hold_sql_in, may_name

# A string in the code that ``bodies`` tells, and the letters that may stand before it.
_QUOTES = re.compile('""*')
_PREFIXES = "rbfuRBFU"
# A string that stands alone at the start of a body.
_DOCUMENTATION = re.compile(r'\s*([rRuU]?"+)(?=[ \t]*(?:\n|\Z))')
# The key of a subscript: what it is looked up for becomes SQL, never the key itself. Behind a keyword it is a list.
_KEY = re.compile(r'\[([rRuU]?"+)\]')
_LETTERS = ascii_letters + digits + "_"
# A call that is given but strings side by side, and what may be the start of a statement of SQL, or of what is put in.
_GIVEN = re.compile(r'\(\s*((?:[rbfuRBFU]{0,2}"+(?!")\s*)+)[,)]')
_STATEMENT = re.compile(r" *(?:raise +|await +)?\Z")
_ENDS = re.compile(r"\s*[,)]")
_BEGINS = re.compile(rf"[rbfu]{{0,2}}[\"']{{1,3}}\s*(?:[{{%/(\\\"'-]|(?:{VERBS})(?!\w))", re.IGNORECASE)
_LONGEST, _LONGEST_LINE = 12, 200
_DEFINES = re.compile("create|alter|drop|rename")
_FOLLOWED = FOLLOWED | GROWS
# On the line on which a name is bound: it is none for a function that goes on with what it is given.
_TAKING = "exec|run|fetch|raw|scalar|" + "|".join(sorted(word.lower() for word in _FOLLOWED))
_HARMLESS = re.compile(rf"(?![^\n]*(?:{_TAKING})\w{{0,20}} *(?:[,)]|$))[^\n]*$", re.IGNORECASE | re.MULTILINE)
# Another word for each word of the code, as long, that no statement has.
_WORDLESS = bytes(ord("_") if bytes([c]).isalnum() else c for c in range(256))


def may_speak_sql(source: SourceFile, wanted: frozenset[str], are_imported: Callable[[], bool] = bool) -> bool:
    """Tell whether the strings of a Python file can hold SQL that matters; never wrong with ``False``.

    Args:
        source: The file.
        wanted: Names of interest, in lower case.
        are_imported: Tells whether the file may have one of them from another module.
    """
    text, bodies = source.text, bodies_of(source)
    if len(bodies.code) != len(text) or not bodies.code.isascii():
        return True  # in doubt what is a string
    strings, code = _said(text, bodies, wanted)
    said = strings.encode("utf-8", "surrogatepass")
    whole = text.encode("utf-8", "surrogatepass").lower()
    return may_hold_sql_in(said, Parts(whole, said.lower(), code.lower().encode()), wanted, are_imported)


def _said(text: str, bodies: Bodies, wanted: frozenset[str]) -> tuple[str, str]:
    """Return the strings and the code of ``text``, with ``""`` for what can be no SQL, wherever it goes.

    In the first, each letter of code is ``_``. Prefixes and quotes stay.
    """
    code = bodies.code
    wordless = code.encode().translate(_WORDLESS).decode()
    silent = {*documents(bodies), *_keys(code), *_given(text, code, wanted)}
    strings: list[str] = []
    others: list[str] = []
    done = told = 0
    for start, end in _strings(code, 0, len(code)):
        if start in silent:
            strings += (wordless[done:start], '""')
            others += (code[told:start], '""')
            told = end
        else:
            strings += (wordless[done:start], text[start:end])
        done = end
    return "".join((*strings, wordless[done:])), "".join((*others, code[told:]))


def _strings(code: str, first: int, last: int) -> Iterator[tuple[int, int]]:
    """Yield where the strings between two places start and end, with at most two letters before them."""
    for quotes in _QUOTES.finditer(code, first, last):
        start = quotes.start()
        while start and code[start - 1] in _PREFIXES and start > quotes.start() - 2:
            start -= 1
        yield start, quotes.end()


def documents(bodies: Bodies) -> Iterator[int]:
    """Yield where the documentation of a module and its functions starts."""
    for start in (0, *(body.start for body in bodies.found)):
        found = _DOCUMENTATION.match(bodies.code, start)
        if found:
            yield found.start(1)


def _keys(code: str) -> Iterator[int]:
    for key in _KEY.finditer(code):
        before = code[max(0, key.start() - _LONGEST) : key.start()]
        word = before[len(before.rstrip(_LETTERS)) :]
        # Not ``for name in["one"]``.
        if not iskeyword(word) if word else before.endswith((")", "]")):
            yield key.start(1)


def _given(text: str, code: str, wanted: frozenset[str]) -> Iterator[int]:
    """Yield where strings start that a call gets whole and that are no SQL that matters.

    That is a message, which a call that is a statement of its own gets: SQL would begin like SQL, unless a function of
    this file makes something of it. Or it is a statement of SQL that nothing is put into.
    """
    depth, done, data = 0, 0, code.encode()
    composing: dict[str, bool] = {}
    for given in _GIVEN.finditer(code):
        line = code.rfind("\n", max(0, given.start() - _LONGEST_LINE), given.start()) + 1
        if not line:
            continue
        start, name = _called(code, line, given.start())
        begins = _BEGINS.match(text, given.start(1)) is not None
        is_alone = not begins and _STATEMENT.match(code, line, start) is not None
        if is_alone:
            depth += sum(code.count(bracket, done, line) for bracket in "([{")
            depth -= sum(code.count(bracket, done, line) for bracket in ")]}")
            done = line
        if depth or not is_alone:
            if not (begins or name in WRAPPERS) or not _is_finished(text, given, wanted):
                continue
            if name in WRAPPERS:
                name = _taker(code, start, given.end())
        if name in _FOLLOWED or iskeyword(name):
            continue
        if name not in composing:
            composing[name] = not name or _may_compose(code, data, name)
        if not composing[name]:
            yield from (start for start, _ in _strings(code, *given.span(1)))


def _called(code: str, line: int, end: int) -> tuple[int, str]:
    """Return where what is called before the bracket at ``end`` starts on its line, and its last word."""
    before = code[line:end]
    return line + len(before.rstrip(_LETTERS + ".")), before[len(before.rstrip(_LETTERS)) :]


def _taker(code: str, start: int, end: int) -> str:
    """Return what is called with all that stands from ``start`` to ``end``, and nothing before it; empty for none."""
    before = len(code[max(0, start - _LONGEST_LINE) : start].rstrip()) + max(0, start - _LONGEST_LINE)
    if code[before - 1 : before] != "(" or code[end - 1] != ")" or not _ENDS.match(code, end):
        return ""
    return _called(code, max(0, before - _LONGEST_LINE), before - 1)[1]


def _is_finished(text: str, given: re.Match[str], wanted: frozenset[str]) -> bool:
    """Tell whether strings are a text that nothing is put into, that defines nothing and names none of ``wanted``."""
    said = text[given.start(1) : given.end(1)].lower()
    if "f" in given[1].lower() and "{" in said:
        return False
    return not _DEFINES.search(said) and not may_name(said.encode("utf-8", "surrogatepass"), wanted)


def _may_compose(code: str, data: bytes, name: str) -> bool:
    """Tell whether a call of ``name`` may make SQL of what it is given: a function of this file, or another name."""
    for start, end in words_in(data, name.encode()):
        before = code[max(0, start - _LONGEST) : start].rstrip()
        if before.endswith(("def", "class", "as")):
            return True
        after = code[end : end + _LONGEST_LINE].lstrip(" ")
        if after[:1] in ("=", ":") and after[:2] != "==" and ("partial" in code or not _HARMLESS.match(after)):
            return True
    return False
