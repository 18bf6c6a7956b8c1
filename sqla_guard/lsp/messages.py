"""Findings as the protocol's diagnostics."""

from __future__ import annotations

from lsprotocol import types
from pygls.workspace import PositionCodec

from sqla_guard import __version__
from sqla_guard.core.diagnostic import Diagnostic
from sqla_guard.lsp.analysis import Analysis
from sqla_guard.lsp.edits import range_of, uri_of

SOURCE = "sqla-guard"
_SEVERITIES = {"error": types.DiagnosticSeverity.Error, "warning": types.DiagnosticSeverity.Warning}


def message_of(diagnostic: Diagnostic, analysis: Analysis, codec: PositionCodec) -> types.Diagnostic:
    """Return a finding as the editor shows it: what happens, then what to do."""
    load = analysis.workspace.load
    return types.Diagnostic(
        range=range_of(load(diagnostic.path), diagnostic.span.start, diagnostic.span.end, codec),
        message=f"{diagnostic.message}\n{diagnostic.help}",
        severity=_SEVERITIES[diagnostic.severity],
        code=diagnostic.code,
        source=SOURCE,
        related_information=[
            types.DiagnosticRelatedInformation(
                types.Location(
                    uri_of(place.path, analysis), range_of(load(place.path), place.span.start, place.span.end, codec)
                ),
                place.message,
            )
            for place in diagnostic.related
        ],
    )


def unreadable(path: str, analysis: Analysis) -> list[types.Diagnostic]:
    """Return why a buffer could not be judged, where that is so (a syntax error, say)."""
    return [
        types.Diagnostic(
            range=types.Range(types.Position(max(note.line, 1) - 1, 0), types.Position(max(note.line, 1), 0)),
            message=note.reason,
            severity=types.DiagnosticSeverity.Information,
            source=f"{SOURCE} {__version__}",
        )
        for note in analysis.report.not_analysed
        if note.path == path and note.fatal
    ]
