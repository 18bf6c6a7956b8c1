"""``sqla-guard cache``."""

from __future__ import annotations

import click

from sqla_guard.cli.output import out


@click.group("cache")
def command() -> None:
    """Look after what is kept between runs.

    A run keeps its report with digests of all that it was made from, in a folder of your own. A later run uses it
    only where everything is as it was; --no-cache does without.

    \b
    Example:
      sqla-guard cache clean
    """


@command.command("clean")
def clean() -> None:
    """Remove all that is kept.

    \b
    Example:
      sqla-guard cache clean
    """
    from sqla_guard.cache.store import clean, folder
    from sqla_guard.report.sanitize import printable
    from sqla_guard.report.words import number

    count = clean()
    out(f"Removed {number(count, 'report')} from {printable(folder())}.\n")
