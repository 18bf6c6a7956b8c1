"""Whether an earlier change was interrupted: a question that every run asks, so it costs next to nothing."""

from __future__ import annotations

import os

FOLDER = ".sqla-guard-journal"
LIST = "changes.json"


def interrupted(start: str) -> str | None:
    """Return the folder, at or above ``start``, of a change that was interrupted; ``None`` where there is none."""
    current = os.path.abspath(start)
    while True:
        if os.path.exists(os.path.join(current, FOLDER, LIST)):
            return current
        parent = os.path.dirname(current)
        if parent == current:
            return None
        current = parent
