"""A large run in parts, by project: what one project is judged by, another hardly needs.

Each part is checked for itself, by one process after another or by several at once, and what was kept in memory for it
is dropped before the next.
"""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from sqla_guard.core.progress import Progress
    from sqla_guard.core.workspace import Workspace

_Found = TypeVar("_Found")
_Part = tuple[str, ...]

# Bytes that take longer to check than a process takes to start. It is above what makes a run a small one, in which
# files are looked at that a large one passes over.
_WORTH = 2_000_000
# Parts that one run has at most.
_MOST_PARTS = 16


def parts_of(workspace: Workspace) -> list[_Part]:
    """Return the files of ``workspace`` in parts, the largest first: each large project, and small ones together.

    Where reports are kept, only the part that a change concerns is checked anew.
    """
    projects: dict[str, list[str]] = {}
    for path in workspace.reported:
        projects.setdefault(workspace.disk.project_root(path), []).append(path)
    if len(projects) < 2:
        return [workspace.reported]
    sizes = {root: sum(map(_size, paths)) for root, paths in projects.items()}
    large = sorted((root for root in projects if sizes[root] >= _WORTH), key=lambda root: (-sizes[root], root))
    large = large[: _MOST_PARTS // 2]
    others = [root for root in projects if root not in large]
    least = max(_WORTH, sum(sizes[root] for root in others) // (_MOST_PARTS // 2))
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


def _size(path: str) -> int:
    try:
        return os.stat(path).st_size
    except OSError:
        return 0


def each_of(parts: list[_Part], check: Callable[[_Part], _Found], jobs: int, progress: Progress | None) -> list[_Found]:
    """Return what ``check`` finds in each of ``parts``, in their order.

    Args:
        parts: The files of each.
        check: The check of one part; what it returns must be one of plain values and records.
        jobs: How many processes there may be; 0 for as many as there are processors.
        progress: Is told which part is done.
    """
    if progress is not None:
        progress.expect(len(parts))
    found = []
    for one in _several(parts, check, jobs or os.cpu_count() or 1):
        found.append(one)
        if progress is not None:
            progress.advance()
    return found


def _several(parts: list[_Part], check: Callable[[_Part], _Found], jobs: int) -> Iterator[_Found]:
    if jobs == 1 or len(parts) == 1 or sys.platform == "win32":
        yield from (_afresh(check, part) for part in parts)
        return
    from concurrent.futures import ProcessPoolExecutor
    from multiprocessing import get_context

    # Forked, as a program that uses this one as a library need not be importable a second time, and so that each knows
    # what is known already.
    with ProcessPoolExecutor(min(jobs, len(parts)), get_context("fork"), _begin, (check,)) as pool:
        yield from pool.map(_check, parts)


_checks: list[Callable[[_Part], Any]] = []


def _begin(check: Callable[[_Part], Any]) -> None:
    """Make ready a process that checks parts."""
    from threading import Thread

    _checks.append(check)
    gc.freeze()
    Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    """End with the process that wants to know the results, even if it has no time to say goodbye."""
    from multiprocessing import parent_process

    parent = parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _check(part: _Part) -> Any:
    return _afresh(_checks[-1], part)


def _afresh(check: Callable[[_Part], _Found], part: _Part) -> _Found:
    gc.collect()  # the last part, which is large and has cycles
    return check(part)
