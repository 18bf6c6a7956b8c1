"""``sqla-guard check``."""

from __future__ import annotations

import sys
from functools import partial
from typing import TYPE_CHECKING, Any

import click

from sqla_guard.cli.adoption import Adoption, add_ignores, adoption_of, adoption_options, narrowed
from sqla_guard.cli.options import Request, input_options, paths_argument, request_of
from sqla_guard.cli.output import CLEAN, FAILED, FINDINGS, complain, out, style_for, warn, write_file
from sqla_guard.cli.pages import rule_pages
from sqla_guard.cli.progress import progress_bar
from sqla_guard.report import FORMATS, Render, renderer
from sqla_guard.report.material import Material

if TYPE_CHECKING:
    from sqla_guard.run import Checked


@click.command("check")
@paths_argument
@click.option("--output-format", type=click.Choice(FORMATS), help="How the report is written; text is the default.")
@click.option("--output-file", metavar="FILE", help="Write the report to FILE, and only a summary to the terminal.")
@click.option("--statistics", is_flag=True, help="Count the findings of each rule instead of showing them.")
@click.option("--show-files", is_flag=True, help="List the files that would be checked, and check none.")
@adoption_options
@input_options
def command(
    paths: tuple[str, ...], output_file: str | None, statistics: bool, show_files: bool, **options: Any
) -> None:
    """Report findings in PATHS (files or folders; the working directory if none is given).

    \b
    Examples:
      sqla-guard check
      sqla-guard check src --select SG1 --ignore hidden-by-method
      sqla-guard check --statistics
      sqla-guard check --output-format github
      sqla-guard check --output-format sarif --output-file sqla-guard.sarif
      sqla-guard check --diff-base origin/main
      sqla-guard check --write-baseline sqla-guard-baseline.json
    """
    given = adoption_of(options)
    request = request_of(paths, **options)
    if show_files:
        _show_files(request)
        return
    report = _maker(request.settings.run.output_format, statistics)
    checked = _checked(request, given)
    warn(checked.report, checked.empty)
    material = Material(checked.report, checked.workspace.load, partial(rule_pages, request.settings.run.plugins))
    if output_file is not None:
        write_file(output_file, report(material))
        out(_summary(checked))
    else:
        out(report(material._replace(style=style_for(sys.stdout))))
    sys.exit(FAILED if checked.report.failed else FINDINGS if checked.report.diagnostics else CLEAN)


def _maker(output_format: str, statistics: bool) -> Render:
    """Return what makes the report; an unfit choice is complained of before anything is checked."""
    if not statistics:
        return renderer(output_format)
    if output_format not in ("text", "json"):
        complain(f"--statistics counts as text or json, not as {output_format}; leave one of the two options away")
        sys.exit(FAILED)
    from sqla_guard.report import statistics as counts

    return counts.as_json if output_format == "json" else counts.as_text


def _show_files(request: Request) -> None:
    from sqla_guard.report.sanitize import printable
    from sqla_guard.run import files_of

    out("".join(f"{printable(path)}\n" for path in files_of(*request)))


def _checked(request: Request, given: Adoption) -> Checked:
    from sqla_guard.run import run_check

    if given.add_ignores is not None:
        return add_ignores(request, given)
    with progress_bar() as progress:
        checked = run_check(request.paths, request.settings, progress, request.asked)
    return narrowed(checked, request, given)


def _summary(checked: Checked) -> str:
    """Return what is said on the terminal when the report itself goes to a file."""
    from sqla_guard.report.text import summary

    return "\n".join(summary(checked.report, style_for(sys.stdout))) + "\n"
