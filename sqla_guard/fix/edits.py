"""Edits put into texts, and places moved along with them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from sqla_guard.core.fix import Edit, Place
from sqla_guard.core.source import Span


def clashes(first: Edit, second: Edit) -> bool:
    """Tell whether two edits of one file cannot both be made.

    Identical edits do not clash: they are made once. Two different texts at one place do, and so do edits that
    overlap or touch, as the second one was not made with the first in mind.
    """
    if first == second or first.path != second.path:
        return False
    return first.start <= second.end and second.start <= first.end


def apply_edits(text: str, edits: Iterable[Edit]) -> str:
    """Return ``text`` with ``edits``, which do not clash, made."""
    for edit in sorted(set(edits), reverse=True):
        text = text[: edit.start] + edit.text + text[edit.end :]
    return text


def by_path(edits: Iterable[Edit]) -> Mapping[str, Sequence[Edit]]:
    """Return the edits of each file, in order."""
    grouped: dict[str, list[Edit]] = {}
    for edit in sorted(set(edits)):
        grouped.setdefault(edit.path, []).append(edit)
    return grouped


def moved(place: Place, edits: Sequence[Edit]) -> Place:
    """Return ``place`` where it stands after ``edits`` of its file were made."""
    shift = sum(len(e.text) - (e.end - e.start) for e in edits if e.end <= place.span.start)
    inner = sum(
        len(e.text) - (e.end - e.start) for e in edits if place.span.start <= e.start and e.end <= place.span.end
    )
    return Place(place.path, Span(place.span.start + shift, place.span.end + shift + inner), place.message)
