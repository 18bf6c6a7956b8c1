"""``sqla-guard check``."""

from __future__ import annotations

import sys
from typing import Any

import click

from sqla_guard.cli.options import config_of, format_option, paths_argument, settings_options
from sqla_guard.cli.output import CLEAN, FAILED, FINDINGS, out, warn


@click.command("check")
@paths_argument
@format_option
@settings_options
def command(paths: tuple[str, ...], output_format: str, **settings: Any) -> None:
    """Report findings in PATHS (files or folders; the working directory if none is given).

    \b
    Examples:
      sqla-guard check src/
      sqla-guard check --output-format json models.py migrations/
    """
    from sqla_guard.run import run_check

    checked = run_check(paths or (".",), config_of(paths, **settings))
    warn(checked.report, checked.empty)
    if output_format == "json":
        from sqla_guard.report.json import render as render_json

        out(render_json(checked.report, checked.workspace.load))
    else:
        from sqla_guard.report.text import render as render_text

        out(render_text(checked.report, checked.workspace.load))
    sys.exit(FAILED if checked.report.failed else FINDINGS if checked.report.diagnostics else CLEAN)
