"""``sqla-guard fix``."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import click

from sqla_guard.cli.adoption import adoption_of, baseline_options, without_baseline
from sqla_guard.cli.options import format_option, input_options, paths_argument, request_of
from sqla_guard.cli.output import CLEAN, FAILED, FINDINGS, complain, out, out_bytes, out_diff, style_for, warn
from sqla_guard.cli.progress import progress_bar

if TYPE_CHECKING:
    from sqla_guard.run import Fixed


@click.command("fix")
@paths_argument
@click.option("--write", "write_files", is_flag=True, help="Change the files instead of showing the diff.")
@format_option
@baseline_options
@input_options
def command(paths: tuple[str, ...], write_files: bool, output_format: str, **options: Any) -> None:
    """Repair findings in PATHS; without --write, show what would change as a unified diff.

    Standard input (the path is `-`) is printed repaired; only what it can be repaired by alone is.

    \b
    Examples:
      sqla-guard fix src
      sqla-guard fix --select SG2
      sqla-guard fix --write --rename attribute
    """
    from sqla_guard.run import run_fix

    given = adoption_of(options)
    request = request_of(paths, **options)
    from_stdin = bool(request.asked.given)
    if write_files:
        if from_stdin:
            raise click.UsageError("--write has no file to change where standard input is read")
        settle_or_exit(request.paths)
    narrow = without_baseline(request.settings, given)
    with progress_bar() as progress:
        fixed = run_fix(request.paths, request.settings, progress, request.asked, narrow)
    warn(fixed.after, fixed.empty)
    if from_stdin and output_format == "text":
        _show_text(fixed, request.asked.given)
        sys.exit(FAILED if fixed.after.failed else FINDINGS if fixed.after.diagnostics else CLEAN)
    if write_files:
        write_or_exit(fixed)
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


def _show_text(fixed: Fixed, given: Mapping[str, bytes]) -> None:
    """Print what was on standard input with all repairs made, byte for byte."""
    from sqla_guard.report.outcome import outcome

    for path, data in given.items():
        original, text = fixed.changes.get(path, (None, ""))
        out_bytes(data if original is None else original.encode(text))
    out(outcome(fixed, fixed.workspace.load, True, style_for(sys.stderr)), err=True)


def settle_or_exit(paths: tuple[str, ...]) -> None:
    """Complete what an earlier run was interrupted in, before anything is read."""
    from sqla_guard.fix.journal import JournalError
    from sqla_guard.run import settle

    try:
        for done in settle(paths):
            complain(done, word="note")
    except JournalError as error:
        complain(str(error))
        sys.exit(FAILED)


def write_or_exit(fixed: Fixed) -> None:
    """Write the changes of ``fixed``, or say why nothing was written."""
    from sqla_guard.fix.write import WriteError
    from sqla_guard.run import write

    try:
        write(fixed)
    except WriteError as error:
        complain(f"{error}. Nothing was written.")
        sys.exit(FAILED)


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
