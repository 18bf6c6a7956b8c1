"""Folders of numbered or timestamped SQL files: what names say, and the order of the files."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from posixpath import basename, dirname
from typing import Literal

from msgspec import Struct

Naming = Literal["flyway", "migrate", "yoyo", "plain"]

# V12__title.sql, V1.2__title.sql, U12__title.sql (undo), B12__title.sql (baseline)
_FLYWAY = re.compile(r"(?P<kind>[VUB])(?P<number>\d+(?:[._]\d+)*)__(?P<slug>.*)\.sql", re.ASCII)
_REPEATABLE = re.compile(r"R__.*\.sql", re.ASCII)
# 000012_title.up.sql and 000012_title.down.sql
_MIGRATE = re.compile(r"(?P<number>\d+)(?P<separator>[_.-])(?P<slug>.*)\.(?P<kind>up|down)\.sql", re.ASCII)
# 0012_title.sql with 0012_title.rollback.sql beside it
_ROLLBACK = re.compile(r"(?P<number>\d+)(?P<separator>[_.-]{1,9})(?P<slug>.*)\.(?P<kind>rollback)\.sql", re.ASCII)
_PLAIN = re.compile(r"(?P<prefix>[A-Za-z]{0,2}?)(?P<number>\d+)(?P<separator>[_.-]{1,9})(?P<slug>.*)\.sql", re.ASCII)
_BARE = re.compile(r"(?P<prefix>)(?P<number>\d+)(?P<separator>)(?P<slug>)\.sql", re.ASCII)

_DIGITS = re.compile(r"(\d+)")
_NO_RANKS: Mapping[str, int] = {}


class NumberedFile(Struct, frozen=True):
    """An SQL file whose name carries a number.

    Attributes:
        path: The file.
        naming: Whose convention the name follows.
        number: The digits as written: ``0012``, ``1.2``, ``20261123101500``.
        down: Whether it undoes.
        prefix: Letters before the number.
        separator: What stands between number and title.
        slug: The title as written in the name.
    """

    path: str
    naming: Naming
    number: str
    down: bool
    prefix: str
    separator: str
    slug: str

    @property
    def order(self) -> tuple[int, ...]:
        """The number as a sort key; ``1.10`` comes after ``1.9``."""
        return tuple(int(part) for part in re.split(r"[._]", self.number))


def numbered(path: str) -> NumberedFile | None:
    """Return what the name of ``path`` says, or ``None`` for a name without a number."""
    name = basename(path)
    if match := _FLYWAY.fullmatch(name):
        kind = match["kind"]
        return NumberedFile(path, "flyway", match["number"], kind == "U", kind, "__", match["slug"])
    if match := _MIGRATE.fullmatch(name):
        down = match["kind"] == "down"
        return NumberedFile(path, "migrate", match["number"], down, "", match["separator"], match["slug"])
    if match := _ROLLBACK.fullmatch(name):
        return NumberedFile(path, "yoyo", match["number"], True, "", match["separator"], match["slug"])
    if match := _PLAIN.fullmatch(name) or _BARE.fullmatch(name):
        return NumberedFile(
            path,
            "plain",
            match["number"],
            False,
            match["prefix"],
            match["separator"],
            match["slug"],
        )
    return None


def says_down(path: str) -> bool:
    """Tell whether the file's name says that it undoes a migration."""
    file = numbered(path) if path.endswith(".sql") else None
    return file is not None and file.down


def apply_order(
    paths: Collection[str], revision_order: Sequence[str] = (), ranks: Mapping[str, int] = _NO_RANKS
) -> tuple[str, ...]:
    """Return ``paths`` in the order they run.

    SQL files first (a file without a number is a starting point, so it runs before the numbered
    ones of its folder; Flyway's repeatable ones run after them), then Alembic revisions as in
    ``revision_order``, then other Python.

    Args:
        paths: The files.
        revision_order: Paths of Alembic revisions, bases first.
        ranks: Places that a tool gives to SQL files within their folder.
    """
    revision = {path: i for i, path in enumerate(revision_order)}
    # Flyway takes the files of all its folders together, by their numbers.
    together = {dirname(path) for path in paths if _is_flyway(basename(path))}

    def key(path: str) -> tuple[int, int, tuple[tuple[int, str], ...], int, tuple[int, ...], str]:
        if path in revision:
            return 1, revision[path], (), 0, (), path
        if not path.endswith(".sql"):
            return 2, 0, (), 0, (), path
        if path in ranks:
            return 0, 0, _natural(dirname(path)), 1, (ranks[path],), path
        file = numbered(path)
        repeatable = _REPEATABLE.fullmatch(basename(path))
        stage = 2 if repeatable else 1 if file else 0
        everywhere = dirname(path) in together
        folder = () if everywhere else _natural(dirname(path))
        return 0, 0, folder, stage, file.order if file else (), path

    return tuple(sorted(paths, key=key))


def _is_flyway(name: str) -> bool:
    return _FLYWAY.fullmatch(name) is not None or _REPEATABLE.fullmatch(name) is not None


def _natural(folder: str) -> tuple[tuple[int, str], ...]:
    """Return a folder as a sort key in which ``10_more`` comes behind ``9_some``."""
    parts = _DIGITS.split(folder)
    return tuple((int(part), "") if i % 2 else (-1, part) for i, part in enumerate(parts))
