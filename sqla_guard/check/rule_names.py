"""The names and codes of all rules, without loading them: settings are checked in every run, also in a clean one."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from functools import lru_cache

from sqla_guard import rules

_RULE = re.compile(rb'^RULE = Rule\(\s*"([^"]+)",\s*"([^"]+)"', re.MULTILINE)


@lru_cache(maxsize=1)
def own_names() -> tuple[tuple[str, str], ...]:
    """Return name and code of each rule of this package, by code."""
    folder = rules.__path__[0]
    found = []
    for file in os.listdir(folder):
        if file.endswith(".py"):
            with open(os.path.join(folder, file), "rb") as opened:
                match = _RULE.search(opened.read())
            if match:
                found.append((match[1].decode(), match[2].decode()))
    return tuple(sorted(found, key=lambda pair: pair[1]))


def names(plugins: tuple[str, ...]) -> tuple[tuple[str, str], ...]:
    """Return name and code of each rule, also of those in ``plugins``."""
    if not plugins:
        return own_names()
    from sqla_guard.check.registry import registered_rules

    return tuple((r.rule.name, r.rule.code) for r in registered_rules(plugins))


def unknown(selectors: Iterable[str], plugins: tuple[str, ...]) -> tuple[str, ...]:
    """Return the ones of ``selectors`` that mean no rule at all, sorted."""
    known = names(plugins)
    return tuple(
        sorted(s for s in set(selectors) if s != "ALL" and not any(s == n or c.startswith(s) for n, c in known))
    )


def meant_by(selector: str, plugins: tuple[str, ...]) -> str | None:
    """Return the name or code that an unknown ``selector`` was probably meant to be."""
    import difflib

    close = difflib.get_close_matches(selector, [word for pair in names(plugins) for word in pair], 1, 0.5)
    return close[0] if close else None
