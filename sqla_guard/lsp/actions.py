"""What the editor offers at a place: repair, ignore, read the rule's page; and repair all."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from lsprotocol import types
from pygls.workspace import PositionCodec

from sqla_guard.adopt.directives import ignoring
from sqla_guard.core.diagnostic import Diagnostic
from sqla_guard.core.fix import Applicability, Fix
from sqla_guard.core.report import Report
from sqla_guard.lsp.analysis import Analysis, repaired
from sqla_guard.lsp.edits import edits_to, range_of, workspace_edit
from sqla_guard.lsp.messages import message_of

# What is written for the reason; an editor has no way to ask for it.
REASON = "why this is meant to be so"
OPEN_PAGE = "sqla-guard.openPage"
FIX_ALL = "source.fixAll.sqla-guard"
KINDS = (types.CodeActionKind.QuickFix, types.CodeActionKind.SourceFixAll, FIX_ALL)


def actions_at(
    path: str, place: types.Range, only: Sequence[str] | None, analysis: Analysis, codec: PositionCodec
) -> list[types.CodeAction]:
    """Return what can be done at ``place``.

    Args:
        path: The buffer.
        place: The cursor or selection.
        only: Kinds of action that the client asks for; ``None`` for the quick fixes of the place.
        analysis: The findings.
        codec: How the client counts columns.
    """
    found: list[types.CodeAction] = []
    if only is None or _wanted(types.CodeActionKind.QuickFix, only):
        for diagnostic in analysis.in_file(path):
            if _touch(_range(diagnostic, analysis, codec), place):
                found += _quick_fixes(diagnostic, analysis, codec)
    if only is not None and _wanted(FIX_ALL, only):
        found += _fix_all(analysis, codec)
    return found


def _quick_fixes(diagnostic: Diagnostic, analysis: Analysis, codec: PositionCodec) -> Iterator[types.CodeAction]:
    shown = [message_of(diagnostic, analysis, codec)]
    fix = diagnostic.fix
    if fix is not None and fix.applicability is not Applicability.DISPLAY:
        yield types.CodeAction(
            title=fix.title,
            kind=types.CodeActionKind.QuickFix,
            diagnostics=shown,
            # What remains for a person to judge is never done by a single key.
            is_preferred=fix.applicability is Applicability.SAFE,
            edit=workspace_edit(fix.edits, analysis, codec),
        )
    ignore = _ignoring(diagnostic, analysis)
    if ignore is not None:
        yield types.CodeAction(
            title=f"{ignore.title}, with a reason",
            kind=types.CodeActionKind.QuickFix,
            diagnostics=shown,
            edit=workspace_edit(ignore.edits, analysis, codec),
        )
    yield types.CodeAction(
        title=f"Explain {diagnostic.name} ({diagnostic.code})",
        kind=types.CodeActionKind.QuickFix,
        diagnostics=shown,
        command=types.Command(title="Open the rule's page", command=OPEN_PAGE, arguments=[diagnostic.name]),
    )


def _ignoring(diagnostic: Diagnostic, analysis: Analysis) -> Fix | None:
    report = Report.of((diagnostic,), (), 1)
    return ignoring(report, analysis.workspace.load, REASON).diagnostics[0].fix


def _fix_all(analysis: Analysis, codec: PositionCodec) -> Iterator[types.CodeAction]:
    texts = repaired(analysis)
    if texts:
        edits = edits_to(texts, analysis.workspace)
        yield types.CodeAction(
            title="Repair everything that sqla-guard can repair in the open files",
            kind=FIX_ALL,
            edit=workspace_edit(edits, analysis, codec),
        )


def _range(diagnostic: Diagnostic, analysis: Analysis, codec: PositionCodec) -> types.Range:
    source = analysis.workspace.load(diagnostic.path)
    return range_of(source, diagnostic.span.start, diagnostic.span.end, codec)


def _touch(one: types.Range, other: types.Range) -> bool:
    return one.start <= other.end and other.start <= one.end


def _wanted(kind: str, only: Sequence[str]) -> bool:
    """Tell whether a kind is asked for, by itself or by a wider one: ``source`` asks for ``source.fixAll`` too."""
    return any(kind == asked or kind.startswith(f"{asked}.") for asked in map(_name, only))


def _name(kind: str) -> str:
    return kind.value if isinstance(kind, types.CodeActionKind) else kind
