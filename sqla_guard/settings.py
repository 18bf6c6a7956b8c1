"""The settings of a run: the configuration file, and what the command line puts over it."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from sqla_guard.core.config import Config, ConfigError
from sqla_guard.read.config import find_config, load_config

_SELECTORS = ("select", "extend_select", "ignore")


def settings(paths: Sequence[str], config: str | None = None, **given: Any) -> Config:
    """Return the settings for a run on ``paths``.

    Args:
        paths: What is to be checked; the configuration nearest to all of it is taken.
        config: A configuration file to take instead.
        given: Settings of the command line, which win; empty ones count as not given.

    Raises:
        ConfigError: The configuration cannot be used.
    """
    file = config or find_config(_common_folder(paths))
    loaded = load_config(file) if file else Config()
    changes = {name: value for name, value in given.items() if value not in (None, (), False)}
    changes.update({name: frozenset(changes[name]) for name in _SELECTORS if name in changes})
    if "sqlalchemy_version" in changes:
        changes["sqlalchemy_version"] = _given_version(changes["sqlalchemy_version"])
    result = replace(loaded, **changes)
    _check_selectors(result, file)
    return result


def _common_folder(paths: Sequence[str]) -> str:
    folders = [path if os.path.isdir(path) else os.path.dirname(path) or "." for path in paths]
    try:
        return os.path.commonpath([os.path.abspath(folder) for folder in folders])
    except ValueError:  # on different drives
        return "."


def _given_version(text: str) -> tuple[int, int]:
    from sqla_guard.core.keys import BY_NAME

    try:
        return BY_NAME["sqlalchemy-version"].kind.convert(text)  # type: ignore[return-value]
    except ValueError as error:
        raise ConfigError(f"--sqlalchemy-version {error}") from error


def _check_selectors(config: Config, file: str | None) -> None:
    if not (config.select or config.extend_select or config.ignore):
        return
    from sqla_guard.check.registry import registered_rules
    from sqla_guard.check.selection import unknown_selectors

    unknown = unknown_selectors(registered_rules(), config)
    if unknown:
        import difflib

        names = [name for r in registered_rules() for name in (r.rule.name, r.rule.code)]
        close = difflib.get_close_matches(unknown[0], names, 1)
        hint = f"; did you mean `{close[0]}`?" if close else "; `sqla-guard rules` lists them"
        where = f"{file} or the command line" if file else "the command line"
        raise ConfigError(f"{where}: there is no rule `{unknown[0]}`{hint}")
