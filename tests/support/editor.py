"""An editor, as far as a language server can tell: a real client that talks to the real server over stdio."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Union

from cattrs import Converter
from lsprotocol import types
from pygls.lsp.client import LanguageClient
from pygls.protocol import default_converter


class Editor:
    """An editor on one folder, with its open documents and what it was told of them."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.client = LanguageClient("editor", "1", converter_factory=_converter)
        self.texts: dict[str, str] = {}
        self.shown: list[types.ShowDocumentParams] = []
        self.complaints: list[str] = []
        self.watched: list[types.Registration] = []
        self._versions: dict[str, int] = {}
        self._published: dict[tuple[str, int | None], asyncio.Future[list[types.Diagnostic]]] = {}
        self._listen()

    def uri(self, name: str) -> str:
        return (self.root / name).as_uri()

    async def open(self, name: str, text: str | None = None) -> list[types.Diagnostic]:
        """Open a document, unsaved text and all; return what is said about it."""
        text = self._stored(name) if text is None else text
        self.texts[name], self._versions[name] = text, 1
        self.client.text_document_did_open(
            types.DidOpenTextDocumentParams(types.TextDocumentItem(self.uri(name), "python", 1, text))
        )
        return await self.published(name)

    async def type(self, name: str, text: str) -> list[types.Diagnostic]:
        """Replace what a document holds, without saving it; return what is said about it."""
        self.change(name, text)
        return await self.published(name)

    def change(self, name: str, text: str) -> None:
        """Replace what a document holds and wait for nothing."""
        self.texts[name] = text
        self._versions[name] += 1
        document = types.VersionedTextDocumentIdentifier(self._versions[name], self.uri(name))
        self.client.text_document_did_change(
            types.DidChangeTextDocumentParams(document, [types.TextDocumentContentChangeWholeDocument(text)])
        )

    async def published(self, name: str) -> list[types.Diagnostic]:
        """Return what is said about the document as it is now, once it is said."""
        return await asyncio.wait_for(self._future(self.uri(name), self._versions[name]), 60)

    async def on_disk(self, name: str) -> list[types.Diagnostic]:
        """Tell that a file has changed on disk; return what is said anew about the first open document."""
        first = next(iter(self.texts))
        self._published.pop((self.uri(first), self._versions[first]), None)
        event = types.FileEvent(self.uri(name), types.FileChangeType.Changed)
        self.client.workspace_did_change_watched_files(types.DidChangeWatchedFilesParams([event]))
        return await self.published(first)

    async def actions(
        self, name: str, line: int, column: int, only: Sequence[str] | None = None
    ) -> list[types.CodeAction]:
        """Return what is offered at a place; line and column count from 0, the column in UTF-16 units."""
        place = types.Position(line, column)
        found = await self.client.text_document_code_action_async(
            types.CodeActionParams(
                types.TextDocumentIdentifier(self.uri(name)),
                types.Range(place, place),
                types.CodeActionContext([], only),
            )
        )
        return [action for action in found or () if isinstance(action, types.CodeAction)]

    def apply(self, edit: types.WorkspaceEdit) -> dict[str, str]:
        """Return the texts of all files that an edit changes, as the editor would have them."""
        texts: dict[str, str] = {}
        for change in edit.document_changes or ():
            if isinstance(change, types.CreateFile):
                texts[self._name(change.uri)] = ""
            elif isinstance(change, types.TextDocumentEdit):
                name = self._name(change.text_document.uri)
                assert change.text_document.version in (None, self._versions.get(name))
                text = texts.get(name, self.texts.get(name))
                texts[name] = _edited(text if text is not None else self._stored(name), change.edits)
        return texts

    def _stored(self, name: str) -> str:
        return (self.root / name).read_bytes().decode()

    def _name(self, uri: str) -> str:
        return uri.removeprefix(self.root.as_uri() + "/")

    def _future(self, uri: str, version: int | None) -> asyncio.Future[list[types.Diagnostic]]:
        return self._published.setdefault((uri, version), asyncio.get_running_loop().create_future())

    def _listen(self) -> None:
        @self.client.feature(types.TEXT_DOCUMENT_PUBLISH_DIAGNOSTICS)
        def published(params: types.PublishDiagnosticsParams) -> None:
            future = self._future(params.uri, params.version)
            if not future.done():
                future.set_result(list(params.diagnostics))

        @self.client.feature(types.WINDOW_SHOW_DOCUMENT)
        def show(params: types.ShowDocumentParams) -> types.ShowDocumentResult:
            self.shown.append(params)
            return types.ShowDocumentResult(True)

        @self.client.feature(types.WINDOW_SHOW_MESSAGE)
        def complain(params: types.ShowMessageParams) -> None:
            self.complaints.append(params.message)

        @self.client.feature(types.CLIENT_REGISTER_CAPABILITY)
        def register(params: types.RegistrationParams) -> None:
            self.watched += params.registrations


def _converter() -> Converter:
    """Return pygls' own converter, but for code actions with a command, which it takes for bare commands."""
    converter = default_converter()

    def action(value: dict[str, object], _: object) -> types.Command | types.CodeAction:
        bare = isinstance(value.get("command"), str)
        return converter.structure(value, types.Command if bare else types.CodeAction)

    converter.register_structure_hook(Union[types.Command, types.CodeAction], action)  # noqa: UP007
    return converter


def _edited(text: str, edits: Sequence[object]) -> str:
    lines = text.splitlines(keepends=True)
    starts = [0]
    for line in lines:
        starts.append(starts[-1] + len(line))

    def offset(at: types.Position) -> int:
        line = lines[at.line] if at.line < len(lines) else ""
        return starts[at.line] + len(line.encode("utf-16-le")[: 2 * at.character].decode("utf-16-le"))

    spans = [(offset(e.range.start), offset(e.range.end), e.new_text) for e in edits if isinstance(e, types.TextEdit)]
    for start, end, new in sorted(spans, reverse=True):
        text = text[:start] + new + text[end:]
    return text


@asynccontextmanager
async def editing(root: Path) -> AsyncIterator[Editor]:
    """Start the server on a folder, as an editor does, and end it afterwards."""
    editor = Editor(root)
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
    await editor.client.start_io(sys.executable, "-m", "sqla_guard", "lsp", env=environment, cwd=root.parent)
    watching = types.DidChangeWatchedFilesClientCapabilities(dynamic_registration=True)
    answer = await editor.client.initialize_async(
        types.InitializeParams(
            capabilities=types.ClientCapabilities(
                workspace=types.WorkspaceClientCapabilities(did_change_watched_files=watching)
            ),
            root_uri=root.as_uri(),
            workspace_folders=[types.WorkspaceFolder(root.as_uri(), root.name)],
        )
    )
    assert answer.server_info is not None
    editor.client.initialized(types.InitializedParams())
    try:
        yield editor
    finally:
        await editor.client.shutdown_async(None)
        editor.client.exit(None)
        await asyncio.wait_for(editor.client.stop(), 60)
