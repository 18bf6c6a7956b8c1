"""The dialect that a text is read in."""

from __future__ import annotations

from typing import NamedTuple


class Dialect(NamedTuple):
    """What is known of a dialect, by sqlglot's names.

    Attributes:
        certain: The dialect, where it is configured.
        likely: What to take for a text that does not itself look like any dialect.
    """

    certain: str | None = None
    likely: str | None = None
