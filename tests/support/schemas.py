"""Schemas that reports are held to."""

from __future__ import annotations

import json
from typing import Any

from tests.support.projects import ROOT


def schema(name: str) -> dict[str, Any]:
    """Return a schema of `fixtures/schemas`."""
    loaded: dict[str, Any] = json.loads((ROOT / "fixtures" / "schemas" / name).read_text(encoding="utf-8"))
    return loaded


def strict_report_schema() -> dict[str, Any]:
    """Return the documented schema of our own JSON, allowing nothing that is not documented."""
    text = (ROOT / "docs" / "report.schema.json").read_text(encoding="utf-8")
    described: dict[str, Any] = json.loads(text)
    _close(described)
    for definition in described["$defs"].values():
        _close(definition)
    del described["$defs"]["range"]["unevaluatedProperties"]  # others build on it
    return described


def _close(part: Any) -> None:
    if isinstance(part, dict):
        for key, value in part.items():
            if key != "$defs":
                _close(value)
        if "properties" in part:
            part["unevaluatedProperties"] = False
    elif isinstance(part, list):
        for item in part:
            _close(item)
