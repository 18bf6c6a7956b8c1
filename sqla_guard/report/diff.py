"""Changes as a unified diff that ``patch -p1`` and ``git apply`` take."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator

from sqla_guard.report.sanitize import printable

_LINES = re.compile(r"[^\n]*\n|[^\n]+")


def unified(path: str, before: str | None, after: str) -> Iterator[str]:
    """Yield the lines of the diff of one file, line ends included; ``before`` is ``None`` for a new file."""
    shown = printable(path.lstrip("/"))
    old = "/dev/null" if before is None else f"a/{shown}"
    lines = difflib.unified_diff(_LINES.findall(before or ""), _LINES.findall(after), old, f"b/{shown}")
    for line in lines:
        yield line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n"
