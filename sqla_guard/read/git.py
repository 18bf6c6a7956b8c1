"""What git says about an earlier state of the files; the checkout and its index are only read."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterable, Mapping

from msgspec import Struct

from sqla_guard.core.config import Settings
from sqla_guard.core.workspace import UnreadableFile
from sqla_guard.read.discover import FileDisk
from sqla_guard.read.walk import OTHER_SUFFIXES, SUFFIXES, TEMPLATE_SUFFIXES

_NO_FILE = "160000"  # the mode of a submodule
_LINK = "120000"


class GitError(Exception):
    """Git cannot answer; the message says why, in one line."""


class Earlier(Struct, frozen=True):
    """An earlier state, as what differs from it now; all paths are absolute.

    Attributes:
        top: The repository's folder.
        blobs: Files of the earlier state that differ now or are gone, with the name of their content.
        added: Files that it did not have.
        renamed: The earlier name of each file that has moved.
    """

    top: str
    blobs: Mapping[str, str]
    added: frozenset[str]
    renamed: Mapping[str, str]

    def name(self, path: str) -> str:
        """Return what ``path`` was called."""
        full = os.path.abspath(path)
        return self.renamed.get(full, full)


def earlier(ref: str, folder: str) -> Earlier:
    """Return the state of the repository around ``folder`` where the branch of now left ``ref``.

    Uncommitted changes and untracked files count as changes since then.

    Raises:
        GitError: There is no such commit, no repository, or no git.
    """
    up = _run(folder, "rev-parse", "--show-cdup", error=f"{folder} is in no git repository")
    top = os.path.abspath(os.path.join(folder, up.decode().rstrip("\n")))
    unknown = f"git knows no commit `{ref}`; in a shallow clone, fetch it first"
    if ref.startswith("-"):
        raise GitError(unknown)
    commit = _run(top, "rev-parse", "--verify", "--quiet", f"{ref}^{{commit}}", error=unknown).decode().strip()
    nothing_common = f"`{ref}` and the checked-out commit have nothing in common; a shallow clone needs more history"
    base = _run(top, "merge-base", commit, "HEAD", error=nothing_common).decode().split()[0]
    listed = _run(top, "diff", "--raw", "-z", "--no-abbrev", "--find-renames", "--no-ext-diff", base, "--")
    untracked = _run(top, "ls-files", "-z", "--others", "--exclude-standard")
    return _earlier(top, listed, untracked)


def _earlier(top: str, listed: bytes, untracked: bytes) -> Earlier:
    def path_of(name: bytes) -> str:
        return os.path.join(top, os.path.normpath(os.fsdecode(name)))

    blobs: dict[str, str] = {}
    renamed: dict[str, str] = {}
    added = {path_of(name) for name in untracked.split(b"\0") if name}
    fields = iter(listed.split(b"\0"))
    for head in fields:
        if not head:
            break
        mode, _, blob, _, status = head.decode().lstrip(":").split()
        before = path_of(next(fields))
        after = path_of(next(fields)) if status[0] in "RC" else before
        if status[0] == "A" or not blob.strip("0"):
            added.add(after)
        elif mode not in (_NO_FILE, _LINK):
            if status[0] != "C":
                blobs[before] = blob
            if after != before:
                added.add(after)
                renamed[after] = before
    return Earlier(top, blobs, frozenset(added - blobs.keys()), renamed)


def _run(folder: str, *arguments: str, error: str = "", given: bytes = b"") -> bytes:
    # Optional locks would refresh the index on the way.
    environment = {**os.environ, "GIT_OPTIONAL_LOCKS": "0", "LC_ALL": "C"}
    try:
        done = subprocess.run(
            ["git", "-C", folder, *arguments], input=given, capture_output=True, env=environment, check=False
        )
    except OSError as failed:
        raise GitError(f"git cannot be run: {failed.strerror}") from failed
    if done.returncode != 0:
        said = done.stderr.decode("utf-8", "replace").strip().splitlines()
        raise GitError(error or (said[-1] if said else f"git {arguments[0]} failed"))
    return done.stdout


class EarlierDisk(FileDisk):
    """The files as they were: those that git says differ come from its store, all others from the disk."""

    def __init__(self, state: Earlier, settings: Settings) -> None:
        """Read nothing yet."""
        super().__init__(settings)
        self._state = state
        self._contents: dict[str, bytes] | None = None

    def exists(self, path: str) -> bool:
        """Tell whether ``path`` was a file."""
        full = os.path.abspath(path)
        return full in self._state.blobs or (full not in self._state.added and super().exists(path))

    def project_files(self, path: str) -> tuple[str, ...]:
        """Return all source files that the project of ``path`` had, sorted."""
        return self._then(super().project_files(path), self.project_root(path), SUFFIXES)

    def neighbours(self, path: str) -> tuple[str, ...]:
        """Return the source files that other projects of the repository had, sorted."""
        now = super().neighbours(path)
        own = set(self.project_files(path))
        return tuple(p for p in self._then(now, self._state.top, SUFFIXES) if p not in own) if now else now

    def templates(self, path: str) -> tuple[str, ...]:
        """Return the template files that the project of ``path`` had, sorted."""
        return self._then(super().templates(path), self.project_root(path), TEMPLATE_SUFFIXES)

    def other_files(self, path: str) -> tuple[str, ...]:
        """Return the files of other languages that the project of ``path`` had, sorted."""
        return self._then(super().other_files(path), self.project_root(path), OTHER_SUFFIXES)

    def _then(self, now: Iterable[str], root: str, suffixes: tuple[str, ...]) -> tuple[str, ...]:
        """Return the files ``now`` below ``root`` as they were, those that are gone written in the same way."""
        folder = os.path.abspath(root)
        kept = {p for p in now if os.path.abspath(p) not in self._state.added}
        gone = (p for p in self._state.blobs if p.endswith(suffixes) and p.startswith(folder + os.sep))
        prefix = "" if root == "." else f"{root}/"
        return tuple(sorted(kept | {prefix + p[len(folder) + 1 :].replace(os.sep, "/") for p in gone}))

    def _read(self, path: str) -> bytes:
        full = os.path.abspath(path)
        blob = self._state.blobs.get(full)
        if blob is not None:
            return self._content(blob)
        if full in self._state.added:
            raise UnreadableFile("cannot be read: No such file or directory")
        return super()._read(path)

    def _content(self, blob: str) -> bytes:
        if self._contents is None:
            wanted = {b for p, b in self._state.blobs.items() if p.endswith(SUFFIXES)}
            self._contents = _contents(self._state.top, sorted(wanted))
        if blob not in self._contents:
            self._contents[blob] = _run(self._state.top, "cat-file", "blob", blob)
        return self._contents[blob]


def _contents(top: str, blobs: Iterable[str]) -> dict[str, bytes]:
    """Return the contents of ``blobs``, all of them in one call of git."""
    names = list(blobs)
    answer = _run(top, "cat-file", "--batch", given="".join(f"{name}\n" for name in names).encode())
    contents: dict[str, bytes] = {}
    at = 0
    for name in names:
        line_end = answer.index(b"\n", at)
        words = answer[at:line_end].split()
        if words[-1] == b"missing":
            raise GitError(f"git does not have the earlier content {name}; a partial clone has to fetch it first")
        size = int(words[-1])
        contents[name] = answer[line_end + 1 : line_end + 1 + size]
        at = line_end + 2 + size
    return contents
