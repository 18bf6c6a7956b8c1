"""The rules themselves: a list of them, or the page of one."""

from __future__ import annotations

import json
from collections.abc import Iterable

from sqla_guard.report.material import RulePage

LIST_FORMATS = ("table", "json", "markdown")
PAGE_FORMATS = ("markdown", "json")


def listed(pages: Iterable[RulePage], output_format: str) -> str:
    """Return the rules in one of :data:`LIST_FORMATS`."""
    if output_format == "json":
        return json.dumps([_entry(page) for page in pages], indent=2) + "\n"
    if output_format == "markdown":
        rows = [f"| {p.code} | `{p.name}` | {p.severity} | {p.summary}{_default(p)} |" for p in pages]
        return "\n".join(["| code | rule | severity | what it finds |", "|---|---|---|---|", *rows]) + "\n"
    return "".join(f"{p.code}  {p.name:30} {p.summary}{_default(p)}\n" for p in pages)


def page(rule: RulePage, output_format: str) -> str:
    """Return the page of ``rule`` in one of :data:`PAGE_FORMATS`."""
    if output_format == "json":
        return json.dumps({**_entry(rule), "page": rule.page}, indent=2) + "\n"
    return f"# {rule.name} ({rule.code})\n\n{rule.page}\n"


def _default(rule: RulePage) -> str:
    return "" if rule.on_by_default else " (off by default)"


def _entry(rule: RulePage) -> dict[str, str | bool]:
    return {
        "code": rule.code,
        "name": rule.name,
        "severity": rule.severity,
        "on_by_default": rule.on_by_default,
        "summary": rule.summary,
    }
