from __future__ import annotations

import ast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sqla_guard.core.fix import Applicability
from sqla_guard.core.source import SourceFile
from sqla_guard.facts.lazy import LazyInit
from sqla_guard.fix.edits import apply_edits
from sqla_guard.fix.imports import import_edit
from sqla_guard.fix.lock import lock_fix
from sqla_guard.read.python.imports import read_import_block
from sqla_guard.read.python.lazy import read_lazy_inits
from tests.support.lazy_cases import Case, cases
from tests.support.race import Race, all_orders

CASES = cases("unguarded-lazy-global", "raced.md")
RACED = [case for case in CASES if case.race]


def unguarded(text: str) -> list[LazyInit]:
    facts = read_lazy_inits(SourceFile("desk/case.py", text))
    return [f for f in facts if f.lock is None]


def mended(text: str) -> str:
    source = SourceFile("desk/case.py", text)
    (fact,) = unguarded(text)
    fix = lock_fix(fact, source)
    assert fix is not None
    edits = list(fix.edits)
    if fix.imports:
        edit = import_edit(source, read_import_block(source), "threading")
        assert edit is not None
        edits.append(edit)
    return apply_edits(text, edits)


def title(case: Case) -> str:
    return case.title


@pytest.mark.parametrize("case", CASES, ids=title)
def test_the_fixed_text_is_exactly_this(case: Case) -> None:
    bad = case.block("bad")
    assert bad is not None
    assert mended(bad) == case.block("fixed")


@pytest.mark.parametrize("case", CASES, ids=title)
def test_windows_line_ends_are_kept(case: Case) -> None:
    bad, fixed = case.block("bad"), case.block("fixed")
    assert bad is not None
    assert fixed is not None
    assert mended(bad.replace("\n", "\r\n")) == fixed.replace("\n", "\r\n")


@pytest.mark.parametrize("case", CASES, ids=title)
def test_a_fix_is_safe_or_says_what_to_look_at(case: Case) -> None:
    bad = case.block("bad")
    assert bad is not None
    (fact,) = unguarded(bad)
    fix = lock_fix(fact, SourceFile("desk/case.py", bad))
    assert fix is not None
    assert fix.applicability is (Applicability.UNSAFE if case.unsafe else Applicability.SAFE)
    assert case.unsafe in fix.title


@pytest.mark.parametrize("case", CASES, ids=title)
def test_the_fixed_text_holds_a_lock(case: Case) -> None:
    fixed = case.block("fixed")
    assert fixed is not None
    ast.parse(fixed)
    assert unguarded(fixed) == []


@pytest.mark.parametrize("case", RACED, ids=title)
def test_two_threads_get_two_objects_before(case: Case) -> None:
    bad = case.block("bad")
    assert bad is not None
    assert any(first is not second for first, second in all_orders(bad, case.race, case.race))


@pytest.mark.parametrize("case", RACED, ids=title)
def test_two_threads_get_one_whole_object_in_every_order_after(case: Case) -> None:
    bad, fixed = case.block("bad"), case.block("fixed")
    assert bad is not None
    assert fixed is not None
    (alone,) = Race(bad).run(case.race)
    for first, second in all_orders(fixed, case.race, case.race):
        assert first is second
        assert vars(first) == vars(alone)


def test_two_hundred_times_the_same() -> None:
    case = RACED[0]
    bad, fixed = case.block("bad"), case.block("fixed")
    assert bad is not None
    assert fixed is not None
    split = [first is second for first, second in all_orders(bad, case.race, case.race)]
    assert not all(split)
    for _ in range(200):
        assert [first is second for first, second in all_orders(bad, case.race, case.race)] == split
        assert all(first is second for first, second in all_orders(fixed, case.race, case.race))


def test_no_order_of_getter_and_reset_returns_nothing() -> None:
    case = next(c for c in CASES if c.title.startswith("Emptied elsewhere"))
    bad, fixed = case.block("bad"), case.block("fixed")
    assert bad is not None
    assert fixed is not None
    assert any(found is None for found, _ in all_orders(bad, "get_depot", "forget"))
    assert all(found is not None for found, _ in all_orders(fixed, "get_depot", "forget"))


def test_a_half_filled_object_is_seen_before_and_never_after() -> None:
    case = next(c for c in CASES if c.title.startswith("Seen before"))
    bad, fixed = case.block("bad"), case.block("fixed")
    assert bad is not None
    assert fixed is not None
    look = "\n\ndef look():\n    return len(depot().parcels)\n"
    assert any(0 in found for found in all_orders(bad + look, "look", "look"))
    assert all(found == [1, 1] for found in all_orders(fixed + look, "look", "look"))


GETTER = """\
import threading

X = None


def get_x():
    global X
{body}
    return X
"""


@pytest.mark.parametrize(
    "body",
    [
        "    if X is None:\n        with threading.Lock():\n            X = make_x()",  # no guard
        "    if X is None:\n        yield 1\n        X = make_x()\n        yield X",  # held while suspended
        "    if False:\n        pass\n    elif X is None:\n        X = make_x()\n        X.start()\n        helper()",
    ],
)
def test_no_fix_is_better_than_a_wrong_one(body: str) -> None:
    text = GETTER.format(body=body) + "\n\ndef helper():\n    return X\n"
    for fact in unguarded(text):
        assert lock_fix(fact, SourceFile("desk/case.py", text)) is None


def test_a_test_that_calls_something_is_left_to_a_person() -> None:
    text = GETTER.format(body="    if X is None or outdated():\n        X = make_x()")
    (fact,) = unguarded(text)
    fix = lock_fix(fact, SourceFile("desk/case.py", text))
    assert fix is not None
    assert fix.applicability is Applicability.UNSAFE
    assert "runs twice" in fix.title


def test_the_lock_of_the_resets_is_the_lock_of_the_getter() -> None:
    text = GETTER.format(body="    if X is None:\n        X = make_x()").replace(
        "X = None\n", "X = None\nguard = threading.Lock()\n", 1
    )
    text += "\n\ndef drop():\n    global X\n    with guard:\n        X = None\n"
    fixed = mended(text)
    assert "with guard:\n            x = X\n" in fixed
    assert fixed.count("threading.Lock()") == 1


def test_a_lock_made_for_it_and_never_taken_is_taken() -> None:
    text = GETTER.format(body="    if X is None:\n        X = make_x()").replace(
        "X = None\n", "X = None\nX_LOCK = threading.Lock()\n", 1
    )
    assert mended(text).count("X_LOCK") == 2


def test_a_file_without_a_last_line_end() -> None:
    text = "import threading\ndef get_x():\n    global X\n    if X is None:\n        X = make_x()\nX = None"
    assert mended(text).endswith("X = None\nX_LOCK = threading.Lock()")


@given(
    st.lists(
        st.sampled_from(
            [
                "# note",
                "",
                "value = 1",
                "log(\n  'a',\n)",
                'text = """\nx\n  y"""',
                "if value:\n    log(value)",
                "a = \\\n  2",
            ]
        ),
        max_size=6,
    ),
    st.sampled_from(["\n", "\r\n"]),
    st.sampled_from(["    ", "\t", "  "]),
    st.booleans(),
)
def test_whatever_stands_in_the_block_is_moved_and_nothing_else(
    between: list[str], newline: str, unit: str, early: bool
) -> None:
    head = "if X is not None:\n{u}return X" if early else "if X is None:"
    body = "\n".join([*between, "X = make_x()"])
    step = "" if early else unit
    inner = "\n".join(_deeper(body, unit + step))
    text = f"import threading\nX = None\n\ndef get_x():\n{unit}global X\n"
    text += "\n".join(unit + line for line in head.format(u=unit).split("\n")) + "\n" + inner + f"\n{unit}return X\n"
    text = text.replace("\n", newline)
    fixed = mended(text)
    assert unguarded(fixed) == []
    before, after = ast.parse(text), ast.parse(fixed)
    kept = [ast.dump(n) for n in ast.walk(before) if isinstance(n, (ast.Assign, ast.Call, ast.Constant))]
    now = [ast.dump(n) for n in ast.walk(after) if isinstance(n, (ast.Assign, ast.Call, ast.Constant))]
    assert set(kept) <= set(now)
    assert fixed.count(newline) == fixed.count("\n")


def _deeper(body: str, by: str) -> list[str]:
    """Return the lines of ``body`` indented, those inside the triple-quoted text excepted."""
    lines, inside = [], False
    for line in body.split("\n"):
        lines.append(line if inside or not line else by + line)
        if line.count('"""') == 1:
            inside = not inside
    return lines
