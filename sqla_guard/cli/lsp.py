"""``sqla-guard lsp``."""

from __future__ import annotations

import gc
import sys

import click

from sqla_guard.cli.output import FAILED, complain


@click.command("lsp")
def command() -> None:
    """Serve an editor over standard input and output.

    \b
    Example, as the command of a generic client:
      sqla-guard lsp
    """
    try:
        from sqla_guard.lsp.server import make_server
    except ModuleNotFoundError as error:
        if error.name not in ("pygls", "lsprotocol"):
            raise
        complain('the language server needs an extra: install "sqla-guard[lsp]"')
        sys.exit(FAILED)
    gc.enable()  # it goes on for hours
    make_server().start_io()
