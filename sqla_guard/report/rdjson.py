"""Reviewdog's diagnostic format, which it turns into comments of a review."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from sqla_guard.core.diagnostic import Diagnostic
from sqla_guard.core.fix import Applicability, Fix
from sqla_guard.core.source import SourceFile, Span
from sqla_guard.report.material import Load, Material
from sqla_guard.report.sanitize import printable

# A suggestion replaces whole lines of a review; past this number nobody can read it there.
_MOST_LINES = 20


def render(material: Material, /) -> str:
    """Return the report as one JSON object; files that could not be checked are errors without a code."""
    document = {"source": {"name": "sqla-guard"}, "diagnostics": list(_diagnostics(material))}
    return json.dumps(document, indent=2, ensure_ascii=True) + "\n"


def _diagnostics(material: Material) -> Iterator[dict[str, Any]]:
    for diagnostic in material.report.diagnostics:
        yield _finding(diagnostic, material.load)
    for note in material.report.not_analysed:
        if note.fatal:
            location: dict[str, Any] = {"path": printable(note.path)}
            if note.line:
                location["range"] = {"start": {"line": note.line}}
            yield {
                "message": f"could not be checked: {printable(note.reason)}",
                "location": location,
                "severity": "ERROR",
            }


def _finding(diagnostic: Diagnostic, load: Load) -> dict[str, Any]:
    source = load(diagnostic.path)
    found: dict[str, Any] = {
        "message": f"{printable(diagnostic.message)}\n{printable(diagnostic.help)}",
        "location": {"path": printable(diagnostic.path), "range": _range(source, diagnostic.span)},
        "severity": diagnostic.severity.upper(),
        "code": {"value": f"{diagnostic.code} {diagnostic.name}"},
    }
    if diagnostic.fix is not None and (suggestion := _suggestion(diagnostic.fix, source)):
        found["suggestions"] = [suggestion]
    if diagnostic.related:
        found["related_locations"] = [
            {
                "message": printable(place.message),
                "location": {"path": printable(place.path), "range": _range(load(place.path), place.span)},
            }
            for place in diagnostic.related
        ]
    return found


def _suggestion(fix: Fix, source: SourceFile) -> dict[str, Any] | None:
    """Return ``fix`` as one replacement; ``None`` for one that a click on a few lines could only make in part."""
    if fix.applicability is Applicability.DISPLAY or any(edit.path != source.path for edit in fix.edits):
        return None
    edits = sorted(fix.edits)
    whole = Span(edits[0].start, max(edit.end for edit in edits))
    text, at = "", whole.start
    for edit in edits:
        text += source.text[at : edit.start] + edit.text
        at = edit.end
    if source.position(whole.end)[0] - source.position(whole.start)[0] >= _MOST_LINES:
        return None
    return {"range": _range(source, whole), "text": text}


def _range(source: SourceFile, span: Span) -> dict[str, Any]:
    return {"start": _position(source, span.start), "end": _position(source, span.end)}


def _position(source: SourceFile, offset: int) -> dict[str, int]:
    """Return line and column from 1; reviewdog counts columns in bytes of UTF-8."""
    line, column = source.position(offset)
    before = source.text[offset - column + 1 : offset]
    return {"line": line, "column": len(before.encode("utf-8", "surrogatepass")) + 1}
