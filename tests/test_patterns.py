"""No regular expression of the package takes longer than linear time, on inputs made to hurt it.

Counted are the steps of a matcher, so nothing is timed; `benchmarks/patterns.py` times the real one on large inputs.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator

import pytest

from scripts.patterns.collect import patterns
from scripts.patterns.hostile import parsed, pumps
from scripts.patterns.steps import Counted, TooManySteps

FEW = 16
# Linear expressions need twice the steps for twice the input, quadratic ones four times as many.
MOST = 3.0


@pytest.fixture(autouse=True)
def _deep() -> Iterator[None]:
    before = sys.getrecursionlimit()
    sys.setrecursionlimit(20_000)
    yield
    sys.setrecursionlimit(before)


def growth(pattern: str | bytes, flags: int, uses: tuple[str, ...]) -> tuple[float, tuple[str, str, str]]:
    """Return how many times as many steps twice the input takes at worst, and the parts of that input."""
    counted = Counted(pattern, flags, 100_000)
    worst = (0.0, ("", "", ""))
    for before, body, behind in pumps(parsed(pattern, flags)):
        try:
            once, twice = (counted.count(before + body * many + behind, uses) for many in (FEW, 2 * FEW))
        except TooManySteps:
            return float("inf"), (before, body, behind)
        worst = max(worst, (twice / once, (before, body, behind)))
    return worst


def test_no_expression_takes_more_than_linear_time() -> None:
    every = {(found.pattern, found.flags, found.uses): found.place for found in patterns()}
    assert len(every) > 200
    slow = []
    for (pattern, flags, uses), place in every.items():
        times, case = growth(pattern, flags, uses)
        if times > MOST:
            slow.append(f"{place}: {pattern!r}: {times:.1f} times the steps on {case}")
    assert not slow, "\n".join(slow)


@pytest.mark.parametrize(
    ("pattern", "use"),
    [
        (r"\s+x", "search"),
        (r"^\s*x", "search"),
        (r"(?:a|a)*b", "match"),
        (r"(a+)+b", "match"),
        (r"\w*\d*!", "fullmatch"),
        (r"\{\{.*?\}\}", "search"),
        (r"'(?:\\.|[^'])*'", "match"),
    ],
)
def test_slow_expressions_are_noticed(pattern: str, use: str) -> None:
    assert growth(pattern, re.MULTILINE | re.DOTALL, (use,))[0] > MOST


@pytest.mark.parametrize(
    "pattern", [r"\bx\s*=", r"a(\w*)(?=b)|c", r"(?<!a)b{2,3}?c", r"(['\"]).*?\1", r"^\s*$", r"(?i)AB[^c]"]
)
@pytest.mark.parametrize("text", ["x =", "axb ab\nc", "abbbc bbc", "'a\"b'", " \n", "abABd", ""])
def test_the_matcher_finds_what_the_standard_library_finds(pattern: str, text: str) -> None:
    ends: list[int] = []

    class Noted(Counted):
        def _any(self, end: int) -> int:
            ends.append(end)
            return end

    Noted(pattern, re.MULTILINE, 10_000).count(text, ("search",))
    assert ends == [match.end() for match in re.compile(pattern, re.MULTILINE).finditer(text)]
