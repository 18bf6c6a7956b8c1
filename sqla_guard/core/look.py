"""Questions put to each of many files by itself, whose answers are remembered in place of the files."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

# What a file says to a look: of JSON's kinds; ``None`` where there is nothing to say, as of most files.
Said = Any
Look = Callable[[str, bytes, str], Said]
"""From path, bytes and argument of a question to what the file says."""


class Question(NamedTuple):
    """One question put to all files of a kind.

    Attributes:
        look: The name of the look that answers it, as :mod:`sqla_guard.check.looks` knows it.
        argument: What is looked for.
        among: Which files are asked: ``project_files``, ``neighbours`` or ``templates`` of a path, or all ``reported``.
    """

    look: str
    argument: str
    among: str = "project_files"


def true_of(paths: Any) -> Mapping[str, Said]:
    """Return what files say to a question that they answer with yes, each of ``paths``."""
    return dict.fromkeys(paths, True)


def brief(value: object) -> Said:
    """Return what stands for ``value``, one of frozen dataclasses, as it stands for no other."""
    from hashlib import blake2b

    return blake2b(repr(value).encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()
