"""A type checker's language server, asked over stdio for the references to a name."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any


class LanguageServer:
    """A running server; requests are answered one by one."""

    def __init__(self, process: subprocess.Popen[bytes], root: Path) -> None:
        self._process = process
        self._number = 0
        self._root = root
        self._ask(
            "initialize",
            {
                "processId": None,
                "rootUri": root.as_uri(),
                "capabilities": {},
                "workspaceFolders": [{"uri": root.as_uri(), "name": root.name}],
            },
        )
        self._tell("initialized", {})

    def open(self, path: Path) -> None:
        """Show a file to the server."""
        document = {"uri": path.as_uri(), "languageId": "python", "version": 1, "text": path.read_text("utf-8")}
        self._tell("textDocument/didOpen", {"textDocument": document})

    def references(self, path: Path, line: int, column: int) -> set[tuple[str, int, int]]:
        """Return path, line and column of every reference to the name at a place; all count from 0."""
        found = self._ask(
            "textDocument/references",
            {
                "textDocument": {"uri": path.as_uri()},
                "position": {"line": line, "character": column},
                "context": {"includeDeclaration": False},
            },
        )
        return {
            (
                Path(place["uri"].removeprefix("file://")).relative_to(self._root).as_posix(),
                place["range"]["start"]["line"],
                place["range"]["start"]["character"],
            )
            for place in found or ()
        }

    def close(self) -> None:
        """Take leave."""
        self._ask("shutdown", None)
        self._tell("exit", None)

    def _ask(self, method: str, parameters: object) -> Any:
        self._number += 1
        self._send({"id": self._number, "method": method, "params": parameters})
        while True:
            message = self._read()
            if message.get("id") == self._number and "method" not in message:
                assert "error" not in message, message
                return message.get("result")
            if "id" in message and "method" in message:
                # The server asks for settings and the like: there are none.
                answer = [None] * len(message["params"]["items"]) if "configuration" in message["method"] else None
                self._send({"id": message["id"], "result": answer})

    def _tell(self, method: str, parameters: object) -> None:
        self._send({"method": method, "params": parameters})

    def _send(self, message: dict[str, object]) -> None:
        body = json.dumps({"jsonrpc": "2.0", **message}).encode()
        assert self._process.stdin is not None
        self._process.stdin.write(b"Content-Length: %d\r\n\r\n%s" % (len(body), body))
        self._process.stdin.flush()

    def _read(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        length = 0
        while (line := self._process.stdout.readline().strip()) or not length:
            assert line or self._process.poll() is None, "the language server has ended"
            name, _, value = line.partition(b":")
            length = int(value) if name.lower() == b"content-length" else length
        message: dict[str, Any] = json.loads(self._process.stdout.read(length))
        return message


@contextmanager
def language_server(command: list[str], root: Path) -> Iterator[LanguageServer]:
    """Start a server for the files under ``root`` and stop it afterwards."""
    process = subprocess.Popen(
        command, cwd=root, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    )
    try:
        server = LanguageServer(process, root)
        yield server
        server.close()
        process.wait(20)
    finally:
        process.kill()
        process.communicate()
