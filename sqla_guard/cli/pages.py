"""The rules as reports and pages describe them."""

from __future__ import annotations

from sqla_guard.report.material import RulePage


def rule_pages(plugins: tuple[str, ...] = ()) -> tuple[RulePage, ...]:
    """Return the pages of all rules, by code, those of ``plugins`` included; this loads every rule."""
    from sqla_guard.check.registry import registered_rules

    return tuple(
        RulePage(
            r.rule.code,
            r.rule.name,
            r.rule.severity,
            r.page.strip().splitlines()[0],
            r.page.strip(),
            r.rule.on_by_default,
        )
        for r in registered_rules(plugins)
    )
