"""Where a function is run, and whether that happens at every start of the program."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from sqla_guard.core.source import Span

# ``always``; ``settings``: where the configuration says so, which the database cannot change; or nobody knows.
Certainty = Literal["always", "settings", "unproven"]
# What a function with decorators is: nothing special, run at start, a command or route that a person asks for, or odd.
Standing = Literal["plain", "start", "command", "odd"]


class Run(Struct, frozen=True):
    """One place that calls a function, or hands it on.

    Attributes:
        span: The place.
        certainty: Whether reaching the function around means that this runs.
        inside: The name of the function around; empty at module level.
        standing: What the function around is.
        why: Why it is not certain, in a few words.
    """

    span: Span
    certainty: Certainty
    inside: str = ""
    standing: Standing = "plain"
    why: str = ""
