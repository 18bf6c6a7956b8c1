"""All printing: reports to standard output, complaints to standard error, nothing that a terminal would obey."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable
from typing import IO, TYPE_CHECKING, BinaryIO

import click

if TYPE_CHECKING:
    from sqla_guard.core.report import Report
    from sqla_guard.report.style import Style

CLEAN, FINDINGS, FAILED = 0, 1, 2


def warn(report: Report, empty: Iterable[str]) -> None:
    """Say which files could not be checked and which folders held nothing to check."""
    for folder in empty:
        complain(f"{folder}: holds no .py or .sql file; is it the right folder?", word="warning")
    for note in report.not_analysed:
        if note.fatal:
            complain(f"{note.path}:{note.line}: {note.reason}" if note.line else f"{note.path}: {note.reason}")


def complain(text: str, word: str = "error") -> None:
    """Print one line on standard error."""
    from sqla_guard.report.sanitize import printable

    click.echo(f"{word}: {printable(text)}", err=True)


def style_for(stream: IO[str]) -> Style:
    """Return colours where ``stream`` is a terminal that shows them and nobody declined them (``NO_COLOR``)."""
    from sqla_guard.report.style import COLOURED, PLAIN

    declined = os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb"
    return COLOURED if stream.isatty() and not declined else PLAIN


def write_file(path: str, text: str) -> None:
    """Write a report to a file: the whole of it, or nothing and an error."""
    from sqla_guard.fix.write import WriteError, replace_file

    try:
        replace_file(path, text.encode("utf-8", "backslashreplace"))
    except WriteError as error:
        complain(f"the output could not be written: {error}")
        sys.exit(FAILED)


def out_diff(lines: Iterable[bytes]) -> None:
    """Print a diff: to a file or a pipe byte for byte, so that it can be applied; to a terminal harmlessly."""
    if not sys.stdout.isatty():
        _write(sys.stdout.buffer, b"".join(lines))
        return
    from sqla_guard.report.sanitize import printable

    for line in lines:
        out(printable(line.decode("utf-8", "replace").rstrip("\n")) + "\n")


def out(text: str, err: bool = False) -> None:
    """Print ``text`` as it is, with what the stream cannot encode escaped."""
    stream = sys.stderr if err else sys.stdout
    _write(stream.buffer, text.encode(stream.encoding or "utf-8", "backslashreplace"))


def out_bytes(data: bytes) -> None:
    """Print ``data`` as it is."""
    _write(sys.stdout.buffer, data)


def _write(stream: BinaryIO, data: bytes) -> None:
    # Bytes, as text would get other line ends on some platforms.
    try:
        stream.write(data)
        stream.flush()
    except BrokenPipeError:
        raise  # click ends quietly: whoever reads has seen enough
    except OSError as error:
        complain(f"the output could not be written: {error.strerror}")
        sys.exit(FAILED)
