"""New texts to disk: all files or none."""

from __future__ import annotations

import os
import stat
import tempfile
from collections.abc import Mapping

from sqla_guard.core.source import SourceFile
from sqla_guard.fix.journal import Change, JournalError, carry_out, home_of, is_inside, journal, store, umask


class WriteError(Exception):
    """The files could not be written; all of them are as they were. The message names the file and the reason."""


def write_all(originals: Mapping[str, SourceFile | None], texts: Mapping[str, str]) -> None:
    """Write ``texts`` by path; ``originals`` are the files as they were read (``None``: a new file).

    Encoding, byte order mark, line ends, mode and owner stay. A file that changed on disk since it was read is not
    overwritten, and then nothing is. Killed at any moment, all files are written or none, once the journal that
    remains is recovered.

    Raises:
        WriteError: Nothing was written.
    """
    if not texts:
        return
    home = home_of(texts)
    try:
        with journal(home) as folder:
            changes = [
                _stored(folder, number, path, originals.get(path), text)
                for number, (path, text) in enumerate(sorted(texts.items()))
            ]
            carry_out(folder, changes)
    except JournalError as error:
        raise WriteError(str(error)) from error
    except (OSError, UnicodeError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        name = getattr(error, "filename", None) or ""
        raise WriteError(f"{name}: {reason}" if name else reason) from error


def _stored(folder: str, number: int, path: str, original: SourceFile | None, text: str) -> Change:
    """Store the new content of one file, if it may be written at all."""
    target = os.path.realpath(path)
    home = os.path.dirname(folder)
    if not is_inside(target, os.path.realpath(home)):
        raise WriteError(f"{path}: leads out of {home}, to {target}; it is not written to")
    if original is None:
        if os.path.lexists(path):
            raise WriteError(f"{path}: was made by someone else in the meantime")
        return store(folder, number, target, None, text.encode("utf-8"))
    with open(target, "rb") as file:
        old = file.read()
    if old != original.encode(original.text):
        raise WriteError(f"{path}: was changed on disk in the meantime")
    about = os.stat(target)
    if not about.st_mode & stat.S_IWUSR or not os.access(target, os.W_OK):
        raise WriteError(f"{path}: is read-only")
    if about.st_nlink > 1:
        raise WriteError(f"{path}: has {about.st_nlink} names (hard links), and only one would change; copy it first")
    return store(folder, number, target, old, original.encode(text))


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
        mode = stat.S_IMODE(os.stat(target).st_mode) if os.path.exists(target) else 0o666 & ~umask()
        handle, temporary = tempfile.mkstemp(prefix=".sqla-guard-", dir=os.path.dirname(target))
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(data)
            os.chmod(temporary, mode)
            os.replace(temporary, target)
        except OSError:
            os.unlink(temporary)
            raise
    except OSError as error:
        raise WriteError(f"{path}: {error.strerror}") from error
