"""Time every regular expression of the package on growing hostile inputs: ``python -m benchmarks.patterns``.

Each input is made from the expression itself. An expression is linear where twice the input takes about twice the
time; the ratio of the largest two inputs is printed for all that take longer.
"""

from __future__ import annotations

import argparse
import re
import sys
import time
from collections import deque
from collections.abc import Iterable

from scripts.patterns.collect import Found, patterns
from scripts.patterns.hostile import parsed, pumps

SIZES = (10_000, 20_000, 40_000)
# A quadratic expression needs about 0.1 s for the smallest of these inputs, a linear one a hundredth of that.
_SHORT = 0.02
_LONG = 1.0


def text_of(case: tuple[str, str, str], size: int) -> str:
    """Return an input of about ``size`` characters."""
    before, body, behind = case
    return before + body * (size // len(body)) + behind


def seconds(pattern: re.Pattern[str] | re.Pattern[bytes], uses: Iterable[str], text: str) -> float:
    """Return how long one look at ``text`` takes, the best of two."""
    data = text if isinstance(pattern.pattern, str) else text.encode("utf-8", "replace")
    best = float("inf")
    for _ in range(2):
        start = time.process_time()
        for use in uses:
            if use == "search":
                deque(pattern.finditer(data), 0)  # type: ignore[arg-type]
            else:
                getattr(pattern, use)(data)
        best = min(best, time.process_time() - start)
        if best > _LONG:
            break
    return best


def slowest(found: Found) -> tuple[float, float, tuple[str, str, str]]:
    """Return the highest ratio of times, the time of the input before the last, and the input's parts."""
    compiled = re.compile(found.pattern, found.flags)
    worst = (0.0, 0.0, ("", "", ""))
    for case in pumps(parsed(found.pattern, found.flags)):
        times = []
        for size in (1_000, *SIZES):
            times.append(seconds(compiled, found.uses, text_of(case, size)))
            if times[-1] > _LONG:
                break
        if times[-1] > _SHORT and len(times) > 1:
            worst = max(worst, (times[-1] / times[-2], times[-1], case))
    return worst


def out(line: str) -> None:
    """Print a line now."""
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def main() -> None:
    """Print a line for each expression that takes longer than linear time."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--only", default="", help="only expressions of files whose path holds this")
    only = arguments.parse_args().only
    every = [found for found in patterns() if only in found.place]
    slow = 0
    for found in every:
        ratio, took, case = slowest(found)
        if ratio > 3:
            slow += 1
            out(f"{found.place}: {found.pattern!r} x{ratio:.1f} {took:.2f}s on {case!r}")
    out(f"{len(every)} expressions, {slow} take more than three times as long for twice the input")
    sys.exit(bool(slow))


if __name__ == "__main__":
    main()
