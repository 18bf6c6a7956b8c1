"""Text of the checked project made safe to print."""

from __future__ import annotations

import re

# Control characters but the tab (terminal escapes and line ends among them) and marks that turn the reading direction.
_UNPRINTABLE = "[\x00-\x08\x0a-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]"


def printable(text: str) -> str:
    """Return ``text``, a line or a part of one, with everything that a terminal would act on shown as an escape."""
    return re.sub(_UNPRINTABLE, lambda match: match.group().encode("unicode_escape").decode("ascii"), text)
