"""Which rules a configuration asks for."""

from __future__ import annotations

from collections.abc import Iterable

from sqla_guard.check.registry import RegisteredRule
from sqla_guard.core.config import Config
from sqla_guard.core.diagnostic import Diagnostic
from sqla_guard.rules.rule import Rule

ALL = "ALL"


def selected_rules(rules: Iterable[RegisteredRule], config: Config) -> tuple[RegisteredRule, ...]:
    """Return those of ``rules`` that ``config`` selects."""
    return tuple(registered for registered in rules if is_selected(registered.rule, config))


def is_selected(rule: Rule, config: Config) -> bool:
    """Tell whether ``rule`` runs: the most exact selector decides, and ``ignore`` where two are equally exact."""
    wanted = max(_exactness(rule, s) for s in (*config.select, *config.extend_select, ""))
    if not wanted and rule.on_by_default and not config.select:
        wanted = 1
    return wanted > max(_exactness(rule, s) for s in (*config.ignore, ""))


def is_ignored(finding: Diagnostic, config: Config) -> bool:
    """Tell whether ``per-file-ignores`` turns the rule of ``finding`` off in its file."""
    return any(_exactness(finding, selector) for selector in config.ignored_in(finding.path))


def means(rule: Rule, selector: str) -> bool:
    """Tell whether ``selector``, a name, a code or a prefix of codes, means ``rule``."""
    return _exactness(rule, selector) > 0


def _exactness(rule: Rule | Diagnostic, selector: str) -> int:
    """Return how exactly ``selector`` means ``rule``: 0 not at all; the more, the longer the common part."""
    if selector == rule.name or selector == rule.code:
        return 100
    if selector == ALL:
        return 1
    return 1 + len(selector) if selector and rule.code.startswith(selector) else 0
