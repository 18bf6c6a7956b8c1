"""Settings of a run."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

RenameStrategy = Literal["auto", "attribute", "column"]


@dataclass(frozen=True, slots=True)
class Config:
    """Settings of a run.

    Attributes:
        rename: How a reserved attribute is renamed: the Python attribute only, attribute and column, or
            whichever of the two suits the table's DDL.
        sqlalchemy_version: Major and minor version of SQLAlchemy that the project runs on.
        declarative_bases: Dotted names of further declarative bases.
        read_everything: Skip all prefilters and read every file closely; for tests, the result is the same.
    """

    rename: RenameStrategy = "auto"
    sqlalchemy_version: tuple[int, int] = (2, 0)
    declarative_bases: frozenset[str] = frozenset()
    read_everything: bool = False
