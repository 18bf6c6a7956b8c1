"""What is said after fixing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Protocol

from sqla_guard.core.fix import Fix, Place
from sqla_guard.core.report import Report
from sqla_guard.report.material import Load, Material
from sqla_guard.report.sanitize import printable
from sqla_guard.report.style import PLAIN, Style
from sqla_guard.report.text import notes, render
from sqla_guard.report.words import number


class Outcome(Protocol):
    """What :func:`outcome` has to know of a finished fix."""

    @property
    def before(self) -> Report:
        """The report of the first check."""

    @property
    def after(self) -> Report:
        """What remains."""

    @property
    def made(self) -> tuple[Fix, ...]:
        """The fixes made."""

    @property
    def to_look_at(self) -> tuple[Place, ...]:
        """Places that could not be proven."""


def outcome(result: Outcome, load: Load, written: bool, style: Style = PLAIN) -> str:
    """Return what remains, what was repaired, and what a person should look at.

    Args:
        result: What fixing came to.
        load: Gives the files as they are after fixing.
        written: Whether the changes were written, or only shown.
        style: How words are set off on a terminal.
    """
    parts: list[str] = []
    if result.after.diagnostics:
        parts.append(render(Material(result.after, load, style=style)))
    elif noted := notes(result.after.not_analysed, style):
        parts.append("\n".join(noted))
    if result.to_look_at:
        title = f"To look at ({number(len(result.to_look_at), 'place')} that could not be proven):"
        parts.append("\n".join([title, *places(result.to_look_at, load, style)]) + "\n")
    if not result.made:
        return "\n".join(["", *parts, "Nothing to repair.\n"])
    settled = number(len(result.before.diagnostics) - len(result.after.diagnostics), "finding")
    verb = "repaired:" if written else "would be repaired; run again with --write:"
    made = [f"  {printable(fix.title)} ({fix.applicability.value})" for fix in result.made]
    return "\n".join(["", *parts, f"{settled} {verb}", *made, ""])


def places(to_look_at: Iterable[Place], load: Load, style: Style = PLAIN) -> Iterator[str]:
    """Yield the lines that list places which a fix could not prove."""
    for place in to_look_at:
        line, column = load(place.path).position(place.span.start)
        where = style("path", f"{printable(place.path)}:{line}:{column}")
        yield f"  {where}: {printable(place.message)}"
