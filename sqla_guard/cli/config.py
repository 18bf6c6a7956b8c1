"""``sqla-guard config``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from sqla_guard.cli.options import config_of, settings_options
from sqla_guard.cli.output import out

if TYPE_CHECKING:
    from sqla_guard.settings import Effective


@click.command("config")
@click.argument("path", default=".", type=click.Path())
@click.option(
    "--output-format",
    "shape",
    type=click.Choice(["text", "json"]),
    default="text",
    show_default=True,
    help="How the settings are written; text is TOML that could stand in a configuration.",
)
@click.option("--schema", is_flag=True, help="Print the JSON Schema of the configuration instead.")
@settings_options
def command(path: str, shape: str, schema: bool, **options: Any) -> None:
    """Show the settings for PATH (a file or folder; the working directory if none is given), and where they come from.

    \b
    Examples:
      sqla-guard config
      sqla-guard config src --output-format json
      sqla-guard config --schema
    """
    if schema:
        from sqla_guard.check.config_schema import config_schema

        _dump(config_schema())
        return
    from sqla_guard.settings import effective

    settings = config_of((path,), **options)
    file, all_of_them = effective(settings, path)
    if shape == "json":
        found = {e.key.name: {"value": e.value, "from": e.origin} for e in all_of_them}
        _dump({"path": path, "file": file, "settings": found})
    else:
        out(_as_toml(file, all_of_them))


def _dump(document: object) -> None:
    import json

    out(json.dumps(document, indent=2, ensure_ascii=False) + "\n")


def _as_toml(file: str | None, settings: list[Effective]) -> str:
    from sqla_guard.report.sanitize import printable

    lines = [f"# {printable(file)}" if file else "# No configuration was found: these are the defaults."]
    for setting in settings:
        name = setting.key.name
        line = f"# {name} is not set" if setting.value is None else f"{name} = {_toml(setting.value)}"
        lines.append(f"{line}  # {printable(setting.origin)}" if setting.origin != "default" else line)
    return "\n".join(lines) + "\n"


def _toml(value: object) -> str:
    import json

    if isinstance(value, dict):
        return "{ " + ", ".join(f"{json.dumps(k)} = {_toml(v)}" for k, v in value.items()) + " }" if value else "{}"
    if isinstance(value, list):
        return f"[{', '.join(_toml(item) for item in value)}]"
    # A string of JSON is one of TOML; DEL alone is written out by JSON and not allowed in TOML.
    return json.dumps(value).replace("\x7f", "\\u007f")
