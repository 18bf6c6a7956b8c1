"""What each version of SQLAlchemy does with a name, measured by ``scripts/reserved/measure.py``.

One file a minor version: name, placement of the class, kind of value, way of declaring; ``*`` stands for every other
way, and what is not there is fine. Names are written out or are patterns: ``_sa_*``, ``__*__``, ``__*``.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from pkgutil import get_data
from typing import Any

Version = tuple[int, int]
Cells = Mapping[str, Mapping[str, Mapping[str, Mapping[str, str]]]]

MEASURED: tuple[Version, ...] = ((1, 3), (1, 4), (2, 0), (2, 1))


def measured_version(version: Version) -> Version:
    """Return the measured version that stands for ``version``: itself, or the next older one."""
    return max((v for v in MEASURED if v <= version), default=MEASURED[0])


@cache
def cells(version: Version) -> Cells:
    """Return the table of a measured version."""
    table: Cells = _read(f"{version[0]}.{version[1]}.json")
    return table


@cache
def hidden(version: Version) -> Mapping[str, list[str]]:
    """Return the places, by name, in which a column of that name is hidden by something else."""
    table: Mapping[str, list[str]] = _read(f"{version[0]}.{version[1]}-hidden.json")
    return table


def _read(name: str) -> Any:
    # ``importlib.resources`` takes longer to load than the table.
    return json.loads(get_data(__name__, name) or b"")
