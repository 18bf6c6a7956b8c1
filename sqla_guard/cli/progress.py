"""A bar on the terminal for runs that take a while."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import IO, TYPE_CHECKING

from sqla_guard.core.progress import Progress

if TYPE_CHECKING:
    import threading

# Seconds before the first sight of it, and from one picture to the next.
AFTER, EVERY = 1.0, 0.1
_CLEAR = "\r\x1b[K"
_WIDTH = 24


@contextmanager
def progress_bar() -> Iterator[Progress]:
    """Yield the progress that the work reports to; it is shown on standard error when that is a person's terminal."""
    progress = Progress()
    if not is_wanted(sys.stderr, os.environ):
        yield progress
        return
    import threading

    ended = threading.Event()
    painter = threading.Thread(target=_paint, args=(progress, ended, sys.stderr.fileno()), daemon=True)
    painter.start()
    try:
        yield progress
    finally:
        ended.set()
        painter.join()


def is_wanted(stream: IO[str], environment: Mapping[str, str]) -> bool:
    """Tell whether a bar would be seen by a person: on a real terminal, and not in CI."""
    return stream.isatty() and not environment.get("CI") and environment.get("TERM") != "dumb"


def picture(progress: Progress) -> str:
    """Return the bar as one line."""
    if not progress.total:
        return "Reading files"
    filled = min(_WIDTH, _WIDTH * progress.done // progress.total)
    return f"Checking [{'#' * filled}{'.' * (_WIDTH - filled)}] {progress.done:,}/{progress.total:,}"


def _paint(progress: Progress, ended: threading.Event, terminal: int) -> None:
    if ended.wait(AFTER):
        return
    # Past Python's own buffers: what the work prints meanwhile is not mixed up, and no lock is held.
    drawn = ""
    while not ended.wait(EVERY):
        if drawn != picture(progress):
            drawn = picture(progress)
            os.write(terminal, f"{_CLEAR}{drawn}".encode("ascii"))
    os.write(terminal, _CLEAR.encode("ascii"))
