"""The rules on disk are the rules there are."""

from __future__ import annotations

import pkgutil
from collections.abc import Callable, Iterator
from functools import lru_cache
from importlib import import_module

from msgspec import Struct

from sqla_guard import rules
from sqla_guard.core.config import ConfigError
from sqla_guard.core.diagnostic import Diagnostic, NotAnalysed
from sqla_guard.project.project import Project
from sqla_guard.rules.rule import Rule


class RegisteredRule(Struct, frozen=True):
    """A rule with its check and its page."""

    rule: Rule
    check: Callable[[object, Project], Iterator[Diagnostic | NotAnalysed]]
    page: str


@lru_cache(maxsize=8)
def registered_rules(plugins: tuple[str, ...] = ()) -> tuple[RegisteredRule, ...]:
    """Return every rule, by code: each module of :mod:`sqla_guard.rules` that has a ``RULE``, and those of ``plugins``.

    Raises:
        ConfigError: A plugin cannot be used, or has the name or code of another rule.
    """
    modules = [import_module(f"{rules.__name__}.{m.name}") for m in pkgutil.iter_modules(rules.__path__)]
    found = [RegisteredRule(m.RULE, m.check, m.__doc__ or "") for m in modules if hasattr(m, "RULE")]
    for plugin in plugins:
        found += _plugged_in(plugin, found)
    return tuple(sorted(found, key=lambda r: r.rule.code))


def _plugged_in(plugin: str, others: list[RegisteredRule]) -> list[RegisteredRule]:
    from sqla_guard.check.plugins import rule_modules

    taken = {word for other in others for word in (other.rule.name, other.rule.code)}
    found = []
    for module in rule_modules(plugin):
        rule = module.RULE
        for word in (rule.name, rule.code):
            if word in taken:
                raise ConfigError(f"plugin `{plugin}`: {module.__name__} is called `{word}`, as another rule is")
            taken.add(word)
        found.append(RegisteredRule(rule, module.check, module.__doc__ or ""))
    return found
