"""Reports as text; pure functions.

One output format is one module with ``render(material) -> str``, loaded when it is asked for: nobody pays for a
format that is not used.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Protocol, cast

if TYPE_CHECKING:
    from sqla_guard.report.material import Material

FORMATS = ("text", "concise", "json", "sarif", "github", "gitlab", "junit", "rdjson")


class Render(Protocol):
    """What a format's module offers."""

    def __call__(self, material: Material, /) -> str:
        """Return the report in this format, line end at the end included."""


def renderer(name: str) -> Render:
    """Return the function that writes reports in the format ``name``, one of :data:`FORMATS`."""
    return cast("Render", import_module(f"{__name__}.{name}").render)
