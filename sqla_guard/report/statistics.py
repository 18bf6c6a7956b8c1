"""How often each rule was broken, instead of the findings themselves."""

from __future__ import annotations

import json

from sqla_guard.report.material import Material
from sqla_guard.report.tally import Count, tally
from sqla_guard.report.text import summary


def as_text(material: Material, /) -> str:
    """Return a table, the most frequent rule first."""
    counts = tally(material.report)
    columns = ("findings", "safe fix", "unsafe fix")
    lines = ["  ".join([*columns, "rule"])] if counts else []
    for count in counts:
        numbers = (count.findings, count.safe, count.unsafe)
        cells = [f"{n:>{len(title)},}" for n, title in zip(numbers, columns, strict=True)]
        lines.append("  ".join([*cells, f"{material.style('rule', count.code)} {count.name}"]))
    first, *_ = summary(material.report, material.style)
    return "\n".join([*lines, first]) + "\n"


def as_json(material: Material, /) -> str:
    """Return a JSON list with one object for each rule with findings."""
    return json.dumps([_entry(count) for count in tally(material.report)], indent=2) + "\n"


def _entry(count: Count) -> dict[str, str | int]:
    return {
        "code": count.code,
        "name": count.name,
        "findings": count.findings,
        "safe_fixes": count.safe,
        "unsafe_fixes": count.unsafe,
    }
