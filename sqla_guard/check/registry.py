"""The rules on disk are the rules there are."""

from __future__ import annotations

import pkgutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from importlib import import_module

from sqla_guard import rules
from sqla_guard.core.diagnostic import Diagnostic, NotAnalysed
from sqla_guard.project.project import Project
from sqla_guard.rules.rule import Rule


@dataclass(frozen=True, slots=True)
class RegisteredRule:
    """A rule with its check and its page."""

    rule: Rule
    check: Callable[[object, Project], Iterator[Diagnostic | NotAnalysed]]
    page: str


@lru_cache(maxsize=1)
def registered_rules() -> tuple[RegisteredRule, ...]:
    """Return every rule, by code: each module of :mod:`sqla_guard.rules` that has a ``RULE``."""
    modules = [import_module(f"{rules.__name__}.{m.name}") for m in pkgutil.iter_modules(rules.__path__)]
    found = [RegisteredRule(m.RULE, m.check, m.__doc__ or "") for m in modules if hasattr(m, "RULE")]
    return tuple(sorted(found, key=lambda r: r.rule.code))
