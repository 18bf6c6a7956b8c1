"""A file as the tool reads it: decoded text, and what is needed to write it back unchanged."""

from __future__ import annotations

import re
from bisect import bisect_right
from functools import cached_property
from typing import NamedTuple

# What Python's tokenizer takes for a line end; str.splitlines() would also cut at form feeds and U+2028.
_LINE_END = r"\r\n|\r|\n"


class Span(NamedTuple):
    """Half-open range of character offsets into :attr:`SourceFile.text`, counted from 0."""

    start: int
    end: int

    def shifted(self, by: int) -> Span:
        """Return the same range moved by ``by`` characters."""
        return Span(self.start + by, self.end + by)

    def contains(self, other: Span) -> bool:
        """Tell whether ``other`` lies inside this range."""
        return self.start <= other.start and other.end <= self.end


class SourceFile:
    """One readable file; never changed. No dataclass, whose making would cost each start of the tool.

    Attributes:
        path: As shown to the user: relative to the working directory where possible, with ``/``.
        text: Decoded content without a byte order mark; line ends are those of the file.
        encoding: Codec that turns ``text`` back into the file's bytes.
        bom: Bytes of the byte order mark, or empty.
    """

    def __init__(self, path: str, text: str, encoding: str = "utf-8", bom: bytes = b"") -> None:
        self.path = path
        self.text = text
        self.encoding = encoding
        self.bom = bom

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, SourceFile):
            return NotImplemented
        return self is other or (self.path, self.text, self.encoding, self.bom) == (
            other.path,
            other.text,
            other.encoding,
            other.bom,
        )

    def __hash__(self) -> int:
        return hash((self.path, self.text))

    @property
    def is_python(self) -> bool:
        """Whether the file is Python source (``.py``, ``.pyi``, ``.pyw``)."""
        return self.path.endswith((".py", ".pyi", ".pyw"))

    @property
    def is_sql(self) -> bool:
        """Whether the file is an SQL script."""
        return self.path.endswith(".sql")

    @cached_property
    def line_starts(self) -> tuple[int, ...]:
        """Offset of the first character of each line."""
        line_end = _LINE_END if "\r" in self.text else "\n"
        return (0, *[match.end() for match in re.finditer(line_end, self.text)])

    @cached_property
    def lowered(self) -> str:
        """The text in lower case, which may be longer; for those who ask about one file several times."""
        return self.text.lower()

    @cached_property
    def _is_ascii(self) -> bool:
        return self.text.isascii()

    @cached_property
    def newline(self) -> str:
        """The line end of the file's first line; a line feed where there is none."""
        match = re.search(_LINE_END, self.text)
        return match.group() if match else "\n"

    def position(self, offset: int) -> tuple[int, int]:
        """Return line and column of ``offset``, both counted from 1, columns in characters."""
        line = bisect_right(self.line_starts, offset)
        return line, offset - self.line_starts[line - 1] + 1

    def line(self, number: int) -> str:
        """Return line ``number`` (from 1) without its line end."""
        start = self.line_starts[number - 1]
        end = self.line_starts[number] if number < len(self.line_starts) else len(self.text)
        return self.text[start:end].rstrip("\r\n")

    def offset(self, line: int, utf8_column: int) -> int:
        """Return the character offset of a position as :mod:`ast` gives it.

        Args:
            line: Line from 1.
            utf8_column: Bytes from the line's start in UTF-8, from 0.
        """
        start = self.line_starts[line - 1]
        if self._is_ascii:
            return start + utf8_column
        end = self.line_starts[line] if line < len(self.line_starts) else len(self.text)
        content = self.text[start:end]
        if content.isascii():
            return start + utf8_column
        return start + len(content.encode("utf-8", "surrogatepass")[:utf8_column].decode("utf-8", "replace"))

    def indent_at(self, offset: int) -> str:
        """Return the leading white space of the line that holds ``offset``."""
        line = self.line(self.position(offset)[0])
        return line[: len(line) - len(line.lstrip(" \t\f"))]

    def encode(self, text: str) -> bytes:
        """Return ``text`` as bytes for this file.

        Raises:
            UnicodeEncodeError: ``text`` has a character that the file's codec cannot hold.
        """
        return self.bom + text.encode(self.encoding)
