"""A large run shared out among processes, by project: what one project is judged by, another hardly needs."""

from __future__ import annotations

import os
import sys
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
    projects: dict[str, list[str]] = {}
    for path in workspace.reported:
        projects.setdefault(workspace.disk.project_root(path), []).append(path)
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


def report_together(
    workspace: Workspace, settings: Settings, shares: list[tuple[str, ...]], progress: Progress | None
) -> Report:
    """Return what is to be said about ``workspace``, each share found by a process of its own."""
    from multiprocessing import get_context

    # Forked, as a program that uses this one as a library need not be importable a second time.
    with ProcessPoolExecutor(len(shares), get_context("fork")) as pool:
        if progress is not None:
            progress.expect(len(shares))
        parts = []
        for part in pool.map(_found, shares, [settings] * len(shares)):
            parts.append(part)
            if progress is not None:
                progress.advance()
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
