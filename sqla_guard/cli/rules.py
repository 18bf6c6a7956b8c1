"""``sqla-guard rules``."""

from __future__ import annotations

import click

from sqla_guard.cli.options import config_of
from sqla_guard.cli.output import out
from sqla_guard.cli.pages import rule_pages
from sqla_guard.report.rules import LIST_FORMATS, listed


@click.command("rules")
@click.option(
    "--output-format",
    type=click.Choice(LIST_FORMATS),
    default="table",
    show_default=True,
    help="How the list is written.",
)
def command(output_format: str) -> None:
    """List all rules, with those of the configuration's plugins.

    \b
    Examples:
      sqla-guard rules
      sqla-guard rules --output-format json
    """
    out(listed(rule_pages(config_of(()).run.plugins), output_format))
