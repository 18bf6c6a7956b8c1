"""``sqla-guard rules``."""

from __future__ import annotations

import click

from sqla_guard.cli.output import out


@click.command("rules")
def command() -> None:
    """List all rules."""
    from sqla_guard.check.registry import registered_rules

    for registered in registered_rules():
        rule, summary = registered.rule, registered.page.strip().splitlines()[0]
        out(f"{rule.code}  {rule.name:30} {summary}{'' if rule.on_by_default else ' (off by default)'}\n")
