"""A disk that writes down all that a run asked of it, so that a later run can ask again before it believes a result.

Most files are only looked at for a question that is put to all of them, such as which of them hold a word. Of such a
file a later run need not find the same bytes, only the same answers.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple

from sqla_guard.cache.store import digest
from sqla_guard.core.ledger import Ledger

if TYPE_CHECKING:
    from sqla_guard.core.disk import Disk
    from sqla_guard.core.look import Question, Said
    from sqla_guard.core.source import SourceFile

# A file changed within so many nanoseconds of being looked at may change again and look the same.
_RACY = 3_000_000_000

# Size, times of change and number of a file, and a digest of its content; ``None`` where there is no file.
Seen = list[Any] | None


class Answers(NamedTuple):
    """What files said to a question.

    Attributes:
        question: The question.
        near: A path of the project whose files, or neighbours, or templates, were asked.
        said: What they said, by path.
    """

    question: Question
    near: str
    said: dict[str, Said]


_NO_ANSWERS: Mapping[tuple[Question, str], Answers] = MappingProxyType({})


class Recorder:
    """Passes questions on; implements :class:`sqla_guard.core.disk.Disk`.

    Attributes:
        files: What was read, as it was.
        ledger: What is found of single files. What it counts as used are paths of files that count as they are, and
            not only for what they said to questions; keys of ``answers``; and what could not be read.
        answers: What files said to questions.
        sizes: The number of bytes of the files that were chosen from together.
        questions: What else was asked, by kind and path, with the answers.
        dated: Whether what was read has a meaning that depends on the day.
        sound: Whether all answers can be asked for again.
    """

    def __init__(
        self, disk: Disk, ledger: Ledger | None = None, answers: Mapping[tuple[Question, str], Answers] = _NO_ANSWERS
    ) -> None:
        """Start with what is known of the files as they are: nothing."""
        self._disk = disk
        self.files: dict[str, Seen] = {}
        self.ledger = ledger or Ledger()
        self.answers = dict(answers)
        self.sizes: list[int] = []
        self.questions: dict[str, dict[str, Any]] = {kind: {} for kind in _ASK}
        self.dated = False
        self.sound = True

    def anew(self, ledger: Ledger) -> Recorder:
        """Return one of the same files that has noted nothing yet."""
        return Recorder(self._disk, ledger)

    def join(self, other: Recorder) -> None:
        """Note what ``other`` noted of the same files, but for what is found of single ones."""
        # A file that has changed in between is not what both have seen.
        same = all(content(self.files.get(path, seen)) == content(seen) for path, seen in other.files.items())
        self.sound = self.sound and other.sound and same
        self.files.update(other.files)
        self.answers.update(other.answers)
        for kind, answers in other.questions.items():
            self.questions[kind].update(answers)
        self.dated = self.dated or other.dated

    def forget_the_disk(self) -> None:
        """Drop what is of no use to another process; nothing can be asked any more."""
        del self._disk

    @property
    def aside(self) -> Disk:
        """The same files, for looks whose answers are noted."""
        return _Aside(self)

    def noted(self, question: Question, near: str, said: Callable[[], Mapping[str, Said]]) -> Mapping[str, Said]:
        """Return what files say to a question, and write it down."""
        if question.among == "reported":
            self.sizes.append(int(question.argument))
            return said()
        key = (question, self.project_root(near))
        uses = self.ledger.uses
        if key not in self.answers:
            before = uses.now
            self.answers[key] = Answers(question, near, dict(said()))
            uses.now = before  # however it was found out, the answer alone counts
        uses.use(key)
        return self.answers[key].said

    def load(self, path: str) -> SourceFile:
        """Return the file at ``path``."""
        self.raw(path)
        return self._disk.load(path)

    def raw(self, path: str) -> bytes:
        """Return the bytes of ``path``."""
        self.ledger.uses.use(path)
        return self.looked_at(path)

    def load_aside(self, path: str) -> SourceFile:
        """Return the file at ``path``, for a look whose answer is noted."""
        self.looked_at(path)
        return self._disk.load(path)

    def looked_at(self, path: str) -> bytes:
        """Return the bytes of ``path``, for such a look."""
        if path in self.files:
            return self._disk.raw(path)
        before = _signature(path)  # a change between this and the reading is noticed then
        data = self._disk.raw(path)
        if before is None:
            self.sound = self.sound and not data
        elif not data and before[0]:
            self.sound = False
        self.files[path] = None if before is None else [*before, digest(data).decode()]
        text = data.replace(b"\0", b"") if b"\0" in data else data  # as UTF-16 has it
        self.dated = self.dated or (b"until" in text and b"sqla-guard" in text)
        return data

    def size(self, path: str) -> int:
        """Return about how many bytes ``path`` has: what is found does not depend on it."""
        return self._disk.size(path)

    def exists(self, path: str) -> bool:
        """Tell whether ``path`` is a file."""
        return bool(self._ask("exists", path, path))

    def canonical(self, path: str) -> str:
        """Return the one name that ``path`` goes by."""
        return self._disk.canonical(path)

    def is_folder(self, path: str) -> bool:
        """Tell whether ``path`` is a folder."""
        return bool(self._ask("is_folder", path, path))

    def project_root(self, path: str) -> str:
        """Return the folder that the project of ``path`` starts in."""
        return str(self._ask("project_root", path.rpartition("/")[0], path))

    def project_files(self, path: str) -> tuple[str, ...]:
        """Return all source files of the project that ``path`` belongs to, sorted."""
        files = self._disk.project_files(path)
        self._note_list("project_files", path, files)
        return files

    def neighbours(self, path: str) -> tuple[str, ...]:
        """Return the source files of the same repository that belong to other projects, sorted."""
        files = self._disk.neighbours(path)
        self._note_list("neighbours", path, files)
        return files

    def templates(self, path: str) -> tuple[str, ...]:
        """Return the template files of the project that ``path`` belongs to, sorted."""
        files = self._disk.templates(path)
        self._note_list("templates", path, files)
        return files

    def other_files(self, path: str) -> tuple[str, ...]:
        """Return the files of other languages of the project that ``path`` belongs to, sorted."""
        files = self._disk.other_files(path)
        self._note_list("other_files", path, files)
        return files

    def _ask(self, kind: str, key: str, path: str) -> object:
        known = self.questions[kind]
        if key not in known:
            known[key] = _ASK[kind](self._disk, path)
        return known[key]

    def _note_list(self, kind: str, path: str, files: tuple[str, ...]) -> None:
        # One answer for each project: the answers to its files are the same.
        self.questions[kind].setdefault(self.project_root(path), [path, _of_list(files)])


class _Aside:
    """The same disk; what is read of it counts only for what is noted.

    Implements :class:`sqla_guard.core.disk.Disk`.
    """

    def __init__(self, recorder: Recorder) -> None:
        self.load = recorder.load_aside
        self.raw = recorder.looked_at
        self.noted = recorder.noted
        self.size = recorder.size
        self.exists = recorder.exists
        self.canonical = recorder.canonical
        self.is_folder = recorder.is_folder
        self.project_root = recorder.project_root
        self.project_files = recorder.project_files
        self.neighbours = recorder.neighbours
        self.templates = recorder.templates
        self.other_files = recorder.other_files

    @property
    def aside(self) -> Disk:
        """This disk."""
        return self


def content(seen: Seen) -> Any:
    """Return what stands for the bytes of a file; ``None`` where there is no file."""
    return seen and seen[-1]


class Changes(NamedTuple):
    """How files differ from what was seen of them.

    Attributes:
        changed: Those that hold something else.
        touched: Others that look different, as they look now.
    """

    changed: list[str]
    touched: dict[str, Seen]


def changes(files: Mapping[str, Seen], questions: Mapping[str, Mapping[str, Any]], disk: Disk) -> Changes | None:
    """Return what has changed in ``files``; ``None`` where ``disk`` answers anything else differently."""
    found = Changes([], {})
    for path, seen in files.items():
        now = _signature(path)
        if seen is None or now is None:
            if seen is not now:
                return None
        elif now[1] and now == seen[:-1]:
            continue
        elif now[0] == seen[0] and digest(disk.raw(path)).decode() == content(seen):
            if now[1]:
                found.touched[path] = [*now, content(seen)]
        else:
            found.changed.append(path)
    return found if _still_holds(questions, disk) else None


def _still_holds(questions: Mapping[str, Mapping[str, Any]], disk: Disk) -> bool:
    """Tell whether ``disk`` answers as it did."""
    for kind, answers in questions.items():
        for key, answer in answers.items():
            if kind in _LISTS:
                path, expected = answer
                if _of_list(_ASK[kind](disk, path)) != expected:
                    return False
            elif _ASK[kind](disk, _asked_as(kind, key)) != answer:
                return False
    return True


def _asked_as(kind: str, key: str) -> str:
    """Return a path that gives the answer noted under ``key``: of roots, the folder is noted."""
    if kind != "project_root":
        return key
    return f"{key}/x" if key else "x"


def _signature(path: str) -> list[int] | None:
    """Return size, times and number of a file; times are 0 where a change need not show in them."""
    try:
        found = os.stat(path)
    except OSError:
        return None
    latest = max(found.st_mtime_ns, found.st_ctime_ns)
    # The time of change is the system's own on POSIX: no program can set it. Elsewhere it means something else.
    if os.name == "nt" or latest > time.time_ns() - _RACY:
        return [found.st_size, 0, 0, 0]
    return [found.st_size, found.st_mtime_ns, found.st_ctime_ns, found.st_ino]


def _of_list(files: tuple[str, ...]) -> str:
    return digest("\0".join(files).encode("utf-8", "surrogatepass")).decode()


_ASK: dict[str, Any] = {
    "exists": lambda disk, path: disk.exists(path),
    "is_folder": lambda disk, path: disk.is_folder(path),
    "project_root": lambda disk, path: disk.project_root(path),
    "project_files": lambda disk, path: disk.project_files(path),
    "neighbours": lambda disk, path: disk.neighbours(path),
    "templates": lambda disk, path: disk.templates(path),
    "other_files": lambda disk, path: disk.other_files(path),
}
_LISTS = frozenset({"project_files", "neighbours", "templates", "other_files"})
