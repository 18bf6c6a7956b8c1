"""The cheap look at a file's bytes for SQL and Alembic operations; it imports no facts, for clean runs.

Prose creates, selects and drops too. A statement has a shape: a verb where a statement can begin, and close behind it
what such a statement goes on with, be it in the next literal or in what is put in.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache
from typing import NamedTuple

from sqla_guard.core.words import WIDE, holds_word, is_word

# An ASCII letter as Python literals can hide it.
_ESCAPED = rb"\\(?:x[4-7]|u00[4-7]|u000000[4-7]|1[0-7]{2}|n\{latin)"
# What may stand before a name in the text of a literal although it is part of a word.
_ESCAPE = rb"\\(?:[abfnrtv]|[0-7]{1,3}|x..|u....|u........)\Z"

# What may stand between two words of a statement: blanks, edges of literals, escapes, comments of both languages, what
# is put in. Each begins in its own way, so that looking for them stays linear.
_EDGE = rb"[\s\"'`+(),]|\\(?:\r?\n|[abfnrtv]|x[0-3].|[0-7]{2,3}|u00[0-3].)|[rbfu]{1,2}(?=[\"'])"
_COMMENT = rb"\#[^\n]{0,200}\n|--[^\n]{0,200}\n|/\*[^*]{0,200}\*/"
_PUT_IN = rb"\{[^{}\n]{0,80}\}|%(?:\(\w{1,40}\)s|s|)"
# What may stand between a verb and the kind of thing that it is about.
_MODIFIERS = (
    rb"or|if|replace|global|local|temp|temporary|unlogged|external|transient|virtual|foreign|volatile|dynamic|hybrid|"
    rb"iceberg|unique|clustered|nonclustered|materialized|recursive|constraint|editionable|noneditionable|public|"
    rb"fulltext|spatial|columnstore|private|snapshot|aggregate|force"
)
_BETWEEN = rb"(?:%b|%b|%b|(?:%b)(?!\w)){1,60}" % (_EDGE, _COMMENT, _PUT_IN, _MODIFIERS)
_GIVE = (b"create", b"alter")
_DEFINE = (*_GIVE, b"drop", b"rename")
_TABLES = rb"(?:table|view|type|schema)(?!\w)"
# These matter where they name a column.
_OTHERS = (
    rb"(?:index|trigger|function|proc(?:edure)?|package|event|sequence|policy|rule|statistics|definer|database|domain|role)"
    rb"(?!\w)"
)
# The kind of thing may be put in, or stand in another literal: ``CREATE {kind}``, ``"CREATE " + kind``.
_KIND_ELSEWHERE = rb"\s{0,9}(?:\{|%|[\"']\s{0,9}[+%])"
_KIND_JOINED = rb"[\"'],\s{0,9}[a-z_(]"
_KIND = rb"[\"'](?:%b)" % _TABLES
# All that may follow the verb.
_THINGS = rb"(?:%b%b|(?P<elsewhere>%b)|(?P<joined>%b))" % (_BETWEEN, _TABLES, _KIND_ELSEWHERE, _KIND_JOINED)
# A verb begins a statement behind anything but another word, unless that is one that leads to statements.
_BEGINS = re.compile(
    rb"(?:\A|[^\w\s#.,=/:-]|\*/|[\r\n]|\\[nrtfv]|%s|(?<!\w)(?:then|else|begin|loop|do|as|for|in|is|query|return|explain|analyze|"
    rb"verbose|perform|exec|execute))[ \t]*\Z"
)
_SPACE = rb"(?:[\s\"'`\[{%*/$]|\\[nrtfv\n])"
# By its verb, what a query goes on with, and within how many characters. Behind a word at most, that may be put in, or
# stand in a neighbouring literal.
_ELSEWHERE = rb"|\A(?:%b){0,9}[\w.,]{0,40}\s?(?:[{%%]|[\"']\s+[rbfu]{0,2}[\"']|[\"']\s*[+.])" % _EDGE
_INTO = rb"(?<!\w)(?:into|using)(?!\w)|\(" + _ELSEWHERE
_ON = rb"(?<!\w)on(?!\w)" + _ELSEWHERE
_QUERIES = {
    b"select": (rb"", 1),
    b"insert": (_INTO, 60),
    b"replace": (_INTO, 60),
    b"merge": (_INTO, 60),
    b"update": (rb"(?<!\w)set(?!\w)" + _ELSEWHERE, 400),
    b"delete": (rb"\A(?:%b){0,9}(?:[\w.`,]{1,60}\s+)?(?:from|where)(?!\w)" % _EDGE + _ELSEWHERE, 200),
    b"copy": (rb"\(" + _ELSEWHERE, 100),
    b"comment": (_ON, 20),
    b"grant": (_ON, 200),
    b"do": (rb"\A\s*(?:[$']|language)", 20),
}
# What goes on with a statement that begins in another module, and what never begins a text.
_REST = (
    rb"(?:add|drop|rename|alter|change|modify|where|set|values|order|group|"
    rb"from\s+[\w.]{1,80}\s+(?:where|order|group|join|left|inner))(?!\w)"
)
_GOES_ON = (
    rb"\}\s*" + _REST,
    rb"%s\s*" + _REST,
    rb"\+\s*[rbfu]{0,2}[\"']{1,3}\s*" + _REST,
    rb";\s*(?:analyze|vacuum)\s",
)
_CORE = rb"table(?<!\wtable)\s{0,9}\("
# A piece of SQL on its own, and what puts SQL together at run time: how much before and behind is looked at.
_PIECES = (rb"text\((?<!\wtext\()(?!\s*\"\"\s*[,)])", rb"ddl\((?<!\wddl\()(?!\s*\"\"\s*[,)])")
_PUT_TOGETHER = rb"\.(?:join|replace)\("
_BEFORE, _BEHIND = 200, 1_000
_RUNS = rb"execut|fetch|scalar|mogrify|sql|raw|text|ddl"


def may_hold_sql(
    data: bytes, wanted: frozenset[str], sql: bool = False, are_imported: Callable[[], bool] = bool
) -> bool:
    """Tell whether a file with these bytes can give facts that matter; cheap, and never wrong with ``False``.

    Args:
        data: The file as stored, in an encoding that keeps ASCII (UTF-16 always gives ``True``).
        wanted: Names of interest, in lower case.
        sql: Whether the file is an SQL script, in which a name always stands in one piece.
        are_imported: Tells whether a Python file may have one of the names from another module.
    """
    if is_wide(data):
        return True
    lowered = data.lower()
    if sql:
        return may_define_tables(lowered) or may_name(lowered, wanted, sql)
    return may_hold_sql_in(data, Parts(lowered, lowered, lowered), wanted, are_imported)


class Parts(NamedTuple):
    """A Python file, and what it says in strings and in code, all in lower case; in doubt all of it is both.

    Attributes:
        whole: The file.
        strings: The same with another word for each word of its code.
        code: The same with blanks for comments and for what strings say.
    """

    whole: bytes
    strings: bytes
    code: bytes


def may_hold_sql_in(strings: bytes, parts: Parts, wanted: frozenset[str], are_imported: Callable[[], bool]) -> bool:
    """Tell the same of a Python file in parts, with ``strings`` as they are written: code and comments are no SQL."""
    if may_define_tables(parts.strings, parts.code) or may_operate(parts.code):
        return True
    if _may_query(strings, parts):
        return may_name(parts.strings, wanted) or are_imported()
    return may_name(parts.strings, wanted) and _may_put_together(parts.whole, wanted)


def may_define_tables(lowered: bytes, code: bytes | None = None) -> bool:
    """Tell whether a file can hold a statement that makes, changes or drops a table, view or type.

    Args:
        lowered: The file, or its strings, in lower case.
        code: Its code in lower case, where that is told apart.
    """
    return _may_define_by(_DEFINE, lowered, lowered if code is None else code)


def may_give_columns(lowered: bytes) -> bool:
    """Tell whether a file, in lower case, can hold a statement that gives a table columns or their names."""
    return _may_define_by(_GIVE, lowered, lowered)


def _may_define_by(verbs: tuple[bytes, ...], lowered: bytes, calls: bytes) -> bool:
    return b"sp_rename" in lowered or any(verb in lowered and _may_define(verb, lowered, calls) for verb in verbs)


def _may_define(verb: bytes, lowered: bytes, calls: bytes) -> bool:
    for found in re.finditer(verb + _THINGS, lowered):
        if not (found["elsewhere"] or found["joined"]):
            return True
        if _begins(found.start(), lowered) and (
            found["elsewhere"] or (b".join(" in calls and re.search(_KIND, lowered))
        ):
            return True
    return False


def may_operate(lowered: bytes) -> bool:
    """Tell whether a Python file, in lower case, can hold Alembic operations or create a table of SQLAlchemy Core."""
    return holds_word(lowered, b"alembic") or (b".create" in lowered and re.search(_CORE, lowered) is not None)


def _may_query(strings: bytes, parts: Parts) -> bool:
    """Tell whether a Python file can hold a query, a data change or a definition that matters for a column it names."""
    lowered = parts.strings
    if b"SELECT(" in strings or any(re.search(rest, lowered) for rest in _GOES_ON):
        return True
    if b"sql" in parts.whole and any(re.search(piece, parts.code) for piece in _PIECES):
        return True
    if any(verb in lowered and re.search(verb + _BETWEEN + _OTHERS, lowered) for verb in _DEFINE):
        return True
    return any(
        _begins(match.start(), lowered) and re.search(more, lowered[match.end() - 1 : match.end() + reach])
        for verb, (more, reach) in _QUERIES.items()
        if verb in lowered
        for match in re.finditer(verb + _SPACE, lowered)
    )


def _may_put_together(lowered: bytes, wanted: frozenset[str]) -> bool:
    """Tell whether a Python file can run what it joins or replaces literals in that hold one of ``wanted``."""
    names = [name.encode() for name in wanted]
    return any(
        re.search(_RUNS, lowered[max(0, m.start() - _BEFORE) : m.start()]) is not None
        and any(name in lowered[m.end() : m.end() + _BEHIND] for name in names)
        for m in re.finditer(_PUT_TOGETHER, lowered)
    )


def _begins(at: int, text: bytes) -> bool:
    """Tell whether a statement can begin at ``at``."""
    return _BEGINS.search(text[max(0, at - 40) : at]) is not None


def may_name(lowered: bytes, names: frozenset[str], sql: bool = False) -> bool:
    """Tell whether SQL in a file with these bytes can hold one of ``names``, in lower case, as a whole word.

    Args:
        lowered: The file in lower case, in an encoding that keeps ASCII.
        names: What is looked for.
        sql: Whether the file is an SQL script, in which a name always stands in one piece.
    """
    if any(_stands(m.start(), lowered) for name in names for m in _whole(name).finditer(lowered)):
        return True
    if sql:
        return False
    return any(may_be_spelled(name, lowered) for name in sorted(names))


def may_be_spelled(name: str, lowered: bytes) -> bool:
    """Tell whether Python literals can hold ``name`` in pieces, or with escapes."""
    return (b"\\" in lowered and re.search(_ESCAPED, lowered) is not None) or _may_be_pieced(name, lowered)


def _may_be_pieced(name: str, lowered: bytes) -> bool:
    """Tell whether pieces at the edges of literals make up ``name``: a first one, a last one, perhaps some between."""
    head, middle, tail = _pieces(name)
    firsts = {len(m[0]) - 1 for m in head.finditer(lowered) if _stands(m.start(), lowered)}
    lasts = {len(name) - len(m[0]) + 1 for m in tail.finditer(lowered)} if firsts else set()
    if not firsts or not lasts or max(lasts) < min(firsts):
        return False
    if firsts.isdisjoint(lasts):
        found = {m[1].decode() for m in middle.finditer(lowered)}
        for done in range(len(name)):
            if done in firsts:
                firsts.update(done + len(piece) for piece in found if name.startswith(piece, done))
    return not firsts.isdisjoint(lasts)


def _stands(at: int, text: bytes) -> bool:
    """Tell whether a word can begin at ``at``: behind none, or behind an escape that ends in a letter."""
    return not is_word(text[at - 1 : at]) or re.search(_ESCAPE, text[max(0, at - 11) : at]) is not None


@lru_cache(maxsize=64)
def _whole(name: str) -> re.Pattern[bytes]:
    return re.compile(re.escape(name.encode()) + rb"(?!\w)")


@lru_cache(maxsize=64)
def _pieces(name: str) -> tuple[re.Pattern[bytes], re.Pattern[bytes], re.Pattern[bytes]]:
    """Return patterns for a first, a middle and a last piece of ``name`` at the edges of literals."""
    letters = [re.escape(letter) for letter in name]
    # One letter first, which is quick to look for: m(?:e(?:t...)?)? for me, met and so on.
    head = letters[0] + "".join(f"(?:{letter}" for letter in letters[1:-1]) + ")?" * max(0, len(letters) - 2)
    tails = "|".join("".join(letters[i:]) for i in range(1, len(letters)))
    inner = sorted({re.escape(name[i:j]) for i in range(1, len(name)) for j in range(i + 1, len(name))})
    return (
        re.compile(rf"{head}[\"'\\{{]".encode()),
        re.compile(rf"[\"'\\\n\r}}]({'|'.join(inner) or '(?!)'})(?=[\"'\\{{])".encode()),
        re.compile(rf"[\"'\\\n\r}}](?:{tails})(?!\w)".encode()),
    )


def is_wide(data: bytes) -> bool:
    """Tell whether a file is in UTF-16, where no search for words in its bytes finds any."""
    return data.startswith(WIDE)
