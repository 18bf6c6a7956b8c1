"""Options that several commands share, and the settings that they make."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

import click

from sqla_guard.core.workspace import Asked

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

    from sqla_guard.settings import ProjectSettings

_Command = TypeVar("_Command", bound=Callable[..., Any])

paths_argument = click.argument("paths", nargs=-1, type=click.Path())
format_option = click.option(
    "--output-format",
    type=click.Choice(["text", "json"]),
    default="text",
    show_default=True,
    help="How the report is written.",
)


def _rule(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    from sqla_guard.cli.complete import complete_rule  # a run that completes nothing does without

    return complete_rule(ctx, param, incomplete)


_SETTINGS: tuple[Callable[[Any], Any], ...] = (
    click.option("--config", type=click.Path(), help="Take the settings from this file and no other."),
    click.option("--isolated", is_flag=True, help="Read no configuration file."),
    click.option(
        "--select",
        multiple=True,
        metavar="RULE",
        shell_complete=_rule,
        help="Run only these rules (name, code or prefix).",
    ),
    click.option(
        "--extend-select", multiple=True, metavar="RULE", shell_complete=_rule, help="Run these rules besides."
    ),
    click.option(
        "--ignore",
        multiple=True,
        metavar="RULE",
        shell_complete=_rule,
        help="Do not run these rules; takes the place of the configuration's list.",
    ),
    click.option("--sqlalchemy-version", metavar="X.Y", help="The version that the project runs on."),
    click.option("--dialect", metavar="NAME", help="The database that SQL is written for, such as postgresql."),
    click.option(
        "--rename",
        type=click.Choice(["auto", "attribute", "column"]),
        help="What the repair of a reserved attribute renames: the Python attribute only, attribute and column, or "
        "whichever of the two suits the table's DDL (auto, the default).",
    ),
    click.option(
        "--rename-template",
        metavar="TEMPLATE",
        help="The new name of a reserved attribute, with {name}, {table} and {class}.",
    ),
    click.option("--singleton-style", metavar="lock|module", help="How an unguarded lazy global is repaired."),
    click.option("--read-everything", is_flag=True, hidden=True),
)
_INPUT: tuple[Callable[[Any], Any], ...] = (
    click.option("--no-cache", is_flag=True, help="Check everything anew, and keep nothing for the next run."),
    click.option(
        "--force-exclude", is_flag=True, help="Leave out what the settings exclude also where it is named; for hooks."
    ),
    click.option(
        "--stdin-filename", metavar="FILE", help="Where the text on standard input belongs, when the path is `-`."
    ),
)


class Request(NamedTuple):
    """What a command was asked to look at, and by which settings."""

    paths: tuple[str, ...]
    settings: ProjectSettings
    asked: Asked


def settings_options(command: _Command) -> _Command:
    """Add all options that change the settings of a run."""
    for option in reversed(_SETTINGS):
        command = option(command)
    return command


def input_options(command: _Command) -> _Command:
    """Add all options that say what is looked at and how, for :func:`request_of`."""
    for option in reversed(_INPUT):
        command = option(command)
    return settings_options(command)


def config_of(paths: tuple[str, ...], **given: Any) -> ProjectSettings:
    """Return the settings of each file's nearest configuration, with those given on the command line put over them.

    Raises:
        ConfigError: They cannot be used; :func:`sqla_guard.cli.main` says so and ends.
    """
    from sqla_guard.settings import settings

    return settings(paths or (".",), **given)


def request_of(
    paths: tuple[str, ...],
    force_exclude: bool = False,
    stdin_filename: str | None = None,
    no_cache: bool = False,
    **given: Any,
) -> Request:
    """Return what the options that :func:`input_options` adds ask for; ``-`` is read from standard input.

    Raises:
        ConfigError: The settings cannot be used.
    """
    if given.get("isolated") and given.get("config"):
        raise click.UsageError("--isolated reads no configuration file, and --config names one")
    if paths != ("-",) and (paths or stdin_filename is None):
        if stdin_filename is not None or "-" in paths:
            raise click.UsageError("standard input (`-`, with or without --stdin-filename) stands for one file alone")
        return Request(paths or (".",), config_of(paths, **given), Asked(force_exclude, cached=not no_cache))
    from sqla_guard.run import from_text

    name, asked = from_text(stdin_filename or "stdin.py", sys.stdin.buffer.read(), force_exclude)
    return Request((name,), config_of((name,), **given), asked)
