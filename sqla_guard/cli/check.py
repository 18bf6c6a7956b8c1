"""``sqla-guard check``."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import click

from sqla_guard.cli.options import config_of, paths_argument, settings_options
from sqla_guard.cli.output import CLEAN, FAILED, FINDINGS, complain, out, style_for, warn, write_file
from sqla_guard.cli.pages import rule_pages
from sqla_guard.cli.progress import progress_bar
from sqla_guard.report import FORMATS, renderer
from sqla_guard.report.material import Material
from sqla_guard.report.style import PLAIN, Style

if TYPE_CHECKING:
    from sqla_guard.core.config import Config
    from sqla_guard.run import Checked


@click.command("check")
@paths_argument
@click.option(
    "--output-format",
    type=click.Choice(FORMATS),
    default="text",
    show_default=True,
    help="How the report is written.",
)
@click.option("--output-file", metavar="FILE", help="Write the report to FILE, and only a summary to the terminal.")
@click.option("--statistics", is_flag=True, help="Count the findings of each rule instead of showing them.")
@click.option("--show-files", is_flag=True, help="List the files that would be checked, and check none.")
@settings_options
def command(paths: tuple[str, ...], output_format: str, **options: Any) -> None:
    """Report findings in PATHS (files or folders; the working directory if none is given).

    \b
    Examples:
      sqla-guard check
      sqla-guard check desk/models migrations
      sqla-guard check --select SG1 --statistics
      sqla-guard check --output-format sarif --output-file sqla-guard.sarif
    """
    output_file, statistics, show_files = (options.pop(name) for name in ("output_file", "statistics", "show_files"))
    if statistics:
        _check_statistics(output_format)
    config = config_of(paths, **options)
    if show_files:
        _show_files(paths)
        return
    checked = _checked(paths, config)
    warn(checked.report, checked.empty)
    if output_file is not None:
        write_file(output_file, _report(checked, output_format, statistics))
        out(_summary(checked))
    else:
        out(_report(checked, output_format, statistics, style_for(sys.stdout)))
    sys.exit(FAILED if checked.report.failed else FINDINGS if checked.report.diagnostics else CLEAN)


def _check_statistics(output_format: str) -> None:
    """End with an error where ``output_format`` has no place for counts."""
    if output_format not in ("text", "json"):
        complain(f"--statistics counts as text or json, not as {output_format}; leave one of the two options away")
        sys.exit(FAILED)


def _show_files(paths: tuple[str, ...]) -> None:
    from sqla_guard.report.sanitize import printable
    from sqla_guard.run import files_of

    out("".join(f"{printable(path)}\n" for path in files_of(paths or (".",))))


def _checked(paths: tuple[str, ...], config: Config) -> Checked:
    from sqla_guard.run import run_check

    with progress_bar() as progress:
        return run_check(paths or (".",), config, progress)


def _report(checked: Checked, output_format: str, statistics: bool, style: Style = PLAIN) -> str:
    material = Material(checked.report, checked.workspace.load, rule_pages, style)
    if not statistics:
        return renderer(output_format)(material)
    from sqla_guard.report.statistics import as_json, as_text

    return as_json(material) if output_format == "json" else as_text(material)


def _summary(checked: Checked) -> str:
    """Return what is said on the terminal when the report itself goes to a file."""
    from sqla_guard.report.text import summary

    return "\n".join(summary(checked.report, style_for(sys.stdout))) + "\n"
