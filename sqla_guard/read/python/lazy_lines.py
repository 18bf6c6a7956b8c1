"""Functions and words as the lines of a file's bytes show them, without parsing; for a first look at many files.

Where lines do not tell for certain, a function comes out larger than it is.
"""

from __future__ import annotations

import re
import sys
from functools import cache, lru_cache
from typing import NamedTuple

# What encodings may begin with; in text nothing begins with one of these.
_MARKS = b"\xef\xbb\xbf\xff\xfe"
_SPACE = b" \t\n\\"
_WORD = b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_"
_BEHIND_DEF = (b" ", b"\t", b"\\")
_INDENT = re.compile(rb"[ \t]*")
_DEF = rb"(?:async[ \t]+)?def\b"
# Whether repetitions of patterns can be told to give nothing back, which spares them the shorter matches.
_GIVES_NOTHING_BACK = sys.version_info >= (3, 11)
_OPEN = re.compile(rb"[(\[{,\\=+\-*/%|&^<>~!@.]\Z|\b(?:and|or|not|is|in|if|elif|else|await|lambda)\Z")


class Around(NamedTuple):
    """A function as its lines show it.

    Attributes:
        start: Where its first line starts.
        end: Behind its last line.
        depth: The indentation of its ``def``, in characters.
    """

    start: int
    end: int
    depth: int


@cache
def compiled(pattern: bytes) -> re.Pattern[bytes]:
    """Return what :func:`re.compile` does, which takes ten times as long to tell that it has compiled it before.

    A repetition that gives nothing back has to find the same where it may: Python 3.10 knows only such ones.
    """
    return re.compile(pattern if _GIVES_NOTHING_BACK else pattern.replace(b"++", b"+").replace(b"*+", b"*"))


def plain(data: bytes) -> bytes:
    """Return bytes of any encoding with lines that end in a line feed, each byte in its place if there are no zeros.

    UTF-16 holds the marks with zeros between.
    """
    text = (data.replace(b"\0", b"") if b"\0" in data else data).lstrip(_MARKS)
    if b"\r" not in text:
        return text
    # A line that goes on ends in its backslash.
    return text.replace(b"\\\r\n", b" \\\n").replace(b"\r\n", b" \n").replace(b"\r", b"\n")


def indent_of(text: bytes, line: int) -> int:
    """Return how many spaces and tabs the line begins with that starts at ``line``."""
    found = _INDENT.match(text, line)
    return found.end() - line if found else 0


def line_of(text: bytes, at: int) -> int:
    """Return where the line around ``at`` starts."""
    return text.rfind(b"\n", 0, at) + 1


def dedent(text: bytes, start: int, depth: int) -> int:
    """Return where, behind ``start``, a line ends before one with no more than ``depth`` of indentation."""
    pattern = _dedented(depth)
    at = start
    while match := pattern.search(text, at):
        if not is_quoted(text, start, match.start()) and not goes_on(text, start, match.start()):
            return match.start()
        at = match.end() - 1
    return len(text)


@lru_cache(maxsize=64)
def _dedented(depth: int) -> re.Pattern[bytes]:
    # A bracket, a string or a comment can stand anywhere.
    return re.compile(rb"\n[ \t]{0,%d}[A-Za-z_@]" % depth)


def goes_on(text: bytes, start: int, end: int) -> bool:
    """Tell whether the last line of ``text[start:end]`` that is more than a comment may go on behind it."""
    while start < end:
        line = max(start, line_of(text, end))
        whole = text[line:end].rstrip()
        code = whole.partition(b"#")[0].rstrip()
        if code:
            return bool(_OPEN.search(code[-9:]) or _OPEN.search(whole[-9:]))
        end = line - 1
    return False


def is_quoted(text: bytes, start: int, end: int) -> bool:
    """Tell whether ``start`` may stand in a string that ``end`` does not stand in, or the other way round."""
    return text.count(b'"""', start, end) % 2 == 1 or text.count(b"'''", start, end) % 2 == 1


def function_around(text: bytes, at: int, least: int = 0) -> Around | None:
    """Return the innermost function around ``at``; ``None`` at the top of the module or of a class.

    ``None`` is returned, too, for a function that is indented by less than ``least``.
    """
    line = line_of(text, at)
    while text[line - 2 : line - 1] == b"\\":
        line = line_of(text, line - 1)
    depth = indent_of(text, line)
    if compiled(_DEF).match(text, line + depth):
        return Around(line, dedent(text, line + depth, depth), depth)
    # The line may be the end of a header.
    return outer_function(text, at, line, depth + (text[line + depth : line + depth + 1] in (b")", b"]")), least)


def outer_function(text: bytes, at: int, line: int, depth: int, least: int = 0) -> Around | None:
    """Return the innermost function around ``at`` with a header ahead of ``line``, indented less than ``depth``."""
    found = line
    while depth and (found := text.rfind(b"def", 0, found)) >= 0:
        start = line_of(text, found)
        if text[start:found].strip() not in (b"", b"async") or text[found + 3 : found + 4] not in _BEHIND_DEF:
            continue
        own = indent_of(text, start)
        if own < depth and not is_quoted(text, start, at):
            if own < least:
                return None
            end = dedent(text, found, own)
            if end > at:
                return Around(start, end, own)
            depth = own
    return None


def owner_before(text: bytes, dot: int) -> bytes | None:
    """Return the word in front of the ``.`` at ``dot``, ``type`` for ``type(x)``; ``None`` if there is neither."""
    near = text[max(0, dot - 400) : dot].rstrip(_SPACE)
    if near.endswith(b")"):
        return b"type" if near.rpartition(b"(")[0].rstrip(_SPACE).endswith(b"type") else None
    return near[len(near.rstrip(_WORD)) :] or None
