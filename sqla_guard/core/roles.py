"""What a file is for, as its path says."""

from __future__ import annotations

import re

_TEST = re.compile(r"(?:^|/)(?:tests?|testing|test_[^/]*|[^/]*_tests?|conftest)(?:/|\.py$)")
# Files whose classes never meet in one process, or are made anew on purpose.
_APART = re.compile(
    r"(?:^|/)(?:tests?|testing|examples?|docs?|migrations|alembic|versions)/|(?:^|/)(?:test_|conftest)|_test\.py$"
)


def is_test(path: str) -> bool:
    """Tell whether a file is one of tests, which make their objects in one thread."""
    return _TEST.search(path) is not None


def is_apart(path: str) -> bool:
    """Tell whether a file is one of tests, examples or migrations, which say nothing about a program."""
    return _APART.search(path) is not None
