"""A large run shared out among processes, by project: what one project is judged by, another hardly needs."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from typing import TYPE_CHECKING, NamedTuple

from sqla_guard.cache.recorder import Recorder
from sqla_guard.core.report import Report
from sqla_guard.core.workspace import Workspace
from sqla_guard.read.discover import FileDisk
from sqla_guard.run import report_on

if TYPE_CHECKING:
    from sqla_guard.core.config import Settings
    from sqla_guard.core.progress import Progress

# Bytes that take longer to check than a process takes to start. It is above what makes a run a small one, in which
# files are looked at that a large one passes over.
_WORTH = 2_000_000
# Parts that one run is kept in at most.
_MOST_PARTS = 16


class _Share(NamedTuple):
    """What one process found, and what it looked at to find it."""

    report: Report
    disk: Recorder


def shared_out(workspace: Workspace, jobs: int) -> list[tuple[str, ...]]:
    """Return the files of ``workspace`` in at most ``jobs`` shares of much the same size, whole projects in each.

    A run that is not worth it, and any where processes cannot be forked, is one share.
    """
    jobs = jobs or os.cpu_count() or 1
    if jobs == 1 or sys.platform == "win32":
        return [workspace.reported]
    projects = _by_project(workspace)
    sizes = {root: sum(map(_size, paths)) for root, paths in projects.items()}
    count = min(jobs, len(projects), sum(sizes.values()) // _WORTH)
    shares: list[tuple[int, list[str]]] = [(0, []) for _ in range(count)]
    for root in sorted(projects, key=lambda root: (-sizes[root], root)):
        if shares:
            shares.sort(key=lambda share: share[0])
            size, paths = shares[0]
            shares[0] = (size + sizes[root], [*paths, *projects[root]])
    if len(shares) < 2 or any(size < _WORTH for size, _ in shares):
        return [workspace.reported]
    return [tuple(sorted(paths)) for _, paths in shares]


def parts_to_keep(workspace: Workspace) -> list[tuple[str, ...]]:
    """Return the files of ``workspace`` in parts that are kept each for itself: large projects, and all small ones.

    After a change only the part that it concerns is checked anew.
    """
    projects = _by_project(workspace)
    if len(projects) < 2:
        return [workspace.reported]
    sizes = {root: sum(map(_size, paths)) for root, paths in projects.items()}
    large = sorted((root for root in projects if sizes[root] >= _WORTH), key=lambda root: (-sizes[root], root))
    large = large[: _MOST_PARTS - 1]
    parts = [list(projects[root]) for root in large]
    others = [root for root in projects if root not in large]
    if sum(sizes[root] for root in others) >= _WORTH or not parts:
        parts.append([])
    for root in others:
        parts[-1] += projects[root]
    return [tuple(sorted(part)) for part in parts]


def reports_of(
    parts: list[tuple[str, ...]], settings: Settings, progress: Progress | None
) -> Sequence[tuple[Report, Recorder]]:
    """Return what is to be said about each of ``parts``, found by processes that take one after the other."""
    jobs = settings.run.jobs or os.cpu_count() or 1
    if jobs == 1 or sys.platform == "win32":
        return [_found(part, settings) for part in parts]
    from multiprocessing import get_context

    with ProcessPoolExecutor(min(jobs, len(parts)), get_context("fork")) as pool:
        return list(_each(pool, parts, settings, progress))


def _each(
    pool: ProcessPoolExecutor, parts: list[tuple[str, ...]], settings: Settings, progress: Progress | None
) -> Iterator[_Share]:
    if progress is not None:
        progress.expect(len(parts))
    for share in pool.map(_found, parts, [settings] * len(parts)):
        yield share
        if progress is not None:
            progress.advance()


def _by_project(workspace: Workspace) -> dict[str, list[str]]:
    projects: dict[str, list[str]] = {}
    for path in workspace.reported:
        projects.setdefault(workspace.disk.project_root(path), []).append(path)
    return projects


def report_together(
    workspace: Workspace, settings: Settings, shares: list[tuple[str, ...]], progress: Progress | None
) -> Report:
    """Return what is to be said about ``workspace``, each share found by a process of its own."""
    from multiprocessing import get_context

    # Forked, as a program that uses this one as a library need not be importable a second time.
    with ProcessPoolExecutor(len(shares), get_context("fork")) as pool:
        parts = list(_each(pool, shares, settings, progress))
    if isinstance(workspace.disk, Recorder):
        for part in parts:
            workspace.disk.absorb(part.disk)
    return Report.joined([part.report for part in parts])


def _found(paths: tuple[str, ...], settings: Settings) -> _Share:
    disk = Recorder(FileDisk(settings))
    report = report_on(Workspace(paths, disk), settings)
    disk.forget_the_disk()
    return _Share(report, disk)


def _size(path: str) -> int:
    try:
        return os.stat(path).st_size
    except OSError:
        return 0
