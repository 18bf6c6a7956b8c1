"""From each character of an evaluated Python string back to the characters of the file that spell it.

:mod:`ast` says where an expression stands; libcst, which keeps every character, says how its literals are cut. Only
the expression itself is parsed.
"""

from __future__ import annotations

import itertools
import re
import textwrap
import unicodedata
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING

from msgspec import Struct

from sqla_guard.core.source import SourceFile, Span
from sqla_guard.read.python.fstrings import LITERAL

if TYPE_CHECKING:
    import ast

    import libcst

# Stands for a part that is not known before run time; the same character as in masked SQL.
HOLE = "\ue000"

_ESCAPE = re.compile(
    r"\\(?:\r\n|[\r\n]|N\{[^}]{0,99}\}|x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|[0-7]{1,3}|.)|\r\n|\r",
    re.DOTALL,
)
_SIMPLE = {"\\": "\\", "'": "'", '"': '"', "a": "\a", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v"}
# Text and fields of an f-string, as far as they need no parser. A field that begins with a literal or a bracket may be
# one whose value is known, unless more than that stands in it: ``", ".join(names)``.
_QUOTED = r"""(?:'(?:[^'{}\\]|\{[^{}'"\\]*\})*'|"(?:[^"{}\\]|\{[^{}'"\\]*\})*")"""
_BRACKET = rf"""\((?:[^(){{}}'"\\#]|{_QUOTED}|\((?:[^(){{}}'"\\#]|{_QUOTED})*\))*\)"""
_MORE = rf"(?![\s\w.()]*\}})(?=\s*(?:[a-zA-Z]{{0,2}}{_QUOTED}|{_BRACKET})\s*(?:\.\s*[a-z]|if\b))"
_PIECE = re.compile(
    r"(?P<text>(?:[^{}]|\{\{|\}\})+)"
    rf"|\{{(?P<field>(?:(?!\s*(?:\(|[a-zA-Z]{{0,2}}['\"]))|{_MORE})(?:[^{{}}'\"\\#]|{_QUOTED})*)\}}"
)
_NAME = re.compile(r"\s*[^\W\d]\w*(?:\s*\.\s*[^\W\d]\w*)*\s*")
_PERCENT = re.compile(r"%(?:%|(?:\([^()]*\))?[-#0 +]*(?:\*|[1-9]\d*)?(?:\.(?:\*|\d+))?[hlL]?[diouxXeEfFgGcrsab])")
_FIELD = re.compile(r"\{\{|\}\}|\{[^{}]*(?:\{[^{}]*\}[^{}]*)*\}")

# Where each character comes from: start and end in the file, and the number of the literal.
_Origin = tuple[int, int, int]


class Mapped(Struct, frozen=True):
    """A string value and where each of its characters stands in the file.

    Attributes:
        text: The value; each :data:`HOLE` stands for a part that is not known.
        origins: For each character: first offset, offset behind it, and the literal it belongs to (each literal of a
            concatenation has its own number; negative for holes).
    """

    text: str
    origins: tuple[_Origin, ...]

    def span(self, start: int, end: int) -> Span | None:
        """Return the range of the file that spells ``text[start:end]``.

        Escapes and line continuations inside are part of the range.

        Returns:
            ``None`` where the range is empty, lies in several literals or touches a hole.
        """
        part = self.origins[start:end]
        if not part or part[0][2] < 0 or any(origin[2] != part[0][2] for origin in part):
            return None
        return Span(part[0][0], part[-1][1])

    def place(self, span: Span) -> Span | None:
        """Return :meth:`span` of a range of the text."""
        return self.span(span.start, span.end)

    def numbered(self, number: int) -> Mapped:
        """Return the same value as characters of literal ``number``; a negative one keeps them from being edited."""
        return Mapped(self.text, tuple((start, end, number) for start, end, _ in self.origins))

    def shifted(self, number: int) -> Mapped:
        """Return the same value with literal numbers of its own, as part ``number`` of a concatenation."""
        base = number * 10_000
        return Mapped(self.text, tuple((a, b, n + base if 0 <= n < base else n) for a, b, n in self.origins))

    def slice(self, start: int, end: int) -> Mapped:
        """Return the characters from ``start`` to ``end``."""
        return Mapped(self.text[start:end], self.origins[start:end])


Resolve = Callable[["ast.expr"], "Mapped | None"]


def hole(start: int, end: int) -> Mapped:
    """Return the value of an expression that is not known, standing from ``start`` to ``end``."""
    return Mapped(HOLE, ((start, end, -1),))


def joined(parts: Iterable[Mapped]) -> Mapped:
    """Return all parts, one behind the other, in linear time."""
    kept = list(parts)
    return Mapped("".join(p.text for p in kept), tuple(o for p in kept for o in p.origins))


def expression_span(node: ast.expr | ast.stmt, source: SourceFile) -> Span:
    """Return the characters of ``node``."""
    end_line, end_column = node.end_lineno or node.lineno, node.end_col_offset or 0
    return Span(source.offset(node.lineno, node.col_offset), source.offset(end_line, end_column))


def literal(node: ast.expr, source: SourceFile, resolve: Resolve | None = None) -> Mapped | None:
    """Return the value of a literal: plain, raw, bytes, f-string, or several side by side.

    Args:
        node: An ``ast.Constant`` with a string or bytes, or an ``ast.JoinedStr``.
        source: The file that ``node`` was parsed from.
        resolve: Gives the values of names in f-string fields, where they are known.

    Returns:
        ``None`` where libcst does not read the expression.
    """
    import ast

    span = expression_span(node, source)
    segment = source.text[span.start : span.end]
    value = _quick(segment, span.start, resolve) or _parsed(segment, span.start, resolve)
    if value is None and isinstance(node, ast.Constant):
        # Hundreds of literals side by side are too deep for libcst in one piece.
        return _one_by_one(segment, span.start)
    return value


def _quick(segment: str, at: int, resolve: Resolve | None) -> Mapped | None:
    """Return the value of literals that need no parser."""
    parts: list[Mapped] = []
    done = 0
    while done < len(segment):
        match = LITERAL.match(segment, done)
        if match is None:
            return None
        done = match.end()
        number = len(parts) + 1
        prefix, which = match[1].lower(), match.lastindex or 0
        body, start = match[which], at + match.start(which)
        if "f" in prefix:
            part = _formatted(body, start, number, "r" in prefix, resolve)
        else:
            part = _characters(body, start, number, "r" in prefix, "b" in prefix, _ESCAPE)
        if part is None:
            return None
        parts.append(part)
    return joined(parts) if parts else None


def _formatted(body: str, at: int, number: int, raw: bool, resolve: Resolve | None) -> Mapped | None:
    parts: list[Mapped] = []
    done = 0
    if "\\N{" in body:
        return None
    while done < len(body):
        match = _PIECE.match(body, done)
        if match is None:
            return None
        start, done = at + match.start(), match.end()
        if match["text"]:
            parts.append(_characters(match["text"], start, number, raw, False, _DOUBLED))
            continue
        known = resolve(_named(match["field"])) if resolve is not None and _NAME.fullmatch(match["field"]) else None
        parts.append(hole(start, start + 1) if known is None else known)
    return joined(parts)


def _named(text: str) -> ast.expr:
    """Return ``a.b``, as it is written in ``text``."""
    import ast

    first, *rest = (word.strip() for word in text.split("."))
    node: ast.expr = ast.Name(first, ast.Load())
    for word in rest:
        node = ast.Attribute(node, word, ast.Load())
    return node


def _parsed(segment: str, at: int, resolve: Resolve | None) -> Mapped | None:
    import libcst
    from libcst.metadata import ByteSpanPositionProvider, MetadataWrapper

    try:
        # The parentheses let adjacent literals go on over several lines.
        module = libcst.parse_module(f"({segment}\n)")
        wrapper = MetadataWrapper(module, unsafe_skip_copy=True)
        positions = wrapper.resolve(ByteSpanPositionProvider)
    except Exception:
        return None
    statement = module.body[0] if module.body else None
    line = statement.body[0] if isinstance(statement, libcst.SimpleStatementLine) else None
    if not isinstance(line, libcst.Expr):
        return None
    offsets = None if segment.isascii() else _character_offsets(f"({segment}")

    def start_of(part: libcst.CSTNode) -> int:
        start = positions[part].start
        return at - 1 + (start if offsets is None else offsets[start])

    return _Literals(start_of, resolve).read(line.value)


def _one_by_one(segment: str, at: int) -> Mapped | None:
    """Return the value of plain literals side by side, each parsed on its own."""
    import io
    import tokenize

    lines = SourceFile("", segment)
    parts: list[Mapped] = []
    try:
        for token in tokenize.generate_tokens(io.StringIO(f"({segment}\n)", newline="").readline):
            if token.type == tokenize.STRING:
                line, column = token.start
                start = lines.line_starts[line - 1] + column - (line == 1)
                part = _parsed(token.string, at + start, None)
                if part is None:
                    return None
                number = len(parts) + 1
                parts.append(Mapped(part.text, tuple((a, b, number) for a, b, _ in part.origins)))
    except (tokenize.TokenError, SyntaxError):
        return None
    return joined(parts) if parts else None


def _character_offsets(text: str) -> list[int]:
    """Return for each byte of ``text`` in UTF-8 the number of the character it belongs to."""
    offsets: list[int] = []
    for index, character in enumerate(text):
        offsets += [index] * len(character.encode("utf-8", "surrogatepass"))
    offsets.append(len(text))
    return offsets


class _Literals:
    """Reads the literals of one libcst expression."""

    def __init__(self, start_of: Callable[[libcst.CSTNode], int], resolve: Resolve | None) -> None:
        self._start_of = start_of
        self._resolve = resolve
        self._count = 0

    def read(self, node: libcst.BaseExpression) -> Mapped | None:
        """Return the value of a string expression."""
        import libcst

        parts: list[Mapped] = []
        while isinstance(node, libcst.ConcatenatedString):
            part = self._one(node.left)
            if part is None:
                return None
            parts.append(part)
            node = node.right
        last = self._one(node)
        return None if last is None else joined([*parts, last])

    def _one(self, node: libcst.BaseExpression) -> Mapped | None:
        import libcst

        self._count += 1
        if isinstance(node, libcst.SimpleString):
            lead = len(node.prefix) + len(node.quote)
            start = self._start_of(node)
            body = node.value[lead : len(node.value) - len(node.quote)]
            prefix = node.prefix.lower()
            return _characters(body, start + lead, self._count, "r" in prefix, "b" in prefix, _ESCAPE)
        if isinstance(node, libcst.FormattedString):
            raw = "r" in node.prefix.lower()
            return joined(self._field(part, raw) for part in node.parts)
        return None

    def _field(self, part: libcst.BaseFormattedStringContent, raw: bool) -> Mapped:
        import libcst

        start = self._start_of(part)
        if isinstance(part, libcst.FormattedStringText):
            return _characters(part.value, start, self._count, raw, False, _DOUBLED)
        assert isinstance(part, libcst.FormattedStringExpression)
        known = self._known(part)
        if known is not None:
            return known
        return hole(start, start + 1)

    def _known(self, part: libcst.FormattedStringExpression) -> Mapped | None:
        """Return the value of ``{NAME}`` where it is known; its characters then stand elsewhere in the file."""
        import libcst

        plain = part.conversion is None and not part.format_spec and part.equal is None
        if self._resolve is None or not plain:
            return None
        if isinstance(part.expression, (libcst.SimpleString, libcst.FormattedString, libcst.ConcatenatedString)):
            return self.read(part.expression)
        name = _name(part.expression)
        return None if name is None else self._resolve(name)


def _name(node: libcst.BaseExpression) -> ast.expr | None:
    """Return a name, with attributes or without."""
    import ast

    import libcst

    if isinstance(node, libcst.Name):
        return ast.Name(node.value, ast.Load())
    owner = _name(node.value) if isinstance(node, libcst.Attribute) else None
    return ast.Attribute(owner, node.attr.value, ast.Load()) if owner and isinstance(node, libcst.Attribute) else None


_DOUBLED = re.compile(_ESCAPE.pattern + r"|\{\{|\}\}", re.DOTALL)


def _characters(body: str, at: int, number: int, raw: bool, is_bytes: bool, pieces: re.Pattern[str]) -> Mapped:
    """Return the value of the inside of literal ``number``, in which ``pieces`` may stand for something else."""
    texts: list[str] = []
    origins: list[_Origin] = []
    done = 0
    for match in pieces.finditer(body):
        start, end = match.span()
        value = _evaluate(match.group(), raw, is_bytes)
        if value is not None:
            texts += (body[done:start], value)
            origins += [(i, i + 1, number) for i in range(at + done, at + start)]
            origins += [(at + start, at + end, number)] * len(value)
            done = end
    texts.append(body[done:])
    origins += [(i, i + 1, number) for i in range(at + done, at + len(body))]
    return Mapped("".join(texts), tuple(origins))


def _evaluate(piece: str, raw: bool, is_bytes: bool) -> str | None:
    """Return what an escape, a line end or a doubled brace stands for; ``None`` where it stands for itself."""
    if piece in ("\r\n", "\r"):
        return "\n"
    if piece in ("{{", "}}"):
        return piece[0]
    if raw:
        # A backslash is itself, but a line end behind it still becomes a line feed.
        return "\\\n" if piece[1] in "\r\n" else None
    body = piece[1:]
    if body[0] in "\r\n":
        return ""
    if body[0] in _SIMPLE:
        return _SIMPLE[body[0]]
    if body[0] in "01234567":
        return chr(int(body, 8) & (0xFF if is_bytes else 0x1FF))
    return _evaluate_coded(body, is_bytes)


def _evaluate_coded(body: str, is_bytes: bool) -> str | None:
    if body[0] == "x" and len(body) > 1:
        return chr(int(body[1:], 16))
    if is_bytes or len(body) == 1:
        return None
    if body[0] in "uU":
        return chr(int(body[1:], 16))
    try:
        return unicodedata.lookup(body[2:-1])
    except KeyError:
        return None


Operands = Mapping[str, "Mapped | None"]


def percent_template(value: Mapped, given: Operands | None = None) -> Mapped:
    """Return what ``"…" % x`` makes of its left side: fields without a known operand become holes, ``%%`` one sign.

    Args:
        value: The left side.
        given: Operands by position or key.
    """
    count = itertools.count()

    def replacement(piece: str) -> Mapped | str:
        if piece == "%%":
            return "%"
        key = piece[2 : piece.index(")")] if piece[1] == "(" else str(next(count))
        return _operand(given, key) if piece[-1] == "s" and piece.strip("%s") in ("", f"({key})") else HOLE

    return _template(value, _PERCENT, replacement)


def format_template(value: Mapped, given: Operands | None = None) -> Mapped:
    """Return what ``"…".format(…)`` makes: fields without a known operand become holes, doubled braces single ones.

    Args:
        value: The string before ``.format``.
        given: Operands by position or keyword.
    """
    count = itertools.count()

    def replacement(piece: str) -> Mapped | str:
        if piece in ("{{", "}}"):
            return piece[0]
        name = piece[1:-1]
        return _operand(given, name if name else str(next(count)))

    return _template(value, _FIELD, replacement)


def _operand(given: Operands | None, key: str) -> Mapped | str:
    found = given.get(key) if given is not None else None
    return HOLE if found is None else found


def _template(value: Mapped, pattern: re.Pattern[str], replacement: Callable[[str], Mapped | str]) -> Mapped:
    parts: list[Mapped] = []
    done = 0
    for match in pattern.finditer(value.text):
        first, last = value.origins[match.start()], value.origins[match.end() - 1]
        made = replacement(match.group())
        number = -1 if made == HOLE else first[2]
        known = made if isinstance(made, Mapped) else Mapped(made, ((first[0], last[1], number),))
        parts += (value.slice(done, match.start()), known)
        done = match.end()
    parts.append(value.slice(done, len(value.text)))
    return joined(parts)


def dedented(value: Mapped) -> Mapped:
    """Return what :func:`textwrap.dedent` makes of ``value``."""
    before = value.text.split("\n")
    after = textwrap.dedent(value.text).split("\n")
    if len(before) != len(after) or any(not old.endswith(new) for old, new in zip(before, after, strict=True)):
        return value
    parts: list[Mapped] = []
    at = 0
    for index, (old, new) in enumerate(zip(before, after, strict=True)):
        end = at + len(old)
        parts.append(value.slice(end - len(new), end + (index < len(before) - 1)))
        at = end + 1
    return joined(parts)


def stripped(value: Mapped, method: str) -> Mapped:
    """Return what ``strip``, ``lstrip`` or ``rstrip`` without arguments makes of ``value``."""
    start = 0 if method == "rstrip" else len(value.text) - len(value.text.lstrip())
    end = len(value.text) if method == "lstrip" else len(value.text.rstrip())
    return value.slice(start, max(start, end))
