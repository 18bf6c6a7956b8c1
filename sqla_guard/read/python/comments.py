"""Comments and strings of a Python file, by the standard library's tokenizer."""

from __future__ import annotations

import io
import re
import tokenize

from sqla_guard.core.source import SourceFile, Span

_QUOTES = re.compile(r"[A-Za-z]*(\"\"\"|'''|\"|')")
# From Python 3.12 on an f-string is several tokens.
_OPENING = {"FSTRING_START", "TSTRING_START"}
_CLOSING = {"FSTRING_END", "TSTRING_END"}


def comments_and_strings(source: SourceFile) -> tuple[list[Span], list[Span]]:
    """Return where comments stand and where the contents of strings do, without their quotes; both in order.

    A file that cannot be tokenised to its end gives what comes before.
    """
    comments: list[Span] = []
    strings: list[Span] = []
    opened: list[int] = []
    try:
        for token in tokenize.generate_tokens(io.StringIO(source.text, newline="").readline):
            name = tokenize.tok_name[token.type]
            if name in ("COMMENT", "STRING") or name in _OPENING or name in _CLOSING:
                start, end = _offset(source, token.start), _offset(source, token.end)
                if name == "COMMENT":
                    comments.append(Span(start, end))
                elif name == "STRING":
                    strings += _content(source.text, start, end)
                elif name in _OPENING:
                    opened.append(start)
                elif opened:
                    strings += _content(source.text, opened.pop(), end)
    except (tokenize.TokenError, SyntaxError):
        pass  # what the file lacks is said where it is parsed
    return comments, strings


def _offset(source: SourceFile, position: tuple[int, int]) -> int:
    line, column = position
    return source.line_starts[min(line, len(source.line_starts)) - 1] + column


def _content(text: str, start: int, end: int) -> list[Span]:
    quotes = _QUOTES.match(text, start, end)
    if quotes is None or end - len(quotes[1]) < quotes.end():
        return []
    return [Span(quotes.end(), end - len(quotes[1]))]
