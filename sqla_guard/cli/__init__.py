"""The command line: options to a request, the result to output and exit code. The only room that prints.

One command is one module, loaded when it is asked for: a commit pays for ``check`` alone.
"""

from __future__ import annotations

import sys
from importlib import import_module
from typing import Any

import click

from sqla_guard import __version__

# In the order of the help text. Each is a module of this room with a `command`.
COMMANDS = ("check", "fix", "rule", "rules", "config", "cache", "lsp")


class _Commands(click.Group):
    """Commands that are imported by name."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = import_module(f"{__name__}.{cmd_name.replace('-', '_')}").command
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        try:
            return super().resolve_command(ctx, args)
        except click.UsageError:
            import difflib

            close = difflib.get_close_matches(args[0], COMMANDS, 1)
            hint = f"Did you mean '{close[0]}'?" if close else f"There are {', '.join(COMMANDS)}."
            ctx.fail(f"No such command '{args[0]}'. {hint}")

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except Exception as error:
            from sqla_guard.cli.output import FAILED, complain
            from sqla_guard.core.config import ConfigError
            from sqla_guard.processes import LostProcessError

            if not isinstance(error, (ConfigError, LostProcessError)):
                raise
            complain(str(error))
            sys.exit(FAILED)


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="sqla-guard")
def main() -> None:
    """Find and repair what breaks SQLAlchemy projects, without importing them.

    Exit codes: 0 nothing found, 1 findings, 2 something could not be checked.

    \b
    Examples:
      sqla-guard check
      sqla-guard fix
      sqla-guard fix --write
      sqla-guard rule SG101
    """
