"""F-strings and type parameters as Python has them since 3.12, masked so that an older one can still read the rest.

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
_NEWER = re.compile(rf"{_BEGINNING}|\b(?:class|def)[ \t]+\w+[ \t]*(?P<parameters>\[)")
_SIGN = re.compile(rf"{_BEGINNING}|[!=<>]=|[()\[\]{{}}!:]")
_CONVERSION = re.compile(r"[rsa]\s*(?=[:}])")
_LINE_END = re.compile(r"[^\r\n](?=\r?\n|\r)")
_FORMAT = re.compile(r"[^{}'\"\\\r\n]*")
# Python 3.11 reads this, but what stands for it elsewhere is read as if it were an ordinary handler.
_STARRED = re.compile(r"\bexcept\s*\*")
_DEEPEST = 4


class _AstrayError(Exception):
    """The text is no such code, or not surely."""


def mask_by_text(text: str) -> str | None:
    """Return ``text`` with f-strings and type parameters masked, each found sound; ``None`` if that is not certain."""
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


def blank_in_statement(text: str) -> str:
    """Return the same for what stands in no brackets then: its lines go on, those with nothing on them excepted."""
    return _LINE_END.sub(r"\\", blank(text))


def _masked(text: str, depth: int) -> str:
    parts: list[str] = []
    done = at = 0
    while (token := _NEWER.search(text, at)) is not None:
        start, at = token.start(), token.end()
        if token["quotes"]:
            at = _string_end(text, token, depth)
        if token["letters"]:
            closing = len(token["quotes"])
            parts += (text[done:start], mask_of(text[start:at], len(token.group()), closing))
            done = at
        elif token["parameters"]:
            if depth:
                raise _AstrayError  # no expression holds a definition
            start, at = at - 1, _parameters_end(text, at)
            parts += (text[done:start], blank_in_statement(text[start:at]))
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


def _parameters_end(text: str, start: int) -> int:
    """Return where type parameters end that begin at ``start``, behind their bracket."""
    end = _ending(text, start, 0, "])}")
    shown = _masked(text[start : end.start()], 1)
    # They are written like those of a function, as far as anybody writes them.
    function = _parsed(f"def f({shown}\n): 0").body[0]
    assert isinstance(function, ast.FunctionDef)
    given = function.args
    starred = [parameter for parameter in (given.vararg, given.kwarg) if parameter is not None]
    is_other = given.posonlyargs or (given.kwonlyargs and given.vararg is None) or any(p.annotation for p in starred)
    if end.group() != "]" or is_other or not (given.args or starred):
        raise _AstrayError
    return end.end()


def _field_end(text: str, start: int, depth: int) -> int:
    """Return where the field ends whose expression begins at ``start``."""
    end = _ending(text, start, depth, "!:})]")
    _prove(text[start : end.start()], depth)
    return _behind_expression(text, end, depth)


def _ending(text: str, start: int, depth: int, signs: str) -> re.Match[str]:
    """Return the first of ``signs`` that stands in no brackets that are opened behind ``start``."""
    at, brackets = start, 0
    while (token := _SIGN.search(text, at)) is not None:
        at, sign = token.end(), token.group()
        if token["quotes"]:
            at = _string_end(text, token, depth)
        elif sign in ("(", "[", "{"):
            brackets += 1
        elif sign in (")", "]", "}") and brackets:
            brackets -= 1
        elif len(sign) == 1 and sign in signs and not brackets:
            return token
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
    if not shown.strip():
        raise _AstrayError
    _parsed(f"({_masked(shown, depth)}\n)")


def _parsed(text: str) -> ast.Module:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return ast.parse(text)
    except (SyntaxError, ValueError, MemoryError):
        raise _AstrayError from None
