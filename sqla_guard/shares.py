"""One large project shared out among processes: each judges some of its files, with all of the project around them.

What they find is put together as if it had been known before, so that whatever concerns several files is said once.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING

from sqla_guard import processes
from sqla_guard.cache.recorder import Recorder
from sqla_guard.core.ledger import Ledger
from sqla_guard.core.workspace import Workspace
from sqla_guard.run import report_on

if TYPE_CHECKING:
    from sqla_guard.core.config import Settings
    from sqla_guard.core.progress import Progress

# What is asked of the whole project is asked in each process: more of them have ever less to gain.
_MOST_SHARES = 4


def share_out(workspace: Workspace, settings: Settings, progress: Progress | None, ledger: Ledger, jobs: int) -> None:
    """Let several processes judge the files of ``workspace`` if that pays; ``ledger`` gets what they find.

    Args:
        workspace: Files of which nothing is known.
        settings: The settings of each file.
        progress: Is told how far it is.
        ledger: Has nothing yet.
        jobs: How many processes there may be; 0 for as many as there are processors.

    Raises:
        LostProcessError: A process ended, or was ended, before it had a result.
    """
    groups = settings.groups(workspace.reported)
    if any(config.plugins for config, _ in groups):
        return  # a plugin may keep what it saw
    sizes = {path: processes.size_of(path) for path in workspace.reported}
    shares = _shares([paths for _, paths in groups], sizes, processes.at_once(jobs))
    if len(shares) < 2:
        return
    disk = workspace.disk
    for found, noted in processes.each_of(shares, partial(_judged, workspace, settings), jobs, progress):
        ledger.join(found)
        if isinstance(disk, Recorder) and noted is not None:
            disk.join(noted)
    ledger.changed, ledger.sizes = frozenset(), sizes


def _judged(workspace: Workspace, settings: Settings, paths: tuple[str, ...]) -> tuple[Ledger, Recorder | None]:
    """Return what is found in ``paths``, and what was asked of the disk if it writes that down."""
    ledger, disk = Ledger(), workspace.disk
    if not isinstance(disk, Recorder):
        report_on(Workspace(paths, disk, workspace.changed), settings, None, ledger)
        return ledger, None
    recorder = disk.anew(ledger)
    report_on(Workspace(paths, recorder), settings, None, ledger)
    recorder.forget_the_disk()
    return ledger, recorder


def _shares(groups: Sequence[Sequence[str]], sizes: Mapping[str, int], most: int) -> list[tuple[str, ...]]:
    """Return the files of ``groups``, each of other settings, in shares of about the same size; none if small."""
    count = min(most, _MOST_SHARES, sum(sizes.values()) // processes.WORTH)
    if not count:
        return []
    shares: list[list[str]] = [[] for _ in range(count)]
    for paths in groups:
        for share, some in zip(shares, _split(paths, sizes, count), strict=False):
            share += some
    return [tuple(share) for share in shares if share]


def _split(paths: Sequence[str], sizes: Mapping[str, int], count: int) -> list[Sequence[str]]:
    """Return ``paths`` in ``count`` lists, or in one where one of them would be small.

    Neighbours go apart, as findings often stand together.
    """
    parts: list[list[str]] = [[] for _ in range(count)]
    weights = [0] * count
    for path in paths:
        lightest = weights.index(min(weights))
        parts[lightest].append(path)
        weights[lightest] += sizes[path]
    return [*parts] if min(weights) >= processes.WORTH else [paths]
