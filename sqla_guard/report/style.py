"""Words set off by colour, where a terminal shows them."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple


class Style(NamedTuple):
    """Terminal codes by role; a role without one is left as it is.

    Roles: ``error``, ``warning``, ``path``, ``rule``, ``margin``, ``mark``, ``word``.
    """

    codes: Mapping[str, str] = MappingProxyType({})

    def __call__(self, role: str, text: str) -> str:
        """Return ``text``, which must already be safe to print, set off as ``role``."""
        code = self.codes.get(role)
        return f"\x1b[{code}m{text}\x1b[0m" if code and text else text


PLAIN = Style()
COLOURED = Style(
    {
        "error": "1;31",
        "warning": "1;33",
        "path": "1",
        "rule": "1",
        "margin": "34",
        "mark": "1;31",
        "word": "1;36",
    }
)
