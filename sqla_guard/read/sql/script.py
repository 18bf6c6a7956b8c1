"""The script layer: what surrounds SQL in a file is blanked, character for character, so that offsets stay true.

Three things happen here, all in linear time and all of the same length as what they replace: text that is no SQL
(client commands, COPY data, template blocks) becomes blanks, template expressions become :data:`HOLE` characters,
which tokenise as one identifier, and batch separators (``GO``, ``/``, a MySQL ``DELIMITER``) become :data:`BREAK`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

# Private-use characters: no real text holds them, and sqlglot reads a run of them as an ordinary word.
HOLE = "\ue000"
BREAK = "\ue001"

_LINE = re.compile(r"[^\r\n]*(?:\r\n|\r|\n|\Z)")
_COPY = re.compile(r"\s*COPY\b.*\bFROM\s+STDIN\b.*;\s*\Z", re.IGNORECASE)
_BATCH = re.compile(r"\s*(?:GO(?:\s+\d+)?\s*(?:;\s*)?|/\s*)\Z", re.IGNORECASE)
_DELIMITER = re.compile(r"\s*DELIMITER\s+(\S+)\s*\Z", re.IGNORECASE)
_CLIENT = re.compile(r"\s*(?:\\|:(?:setvar|r|on|connect|out)\b|(?:PROMPT|REM)(?:\s|\Z))", re.IGNORECASE)
_CONDITIONAL = re.compile(r"/\*M?!\d*", re.IGNORECASE)
_NOT_BLANK = re.compile(r"[^\r\n]")
# Placeholders of migration tools: {schema}, $(schema), @schema@, and &schema. before a dot (SQL*Plus).
_PLACEHOLDER = re.compile(r"\{[^\W\d]\w*\}|\$\([^\W\d]\w*\)|@[^\W\d]\w*@|&&?[^\W\d]\w*\.(?=\.)")
_MARK = "\ufeff"
_TEMPLATES = (("{{", "}}", HOLE), ("{%", "%}", " "), ("{#", "#}", " "), ("${", "}", HOLE))


def mask(text: str) -> str:
    """Return ``text`` with everything that is not SQL masked; the result has the same length."""
    text = _mask_templates(text.replace(_MARK, " "))
    if "{" in text or "$(" in text or "@" in text or "&" in text:
        text = _PLACEHOLDER.sub(lambda match: HOLE * len(match.group()), text)
    if "/*!" in text or "/*M!" in text:
        text = _open_conditional_comments(text)
    return "".join(_masked_lines(text))


def blank(text: str) -> str:
    """Return ``text`` as blanks that keep its line ends."""
    return _NOT_BLANK.sub(" ", text)


def _mask_templates(text: str) -> str:
    for opening, closing, filler in _TEMPLATES:
        if opening not in text:
            continue
        parts: list[str] = []
        done = 0
        while (start := text.find(opening, done)) >= 0:
            end = text.find(closing, start + len(opening))
            if end < 0:
                break
            end += len(closing)
            inside = text[start:end]
            parts += (text[done:start], filler * len(inside) if filler == HOLE else blank(inside))
            done = end
        parts.append(text[done:])
        text = "".join(parts)
    return text


def _open_conditional_comments(text: str) -> str:
    parts: list[str] = []
    done = 0
    for match in _CONDITIONAL.finditer(text):
        if match.start() < done:
            continue
        end = text.find("*/", match.end())
        if end < 0:
            break
        parts += (text[done : match.start()], " " * len(match.group()), text[match.end() : end], "  ")
        done = end + 2
    parts.append(text[done:])
    return "".join(parts)


def _masked_lines(text: str) -> Iterator[str]:
    in_copy = False
    delimiter = ""
    for match in _LINE.finditer(text):
        line = match.group()
        if in_copy:
            in_copy = line.rstrip() != "\\."
            yield blank(line)
        elif (change := _DELIMITER.match(line)) is not None:
            delimiter = "" if change[1] == ";" else change[1]
            yield _break(line)
        elif _BATCH.match(line):
            yield _break(line)
        elif _CLIENT.match(line):
            yield blank(line)
        else:
            in_copy = _COPY.match(line) is not None
            yield _break_at(line, delimiter) if delimiter else line


def _break(line: str) -> str:
    """Return a masked line whose first visible character forces a statement to end."""
    lead = len(line) - len(line.lstrip())
    return blank(line[:lead]) + BREAK + blank(line[lead + 1 :])


def _break_at(line: str, delimiter: str) -> str:
    body = line.rstrip()
    if not body.endswith(delimiter):
        return line
    start = len(body) - len(delimiter)
    return line[:start] + BREAK + blank(line[start + 1 :])
