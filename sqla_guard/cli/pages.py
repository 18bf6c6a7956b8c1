"""The rules as reports and pages describe them."""

from __future__ import annotations

from sqla_guard.report.material import RulePage


def rule_pages(plugins: tuple[str, ...] = ()) -> tuple[RulePage, ...]:
    """Return the pages of all rules, by code, those of ``plugins`` included; this loads every rule."""
    from sqla_guard.check import internal_error
    from sqla_guard.check.registry import registered_rules

    rules = [(registered.rule, registered.page) for registered in registered_rules(plugins)]
    rules.append((internal_error.RULE, internal_error.__doc__ or ""))
    pages = (
        RulePage(rule.code, rule.name, rule.severity, page.strip().splitlines()[0], page.strip(), rule.on_by_default)
        for rule, page in rules
    )
    return tuple(sorted(pages, key=lambda page: page.code))
