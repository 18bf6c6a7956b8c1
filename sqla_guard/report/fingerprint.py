"""What makes a finding the same one after lines were added above it."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator

from sqla_guard.report.material import Material


def fingerprints(material: Material) -> Iterator[str]:
    """Yield 32 hexadecimal digits for each finding, from file, rule and what it is about; each is unique."""
    seen: Counter[tuple[str, str, str]] = Counter()
    for diagnostic in material.report.diagnostics:
        key = diagnostic.key
        seen[key] += 1
        words = "\0".join((*key, str(seen[key])))
        yield hashlib.sha256(words.encode("utf-8", "surrogatepass")).hexdigest()[:32]
