"""What a Python file imports at the left margin, told from its bytes: importing the file runs those modules."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from sqla_guard.core.look import Said, brief
from sqla_guard.core.words import WIDE

_START = re.compile(rb"\n(?:import|from)[ \t\f\\]")
_RELATIVE = re.compile(rb"\nfrom[ \t]+\.")
_END = rb"(?=[\n;#]|\Z)"
_AS = rb"(?:[ \t]+as[ \t]+\w+)?"
_PLAIN = re.compile(rb"\nimport[ \t]+([\w.]+" + _AS + rb"(?:[ \t]*,[ \t]*[\w.]+" + _AS + rb")*)[ \t]*" + _END)
_BRACKETS = rb"[ \t]*\(((?:[\w\s,]|#[^\n]*\n)*)\)[ \t]*"
_NAMES = rb"[ \t]([\w \t,]+|[ \t]*\*[ \t]*)"
_FROM = re.compile(rb"\nfrom[ \t]+(\w[\w.]*)[ \t]+import(?:" + _BRACKETS + rb"|" + _NAMES + rb")" + _END)
_COMMENT = re.compile(rb"#[^\n]*")


class Margin(NamedTuple):
    """The absolute imports at the left margin of a file; strings may look like some.

    Attributes:
        found: The modules, with what is taken from each, if anything.
        doubt: Whether there is more, which takes a parser to be read.
    """

    found: frozenset[tuple[str, str]]
    doubt: bool

    def with_word(self, word: str, data: bytes) -> Margin:
        """Return those alone, of the file ``data``, that have ``word`` between their dots; all if it is empty."""
        found = self.found
        if word:
            found = frozenset(item for item in found if word in item or word in item[0].split("."))
        return Margin(found, self.doubt and (word.encode() in data or not data.isascii()))

    def said(self) -> Said:
        """Return what stands for these imports as it stands for no others."""
        return brief((sorted(self.found), self.doubt))

    def __bool__(self) -> bool:
        """Tell whether there is any."""
        return bool(self.found) or self.doubt


def margin_of(data: bytes) -> Margin:
    """Return what the Python code ``data`` imports at the left margin."""
    if data.startswith(WIDE):
        data = data.replace(b"\0", b"")[2:]
    if b"\r" in data:
        data = data.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    data = b"\n" + data.removeprefix(b"\xef\xbb\xbf")
    found: set[tuple[str, str]] = set()
    doubt = False
    for start in _START.finditer(data):
        statement = (_PLAIN if data.startswith(b"\nimport", start.start()) else _FROM).match(data, start.start())
        if statement is None:
            doubt = doubt or _RELATIVE.match(data, start.start()) is None
        else:
            found.update(_imported(statement))
    return Margin(frozenset(found), doubt)


def _imported(statement: re.Match[bytes]) -> Iterator[tuple[str, str]]:
    if statement.re is _PLAIN:
        for module in statement[1].split(b","):
            yield module.split()[0].decode(), ""
    else:
        names = statement[3] if statement[2] is None else _COMMENT.sub(b"", statement[2])
        for name in names.split(b","):
            yield statement[1].decode(), (name.split() or [b""])[0].decode()


def says_at_margin(path: str, data: bytes, word: str) -> Said:
    """Return what stands for the imports at the left margin of ``data`` that have ``word`` between dots."""
    margin = margin_of(data).with_word(word, data) if path.endswith(".py") else None
    return margin.said() if margin else None
