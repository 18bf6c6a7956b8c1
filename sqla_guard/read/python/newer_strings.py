"""F-strings as Python has them since 3.12, masked so that an older one can still read what is around them.

A mask has the length and the lines of what it stands for. Where anything is in doubt, nothing is masked: there is a
parser for that, which takes longer to load than a project may take to be checked.
"""

from __future__ import annotations

import ast
import re
import warnings
from functools import cache

# Comments and the beginnings of strings, of those that format with their letters; what else matters in fields.
_BEGINNING = r"(?:(?<!\w)(?P<letters>[fFtT][rR]?|[rR][fFtT]))?(?P<quotes>'''|\"\"\"|'|\")|#[^\r\n]*"
_STRING = re.compile(_BEGINNING)
_SIGN = re.compile(rf"{_BEGINNING}|[!=<>]=|[()\[\]{{}}!:]")
_CONVERSION = re.compile(r"[rsa]\s*(?=[:}])")
_FORMAT = re.compile(r"[^{}'\"\\\r\n]*")
# Python 3.11 reads this, but what stands for it elsewhere is read as if it were an ordinary handler.
_STARRED = re.compile(r"\bexcept\s*\*")
_DEEPEST = 4


class _AstrayError(Exception):
    """The text is no such code, or not surely."""


def mask_strings(text: str) -> str | None:
    """Return ``text`` with all f-strings masked, each found to be sound; ``None`` where that is not certain."""
    try:
        return None if _STARRED.search(text) else _masked(text, 0)
    except (_AstrayError, RecursionError):
        return None


def mask_of(text: str, opening: int, closing: int) -> str:
    """Return what stands for an f-string.

    Args:
        text: The string.
        opening: The number of characters before its inside.
        closing: And behind it.
    """
    quotes = text[len(text) - closing :]
    if closing == 1 and "\n" in text:
        # A one-quote string over several lines only fits between three quotes, so it becomes a bracketed blank.
        return "(" + blank(text[1:-3]) + "0 )"
    prefix = "f".rjust(opening - closing)
    body = "".join(c if c in "\r\n" else "_" for c in text[opening : len(text) - closing])
    return prefix + quotes + body + quotes


def blank(text: str) -> str:
    """Return as many spaces, with the line ends of ``text``."""
    return "".join(c if c in "\r\n" else " " for c in text)


def _masked(text: str, depth: int) -> str:
    parts: list[str] = []
    done = at = 0
    while (token := _STRING.search(text, at)) is not None:
        at = token.end()
        if token["quotes"]:
            at = _string_end(text, token, depth)
        if token["letters"]:
            closing = len(token["quotes"])
            parts += (text[done : token.start()], mask_of(text[token.start() : at], len(token.group()), closing))
            done = at
    return "".join((*parts, text[done:]))


def _string_end(text: str, token: re.Match[str], depth: int) -> int:
    """Return where the string ends that begins with ``token``."""
    quotes, letters = token["quotes"], token["letters"]
    inside = _inside(quotes, letters is not None, "r" in (letters or "").lower())
    at = token.end()
    while True:
        match = inside.match(text, at)
        at = match.end() if match else at
        if text.startswith(quotes, at):
            return at + len(quotes)
        if not letters or text[at : at + 1] != "{" or depth == _DEEPEST:
            raise _AstrayError
        at = _field_end(text, at + 1, depth + 1)


@cache
def _inside(quotes: str, formats: bool, raw: bool) -> re.Pattern[str]:
    """Return what stands in a string between its quotes and its fields."""
    quote = quotes[0]
    if not formats:
        other = rf"[^{quote}\\]|\\(?:\r\n|.)" if len(quotes) == 3 else rf"[^{quote}\\\r\n]|\\(?:\r\n|.)"
    else:
        name = "" if raw else r"\\N\{[^{}'\"]*\}|"
        plain = rf"[^{quote}\\{{}}]" if len(quotes) == 3 else rf"[^{quote}\\{{}}\r\n]"
        other = rf"{plain}|\{{\{{|\}}\}}|{name}\\(?:\r\n|[^{{}}]|(?=[{{}}]))"
    shorter = rf"|{quote}{{1,2}}(?!{quote})" if len(quotes) == 3 else ""
    return re.compile(rf"(?:{other}{shorter})*", re.DOTALL)


def _field_end(text: str, start: int, depth: int) -> int:
    """Return where the field ends whose expression begins at ``start``."""
    at, brackets = start, 0
    while (token := _SIGN.search(text, at)) is not None:
        at, sign = token.end(), token.group()
        if token["quotes"]:
            at = _string_end(text, token, depth)
        elif sign in ("(", "[", "{"):
            brackets += 1
        elif sign in (")", "]", "}") and brackets:
            brackets -= 1
        elif sign in ("!", ":", "}", ")", "]") and not brackets:
            _prove(text[start : token.start()], depth)
            return _behind_expression(text, token, depth)
    raise _AstrayError


def _behind_expression(text: str, token: re.Match[str], depth: int) -> int:
    at, sign = token.end(), token.group()
    if sign == "!":
        conversion = _CONVERSION.match(text, at)
        if conversion is None:
            raise _AstrayError
        at, sign = conversion.end() + 1, text[conversion.end()]
    while sign == ":":
        match = _FORMAT.match(text, at)
        at = (match.end() if match else at) + 1
        if text[at - 1 : at] == "{":
            at = _field_end(text, at, depth + 1)
        else:
            sign = text[at - 1 : at]
    if sign != "}":
        raise _AstrayError
    return at


def _prove(expression: str, depth: int) -> None:
    """Look whether the expression of a field is one."""
    shown = expression.rstrip()
    if shown.endswith("=") and not shown.endswith(("==", "!=", "<=", ">=")):
        shown = shown[:-1]
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            ast.parse(f"({_masked(shown, depth)}\n)", mode="eval")
    except (SyntaxError, ValueError, MemoryError):
        raise _AstrayError from None
    if not shown.strip():
        raise _AstrayError
