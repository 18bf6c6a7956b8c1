"""The command line: options to a request, the result to output and exit code. The only place that prints."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, BinaryIO, TypeVar

import click

from sqla_guard import __version__

if TYPE_CHECKING:
    from sqla_guard.core.config import Config
    from sqla_guard.core.report import Report
    from sqla_guard.run import Fixed

CLEAN, FINDINGS, FAILED = 0, 1, 2

_Command = TypeVar("_Command", bound=Callable[..., Any])

_PATHS = click.argument("paths", nargs=-1, type=click.Path())
_FORMAT = click.option(
    "--output-format",
    type=click.Choice(["text", "json"]),
    default="text",
    show_default=True,
    help="How the report is written.",
)
_SETTINGS = (
    click.option("--config", type=click.Path(), help="Take the settings from this file and no other."),
    click.option("--select", multiple=True, metavar="RULE", help="Run only these rules (name, code or prefix)."),
    click.option("--extend-select", multiple=True, metavar="RULE", help="Run these rules besides."),
    click.option("--ignore", multiple=True, metavar="RULE", help="Do not run these rules."),
    click.option("--sqlalchemy-version", metavar="X.Y", help="The version that the project runs on."),
    click.option(
        "--rename",
        type=click.Choice(["auto", "attribute", "column"]),
        help="What the repair of a reserved attribute renames: the Python attribute only, attribute and column, or "
        "whichever of the two suits the table's DDL (auto, the default).",
    ),
    click.option("--read-everything", is_flag=True, hidden=True),
)


def _with_settings(command: _Command) -> _Command:
    for option in reversed(_SETTINGS):
        command = option(command)
    return command


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="sqla-guard")
def main() -> None:
    """Find and repair what breaks SQLAlchemy projects, without importing them.

    Exit codes: 0 nothing found, 1 findings, 2 something could not be checked.
    """


@main.command("check")
@_PATHS
@_FORMAT
@_with_settings
def check_command(paths: tuple[str, ...], output_format: str, **settings: Any) -> None:
    """Report findings in PATHS (files or folders; the working directory if none is given).

    \b
    Examples:
      sqla-guard check src/
      sqla-guard check --output-format json models.py migrations/
    """
    from sqla_guard.run import run_check

    config = _config(paths, **settings)
    checked = run_check(paths or (".",), config)
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
@_with_settings
def fix_command(paths: tuple[str, ...], write_files: bool, output_format: str, **settings: Any) -> None:
    """Repair findings in PATHS; without --write, show what would change as a unified diff.

    \b
    Examples:
      sqla-guard fix src/
      sqla-guard fix --write --rename attribute src/
    """
    from sqla_guard.run import run_fix

    fixed = run_fix(paths or (".",), _config(paths, **settings))
    _warn(fixed.after, fixed.empty)
    if write_files and not _written(fixed):
        sys.exit(FAILED)
    if output_format == "json":
        from sqla_guard.report.json import dump

        if write_files:
            _out(dump(fixed.after, fixed.to_look_at, fixed.workspace.load))
        else:
            _out(dump(fixed.before, fixed.before.to_look_at, fixed.original.load))
    else:
        _show_fixed(fixed, write_files)
    if fixed.after.failed:
        sys.exit(FAILED)
    remains = fixed.after.diagnostics if write_files else (fixed.changes or fixed.after.diagnostics)
    sys.exit(FINDINGS if remains else CLEAN)


@main.command("rule")
@click.argument("name", metavar="NAME|CODE")
def rule_command(name: str) -> None:
    """Explain a rule: what it finds, why it hurts, how it is repaired.

    \b
    Example:
      sqla-guard rule SG101
    """
    from sqla_guard.check.registry import registered_rules

    known = {key: registered for registered in registered_rules() for key in _names(registered.rule)}
    if name not in known:
        import difflib

        close = difflib.get_close_matches(name, list(known), 1)
        _complain(f"there is no rule `{name}`" + (f"; did you mean `{close[0]}`?" if close else ""))
        sys.exit(FAILED)
    rule = known[name].rule
    _out(f"# {rule.name} ({rule.code})\n\n{known[name].page.strip()}\n")


@main.command("rules")
def rules_command() -> None:
    """List all rules."""
    from sqla_guard.check.registry import registered_rules

    for registered in registered_rules():
        rule, summary = registered.rule, registered.page.strip().splitlines()[0]
        _out(f"{rule.code}  {rule.name:30} {summary}{'' if rule.on_by_default else ' (off by default)'}\n")


def _names(rule: Any) -> tuple[str, str]:
    return rule.name, rule.code


def _config(paths: tuple[str, ...], **given: Any) -> Config:
    """Return the settings of the configuration file, with those given on the command line put over them."""
    from sqla_guard.read.config import ConfigError
    from sqla_guard.settings import settings

    try:
        return settings(paths or (".",), **given)
    except ConfigError as error:
        _complain(str(error))
        sys.exit(FAILED)


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
    from sqla_guard.report.sanitize import printable
    from sqla_guard.report.text import outcome

    for path, (original, text) in fixed.changes.items():
        if written:
            _out(f"{'fixed' if original else 'created'} {printable(path)}\n")
        else:
            _out_diff(unified(path, original, text))
    _out(outcome(fixed, fixed.workspace.load, written), err=not written)


def _warn(report: Report, empty: Iterable[str]) -> None:
    for folder in empty:
        _complain(f"{folder}: holds no .py or .sql file; is it the right folder?", word="warning")
    for note in report.not_analysed:
        if note.fatal:
            _complain(f"{note.path}:{note.line}: {note.reason}" if note.line else f"{note.path}: {note.reason}")


def _complain(text: str, word: str = "error") -> None:
    from sqla_guard.report.sanitize import printable

    click.echo(f"{word}: {printable(text)}", err=True)


def _out_diff(lines: Iterable[bytes]) -> None:
    """Print a diff: to a file or a pipe byte for byte, so that it can be applied; to a terminal harmlessly."""
    if not sys.stdout.isatty():
        _write(sys.stdout.buffer, b"".join(lines))
        return
    from sqla_guard.report.sanitize import printable

    for line in lines:
        _out(printable(line.decode("utf-8", "replace").rstrip("\n")) + "\n")


def _out(text: str, err: bool = False) -> None:
    stream = sys.stderr if err else sys.stdout
    _write(stream.buffer, text.encode(stream.encoding or "utf-8", "backslashreplace"))


def _write(stream: BinaryIO, data: bytes) -> None:
    # Bytes, as text would get other line ends on some platforms.
    try:
        stream.write(data)
        stream.flush()
    except BrokenPipeError:
        raise  # click ends quietly: whoever reads has seen enough
    except OSError as error:
        _complain(f"the output could not be written: {error.strerror}")
        sys.exit(FAILED)
