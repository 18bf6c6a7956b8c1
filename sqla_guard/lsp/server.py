"""The server itself: what the editor tells, and what it is told.

One check runs at a time, in a thread of its own. While it runs the editor goes on typing; what was typed meanwhile is
checked next, all at once.
"""

from __future__ import annotations

import asyncio
import os
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from lsprotocol import types
from pygls import uris
from pygls.lsp.server import LanguageServer

from sqla_guard import __version__
from sqla_guard.check.registry import registered_rules
from sqla_guard.core.config import ConfigError
from sqla_guard.lsp.actions import KINDS, OPEN_PAGE, actions_at
from sqla_guard.lsp.analysis import Analysis, Buffer, analyse, path_of
from sqla_guard.lsp.messages import SOURCE, message_of, unreadable
from sqla_guard.read.walk import SUFFIXES

# Files that findings in the open ones may depend on, beside those that are open.
_WATCHED = ("**/*.{py,pyi,sql}", "**/pyproject.toml", "**/sqla-guard.toml", "**/*.lock", "**/requirements*.txt")
# Typing goes on for so long after a key, in seconds, more often than not; a check for each key would be wasted.
_PAUSE = 0.15


class GuardServer(LanguageServer):
    """A language server that keeps one analysis of all open buffers."""

    def __init__(self) -> None:
        """Start with nothing open."""
        super().__init__(SOURCE, __version__)
        self._worker = ThreadPoolExecutor(1)
        self._one_at_a_time = asyncio.Lock()
        self._analysis: Analysis | None = None
        self._complaint = ""
        self._told: set[str] = set()
        self.pages: tempfile.TemporaryDirectory[str] | None = None

    async def soon(self) -> None:
        """Check and publish after a pause in typing."""
        before = self._buffers()
        await asyncio.sleep(_PAUSE)
        if self._buffers() == before:
            await self.now()

    async def now(self) -> None:
        """Check all open buffers afresh and publish what is found."""
        self._analysis = None
        analysis = await self.current()
        if analysis is not None:
            self._publish(analysis)

    async def current(self) -> Analysis | None:
        """Return the findings in the buffers as they are now; ``None`` while the settings cannot be used."""
        async with self._one_at_a_time:
            buffers = self._buffers()
            if self._analysis is None or self._analysis.buffers != buffers:
                self._analysis = await self._analysed(buffers)
            return self._analysis

    async def _analysed(self, buffers: dict[str, Buffer]) -> Analysis | None:
        loop = asyncio.get_running_loop()
        try:
            analysis = await loop.run_in_executor(self._worker, analyse, buffers)
        except ConfigError as error:
            self._complain(str(error))
            return None
        self._complaint = ""
        return analysis

    def _buffers(self) -> dict[str, Buffer]:
        found: dict[str, Buffer] = {}
        for uri, document in self.workspace.text_documents.items():
            file = uris.to_fs_path(uri)
            if file is not None and uri.startswith("file:") and file.endswith(SUFFIXES):
                found[path_of(file)] = Buffer(uri, document.version, document.source)
        return found

    def _publish(self, analysis: Analysis) -> None:
        codec = self.workspace.position_codec
        for path, buffer in analysis.buffers.items():
            shown = [message_of(d, analysis, codec) for d in analysis.in_file(path)]
            self._tell(buffer.uri, buffer.version, [*shown, *unreadable(path, analysis)])
        closed = self._told - {buffer.uri for buffer in analysis.buffers.values()}
        for uri in closed:
            self._tell(uri, None, [])
        self._told -= closed

    def _tell(self, uri: str, version: int | None, shown: list[types.Diagnostic]) -> None:
        self._told.add(uri)
        self.text_document_publish_diagnostics(types.PublishDiagnosticsParams(uri, shown, version))

    def _complain(self, text: str) -> None:
        if text != self._complaint:  # once, not at each key
            self._complaint = text
            self.window_show_message(types.ShowMessageParams(types.MessageType.Error, text))


def make_server() -> GuardServer:
    """Return a server with all its features, not yet listening."""
    server = GuardServer()
    _hear_of_documents(server)
    _hear_of_the_project(server)
    _offer_actions(server)
    return server


def _hear_of_documents(server: GuardServer) -> None:
    @server.feature(types.TEXT_DOCUMENT_DID_OPEN)
    async def opened(_: types.DidOpenTextDocumentParams) -> None:
        await server.now()

    @server.feature(types.TEXT_DOCUMENT_DID_CHANGE)
    async def changed(_: types.DidChangeTextDocumentParams) -> None:
        await server.soon()

    @server.feature(types.TEXT_DOCUMENT_DID_SAVE)
    async def saved(_: types.DidSaveTextDocumentParams) -> None:
        await server.now()

    @server.feature(types.TEXT_DOCUMENT_DID_CLOSE)
    async def closed(_: types.DidCloseTextDocumentParams) -> None:
        await server.now()


def _hear_of_the_project(server: GuardServer) -> None:
    @server.feature(types.INITIALIZED)
    async def initialized(_: types.InitializedParams) -> None:
        # Paths are shown, and settings looked for, as if the command line ran in the project's folder.
        root = server.workspace.root_path
        if root and Path(root).is_dir():
            os.chdir(root)
        watchers = [types.FileSystemWatcher(pattern) for pattern in _WATCHED]
        options = types.DidChangeWatchedFilesRegistrationOptions(watchers)
        workspace = server.client_capabilities.workspace
        watching = workspace.did_change_watched_files if workspace else None
        if watching is not None and watching.dynamic_registration:
            method = types.WORKSPACE_DID_CHANGE_WATCHED_FILES
            await server.client_register_capability_async(
                types.RegistrationParams([types.Registration("sqla-guard-files", method, options)])
            )

    @server.feature(types.WORKSPACE_DID_CHANGE_WATCHED_FILES)
    async def on_disk(_: types.DidChangeWatchedFilesParams) -> None:
        await server.now()


def _offer_actions(server: GuardServer) -> None:
    @server.feature(types.TEXT_DOCUMENT_CODE_ACTION, types.CodeActionOptions(code_action_kinds=list(KINDS)))
    async def code_action(params: types.CodeActionParams) -> list[types.CodeAction]:
        file = uris.to_fs_path(params.text_document.uri)
        analysis = await server.current()
        if analysis is None or file is None:
            return []
        return actions_at(path_of(file), params.range, params.context.only, analysis, server.workspace.position_codec)

    @server.command(OPEN_PAGE)
    async def open_page(name: str) -> None:
        pages = {r.rule.name: f"# {r.rule.name} ({r.rule.code})\n\n{r.page.strip()}\n" for r in registered_rules()}
        if name not in pages:
            return  # the name becomes a file's name: only those that are known
        if server.pages is None:
            server.pages = tempfile.TemporaryDirectory(prefix="sqla-guard-")
        file = Path(server.pages.name) / f"{name}.md"
        file.write_text(pages[name], encoding="utf-8")
        await server.window_show_document_async(types.ShowDocumentParams(file.as_uri(), take_focus=True))
