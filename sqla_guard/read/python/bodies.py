"""Where the statements of a module and the bodies of functions stand, told from a text without parsing it.

Strings and comments are found by one regular expression; what is left shows lines, brackets and indentation. Wherever
that is not enough to be certain, a body is not told, or nothing of the file.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator
from functools import cached_property
from itertools import pairwise
from operator import attrgetter
from typing import NamedTuple
from weakref import WeakKeyDictionary

from sqla_guard.core.source import SourceFile
from sqla_guard.core.words import words_in

# Comments, strings, and quotes that begin or end none. What stands before the quotes changes nothing of where a string
# ends, but for the strings that hold expressions. Each alternative begins with one letter, not with a set of them: that
# is what a search goes by.
_TOKEN = re.compile(
    r"#[^\n]*"
    r'|"(?:""(?:[^"\\]*(?:(?:\\.|"{1,2}(?!"))[^"\\]*)*""")?|[^"\\\n]*(?:\\(?:\r\n|.)[^"\\\n]*)*")'
    r"|'(?:''(?:[^'\\]*(?:(?:\\.|'{1,2}(?!'))[^'\\]*)*''')?|[^'\\\n]*(?:\\(?:\r\n|.)[^'\\\n]*)*')"
    r"|\"|'",
    re.DOTALL,
)
_ONLY_QUOTES = frozenset({'"', "'", '"""', "'''"})
_FORMATTING = ("f", "t", "fr", "tr")
# A string with expressions whose end does not depend on the version of Python: no quote in an expression could be taken
# for that end.
_SIMPLE_FIELD = r"""\{[^{}'"]*\}"""
_QUOTED = rf"""'(?:[^{{}}'\\]|{_SIMPLE_FIELD})*'|"(?:[^{{}}"\\]|{_SIMPLE_FIELD})*\""""
_FORMATTED = re.compile(
    rf"(?:[^{{}}]|\{{\{{|\}}\}}|\{{(?!\{{)(?:[^{{}}'\"]|{_QUOTED}|\{{(?:[^{{}}'\"]|{_QUOTED})*\}})*\}})*", re.DOTALL
)

_DEEPER = r"\([^()]*(?:\([^()]*\)[^()]*)*\)"
# The word of a header is found faster than all lines are looked at; none begins further right than that.
_FURTHEST = 400
_DEF = re.compile(r"def(?<=[\n ]def) ")
_HEADER = re.compile(
    r"def +(\w+) *(?:\[[^\[\]]*\] *|)"
    rf"\([^()]*(?:{_DEEPER}[^()]*)*\)(?: *->[^:\n]*| *): *(?=\n)"
)

# Where a line at the left margin begins that ends nothing, and what goes on with the statement before it.
_AT_MARGIN = re.compile(r"\n(?=[^\s)\]}])")
_GOES_ON = re.compile(r"(?:elif|else|except|finally)\b")
_BRACKETS = (("(", ")"), ("[", "]"), ("{", "}"))
_DEFINED = re.compile(r"(?:async[ \t]+def|def|class)[ \t]+(\w+)")
_STAR = re.compile(r"import[ \t\\\n]*\*")


class Body(NamedTuple):
    """The body of one function, on lines of its own.

    Attributes:
        indent: Spaces before its ``def``.
        start: Behind the colon.
        end: Behind its last statement.
        name: The function's name.
    """

    indent: int
    start: int
    end: int
    name: str = ""


class Statement(NamedTuple):
    """One or more statements at the top of a module.

    Attributes:
        name: What a function or a class alone is called; empty for anything else.
        start: Where its first line begins.
        end: Where the first line of the next one begins.
    """

    name: str
    start: int
    end: int


_START = attrgetter("start")


class Bodies:
    """The bodies of the functions of a text, nested ones included, and its statements, by where they start.

    Attributes:
        code: The text with blanks for comments and quotes for all of each string, line ends in it included.
    """

    def __init__(self, code: str) -> None:
        self.code = code

    @cached_property
    def found(self) -> tuple[Body, ...]:
        """The bodies."""
        return tuple(_bodies(self.code, 0, len(self.code)))

    @cached_property
    def statements(self) -> tuple[Statement, ...]:
        """All statements at the top of the module."""
        return tuple(_statements(self.code))

    @cached_property
    def _stars(self) -> list[int]:
        return [star.start() for star in _STAR.finditer(self.code)]

    def saying(self, word: str) -> Iterator[Statement]:
        """Yield the statements at the top that say ``word``, and those that import everything; the code is ASCII."""
        said = [start for start, _ in words_in(self.code.encode(), word.encode())]
        done = 0
        for place in sorted(said + self._stars):
            number = bisect_right(self.statements, place, key=_START) if place >= done else 0
            if number:
                statement = self.statements[number - 1]
                done = statement.end
                yield statement

    def inside(self, statement: Statement) -> Iterator[Body]:
        """Yield the bodies in a statement at the top."""
        return _bodies(self.code, statement.start, statement.end)


class _InDoubtError(Exception):
    """It cannot be told where strings end."""


_NONE = Bodies("")
_known: WeakKeyDictionary[SourceFile, Bodies] = WeakKeyDictionary()


def bodies_of(source: SourceFile) -> Bodies:
    """Return where functions have their bodies; those that are in doubt are left out."""
    found = _known.get(source)
    if found is None:
        found = _known[source] = _find(source.text)
    return found


def _find(text: str) -> Bodies:
    if "\f" in text or ("\r" in text and re.search(r"\r(?!\n)", text)):
        return _NONE
    code = code_of(text)
    if not code:
        return _NONE
    if "\r" in text:
        if "\\" in code:
            return _NONE
        code = code.replace("\r\n", " \n")
    if "\t" in code and re.search(r"\n *\t", code):
        return _NONE
    return Bodies(code)


def code_of(text: str) -> str:
    """Return ``text`` as :attr:`Bodies.code` has it; empty where it cannot be told where strings end."""
    try:
        return _TOKEN.sub(_hidden, text)
    except _InDoubtError:
        return ""


def _hidden(token: re.Match[str]) -> str:
    """Return what stands for a comment or a string in :attr:`Bodies.code`."""
    text = token[0]
    if text[0] == "#":
        return " " * len(text)
    if len(text) < 4 and text in _ONLY_QUOTES:
        raise _InDoubtError
    if "{" in text and token.string[max(token.start() - 2, 0) : token.start()].lower().endswith(_FORMATTING):
        quotes = 3 if text.startswith(('"""', "'''")) else 1
        if _FORMATTED.fullmatch(text, quotes, len(text) - quotes) is None:
            raise _InDoubtError
    return '"' * len(text)


def _statements(code: str) -> Iterator[Statement]:
    name: str | None = None
    first, is_open = 0, False
    depths = [0, 0, 0]
    inside = False
    for start, end in pairwise([*(match.start() for match in _AT_MARGIN.finditer("\n" + code)), len(code)]):
        if not is_open:
            first, name = start, None
        if name is None and not inside and code[start] != "@":
            defined = _DEFINED.match(code, start)
            name = defined[1] if defined else ""
        for at, (opened, closed) in enumerate(_BRACKETS):
            depths[at] += code.count(opened, start, end) - code.count(closed, start, end)
        inside = any(depths) or code.endswith("\\\n", start, end)
        is_open = inside or name is None or _GOES_ON.match(code, end) is not None
        if not is_open:
            yield Statement(name or "", first, end)
    if is_open:
        yield Statement("", first, len(code))


def _bodies(code: str, first: int, last: int) -> Iterator[Body]:
    # The first line has no line end before it; offsets are by one higher meanwhile.
    lined = "\n" + code[first:last]
    ends: dict[int, re.Pattern[str]] = {}
    for word in _DEF.finditer(lined):
        line = lined.rfind("\n", max(0, word.start() - _FURTHEST), word.start()) + 1
        before = lined[line : word.start()]
        if not line or before.strip(" ") not in ("", "async") or lined[line - 2 : line - 1] == "\\":
            continue
        header = _HEADER.match(lined, word.start())
        if header is None:
            continue
        indent, start = len(before) - len(before.lstrip(" ")), header.end()
        if indent not in ends:
            ends[indent] = re.compile(rf"\n {{0,{indent}}}[^\s]")
        dedent = ends[indent].search(lined, start)
        inside = lined[start : dedent.start() if dedent else len(lined)]
        end = start + len(inside.rstrip())
        if (
            not inside.strip()
            or lined[end - 1] in ";\\"  # what begins further left goes on with a line
            or inside.count("(") != inside.count(")")
            or inside.count("[") != inside.count("]")
            or inside.count("{") != inside.count("}")
        ):
            continue
        yield Body(indent, first + start - 1, first + end - 1, header[1])
