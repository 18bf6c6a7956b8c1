"""``sqla-guard rule``."""

from __future__ import annotations

import sys

import click

from sqla_guard.cli.output import FAILED, complain, out


@click.command("rule")
@click.argument("name", metavar="NAME|CODE")
def command(name: str) -> None:
    """Explain a rule: what it finds, why it hurts, how it is repaired.

    \b
    Example:
      sqla-guard rule SG101
    """
    from sqla_guard.check.registry import registered_rules

    known = {
        key: registered for registered in registered_rules() for key in (registered.rule.name, registered.rule.code)
    }
    if name not in known:
        import difflib

        close = difflib.get_close_matches(name, list(known), 1)
        complain(f"there is no rule `{name}`" + (f"; did you mean `{close[0]}`?" if close else ""))
        sys.exit(FAILED)
    rule = known[name].rule
    out(f"# {rule.name} ({rule.code})\n\n{known[name].page.strip()}\n")
