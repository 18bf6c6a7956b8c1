"""Small damage to real inputs: what people and merges do to files, and what nobody would."""

from __future__ import annotations

import random
import re

_WORD = re.compile(rb"\w+|[^\w\s]|[ \t]+|\r?\n")
# Words that decide what the readers do.
_SPICE = (
    b"metadata registry query Base Column mapped_column relationship None global nonlocal lambda async await yield "
    b"match case type with := : ( ) [ ] { } , ; \\ ' \" ''' \"\"\" f' rb\" # -- /* */ $$ DELIMITER GO ALTER TABLE "
    b"events RENAME COLUMN TO metadata DROP ADD CREATE VIEW AS SELECT * FROM IF NOT EXISTS op.execute text( global_ "
    b"threading.Lock() self cls __tablename__ __new__ _instance is not return sqla-guard: ignore[SG101] noqa: \xc3\xa9 "
    b"\xf0\x9f\x99\x82 \x00 \x0c \xff \xef\xbb\xbf \r \t until=2020-01-01"
).split(b" ")


def mutated(data: bytes, other: bytes, source: random.Random) -> bytes:
    """Return ``data`` with a few changes, some of them taken from ``other``."""
    for _ in range(source.choice((1, 1, 2, 3, 6))):
        data = source.choice((_lines, _words, _words, _words, _bytes, _splice))(data, other, source)
    return data


def _lines(data: bytes, other: bytes, source: random.Random) -> bytes:
    lines = data.splitlines(keepends=True) or [b"\n"]
    at = source.randrange(len(lines))
    kind = source.randrange(5)
    if kind == 0:
        del lines[at]
    elif kind == 1:
        lines.insert(at, source.choice(lines))
    elif kind == 2:
        lines[at] = b"    " + lines[at]
    elif kind == 3:
        lines[at] = lines[at].lstrip()
    else:
        lines.insert(at, source.choice(other.splitlines(keepends=True) or [b"\n"]))
    return b"".join(lines)


def _words(data: bytes, other: bytes, source: random.Random) -> bytes:
    words = _WORD.findall(data) or [b"x"]
    at = source.randrange(len(words))
    kind = source.randrange(5)
    if kind == 0:
        del words[at]
    elif kind == 1:
        words[at] = source.choice(_SPICE)
    elif kind == 2:
        words.insert(at, source.choice(_SPICE))
    elif kind == 3:
        words[at] = source.choice(words)
    else:
        words.insert(at, source.choice(words))
    return b"".join(words)


def _bytes(data: bytes, other: bytes, source: random.Random) -> bytes:
    at = source.randrange(len(data) + 1)
    if source.random() < 0.5:
        return data[:at] + bytes([source.randrange(256)]) + data[at:]
    return data[:at] + data[at + source.randrange(1, 30) :]


def _splice(data: bytes, other: bytes, source: random.Random) -> bytes:
    head = data.splitlines(keepends=True)
    tail = other.splitlines(keepends=True)
    return b"".join([*head[: source.randrange(len(head) + 1)], *tail[source.randrange(len(tail) + 1) :]])
