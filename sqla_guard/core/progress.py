"""How far a run has come."""

from __future__ import annotations


class Progress:
    """Numbers that the work writes and a bar reads, from another thread.

    Attributes:
        done: Files that are finished.
        total: Files that need a closer look; 0 as long as nobody knows.
    """

    def __init__(self) -> None:
        """Start with nothing done."""
        self.done = 0
        self.total = 0

    def expect(self, files: int) -> None:
        """Say that there are so many more files to be looked at."""
        self.total += files

    def advance(self) -> None:
        """Count one file as finished."""
        self.done += 1
