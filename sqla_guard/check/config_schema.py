"""The JSON Schema of ``sqla-guard.toml`` and ``[tool.sqla-guard]``, made from the table of keys."""

from __future__ import annotations

from typing import Any

from sqla_guard.check.rule_names import own_names
from sqla_guard.core.keys import KEYS, Key

_SELECTORS = ("select", "extend-select", "ignore")


def config_schema() -> dict[str, Any]:
    """Return the schema; where no plugin is named, it knows every rule."""
    known: dict[str, Any] = {key: {"items": {"$ref": "#/$defs/rule"}} for key in _SELECTORS}
    known["per-file-ignores"] = {"additionalProperties": {"items": {"$ref": "#/$defs/rule"}}}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "sqla-guard",
        "description": "Settings of sqla-guard: sqla-guard.toml, or [tool.sqla-guard] in pyproject.toml.",
        "type": "object",
        "additionalProperties": False,
        "properties": {key.name: _property(key) for key in KEYS},
        "if": {"properties": {"plugins": {"maxItems": 0}}},
        "then": {"properties": known},
        "$defs": {"rule": {"enum": _selectors()}},
    }


def _property(key: Key) -> dict[str, Any]:
    described = {"description": key.help, **key.kind.schema}
    return described if key.default is None else {**described, "default": key.default}


def _selectors() -> list[str]:
    """Return names, codes and prefixes of codes, the short ones first."""
    codes = [code for _, code in own_names()]
    prefixes = {code[:end] for code in codes for end in range(1, len(code) + 1)}
    return ["ALL", *sorted(prefixes, key=lambda p: (len(p), p)), *(name for name, _ in own_names())]
