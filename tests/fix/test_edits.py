from __future__ import annotations

import pytest

from sqla_guard.core.diagnostic import Diagnostic
from sqla_guard.core.fix import Applicability, Edit, Fix
from sqla_guard.core.source import Span
from sqla_guard.fix.edits import apply_edits, clashes
from sqla_guard.fix.plan import choose


@pytest.mark.parametrize(
    ("first", "second", "clash"),
    [
        ((0, 3, "x"), (5, 6, "y"), False),
        ((0, 3, "x"), (2, 6, "y"), True),
        ((0, 3, "x"), (3, 6, "y"), True),
        ((2, 2, "x"), (2, 2, "y"), True),
        ((2, 2, "x"), (2, 2, "x"), False),
        ((0, 9, "x"), (3, 4, "y"), True),
    ],
)
def test_edits_clash_where_they_overlap_or_touch(
    first: tuple[int, int, str], second: tuple[int, int, str], clash: bool
) -> None:
    one, two = Edit("a", *first), Edit("a", *second)
    assert clashes(one, two) is clash
    assert clashes(two, one) is clash
    assert not clashes(one, Edit("b", *second))


def test_identical_edits_are_made_once() -> None:
    assert apply_edits("abc", [Edit("a", 1, 1, "-"), Edit("a", 1, 1, "-"), Edit("a", 2, 3, "C")]) == "a-bC"


def test_a_clashing_fix_waits_and_the_others_are_taken() -> None:
    fixes = [
        Fix(name, (Edit("a", start, start + 2, name),), Applicability.SAFE)
        for name, start in (("one", 0), ("two", 1), ("three", 5))
    ]
    found = [Diagnostic("X1", "x", "error", "a", Span(0, 1), fix.title, "", fix) for fix in fixes]
    assert [fix.title for fix in choose(found, frozenset(), lambda path: True)] == ["one", "three"]
    assert [fix.title for fix in choose(found, frozenset({fixes[0]}), lambda path: True)] == ["two", "three"]
