"""One large project shared out among processes: each judges some of its files, with all of the project around them.

What they find is put together as if it had been known before, so that whatever concerns several files is said once.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from mmap import mmap
from typing import TYPE_CHECKING

from sqla_guard import processes
from sqla_guard.core.ledger import Ledger
from sqla_guard.core.workspace import Workspace
from sqla_guard.read.discover import FileDisk
from sqla_guard.run import report_on

if TYPE_CHECKING:
    from sqla_guard.cache.recorder import Recorder
    from sqla_guard.core.config import Settings
    from sqla_guard.core.disk import Disk
    from sqla_guard.core.ledger import Turns
    from sqla_guard.core.packages import Looks
    from sqla_guard.core.progress import Progress

# What is asked of the whole project is asked in each process: more of them have ever less to gain.
_MOST_SHARES = 4
# The bits of a look.
_LOOKED_AT, _IMPORTS, _IS_EVIDENT = 1, 2, 4
# How far a file is.
_WAITS, _BEGUN = 1, 2


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
    sizes = {path: workspace.disk.size(path) for path in workspace.reported}
    shares = _shares([paths for _, paths in groups], sizes, processes.at_once(jobs))
    if len(shares) < 2:
        return
    recorder, looks = _recorder(workspace.disk), SharedLooks(workspace.reported)
    # With other settings, other things are said of a file.
    turns = SharedTurns(workspace.reported) if len(groups) == 1 else None
    for found, noted in processes.each_of(shares, partial(_judged, workspace, settings, looks, turns), jobs, progress):
        ledger.join(found)
        if recorder is not None and noted is not None:
            recorder.join(noted)
    ledger.changed, ledger.sizes = frozenset(), sizes


class SharedLooks:
    """What files look like, known to all processes as soon as one has looked: all want to know it of all files.

    Implements :class:`sqla_guard.core.packages.Looks`.
    """

    def __init__(self, paths: Sequence[str]) -> None:
        """Be ready for ``paths``, with a byte of memory for each that belongs to all processes forked from now on."""
        self._places = {path: place for place, path in enumerate(paths)}
        self._looks = mmap(-1, len(paths))
        self._of_others: dict[str, tuple[bool, bool]] = {}

    def get(self, path: str, /) -> tuple[bool, bool] | None:
        """Return that of ``path``; ``None`` where nobody has looked yet."""
        place = self._places.get(path)
        if place is None:
            return self._of_others.get(path)
        look = self._looks[place]
        return (look & _IMPORTS != 0, look & _IS_EVIDENT != 0) if look else None

    def __setitem__(self, path: str, look: tuple[bool, bool], /) -> None:
        """Keep that of ``path``."""
        place = self._places.get(path)
        if place is None:
            self._of_others[path] = look
        else:
            self._looks[place] = _LOOKED_AT | look[0] * _IMPORTS | look[1] * _IS_EVIDENT


class SharedTurns:
    """Which files wait to be judged, known to all processes: who has no more of its own helps the others.

    Nothing is locked: two that come to a file at once both judge it, and say the same.

    Implements :class:`sqla_guard.core.ledger.Turns`.
    """

    def __init__(self, paths: Sequence[str]) -> None:
        """Be ready for ``paths``, with a byte of memory for each that belongs to all processes forked from now on."""
        self._paths = paths
        self._places = {path: place for place, path in enumerate(paths)}
        self._turns = mmap(-1, len(paths))

    def of(self, matter: Sequence[str]) -> Iterator[str]:
        """Yield the files of ``matter`` that nobody else has begun with, then those of others."""
        places = [self._places[path] for path in matter]
        for place in places:
            self._turns[place] = _WAITS
        # Others begin with the last ones.
        for place in (*places, *reversed(range(len(self._paths)))):
            if self._turns[place] == _WAITS:
                self._turns[place] = _BEGUN
                yield self._paths[place]


def _judged(
    workspace: Workspace, settings: Settings, looks: Looks, turns: Turns | None, paths: tuple[str, ...]
) -> tuple[Ledger, Recorder | None]:
    """Return what is found in ``paths``, and what was asked of the disk if it writes that down."""
    ledger, disk = Ledger(), workspace.disk
    recorder = before.anew(ledger) if (before := _recorder(disk)) is not None else None
    ledger.looks, ledger.turns = looks, turns
    report_on(Workspace(paths, recorder or disk, workspace.changed), settings, None, ledger)
    ledger.looks = ledger.turns = None
    if recorder is not None:
        recorder.forget_the_disk()
    return ledger, recorder


def _recorder(disk: Disk) -> Recorder | None:
    """Return ``disk`` if it writes down what it is asked."""
    if isinstance(disk, FileDisk):
        return None  # without loading anything
    from sqla_guard.cache.recorder import Recorder

    return disk if isinstance(disk, Recorder) else None


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
