"""Options that several commands share, and the settings that they make."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
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
_SETTINGS = (
    click.option("--config", type=click.Path(), help="Take the settings from this file and no other."),
    click.option("--select", multiple=True, metavar="RULE", help="Run only these rules (name, code or prefix)."),
    click.option("--extend-select", multiple=True, metavar="RULE", help="Run these rules besides."),
    click.option("--ignore", multiple=True, metavar="RULE", help="Do not run these rules."),
    click.option("--sqlalchemy-version", metavar="X.Y", help="The version that the project runs on."),
    click.option(
        "--rename",
        type=click.Choice(["auto", "attribute", "column"]),
        help="What the repair of a reserved attribute renames: the Python attribute only, attribute and column, or "
        "whichever of the two suits the table's DDL (auto, the default).",
    ),
    click.option("--read-everything", is_flag=True, hidden=True),
)


def settings_options(command: _Command) -> _Command:
    """Add all options that change the settings of a run."""
    for option in reversed(_SETTINGS):
        command = option(command)
    return command


def config_of(paths: tuple[str, ...], **given: Any) -> ProjectSettings:
    """Return the settings of each file's nearest configuration, with those given on the command line put over them.

    Raises:
        ConfigError: They cannot be used; :func:`sqla_guard.cli.main` says so and ends.
    """
    from sqla_guard.settings import settings

    return settings(paths or (".",), **given)
