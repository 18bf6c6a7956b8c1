"""Where kept results lie: a folder of the user's own, which neither a repository nor another user can write to.

Each entry is a file of its own with a checksum; it is written beside its place and moved there, so that runs at the
same time see a whole one, old or new. Whatever is wrong with an entry or the folder makes it as good as absent.
"""

from __future__ import annotations

import os
import stat
import sys
from typing import NamedTuple

_MOST_ENTRIES = 128
_SUFFIX = ".json"
_LONGEST_LINE = 200


def folder() -> str:
    """Return where entries are kept: ``SQLA_GUARD_CACHE_DIR``, or a folder in the user's cache."""
    given = os.environ.get("SQLA_GUARD_CACHE_DIR")
    if given:
        return given
    if sys.platform == "win32":
        home = os.environ.get("LOCALAPPDATA") or os.path.expanduser("~")
        return os.path.join(home, "sqla-guard", "cache")
    return os.path.join(os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache"), "sqla-guard")


class Entry(NamedTuple):
    """What was written under one name.

    Attributes:
        head: What each run needs.
        rest: What few runs need; not looked at yet.
        checksum: The checksum of the rest.
    """

    head: bytes
    rest: bytes
    checksum: bytes

    def checked_rest(self) -> bytes:
        """Return the rest.

        Raises:
            ValueError: It is not what was written.
        """
        if digest(self.rest) != self.checksum:
            raise ValueError("the rest of the entry is damaged")
        return self.rest


def read(name: str) -> Entry | None:
    """Return what was written under ``name``; ``None`` where nothing whole and trustworthy was."""
    try:
        file = os.open(os.path.join(folder(), name + _SUFFIX), os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0))
        with open(file, "rb") as stream:
            if not (_is_ours(os.fstat(file)) and _is_ours(os.stat(folder()))):
                return None
            checksum, of_rest, length = stream.readline(_LONGEST_LINE).split()
            head = stream.read(int(length))
            rest = stream.read()
    except (OSError, ValueError, OverflowError):
        return None
    return Entry(head, rest, of_rest) if checksum == digest(head + of_rest) else None


def write(name: str, head: bytes, rest: bytes = b"") -> None:
    """Keep ``head`` and ``rest`` under ``name``; where that is not possible, nothing happens."""
    home = folder()
    temporary = os.path.join(home, f"{name}.{os.getpid()}.part")
    try:
        os.makedirs(home, mode=0o700, exist_ok=True)
        if not _is_ours(os.stat(home)):
            return
        file = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with open(file, "wb") as stream:
            of_rest = digest(rest)
            stream.write(b"%b %b %d\n" % (digest(head + of_rest), of_rest, len(head)))
            stream.write(head)
            stream.write(rest)
        os.replace(temporary, os.path.join(home, name + _SUFFIX))
        _prune(home)
    except OSError:
        _remove(temporary)


def clean() -> int:
    """Remove all entries; return how many there were."""
    home = folder()
    entries = [name for name in _names(home) if name.endswith((_SUFFIX, ".part"))]
    return sum(_remove(os.path.join(home, name)) for name in entries)


def digest(data: bytes) -> bytes:
    """Return a checksum of ``data``, as hexadecimal digits."""
    from hashlib import blake2b

    return blake2b(data, digest_size=16).hexdigest().encode()


def _is_ours(found: os.stat_result) -> bool:
    """Tell whether nobody but the user can have written a file or folder."""
    if not hasattr(os, "geteuid"):
        return True  # Windows keeps the folder to its user
    return found.st_uid == os.geteuid() and not stat.S_IMODE(found.st_mode) & 0o022


def _prune(home: str) -> None:
    """Remove the entries that were written longest ago, where there are too many."""
    entries = [os.path.join(home, name) for name in _names(home) if name.endswith(_SUFFIX)]
    if len(entries) > _MOST_ENTRIES:
        for path in sorted(entries, key=_written)[: len(entries) - _MOST_ENTRIES]:
            _remove(path)


def _written(path: str) -> float:
    try:
        return os.stat(path).st_mtime
    except OSError:
        return 0.0


def _names(home: str) -> list[str]:
    try:
        return os.listdir(home)
    except OSError:
        return []


def _remove(path: str) -> bool:
    try:
        os.unlink(path)
    except OSError:
        return False
    return True
