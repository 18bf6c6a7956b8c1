"""What a file is for, as its path says."""

from __future__ import annotations

import re

_TEST = re.compile(r"(?:^|/)(?:tests?|testing|test_[^/]*|[^/]*_tests?|conftest)(?:/|\.py$)")
# Files whose classes never meet in one process, or are made anew on purpose: what stands behind a slash.
_APART = re.compile(r"/(?:tests?/|testing/|examples?/|docs?/|migrations/|alembic/|versions/|test_|conftest)")


def is_test(path: str) -> bool:
    """Tell whether a file is one of tests, which make their objects in one thread."""
    return "test" in path and _TEST.search(path) is not None


def is_apart(path: str) -> bool:
    """Tell whether a file is one of tests, examples or migrations, which say nothing about a program."""
    return path.endswith("_test.py") or _APART.search(f"/{path}") is not None
