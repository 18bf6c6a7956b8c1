"""Settings of a run."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

RenameStrategy = Literal["auto", "attribute", "column"]
SingletonStyle = Literal["lock", "module"]


class ConfigError(Exception):
    """The configuration cannot be used; the message names the file, the key and what would be right."""


@dataclass(frozen=True, slots=True)
class Config:
    """Settings of a run.

    Attributes:
        rename: How a reserved attribute is renamed: the Python attribute only, attribute and column, or
            whichever of the two suits the table's DDL.
        singleton_style: How an unguarded lazy global is repaired: with a lock, or made at import.
        sqlalchemy_version: Major and minor version of SQLAlchemy; ``None`` to take it from the project.
        declarative_bases: Dotted names of further declarative bases.
        select: Names, codes or prefixes of codes of the rules to run; empty for those that are on by default.
        extend_select: Rules to run besides.
        ignore: Rules not to run; the most exact selector decides.
        read_everything: Skip all prefilters and read every file closely; for tests, the result is the same.
    """

    rename: RenameStrategy = "auto"
    singleton_style: SingletonStyle = "lock"
    sqlalchemy_version: tuple[int, int] | None = None
    declarative_bases: frozenset[str] = frozenset()
    select: frozenset[str] = frozenset()
    extend_select: frozenset[str] = frozenset()
    ignore: frozenset[str] = frozenset()
    read_everything: bool = False
