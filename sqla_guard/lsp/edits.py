"""Repairs as workspace edits, in the editor's own coordinates."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from pathlib import Path

from lsprotocol import types
from pygls.workspace import PositionCodec

from sqla_guard.core.fix import Edit
from sqla_guard.core.source import SourceFile
from sqla_guard.core.workspace import Workspace
from sqla_guard.fix.edits import by_path
from sqla_guard.lsp.analysis import Analysis


def uri_of(path: str, analysis: Analysis) -> str:
    """Return the editor's name for ``path``."""
    buffer = analysis.buffers.get(path)
    return buffer.uri if buffer else Path(path).absolute().as_uri()


def range_of(source: SourceFile, start: int, end: int, codec: PositionCodec) -> types.Range:
    """Return character offsets as a range; the codec counts as the client asked for (mostly UTF-16)."""
    return types.Range(_position(source, start, codec), _position(source, end, codec))


def _position(source: SourceFile, offset: int, codec: PositionCodec) -> types.Position:
    line, column = source.position(offset)
    before = source.text[offset - (column - 1) : offset]
    return types.Position(line - 1, codec.client_num_units(before))


def workspace_edit(edits: Iterable[Edit], analysis: Analysis, codec: PositionCodec) -> types.WorkspaceEdit:
    """Return edits of any number of files as one change; open files are only changed in the version that was read."""
    changes: list[types.TextDocumentEdit | types.CreateFile] = []
    for path, of_file in by_path(edits).items():
        uri = uri_of(path, analysis)
        if not analysis.workspace.exists(path):
            changes.append(types.CreateFile(uri, options=types.CreateFileOptions(overwrite=False)))
        source = _source(path, analysis.workspace)
        buffer = analysis.buffers.get(path)
        document = types.OptionalVersionedTextDocumentIdentifier(uri, buffer.version if buffer else None)
        texts = [types.TextEdit(range_of(source, e.start, e.end, codec), e.text) for e in of_file]
        changes.append(types.TextDocumentEdit(document, texts))
    return types.WorkspaceEdit(document_changes=changes)


def edits_to(texts: Mapping[str, str], workspace: Workspace) -> list[Edit]:
    """Return the edits that lead from the files of ``workspace`` to ``texts``; lines that stay are not touched."""
    edits: list[Edit] = []
    for path, text in texts.items():
        source = _source(path, workspace)
        old, new = _lines(source), _lines(SourceFile(path, text))
        for kind, a, b, c, d in difflib.SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
            if kind != "equal":
                start, end = sum(map(len, old[:a])), sum(map(len, old[:b]))
                edits.append(Edit(path, start, end, "".join(new[c:d])))
    return edits


def _source(path: str, workspace: Workspace) -> SourceFile:
    return workspace.load(path) if workspace.exists(path) else SourceFile(path, "")


def _lines(source: SourceFile) -> list[str]:
    starts = source.line_starts
    return [source.text[a:b] for a, b in zip(starts, (*starts[1:], len(source.text)), strict=True) if a < b]
