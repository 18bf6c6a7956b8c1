"""Words that several reports use."""

from __future__ import annotations


def number(count: int, noun: str) -> str:
    """Return ``3 findings`` or ``1 finding``."""
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"
