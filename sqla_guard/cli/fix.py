"""``sqla-guard fix``."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import click

from sqla_guard.cli.options import config_of, format_option, paths_argument, settings_options
from sqla_guard.cli.output import CLEAN, FAILED, FINDINGS, complain, out, out_diff, style_for, warn
from sqla_guard.cli.progress import progress_bar

if TYPE_CHECKING:
    from sqla_guard.run import Fixed


@click.command("fix")
@paths_argument
@click.option("--write", "write_files", is_flag=True, help="Change the files instead of showing the diff.")
@format_option
@settings_options
def command(paths: tuple[str, ...], write_files: bool, output_format: str, **settings: Any) -> None:
    """Repair findings in PATHS; without --write, show what would change as a unified diff.

    \b
    Examples:
      sqla-guard fix src
      sqla-guard fix --select SG2
      sqla-guard fix --write --rename attribute
    """
    from sqla_guard.run import run_fix

    config = config_of(paths, **settings)
    if write_files:
        _settle(paths or (".",))
    with progress_bar() as progress:
        fixed = run_fix(paths or (".",), config, progress)
    warn(fixed.after, fixed.empty)
    if write_files and not _written(fixed):
        sys.exit(FAILED)
    if output_format == "json":
        from sqla_guard.report.json import dump

        if write_files:
            out(dump(fixed.after, fixed.to_look_at, fixed.workspace.load))
        else:
            out(dump(fixed.before, fixed.before.to_look_at, fixed.original.load))
    else:
        _show_fixed(fixed, write_files)
    if fixed.after.failed:
        sys.exit(FAILED)
    remains = fixed.after.diagnostics if write_files else (fixed.changes or fixed.after.diagnostics)
    sys.exit(FINDINGS if remains else CLEAN)


def _settle(paths: tuple[str, ...]) -> None:
    """Complete what an earlier run was interrupted in, before anything is read."""
    from sqla_guard.fix.journal import JournalError
    from sqla_guard.run import settle

    try:
        for done in settle(paths):
            complain(done, word="note")
    except JournalError as error:
        complain(str(error))
        sys.exit(FAILED)


def _written(fixed: Fixed) -> bool:
    from sqla_guard.fix.write import WriteError
    from sqla_guard.run import write

    try:
        write(fixed)
    except WriteError as error:
        complain(f"{error}. Nothing was written.")
        return False
    return True


def _show_fixed(fixed: Fixed, written: bool) -> None:
    from sqla_guard.report.diff import unified
    from sqla_guard.report.outcome import outcome
    from sqla_guard.report.sanitize import printable

    for path, (original, text) in fixed.changes.items():
        if written:
            out(f"{'fixed' if original else 'created'} {printable(path)}\n")
        else:
            out_diff(unified(path, original, text))
    style = style_for(sys.stdout if written else sys.stderr)
    out(outcome(fixed, fixed.workspace.load, written, style), err=not written)
