"""Lines that a fix moves deeper and that no longer fit are broken the way formatters do: inside their last brackets."""

from __future__ import annotations

import re
from collections.abc import Iterator

from msgspec.structs import replace

from sqla_guard.core.fix import Edit, Fix
from sqla_guard.core.source import SourceFile

_PAIRS = {"(": ")", "[": "]", "{": "}"}
# ``return f``, ``x: T = a.b(c).d``, ``key=f``: what may stand before the brackets; with operators formatters do else.
_HEAD = re.compile(
    r"(?:(?:return|raise|await)\s+)*(?:[\w.]+(?:\[[^\[\]]*\])?(?::[^=]+)?\s=\s|\w+=)*(?:await\s+)?"
    r"[\w.]+(?:\([^()]*\)\.[\w.]+)?"
)
_IMPORT = re.compile(r"([ \t]*from [\w.]+ import )([\w, ]+)")


def keep_width(fix: Fix | None, source: SourceFile, width: int) -> Fix | None:
    """Return ``fix`` with the lines broken that fitted into ``width`` characters before it moved them deeper."""
    if fix is None:
        return None
    moved = [e for e in fix.edits if e.path == source.path and e.start == e.end and e.text and not e.text.strip(" \t")]
    added = [edit for move in moved for edit in _broken(move, source, width - _grown(move, fix, source))]
    taken = {(e.start, e.end) for e in fix.edits}
    if not added or any((e.start, e.end) in taken for e in added):
        return fix
    return replace(fix, edits=tuple(sorted({*fix.edits, *added})))


def _grown(move: Edit, fix: Fix, source: SourceFile) -> int:
    """Return by how many characters other edits of ``fix`` lengthen the line that ``move`` indents."""
    number = source.position(move.start)[0]
    start = source.line_starts[number - 1]
    end = start + len(source.line(number))
    inside = [e for e in fix.edits if e != move and e.path == source.path and start <= e.start and e.end <= end]
    return sum(len(e.text) - (e.end - e.start) for e in inside if "\n" not in e.text and e.end > e.start)


def _broken(move: Edit, source: SourceFile, width: int) -> Iterator[Edit]:
    """Yield the edits that break the line which ``move`` indents, if it has to be and can."""
    number = source.position(move.start)[0]
    line, start = source.line(number).rstrip("\r\n"), source.line_starts[number - 1]
    if len(line) > width or len(line) + len(move.text) <= width:
        return
    indent = source.indent_at(start) + move.text
    inner = indent + ("\t" if move.text.startswith("\t") else "    ")
    imported = _IMPORT.fullmatch(line)
    if imported is not None:
        names = [name.strip() for name in imported.group(2).split(",")]
        listed = "".join(f"{inner}{name},{source.newline}" for name in names)
        at = start + imported.start(2)
        yield Edit(source.path, at, start + imported.end(2), f"({source.newline}{listed}{indent})")
        return
    brackets = _last_brackets(line)
    if brackets is None:
        return
    first, last, commas = brackets
    if len(indent) + len(line[:first].lstrip()) + 1 > width or first + 1 == last:
        return
    breaks = {first + 1: inner, last: indent}
    comma = ""
    if len(inner) + last - first - 1 > width:
        if not commas:
            return
        breaks.update({at + 1: inner for at in commas})
        comma = "," if commas[-1] + 1 != last else ""
    for at, depth in breaks.items():
        end = at + (len(line[at:]) - len(line[at:].lstrip(" "))) if at != last else at
        text = (comma if at == last else "") + source.newline + depth
        yield Edit(source.path, start + at, start + end, text)


def _last_brackets(line: str) -> tuple[int, int, list[int]] | None:
    """Return where the brackets that end a line open and close, and the commas between their parts."""
    body = line.rstrip().removesuffix(",")
    stack: list[tuple[int, list[int]]] = []
    closed: tuple[int, int, list[int]] | None = None
    at = 0
    while at < len(body):
        char = body[at]
        if char in "'\"":
            end = _string_end(body, at)
            if end is None:
                return None
            at = end
        elif char == "#":
            return None
        elif char in _PAIRS:
            stack.append((at, []))
        elif char in _PAIRS.values():
            if not stack or _PAIRS[body[stack[-1][0]]] != char:
                return None
            opened, commas = stack.pop()
            closed = (opened, at, commas)
        elif char == "," and stack:
            stack[-1][1].append(at)
        at += 1
    if stack or closed is None or closed[1] != len(body) - 1 or not _HEAD.fullmatch(body[: closed[0]].strip()):
        return None
    return closed


def _string_end(text: str, start: int) -> int | None:
    """Return where the string that opens at ``start`` ends; ``None`` where it goes on."""
    quote = text[start]
    if text.startswith(quote * 3, start):
        return None
    at = start + 1
    while at < len(text) and text[at] != quote:
        at += 2 if text[at] == "\\" else 1
    return at if at < len(text) else None
