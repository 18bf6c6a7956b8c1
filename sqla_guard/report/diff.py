"""Changes as a unified diff that ``patch -p1`` and ``git apply`` take."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator

from sqla_guard.core.source import SourceFile
from sqla_guard.report.sanitize import printable

_LINES = re.compile(r"[^\n]*\n|[^\n]+")


def unified(path: str, original: SourceFile | None, after: str) -> Iterator[bytes]:
    """Yield the lines of the diff of one file, line ends included, in the file's own encoding.

    Args:
        path: The file.
        original: The file as it is; ``None`` for a new one.
        after: Its new text.
    """
    shown = printable(path.lstrip("/"))
    if " " in shown:
        shown += "\t"  # how `patch` knows where a name with spaces ends
    old = "/dev/null" if original is None else f"a/{shown}"
    mark = "\ufeff" if original is not None and original.bom else ""
    before = mark + original.text if original is not None else ""
    encoding = original.encoding if original is not None else "utf-8"
    lines = difflib.unified_diff(_LINES.findall(before), _LINES.findall(mark + after), old, f"b/{shown}")
    for number, line in enumerate(lines):
        whole = line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n"
        yield whole.encode("utf-8" if number < 2 else encoding, "backslashreplace")
