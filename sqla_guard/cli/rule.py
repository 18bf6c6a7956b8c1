"""``sqla-guard rule``."""

from __future__ import annotations

import sys

import click

from sqla_guard.cli.complete import complete_rule
from sqla_guard.cli.options import config_of
from sqla_guard.cli.output import FAILED, complain, out
from sqla_guard.cli.pages import rule_pages
from sqla_guard.report.rules import PAGE_FORMATS, page


@click.command("rule")
@click.argument("name", metavar="NAME|CODE", shell_complete=complete_rule)
@click.option(
    "--output-format",
    type=click.Choice(PAGE_FORMATS),
    default="markdown",
    show_default=True,
    help="How the page is written.",
)
def command(name: str, output_format: str) -> None:
    """Explain a rule: what it finds, why it hurts, how it is repaired.

    \b
    Examples:
      sqla-guard rule reserved-attribute
      sqla-guard rule SG201
      sqla-guard rule SG101 --output-format json
    """
    pages = rule_pages(config_of(()).run.plugins)
    known = {key.lower(): rule for rule in pages for key in (rule.name, rule.code)}
    rule = known.get(name.lower())
    if rule is None:
        import difflib

        close = difflib.get_close_matches(name.lower(), list(known), 1)
        word = next((key for p in pages for key in (p.name, p.code) if close and key.lower() == close[0]), "")
        complain(
            f"there is no rule `{name}`; " + (f"did you mean `{word}`?" if word else "`sqla-guard rules` lists them")
        )
        sys.exit(FAILED)
    out(page(rule, output_format))
