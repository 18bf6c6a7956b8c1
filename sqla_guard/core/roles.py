"""What a file is for, as its path says."""

from __future__ import annotations

import re

_TEST = re.compile(r"(?:^|/)(?:tests?|testing|test_[^/]*|[^/]*_tests?|conftest)(?:/|\.py$)")


def is_test(path: str) -> bool:
    """Tell whether a file is one of tests, which make their objects in one thread."""
    return _TEST.search(path) is not None
