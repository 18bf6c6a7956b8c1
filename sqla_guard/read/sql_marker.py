"""The cheap look at a file's bytes for SQL and Alembic operations; it imports no facts, for clean runs."""

from __future__ import annotations

import re
from functools import lru_cache

from sqla_guard.core.words import holds_word

# Whatever runs SQL in a Python file has one of these words in it.
_CALLS = (b"execut", b"fetch", b"scalar", b"mogrify", b"exec_driver", b"run_sql", b"read_sql", b"alembic")
_SHORT_CALLS = (b"raw", b"text", b"ddl")
_VERBS = (
    *(b"create", b"alter", b"drop", b"rename", b"insert", b"update", b"delete", b"select", b"replace", b"merge"),
    *(b"comment", b"where", b"order", b"alembic", b"text"),
)
# An ASCII letter as Python literals can hide it.
_ESCAPED = rb"\\(?:x[4-7]|u00[4-7]|u000000[4-7]|1[0-7]{2}|n\{latin)"
# What may stand before a name in the text of a literal: no word, or an escape that ends in a letter.
_MIDDLE = rb"\w\Z"
_ESCAPE = rb"\\(?:[abfnrtv]|[0-7]{1,3}|x..|u....|u........)\Z"


def may_hold_sql(data: bytes, wanted: frozenset[str], sql: bool = False) -> bool:
    """Tell whether a file with these bytes can give facts that matter; cheap, and never wrong with ``False``.

    Args:
        data: The file as stored, in an encoding that keeps ASCII (UTF-16 always gives ``True``).
        wanted: Names of interest, in lower case.
        sql: Whether the file is an SQL script, in which a name always stands in one piece.
    """
    lowered = data.lower()
    # These matter without a column's name.
    if is_wide(data) or re.search(rb"(?:drop|rename|alter)(?:_|[\s\\\"'])+table|sp_rename|batch_alter", lowered):
        return True
    if not any(verb in lowered for verb in _VERBS):
        return False
    return (sql or may_run_sql(lowered)) and may_name(lowered, wanted, sql)


def may_run_sql(lowered: bytes) -> bool:
    """Tell whether a Python file, in lower case, can run SQL or Alembic operations at all."""
    return any(word in lowered for word in _CALLS) or any(holds_word(lowered, word) for word in _SHORT_CALLS)


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
    # A name in pieces, or with escapes, as Python literals can have it.
    if b"\\" in lowered and re.search(_ESCAPED, lowered):
        return True
    return any(
        any(_stands(m.start(), lowered) for m in head.finditer(lowered)) and tail.search(lowered) is not None
        for head, tail in map(_pieces, sorted(names))
    )


def _stands(at: int, text: bytes) -> bool:
    """Tell whether a word can begin at ``at``: behind none, or behind an escape that ends in a letter."""
    before = text[max(0, at - 11) : at]
    return re.search(_MIDDLE, before) is None or re.search(_ESCAPE, before) is not None


@lru_cache(maxsize=64)
def _whole(name: str) -> re.Pattern[bytes]:
    return re.compile(re.escape(name.encode()) + rb"(?!\w)")


@lru_cache(maxsize=64)
def _pieces(name: str) -> tuple[re.Pattern[bytes], re.Pattern[bytes]]:
    """Return patterns for a first and a last piece of ``name`` at the edge of a literal."""
    letters = [re.escape(letter) for letter in name]
    # One letter first, which is quick to look for: m(?:e(?:t...)?)? for me, met and so on.
    head = letters[0] + "".join(f"(?:{letter}" for letter in letters[1:-1]) + ")?" * max(0, len(letters) - 2)
    tails = "|".join("".join(letters[i:]) for i in range(1, len(letters)))
    return re.compile(rf"{head}[\"'\\{{]".encode()), re.compile(rf"[\"'\\\n\r}}](?:{tails})(?!\w)".encode())


def is_wide(data: bytes) -> bool:
    """Tell whether a file is in UTF-16, where no search for words in its bytes finds any."""
    return data[:2] in (b"\xff\xfe", b"\xfe\xff")
