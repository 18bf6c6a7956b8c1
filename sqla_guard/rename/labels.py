"""Comments and labels of a new step, after those of the step that it belongs to.

The new step keeps its neighbour's number. It has to run in that place, before the later steps that
use the new name; a fresh number at the end would stand out of order, and numbering the rest anew
would rename labels that databases and logs already know. The words after the number say what it
does, which also keeps the label unique.
"""

from __future__ import annotations

import re
from collections.abc import Collection

_NUMBER = re.compile(r"[A-Za-z]{0,3}\d+[a-z]?(?=[^0-9A-Za-z]|$)")
_SEPARATOR = re.compile(r"[_\-.: ]+")
_HEAD = re.compile(r"(#+\s*(?:[A-Za-z]+\s+)?[#vV]?\d+[a-z]?\s*[:.)\u2013\u2014-]?)\s*")
_MARKS = ":.)\u2013\u2014-"
_TOLD_NUMBER = re.compile(r".{0,200}?\d\w{0,20}\s*[:\u2013\u2014-]\s+")


def new_label(neighbour: str, table: str, old: str, new: str, taken: Collection[str]) -> str:
    """Return a label after ``neighbour``: for ``023_events``, ``023_rename_events_metadata``."""
    number = _NUMBER.match(neighbour)
    head, rest = "", neighbour
    if number:
        rest = neighbour[number.end() :]
        separator = _SEPARATOR.match(rest)
        head = number.group() + (separator.group() if separator else "_")
    joint = "-" if "-" in rest.strip("-") and "_" not in rest else "_"
    words = ["rename", table, old]
    label = head + joint.join(words)
    if label in taken:
        label = head + joint.join([*words, "to", new])
    return label


def is_label(text: str, table: str) -> bool:
    """Tell whether a string is a label rather than a sentence or a mere "done"."""
    return not re.search(r"\s", text) and bool(re.search(r"[0-9_\-.:]", text) or table in text)


def new_sentence(neighbour: str, labels: dict[str, str], table: str, old: str, new: str) -> str | None:
    """Return what the script says about the rename where it said ``neighbour``, if anything.

    Args:
        neighbour: The sentence that belongs to the neighbouring step.
        labels: That step's labels, with the new ones.
        table: The table.
        old: The column's old name.
        new: The column's new name.
    """
    for label, replacement in labels.items():
        if label in neighbour:
            return neighbour[: neighbour.index(label)] + replacement
    if table.lower() not in neighbour.lower():
        return None
    told = f"renamed {table}.{old} to {new}"
    number = _TOLD_NUMBER.match(neighbour)
    if number:
        capital = neighbour[number.end() : number.end() + 1].isupper()
        return number.group() + (told.capitalize() if capital and told.islower() else told)
    return told[0].upper() + told[1:] if neighbour[:1].isupper() else told


def new_comment(neighbour: str, table: str, old: str, new: str) -> str:
    """Return the comment above the rename: the neighbour's number, then what it does and why."""
    told = f"rename {table}.{old} to {new} (SQLAlchemy reserves the old name)"
    head = _HEAD.match(neighbour)
    if head and (head[1][-1] in _MARKS or head.end() == len(neighbour)):
        mark = head[1] if not head[1][-1].isalnum() else head[1] + ":"
        title = neighbour[head.end() : head.end() + 1]
        return f"{mark} {told[0].upper() + told[1:] if title.isupper() else told}"
    capital = not neighbour or neighbour.lstrip("# ")[:1].isupper()
    return "# " + (told[0].upper() + told[1:] if capital else told)
