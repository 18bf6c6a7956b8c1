"""Settings from ``[tool.sqla-guard]`` in ``pyproject.toml``, or from ``sqla-guard.toml``."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from typing import Any

from sqla_guard.core.config import Config, ConfigError

NAMES = ("sqla-guard.toml", "pyproject.toml")
# Compiled where it is needed, not in every run.
_HEADER = rb"""(?m)^[ \t]*\[+\s*tool\s*\.\s*["']?sqla[-_]?guard["']?\s*[].]"""
_KEY = rb"""(?m)^[ \t]*(?:tool\s*\.\s*)?["']?sqla[-_]?guard["']?\s*[.=]"""
# Our name, and what is easily written in its place.
_SPELLINGS = (NAMES[0].removesuffix(".toml"), "sqla_guard", "sqlaguard")


def find_config(start: str) -> str | None:
    """Return the nearest configuration file at or above the folder ``start``.

    A ``pyproject.toml`` without a ``[tool.sqla-guard]`` table is passed over.
    """
    folder = os.path.abspath(start)
    while True:
        found = config_in(folder)
        if found:
            return found
        parent = os.path.dirname(folder)
        if parent == folder:
            return None
        folder = parent


def config_in(folder: str) -> str | None:
    """Return the configuration file that stands in ``folder`` itself."""
    for name in NAMES:
        path = os.path.join(folder, name)
        if os.path.isfile(path) and (name == NAMES[0] or _configures_us(path)):
            return path
    return None


def load_config(path: str) -> Config:
    """Return the settings in ``path``.

    Raises:
        ConfigError: The file is no TOML, or has a key or value that means nothing.
    """
    try:
        settings = convert(read_table(path))
    except KeyedError as error:
        raise ConfigError(f"{place_of(path, error.key)}: {error}") from error
    root = os.path.dirname(os.path.abspath(path)).replace(os.sep, "/")
    return Config(**settings, root=root, file=path)


class KeyedError(Exception):
    """A key or its value means nothing.

    Attributes:
        key: The key.
    """

    def __init__(self, key: str, message: str) -> None:
        """Keep the key."""
        super().__init__(message)
        self.key = key


def convert(table: Mapping[str, object]) -> dict[str, Any]:
    """Return the attributes of ``Config`` that ``table``, as TOML gives it, sets.

    Raises:
        KeyedError: A key or value means nothing.
    """
    from sqla_guard.core.keys import BY_NAME
    from sqla_guard.core.kinds import nearest

    settings: dict[str, Any] = {}
    for name, value in table.items():
        key = BY_NAME.get(name)
        if key is None:
            meant = nearest(name, BY_NAME)
            hint = f"did you mean `{meant}`?" if meant else f"known are {', '.join(sorted(BY_NAME))}"
            if name == "tool":  # as it would be right in pyproject.toml
                hint = "the keys of sqla-guard.toml stand at its top, without `[tool.sqla-guard]`"
            raise KeyedError(name, f"unknown key `{name}`; {hint}")
        try:
            settings[key.field] = key.kind.convert(value)
        except ValueError as error:
            raise KeyedError(name, f"`{name}` {error}") from error
    return settings


def place_of(path: str, key: str) -> str:
    """Return a configuration file with the line that sets ``key``, or without one where that cannot be told."""
    try:
        with open(path, "rb") as file:
            data = file.read()
    except OSError:
        return path
    table = re.search(_HEADER, data) or re.search(_KEY, data)
    setting = rb"""(?m)^[ \t]*(\[{1,2}[^\n=]*\.\s*)?["']?%b["']?\s*[].=]""" % re.escape(key).encode("utf-8", "replace")
    found = re.compile(setting).search(data, table.start() if table else 0)
    if found is None:
        return path
    line = data.count(b"\n", 0, found.end()) + 1
    return f"{path}:{line}"


def read_table(path: str) -> Mapping[str, object]:
    """Return the settings in a configuration file as TOML gives them.

    Raises:
        ConfigError: The file is no TOML, or cannot be read.
    """
    document = _document(path)
    if os.path.basename(path) == NAMES[1]:
        tool = document.get("tool", {}) if isinstance(document, dict) else None
        wrong = next((name for name in _SPELLINGS[1:] if isinstance(tool, dict) and name in tool), None)
        if wrong:
            raise ConfigError(f"{place_of(path, wrong)}: unknown table `tool.{wrong}`; did you mean `tool.sqla-guard`?")
        document = tool.get(_SPELLINGS[0], {}) if isinstance(tool, dict) else None
    if not isinstance(document, dict):
        raise ConfigError(f"{path}: `tool.sqla-guard` must be a table")
    return document


def _document(path: str) -> object:
    import sys

    if sys.version_info >= (3, 11):
        import tomllib
    else:
        import tomli as tomllib

    try:
        with open(path, "rb") as file:
            return tomllib.load(file)
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read: {error.strerror}") from error
    except (ValueError, RecursionError) as error:
        raise ConfigError(f"{path}: {error}") from error


def _configures_us(path: str) -> bool:
    """Tell whether a ``pyproject.toml`` has our table, also one that is misspelt; it is an error when it is read."""
    try:
        with open(path, "rb") as file:
            data = file.read()
    except OSError:
        return False
    if not any(name.encode() in data for name in _SPELLINGS):
        return False
    if re.search(_HEADER, data):
        return True
    if not re.search(_KEY, data):
        return False
    try:  # it may be a dependency or a script of our name, too
        document = _document(path)
    except ConfigError:
        return True
    tool = document.get("tool", {}) if isinstance(document, dict) else None
    return not isinstance(tool, dict) or any(name in tool for name in _SPELLINGS)
