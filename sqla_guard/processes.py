"""A large run in parts, by project: what one project is judged by, another hardly needs.

Each part is checked for itself, one after another or several at once, and what was kept in memory for it is dropped
before the next.
"""

from __future__ import annotations

import gc
import os
import signal
import sys
from collections.abc import Callable, Iterator
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple, NoReturn, TypeVar

if TYPE_CHECKING:
    from sqla_guard.core.progress import Progress
    from sqla_guard.core.workspace import Workspace

_Found = TypeVar("_Found")
_Part = tuple[str, ...]

# Bytes that take longer to check than a process takes to start. It is above what makes a run a small one, in which
# files are looked at that a large one passes over.
WORTH = 2_000_000
# What nearly every check of a part loads, be it late: processes that are forked behind it need not.
_USUAL = (
    "pickle",
    "sqla_guard.check.facts",
    "sqla_guard.check.judge",
    "sqla_guard.check.readers",
    "sqla_guard.check.selection",
    "sqla_guard.fix.at_import",
    "sqla_guard.fix.both_halves",
    "sqla_guard.fix.imports",
    "sqla_guard.fix.publish",
    "sqla_guard.project.import_order",
    "sqla_guard.project.lazy_pairs",
    "sqla_guard.project.width",
    "sqla_guard.read.python.imports",
    "sqla_guard.read.python.lazy",
    "sqla_guard.read.python.lazy_close",
    "sqla_guard.read.python.reserved_outside",
    "sqla_guard.read.requirements",
)
# What some load, where more is found; it takes longer than all of that.
_RARER = (
    "sqla_guard.fix.width",
    "sqla_guard.read.python.references",
    "sqla_guard.read.python.sql_across",
    "sqla_guard.read.sql_facts",
    "sqla_guard.rename.plan",
    "sqlglot.dialects.dialect",
    "symtable",
    "tomllib" if sys.version_info >= (3, 11) else "tomli",
)
# Parts that one run has at most: with few, the processes that end early wait long for the last.
_MOST_PARTS = 40


def parts_of(workspace: Workspace) -> list[_Part]:
    """Return the files of ``workspace`` in parts, the largest first: each large project, and small ones together.

    Where reports are kept, only the part that a change concerns is checked anew.
    """
    projects: dict[str, list[str]] = {}
    for path in workspace.reported:
        projects.setdefault(workspace.disk.project_root(path), []).append(path)
    if len(projects) < 2:
        return [workspace.reported]
    sizes = {root: sum(map(workspace.disk.size, paths)) for root, paths in projects.items()}
    large = sorted((root for root in projects if sizes[root] >= WORTH), key=lambda root: (-sizes[root], root))
    large = large[: _MOST_PARTS // 2]
    others = [root for root in projects if root not in large]
    least = max(WORTH, sum(sizes[root] for root in others) // (_MOST_PARTS // 2))
    parts = [(sizes[root], list(projects[root])) for root in large]
    # Neighbours, which may ask about each other, stay together as far as that goes.
    size, paths = 0, list[str]()
    for root in others:
        size += sizes[root]
        paths += projects[root]
        if size >= least:
            parts.append((size, paths))
            size, paths = 0, []
    if paths and parts:
        before, last = parts.pop()
        parts.append((before + size, [*last, *paths]))
    elif paths:
        parts.append((size, paths))
    return [tuple(sorted(part)) for _, part in sorted(parts, key=lambda part: (-part[0], part[1]))]


def each_of(parts: list[_Part], check: Callable[[_Part], _Found], jobs: int, progress: Progress | None) -> list[_Found]:
    """Return what ``check`` finds in each of ``parts``, in their order.

    Args:
        parts: The files of each.
        check: The check of one part; what it returns must be one of plain values and records.
        jobs: How many processes there may be; 0 for as many as there are processors.
        progress: Is told which part is done.

    Raises:
        LostProcessError: A process ended, or was ended, before it had a result.
    """
    if progress is not None:
        progress.expect(len(parts))
    jobs = at_once(jobs)
    alone = jobs == 1 or len(parts) == 1
    found: dict[int, _Found] = {}
    for number, one in _by_turns(parts, check) if alone else _by_processes(parts, check, jobs):
        found[number] = one
        if progress is not None:
            progress.advance()
    return [found[number] for number in range(len(parts))]


def at_once(jobs: int) -> int:
    """Return how many processes there can be at once where ``jobs`` are wanted; see :func:`each_of`."""
    return 1 if sys.platform == "win32" else jobs or os.cpu_count() or 1


def _by_turns(parts: list[_Part], check: Callable[[_Part], _Found]) -> Iterator[tuple[int, _Found]]:
    for number, part in enumerate(parts):
        gc.collect()  # the last part, which is large and has cycles
        yield number, check(part)


class LostProcessError(Exception):
    """A process has ended without a result."""


class _Process(NamedTuple):
    """A process that checks one part.

    Attributes:
        number: Which part.
        pid: Its id.
        said: What it has written so far.
    """

    number: int
    pid: int
    said: bytearray


def _by_processes(parts: list[_Part], check: Callable[[_Part], _Found], jobs: int) -> Iterator[tuple[int, _Found]]:
    """Yield what is found in each part as it comes, each by a process of its own, with ``jobs`` of them at once.

    They are forked, as a program that uses this one as a library need not be importable a second time, and so that each
    knows what is known already. What a process keeps in memory goes with it.
    """
    from selectors import EVENT_READ, DefaultSelector

    from sqla_guard.check.registry import registered_rules

    _load(_USUAL)
    registered_rules()
    # Nobody writes there: it ends when this process does.
    alive, end = os.pipe()
    running: dict[int, _Process] = {}
    waiting = list(enumerate(parts))[::-1]
    with DefaultSelector() as selector:
        try:
            while waiting or running:
                while waiting and len(running) < jobs:
                    number, part = waiting.pop()
                    try:
                        file, pid = _start(partial(check, part), alive, end)
                    except OSError:  # there may be no more of them
                        yield number, check(part)
                        continue
                    running[file] = _Process(number, pid, bytearray())
                    selector.register(file, EVENT_READ)
                if len(waiting) > jobs:
                    _load(_RARER)  # while the first are at work
                for key, _ in selector.select() if running else ():
                    process = running[key.fd]
                    said = os.read(key.fd, 1 << 20)
                    process.said.extend(said)
                    if not said:
                        selector.unregister(key.fd)
                        yield process.number, _result(key.fd, running.pop(key.fd))
        finally:
            for file, process in running.items():
                os.kill(process.pid, signal.SIGKILL)
                _stop(file, process)
            os.close(alive)
            os.close(end)


def _load(names: tuple[str, ...]) -> None:
    from importlib import import_module

    for name in names:
        import_module(name)


def _start(check: Callable[[], object], alive: int, end: int) -> tuple[int, int]:
    """Start a process; return what its result is to be read from, and its id.

    Raises:
        OSError: There are too many already, or too large ones.
    """
    result, write = os.pipe()
    try:
        pid = os.fork()
    except OSError:
        os.close(result)
        os.close(write)
        raise
    if pid:
        os.close(write)
        return result, pid
    try:
        os.close(result)
        os.close(end)
        _work(check, alive, write)
    finally:
        os._exit(1)  # whatever happens, no copy of this process goes on


def _work(check: Callable[[], object], alive: int, write: int) -> NoReturn:
    import pickle
    from threading import Thread

    Thread(target=_end_with_parent, args=(alive,), daemon=True).start()
    gc.freeze()
    try:
        outcome: tuple[object, Exception | None] = check(), None
    except Exception as error:
        outcome = None, error
    with open(write, "wb") as file:
        pickle.dump(outcome, file)
    os._exit(0)


def _end_with_parent(alive: int) -> None:
    """End with the process that wants to know the result, even if it has no time to say goodbye."""
    os.read(alive, 1)
    os._exit(1)


def _result(file: int, process: _Process) -> Any:
    """Return what a process has found, or raise what it could not go on for."""
    import pickle

    if _stop(file, process):
        raise LostProcessError(f"the process {process.pid}, which checked some of the files, was ended")
    found, error = pickle.loads(process.said)
    if error is not None:
        raise error
    return found


def _stop(file: int, process: _Process) -> int:
    """Wait for the end of a process; return 0 if it has come there by itself."""
    os.close(file)
    return os.waitpid(process.pid, 0)[1]
