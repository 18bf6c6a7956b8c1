"""New texts to disk: all files or none."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass

from sqla_guard.core.source import SourceFile


class WriteError(Exception):
    """The files could not be written; all of them are as they were. The message names the file and the reason."""


@dataclass(frozen=True, slots=True)
class _Pending:
    target: str
    temporary: str
    old: bytes | None


def write_all(originals: Mapping[str, SourceFile | None], texts: Mapping[str, str]) -> None:
    """Write ``texts`` by path; ``originals`` are the files as they were read (``None``: a new file).

    Encoding, byte order mark, line ends and mode stay. A file that changed on disk since it was read is not
    overwritten, and then nothing is.

    Raises:
        WriteError: Nothing was written.
    """
    pending: list[_Pending] = []
    try:
        for path, text in sorted(texts.items()):
            pending.append(_prepare(path, originals.get(path), text))
        _replace_all(pending)
    except (OSError, UnicodeEncodeError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        name = getattr(error, "filename", None) or ""
        raise WriteError(f"{name}: {reason}" if name else reason) from error
    finally:
        for item in pending:
            if os.path.exists(item.temporary):
                os.unlink(item.temporary)


def replace_file(path: str, data: bytes) -> None:
    """Make ``data`` the content of ``path`` at one stroke; a reader sees all of it or what was there before.

    What is no regular file (a pipe, ``/dev/stdout``) is written to as it is.

    Raises:
        WriteError: Nothing was written.
    """
    target = os.path.realpath(path)
    try:
        if os.path.exists(target) and not os.path.isfile(target):
            with open(target, "wb") as file:
                file.write(data)
            return
        mode = os.stat(target).st_mode & 0o7777 if os.path.exists(target) else _mode_of_new_files()
        temporary = _write_beside(target, data)
        try:
            os.chmod(temporary, mode)
            os.replace(temporary, target)
        except OSError:
            os.unlink(temporary)
            raise
    except OSError as error:
        raise WriteError(f"{path}: {error.strerror}") from error


def _mode_of_new_files() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return 0o666 & ~mask


def _prepare(path: str, original: SourceFile | None, text: str) -> _Pending:
    """Write the new content beside its target."""
    target = os.path.realpath(path)
    old: bytes | None = None
    if original is None:
        data = text.encode("utf-8")
        os.makedirs(os.path.dirname(target), exist_ok=True)
        if os.path.exists(target):
            raise WriteError(f"{path}: was made by someone else in the meantime")
    else:
        data = original.encode(text)
        with open(target, "rb") as file:
            old = file.read()
        if old != original.encode(original.text):
            raise WriteError(f"{path}: was changed on disk in the meantime")
        if not os.access(target, os.W_OK):
            raise WriteError(f"{path}: is read-only")
    temporary = _write_beside(target, data)
    os.chmod(temporary, os.stat(target).st_mode & 0o7777 if original is not None else 0o644)
    return _Pending(target, temporary, old)


def _write_beside(target: str, data: bytes) -> str:
    """Write ``data`` to a temporary file in the folder of ``target`` and return its path."""
    handle, temporary = tempfile.mkstemp(prefix=".sqla-guard-", dir=os.path.dirname(target))
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        os.unlink(temporary)
        raise OSError(error.errno, error.strerror, target) from error
    return temporary


def _replace_all(pending: list[_Pending]) -> None:
    """Put all files in their places; where one fails, put back those before it."""
    done: list[_Pending] = []
    try:
        for item in pending:
            os.replace(item.temporary, item.target)
            done.append(item)
    except OSError:
        for item in done:
            _put_back(item)
        raise


def _put_back(item: _Pending) -> None:
    if item.old is None:
        os.unlink(item.target)
        return
    mode = os.stat(item.target).st_mode & 0o7777
    temporary = _write_beside(item.target, item.old)
    os.chmod(temporary, mode)
    os.replace(temporary, item.target)
