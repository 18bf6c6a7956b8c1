"""The command line: options to a request, the result to output and exit code. The only place that prints."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from typing import TYPE_CHECKING

import click

from sqla_guard import __version__
from sqla_guard.core.config import Config, RenameStrategy

if TYPE_CHECKING:
    from sqla_guard.core.report import Report
    from sqla_guard.run import Fixed

CLEAN, FINDINGS, FAILED = 0, 1, 2

_PATHS = click.argument("paths", nargs=-1, type=click.Path())
_FORMAT = click.option(
    "--output-format",
    type=click.Choice(["text", "json"]),
    default="text",
    show_default=True,
    help="How the report is written.",
)
_RENAME = click.option(
    "--rename",
    type=click.Choice(["auto", "attribute", "column"]),
    default="auto",
    show_default=True,
    help="What a reserved attribute's repair renames: the Python attribute only, attribute and column, or whichever "
    "suits the table's DDL.",
)
_EVERYTHING = click.option("--read-everything", is_flag=True, hidden=True)


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="sqla-guard")
def main() -> None:
    """Find and repair what breaks SQLAlchemy projects, without importing them.

    Exit codes: 0 nothing found, 1 findings, 2 something could not be checked.
    """


@main.command("check")
@_PATHS
@_FORMAT
@_RENAME
@_EVERYTHING
def check_command(paths: tuple[str, ...], output_format: str, rename: RenameStrategy, read_everything: bool) -> None:
    r"""Report findings in PATHS (files or folders; the working directory if none is given).

    \b
    Examples:
      sqla-guard check src/
      sqla-guard check --output-format json models.py migrations/
    """
    from sqla_guard.run import run_check

    checked = run_check(paths or (".",), Config(rename=rename, read_everything=read_everything))
    _warn(checked.report, checked.empty)
    if output_format == "json":
        from sqla_guard.report.json import render as render_json

        _out(render_json(checked.report, checked.workspace.load))
    else:
        from sqla_guard.report.text import render as render_text

        _out(render_text(checked.report, checked.workspace.load))
    sys.exit(FAILED if checked.report.failed else FINDINGS if checked.report.diagnostics else CLEAN)


@main.command("fix")
@_PATHS
@click.option("--write", "write_files", is_flag=True, help="Change the files instead of showing the diff.")
@_FORMAT
@_RENAME
@_EVERYTHING
def fix_command(
    paths: tuple[str, ...], write_files: bool, output_format: str, rename: RenameStrategy, read_everything: bool
) -> None:
    r"""Repair findings in PATHS; without --write, show what would change as a unified diff.

    \b
    Examples:
      sqla-guard fix src/
      sqla-guard fix --write --rename attribute src/
    """
    from sqla_guard.run import run_fix

    fixed = run_fix(paths or (".",), Config(rename=rename, read_everything=read_everything))
    _warn(fixed.after, fixed.empty)
    if write_files and not _written(fixed):
        sys.exit(FAILED)
    if output_format == "json":
        from sqla_guard.report.json import dump

        report = fixed.after if write_files else fixed.before
        _out(dump(report, fixed.to_look_at if write_files else report.to_look_at, fixed.workspace.load))
    else:
        _show_fixed(fixed, write_files)
    if fixed.after.failed:
        sys.exit(FAILED)
    remains = fixed.after.diagnostics if write_files else (fixed.changes or fixed.after.diagnostics)
    sys.exit(FINDINGS if remains else CLEAN)


def _written(fixed: Fixed) -> bool:
    from sqla_guard.fix.write import WriteError
    from sqla_guard.run import write

    try:
        write(fixed)
    except WriteError as error:
        _complain(f"{error}. Nothing was written.")
        return False
    return True


def _show_fixed(fixed: Fixed, written: bool) -> None:
    from sqla_guard.report.diff import unified
    from sqla_guard.report.text import count, notes, places, render

    if written:
        for path in fixed.changes:
            _out(f"fixed {path}\n")
    else:
        for path, (original, text) in fixed.changes.items():
            _out("".join(unified(path, original.text if original else None, text)))
    lines: list[str] = []
    if fixed.to_look_at:
        lines.append(f"To look at ({count(len(fixed.to_look_at), 'place')} that could not be proven):")
        lines += [*places(fixed.to_look_at, fixed.workspace.load), ""]
    if fixed.after.diagnostics:
        _out("\n" + render(fixed.after, fixed.workspace.load))
        lines = lines[:-1] if not fixed.changes else lines
    else:
        lines += notes(fixed.after.not_analysed)
    verb = "repaired" if written else "would be repaired; run again with --write"
    settled = len(fixed.before.diagnostics) - len(fixed.after.diagnostics)
    lines.append(f"{count(settled, 'finding')} {verb}." if fixed.changes else "Nothing to repair.")
    _out("\n" + "\n".join(lines) + "\n", err=not written)


def _warn(report: Report, empty: Iterable[str]) -> None:
    from sqla_guard.report.sanitize import printable

    for folder in empty:
        _complain(f"{printable(folder)}: holds no .py or .sql file; is it the right folder?", word="warning")
    for note in report.not_analysed:
        if note.fatal:
            where = printable(note.path) + (f":{note.line}" if note.line else "")
            _complain(f"{where}: {printable(note.reason)}")


def _complain(text: str, word: str = "error") -> None:
    click.echo(f"{word}: {text}", err=True)


def _out(text: str, err: bool = False) -> None:
    # A diff on standard output must stay byte-exact, also where the platform would translate line ends.
    stream = sys.stderr.buffer if err else sys.stdout.buffer
    sys.stdout.flush()
    stream.write(text.encode(sys.stdout.encoding or "utf-8", "backslashreplace"))
    stream.flush()
