"""Settings from ``[tool.sqla-guard]`` in ``pyproject.toml``, or from ``sqla-guard.toml``."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping
from typing import Any

from sqla_guard.core.config import Config, ConfigError

NAMES = ("sqla-guard.toml", "pyproject.toml")


def find_config(start: str) -> str | None:
    """Return the nearest configuration file at or above the folder ``start``.

    A ``pyproject.toml`` without a ``[tool.sqla-guard]`` table is passed over.
    """
    folder = os.path.abspath(start)
    while True:
        for name in NAMES:
            path = os.path.join(folder, name)
            if os.path.isfile(path) and (name == NAMES[0] or _mentions_us(path)):
                return path
        parent = os.path.dirname(folder)
        if parent == folder:
            return None
        folder = parent


def load_config(path: str) -> Config:
    """Return the settings in ``path``.

    Raises:
        ConfigError: The file is no TOML, or has a key or value that means nothing.
    """
    table = _table(path)
    settings: dict[str, Any] = {}
    for key, value in table.items():
        if key not in _KEYS:
            raise ConfigError(f"{path}: unknown key `{key}`{_nearest(key, _KEYS)}")
        field, convert = _KEYS[key]
        try:
            settings[field] = convert(value)
        except ValueError as error:
            raise ConfigError(f"{path}: `{key}` {error}") from error
    return Config(**settings)


def version(text: object) -> tuple[int, int]:
    """Return ``"2.0"`` as ``(2, 0)``.

    Raises:
        ValueError: It is no version of SQLAlchemy.
    """
    parts = text.split(".") if isinstance(text, str) else []
    if len(parts) < 2 or not all(part.isdigit() for part in parts[:2]):
        raise ValueError('must be a version such as "2.0"')
    return int(parts[0]), int(parts[1])


def _mentions_us(path: str) -> bool:
    with open(path, "rb") as file:
        return b"[tool.sqla-guard" in file.read()


def _table(path: str) -> Mapping[str, Any]:
    if sys.version_info >= (3, 11):
        import tomllib
    else:
        import tomli as tomllib

    try:
        with open(path, "rb") as file:
            document = tomllib.load(file)
    except (OSError, ValueError) as error:
        raise ConfigError(f"{path}: {error}") from error
    table = document if os.path.basename(path) == NAMES[0] else document.get("tool", {}).get("sqla-guard", {})
    if not isinstance(table, dict):
        raise ConfigError(f"{path}: `tool.sqla-guard` must be a table")
    return table


def _nearest(word: str, known: Mapping[str, object] | tuple[str, ...]) -> str:
    import difflib

    close = difflib.get_close_matches(word, list(known), 1, 0.5)
    return f"; did you mean `{close[0]}`?" if close else f"; known are {', '.join(sorted(known))}"


def _one_of(*words: str) -> Callable[[object], str]:
    def convert(value: object) -> str:
        if value in words:
            return str(value)
        wrong = f"is {value!r}" if isinstance(value, str) else "has the wrong type"
        raise ValueError(f"{wrong}; it must be one of {', '.join(words)}")

    return convert


def _words(value: object) -> frozenset[str]:
    if isinstance(value, list) and all(isinstance(item, str) for item in value):
        return frozenset(value)
    raise ValueError("must be a list of strings")


_KEYS: dict[str, tuple[str, Callable[[object], object]]] = {
    "declarative-bases": ("declarative_bases", _words),
    "extend-select": ("extend_select", _words),
    "ignore": ("ignore", _words),
    "rename": ("rename", _one_of("auto", "attribute", "column")),
    "select": ("select", _words),
    "singleton-style": ("singleton_style", _one_of("lock", "module")),
    "sqlalchemy-version": ("sqlalchemy_version", version),
}
