"""Moving lines of Python deeper without touching what stands inside string literals."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from sqla_guard.core.fix import Edit
from sqla_guard.core.source import SourceFile, Span


class Lines:
    """The lines of a file, with edits collected by offset so that several at one place become one."""

    def __init__(self, source: SourceFile, strings: Sequence[Span]) -> None:
        """Remember ``strings``, the literals that go over several lines."""
        self.source = source
        self.strings = strings
        self._edits: dict[tuple[int, int], str] = {}

    def start(self, offset: int) -> int:
        """Return where the line of ``offset`` starts."""
        return self.source.line_starts[self.source.position(offset)[0] - 1]

    def after(self, offset: int) -> int:
        """Return where the line after that of ``offset`` starts; the end of the text behind the last line."""
        line = self.source.position(offset)[0]
        starts = self.source.line_starts
        return starts[line] if line < len(starts) else len(self.source.text)

    def is_first_on_line(self, offset: int) -> bool:
        """Tell whether only white space stands before ``offset`` on its line."""
        return not self.source.text[self.start(offset) : offset].strip()

    def insert(self, offset: int, text: str) -> None:
        """Insert ``text``; a later insertion at the same place goes after it."""
        self._edits[offset, offset] = self._edits.get((offset, offset), "") + text

    def replace(self, span: Span, text: str) -> None:
        """Put ``text`` in place of ``span``."""
        self._edits[span.start, span.end] = text

    def insert_lines(self, offset: int, lines: Iterable[str]) -> None:
        """Insert whole lines before the line that starts at ``offset``."""
        newline = self.source.newline
        text = "".join(line + newline for line in lines)
        if offset == len(self.source.text) and offset and self.source.text[offset - 1] not in "\r\n":
            # The file's last line has no end yet, and keeps none.
            text = newline + text.removesuffix(newline)
        self.insert(offset, text)

    def indent(self, span: Span, by: str, base: str) -> None:
        """Move the lines of ``span`` deeper: ``by`` goes behind ``base`` where a line starts with it."""
        for offset in self._line_starts(span):
            text = self.source.text
            if any(s.start < offset < s.end for s in self.strings) or text[offset : self.after(offset)].strip() == "":
                continue
            self.insert(offset + (len(base) if text.startswith(base, offset) else 0), by)

    def _line_starts(self, span: Span) -> Iterator[int]:
        offset = self.start(span.start)
        while offset < span.end:
            yield offset
            following = self.after(offset)
            if following == offset:
                return
            offset = following

    def indented(self, span: Span, by: str) -> str:
        """Return the text of ``span`` with ``by`` before each line but the first, string contents kept."""
        text = self.source.text
        pieces: list[str] = []
        offset = span.start
        while offset < span.end:
            end = min(self.after(offset), span.end)
            inside = any(s.start < offset < s.end for s in self.strings)
            line = text[offset:end]
            pieces.append(line if offset == span.start or inside or not line.strip() else by + line)
            if end == offset:
                break
            offset = end
        return "".join(pieces)

    def edits(self) -> tuple[Edit, ...]:
        """Return everything collected, in order."""
        merged = sorted(self._edits.items())
        return tuple(Edit(self.source.path, start, end, text) for (start, end), text in merged)


_COMMENT = re.compile(r"#[^\r\n]*")


def without_comments(text: str) -> str:
    """Return code without its comments, for a copy of it; lines with quotes keep theirs."""
    kept: list[str] = []
    for line in text.splitlines(keepends=True):
        if line.lstrip().startswith("#"):
            continue
        head = line.partition("#")[0]
        kept.append(line if "'" in head or '"' in head else _without_comment(line))
    return "".join(kept)


def _without_comment(line: str) -> str:
    code, sign, rest = line.partition("#")
    return code.rstrip(" \t") + _COMMENT.sub("", sign + rest) if sign else line


def inner_unit(source: SourceFile, function: Span, strings: Sequence[Span]) -> str:
    """Return one step of indentation as the function at ``function`` uses it."""
    outer = source.indent_at(function.start)
    depths = []
    line = source.position(function.start)[0] + 1
    last = source.position(function.end)[0]
    for number in range(line, last + 1):
        content, offset = source.line(number), source.line_starts[number - 1]
        if content.strip() and not any(s.start < offset < s.end for s in strings):
            indent = content[: len(content) - len(content.lstrip(" \t\f"))]
            if len(indent) > len(outer) and indent.startswith(outer):
                depths.append(indent[len(outer) :])
    return min(depths, key=len, default="    ")
