"""A package that a project asks for."""

from __future__ import annotations

from msgspec import Struct


class Requirement(Struct, frozen=True):
    """One package with its version.

    Attributes:
        package: Its name in lower case with dashes.
        version: The first numbers of the exact version, or of the lower bound of a range.
        exact: Whether it is exact.
    """

    package: str
    version: tuple[int, ...]
    exact: bool
