"""The report for programs.

Lines and columns start at 1; columns and offsets count Unicode characters of the decoded file, without its byte order
mark. The order is stable.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from typing import Any

from sqla_guard import __version__
from sqla_guard.core.diagnostic import Diagnostic, NotAnalysed
from sqla_guard.core.fix import Edit, Fix, Place
from sqla_guard.core.report import Report
from sqla_guard.core.source import SourceFile, Span

Load = Callable[[str], SourceFile]


def render(report: Report, load: Load) -> str:
    """Return ``report`` as one JSON object; ``load`` gives the files that findings stand in."""
    return dump(report, report.to_look_at, load)


def dump(report: Report, to_look_at: Iterable[Place], load: Load) -> str:
    """Return ``report`` as one JSON object, with the given places to look at."""
    document = {
        "version": __version__,
        "diagnostics": [_diagnostic(d, load) for d in report.diagnostics],
        "to_look_at": [_place(place, load) for place in to_look_at],
        "not_analysed": [_note(note) for note in report.not_analysed],
        "files": report.files,
    }
    return json.dumps(document, indent=2, ensure_ascii=True) + "\n"


def _diagnostic(diagnostic: Diagnostic, load: Load) -> dict[str, Any]:
    return {
        "code": diagnostic.code,
        "name": diagnostic.name,
        "severity": diagnostic.severity,
        "path": diagnostic.path,
        **_range(load(diagnostic.path), diagnostic.span),
        "message": diagnostic.message,
        "help": diagnostic.help,
        "fix": _fix(diagnostic.fix) if diagnostic.fix else None,
        "related": [_place(place, load) for place in diagnostic.related],
    }


def _range(source: SourceFile, span: Span) -> dict[str, int]:
    line, column = source.position(span.start)
    end_line, end_column = source.position(span.end)
    return {"line": line, "column": column, "end_line": end_line, "end_column": end_column}


def _fix(fix: Fix) -> dict[str, Any]:
    return {
        "title": fix.title,
        "applicability": fix.applicability.value,
        "edits": [_edit(edit) for edit in fix.edits],
    }


def _edit(edit: Edit) -> dict[str, str | int]:
    return {"path": edit.path, "start": edit.start, "end": edit.end, "text": edit.text}


def _place(place: Place, load: Load) -> dict[str, str | int]:
    return {"path": place.path, **_range(load(place.path), place.span), "message": place.message}


def _note(note: NotAnalysed) -> dict[str, str | int]:
    return {"path": note.path, "line": note.line, "reason": note.reason}
