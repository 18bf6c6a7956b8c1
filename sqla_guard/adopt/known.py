"""Findings that were there before: by file, rule and symbol, never by line."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping

from sqla_guard.core.diagnostic import Diagnostic

Key = tuple[str, str, str]
"""File, name of the rule, symbol."""


def key_of(diagnostic: Diagnostic, named: Callable[[str], str]) -> Key:
    """Return what ``diagnostic`` is known by; ``named`` gives the name that a file had when it was remembered."""
    path, rule, symbol = diagnostic.key
    return named(path), rule, symbol


def counted(diagnostics: Iterable[Diagnostic], named: Callable[[str], str]) -> Counter[Key]:
    """Return how often each key is found; ``named`` gives the name that a file had when it was remembered."""
    return Counter(key_of(diagnostic, named) for diagnostic in diagnostics)


def matched(found: Mapping[Key, int], known: Mapping[Key, int], is_gone: Callable[[str], bool]) -> dict[Key, Key]:
    """Return which key of ``known`` stands for each key of ``found`` that is not new.

    A key that is found more often than it is known is new as a whole: nothing tells which of them is the old one.
    What is known of a file that is gone stands for the same rule and symbol elsewhere: the code has moved.

    Args:
        found: How often each key is found now.
        known: How often it may be.
        is_gone: Tells whether a known file no longer exists.
    """
    old = {key: key for key, count in found.items() if known.get(key, 0) >= count}
    homeless: dict[tuple[str, str], list[Key]] = {}
    for key in sorted(known):
        if key not in found and is_gone(key[0]):
            homeless.setdefault(key[1:], []).append(key)
    for key in sorted(found):
        candidates = homeless.get(key[1:], [])
        if key not in known and candidates and known[candidates[0]] >= found[key]:
            old[key] = candidates.pop(0)
    return old
