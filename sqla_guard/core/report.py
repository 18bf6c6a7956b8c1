"""The result of a run."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from sqla_guard.core.diagnostic import Diagnostic, NotAnalysed
    from sqla_guard.core.fix import Place


class Report(NamedTuple):
    """What was found.

    Attributes:
        diagnostics: Findings, by path, position and code.
        not_analysed: What could not be judged, by path and line.
        files: Number of files that were checked.
        known: Number of findings that were left out, since a baseline knows them.
    """

    diagnostics: tuple[Diagnostic, ...]
    not_analysed: tuple[NotAnalysed, ...]
    files: int
    known: int = 0

    @classmethod
    def of(cls, diagnostics: Iterable[Diagnostic], not_analysed: Iterable[NotAnalysed], files: int) -> Report:
        """Return a report in its stable order, without repetitions."""
        ordered = sorted(diagnostics, key=lambda d: (d.path, d.span, d.code, d.message))
        return cls(tuple(ordered), tuple(sorted(set(not_analysed))), files)

    @classmethod
    def whole(cls, reports: Sequence[Report]) -> Report:
        """Return one report of the files of all ``reports``, at least one."""
        if len(reports) == 1:
            return reports[0]
        notes = {note for report in reports for note in report.not_analysed}
        failed = {(note.path, note.line) for note in notes if note.fatal}
        return cls.of(
            (diagnostic for report in reports for diagnostic in report.diagnostics),
            # What failed where it was to be checked need not be said again by those who looked at it from outside.
            (note for note in notes if note.fatal or (note.path, note.line) not in failed),
            sum(report.files for report in reports),
        )

    @property
    def to_look_at(self) -> tuple[Place, ...]:
        """Places that fixes could not prove, each once, by path and position."""
        places = {place for d in self.diagnostics if d.fix for place in d.fix.to_look_at}
        return tuple(sorted(places, key=lambda p: (p.path, p.span, p.message)))

    @property
    def failed(self) -> bool:
        """Whether a file that was to be checked could not be."""
        return any(note.fatal for note in self.not_analysed)
