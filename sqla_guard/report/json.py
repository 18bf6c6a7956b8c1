"""The report for programs; `docs/report.schema.json` describes it.

Lines and columns start at 1; columns and offsets count Unicode characters of the decoded file, without its byte order
mark. The order is stable.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from sqla_guard import __version__
from sqla_guard.core.diagnostic import Diagnostic, NotAnalysed
from sqla_guard.core.fix import Edit, Fix, Place
from sqla_guard.core.report import Report
from sqla_guard.core.source import SourceFile, Span
from sqla_guard.report.material import Load, Material

# Raised when a key is renamed, removed or means something else; new keys may come at any time.
SCHEMA_VERSION = 1


def render(material: Material, /) -> str:
    """Return the report as one JSON object."""
    return dump(material.report, material.report.to_look_at, material.load)


def dump(report: Report, to_look_at: Iterable[Place], load: Load) -> str:
    """Return ``report`` as one JSON object, with the given places to look at."""
    document = {
        "schema_version": SCHEMA_VERSION,
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
        "symbol": diagnostic.symbol,
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


def _note(note: NotAnalysed) -> dict[str, str | int | bool]:
    return {"path": note.path, "line": note.line, "reason": note.reason, "fatal": note.fatal}
