"""A change of many files that holds even where the process is killed half-way.

All new contents, and copies of the old ones, are stored in a folder beside the project before the first file is
touched; a list of what goes where is written last and makes the change binding. Whoever finds that list later can
finish the change, or undo it where a file was edited since. Without the list nothing was changed.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import json
import os
import shutil
import sys
from collections.abc import Iterable, Iterator, Sequence

from msgspec import Struct
from msgspec.structs import asdict

from sqla_guard.fix.interrupted import FOLDER, LIST

_LOCK = "lock"


class JournalError(Exception):
    """The change was not made, or cannot be finished; the message names the file and the reason."""


class Change(Struct, frozen=True):
    """One file of a change.

    Attributes:
        target: Where it goes, from the project's folder, links resolved.
        old: Digest of what stands there before; empty for a new file.
        new: Digest of what stands there afterwards.
        number: Name of the stored copies, unique in the change.
    """

    target: str
    old: str
    new: str
    number: int


def digest(data: bytes) -> str:
    """Return what identifies a content."""
    return hashlib.sha256(data).hexdigest()


@contextlib.contextmanager
def journal(root: str) -> Iterator[str]:
    """Hold the journal of the project in ``root``; yield its folder, empty but for the lock.

    Raises:
        JournalError: Another run holds it, or an interrupted one left it.
    """
    folder = os.path.join(root, FOLDER)
    with _locked(folder):
        if os.path.exists(os.path.join(folder, LIST)):
            raise JournalError(f"{folder}: an earlier run was interrupted")
        try:
            _clear(folder)
            _store(os.path.join(folder, ".gitignore"), b"*\n")
            yield folder
        finally:
            if not os.path.exists(os.path.join(folder, LIST)):
                shutil.rmtree(folder, ignore_errors=True)


def home_of(paths: Iterable[str]) -> str:
    """Return the folder whose journal a change of ``paths`` is written to: their repository's, else one above all."""
    # As the paths are spelled: a link that leads out of the project must not make the project wider.
    common = os.path.realpath(os.path.commonpath([os.path.dirname(os.path.abspath(path)) for path in paths]))
    above = common
    while not os.path.lexists(os.path.join(above, ".git")):
        if above == os.path.dirname(above):
            here = os.path.realpath(os.getcwd())
            return here if is_inside(common, here) else common
        above = os.path.dirname(above)
    return above


def is_inside(path: str, folder: str) -> bool:
    """Tell whether ``path`` is ``folder`` or below it; both with their links resolved."""
    return path == folder or path.startswith(folder.rstrip(os.sep) + os.sep)


def store(folder: str, number: int, target: str, old: bytes | None, new: bytes) -> Change:
    """Store both contents of the file ``target`` (absolute), the new one with the mode and owner of the old one."""
    staged = os.path.join(folder, f"{number}.new")
    _store(staged, new)
    if old is None:
        os.chmod(staged, 0o666 & ~umask())
    else:
        kept = os.path.join(folder, f"{number}.old")
        _store(kept, old)
        _look_like(staged, target)
        _look_like(kept, target)
    relative = os.path.relpath(target, os.path.dirname(folder))
    return Change(relative, "" if old is None else digest(old), digest(new), number)


def carry_out(folder: str, changes: Sequence[Change]) -> None:
    """Put all new contents in their places, whatever happens to this process once it has begun.

    Raises:
        JournalError: A file was changed by someone else, or could not be replaced; all are as they were.
    """
    _store(os.path.join(folder, LIST), json.dumps([asdict(change) for change in changes]).encode())
    try:
        for change in changes:
            if _state(folder, change) != "old":
                raise JournalError(f"{change.target}: was changed on disk in the meantime")
            _put(folder, change, "new")
    except (OSError, JournalError) as error:
        _undo(folder, changes)
        _forget(folder)
        if isinstance(error, JournalError):
            raise
        raise JournalError(f"{error.filename2 or error.filename or folder}: {error.strerror or error}") from error
    _forget(folder)


def recover(root: str) -> str:
    """Finish the interrupted change in ``root``, or undo it where it cannot be finished; return what was done.

    Raises:
        JournalError: Neither is possible without losing what someone wrote since; the stored copies stay.
    """
    folder = os.path.join(root, FOLDER)
    with _locked(folder):
        path = os.path.join(folder, LIST)
        if not os.path.exists(path):
            return "was finished by another run"
        changes = _listed(path)
        states = [_state(folder, change) for change in changes]
        strange = [change.target for change, state in zip(changes, states, strict=True) if state == "strange"]
        if not strange:
            for change, state in zip(changes, states, strict=True):
                if state == "old":
                    _put(folder, change, "new")
            _forget(folder)
            return f"was finished: {len(changes)} files are changed"
        if "new" in states:
            _undo(folder, changes)
            _forget(folder)
            return f"was undone, as {strange[0]} was edited since"
        _forget(folder)
        return f"was dropped, as {strange[0]} was edited since; no file is changed"


def _listed(path: str) -> list[Change]:
    """Read the list. It is data of this tool, but the folder is in a project that may come from anywhere."""
    root = os.path.realpath(os.path.dirname(os.path.dirname(path)))
    try:
        with open(path, "rb") as file:
            changes = [Change(**item) for item in json.load(file)]
        for change in changes:
            if (
                not is_inside(os.path.realpath(os.path.join(root, change.target)), root)
                or type(change.number) is not int
            ):
                raise ValueError(f"{change.target} is outside of {root}")
    except (OSError, ValueError, TypeError, AttributeError) as error:
        raise JournalError(f"{path}: cannot be used ({error}); look at it and delete its folder") from error
    return changes


def _place(folder: str, change: Change) -> str:
    return os.path.join(os.path.dirname(folder), change.target)


def _state(folder: str, change: Change) -> str:
    """Tell whether the ``old``, the ``new`` or a ``strange`` content stands in the place of a file."""
    try:
        with open(_place(folder, change), "rb") as file:
            found = digest(file.read())
    except FileNotFoundError:
        found = ""
    except OSError:
        return "strange"
    return "new" if found == change.new else "old" if found == change.old else "strange"


def _put(folder: str, change: Change, which: str) -> None:
    stored = os.path.join(folder, f"{change.number}.{which}")
    with open(stored, "rb") as file:
        if digest(file.read()) != (change.new if which == "new" else change.old):
            raise JournalError(f"{stored}: is damaged")
    target = _place(folder, change)
    os.makedirs(os.path.dirname(target), exist_ok=True)
    try:
        os.replace(stored, target)
    except OSError as error:
        if error.errno != errno.EXDEV:
            raise
        # The file is on another disk than the journal. What an interruption leaves beside it, recovery puts in place.
        beside = f"{target}.sqla-guard"
        shutil.copy2(stored, beside)
        os.replace(beside, target)
        os.unlink(stored)
    _sync_folder(os.path.dirname(target))


def _undo(folder: str, changes: Sequence[Change]) -> None:
    for change in changes:
        if _state(folder, change) == "new":
            if change.old:
                _put(folder, change, "old")
            else:
                os.unlink(_place(folder, change))


def _forget(folder: str) -> None:
    """Drop the list first: from then on there is nothing to recover."""
    os.unlink(os.path.join(folder, LIST))
    _sync_folder(folder)
    shutil.rmtree(folder, ignore_errors=True)


def _clear(folder: str) -> None:
    for name in os.listdir(folder):
        if name != _LOCK:
            os.unlink(os.path.join(folder, name))


def _store(path: str, data: bytes) -> None:
    """Write a file so that it is either there as a whole or not at all, also after a power failure."""
    partial = path + "~"
    with open(partial, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    os.replace(partial, path)
    _sync_folder(os.path.dirname(path))


def _sync_folder(folder: str) -> None:
    if sys.platform == "win32":
        return  # folders cannot be opened there
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _look_like(staged: str, target: str) -> None:
    """Give a stored copy the mode and, where that is allowed, the owner of its target."""
    about = os.stat(target)
    if sys.platform != "win32" and (about.st_uid, about.st_gid) != (os.geteuid(), os.getegid()):
        with contextlib.suppress(PermissionError):
            os.chown(staged, about.st_uid, about.st_gid)
    os.chmod(staged, about.st_mode & 0o7777)  # after the owner: changing that may drop bits


def umask() -> int:
    """Return the mode bits that new files do not get."""
    current = os.umask(0o077)
    os.umask(current)
    return current


@contextlib.contextmanager
def _locked(folder: str) -> Iterator[None]:
    """Hold the lock in ``folder``; the system frees it when the process ends, however it ends."""
    path = os.path.join(folder, _LOCK)
    while True:
        os.makedirs(folder, exist_ok=True)
        try:
            handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        except FileNotFoundError:
            continue  # whoever held it has just removed the folder
        try:
            _lock(handle, folder)
            # A lock on a file that is no longer in its place holds nobody back.
            if os.path.exists(path) and os.path.samestat(os.fstat(handle), os.stat(path)):
                yield
                return
        finally:
            os.close(handle)


def _lock(handle: int, folder: str) -> None:
    try:
        if sys.platform == "win32":
            import msvcrt

            msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        raise JournalError(f"{os.path.dirname(folder)}: another run is writing here; try again") from error
