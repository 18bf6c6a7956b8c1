"""Bytes to text, the way Python and SQL files declare it."""

from __future__ import annotations

import codecs
import io
import os
import stat

from sqla_guard.core.source import SourceFile
from sqla_guard.core.workspace import UnreadableFile

_BOMS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))


# Without waiting for whoever writes to a pipe. The names are those of single systems; all others do without.
_HOW = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0)


def read_bytes(path: str) -> bytes:
    """Return the content of ``path``.

    Raises:
        UnreadableFile: It cannot be opened.
    """
    try:
        file = os.open(path, _HOW)
        try:
            found = os.fstat(file)
            if not stat.S_ISREG(found.st_mode):
                # Reading a pipe or a device may never end.
                raise UnreadableFile("is no regular file")
            return _all_of(file, found.st_size)
        finally:
            os.close(file)
    except OSError as error:
        raise UnreadableFile(f"cannot be read: {error.strerror or error}") from error


def _all_of(file: int, size: int) -> bytes:
    data = os.read(file, size + 1)
    if len(data) == size:
        return data
    parts = [data]
    while parts[-1]:  # it has just changed, or is longer than one reading takes
        parts.append(os.read(file, 1 << 20))
    return b"".join(parts)


def decode(path: str, data: bytes) -> SourceFile:
    """Return ``data`` as a source file; its line ends stay as they are.

    Raises:
        UnreadableFile: The bytes do not fit the declared (or default) encoding, or are no text at all.
    """
    bom, encoding = _bom(data)
    body = data[len(bom) :]
    if not encoding.startswith("utf-16") and b"\0" in body:
        raise UnreadableFile("is a binary file (it holds NUL bytes)")
    if not path.endswith(".sql"):
        encoding = _declared(data, encoding)
    try:
        return SourceFile(path, body.decode(encoding), encoding, bom)
    except UnicodeDecodeError as error:
        byte = error.object[error.start : error.start + 1].hex()
        raise UnreadableFile(f"is not {encoding}: byte 0x{byte} at offset {error.start}") from error
    except (LookupError, UnicodeError) as error:  # no encoding of texts, or one that nobody writes files in
        raise UnreadableFile(f"has an encoding that cannot be used: {str(error).partition(';')[0]}") from error


def _bom(data: bytes) -> tuple[bytes, str]:
    return next(((bom, name) for bom, name in _BOMS if data.startswith(bom)), (b"", "utf-8"))


def _declared(data: bytes, default: str) -> str:
    """Return the encoding that a Python file names in its first two lines."""
    head = data[:1024].split(b"\n", 2)
    if not any(b"coding" in line for line in head[:2]):
        return default
    import tokenize  # costs regular expressions that few files need

    try:
        encoding, _ = tokenize.detect_encoding(io.BytesIO(data).readline)
    except SyntaxError as error:
        raise UnreadableFile(f"has an encoding that cannot be used: {error.msg}") from error
    return "utf-8" if encoding == "utf-8-sig" else encoding
