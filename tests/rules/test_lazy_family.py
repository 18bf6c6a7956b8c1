"""The rules for lazily made objects on their cases: what is found, that it races, and that the fixed text does not."""

from __future__ import annotations

import ast
import asyncio
import builtins
import os
import re
import subprocess
import sys
import threading
from importlib import import_module
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from sqla_guard.core.diagnostic import Diagnostic
from sqla_guard.core.fix import Applicability
from sqla_guard.fix.edits import apply_edits
from sqla_guard.fix.imports import import_edit
from sqla_guard.project.project import Project
from sqla_guard.read.python.imports import read_import_block
from sqla_guard.read.python.lazy_marker import may_hold_lazy_init
from sqla_guard.rules import cached_factory
from tests.support.footprint import ANYTHING, NOTHING
from tests.support.lazy_cases import FIXTURES, Case, cases
from tests.support.memory import project
from tests.support.race import Deadlock, Race, all_orders

RULES = {
    "unguarded-lazy-global": "SG201",
    "unguarded-lazy-attribute": "SG202",
    "broken-double-checked-lock": "SG203",
    "published-before-initialised": "SG204",
    "await-between-check-and-set": "SG205",
    "unguarded-memo": "SG206",
}
# Every shape that the family promises to find; each has a case that is raced.
PATTERNS = {
    "unguarded-lazy-global": {
        "is None",
        "early return",
        "falsy",
        "equals None",
        "walrus",
        "sentinel object",
        "init flag",
        "tuple unpacking",
        "inline in a longer function",
        "parameter changed",
        "first caller's arguments",
        "nonlocal",
        "closure holder",
        "dictionary holder",
        "list holder",
        "app.state",
    },
    "unguarded-lazy-attribute": {
        "cls",
        "class of the instance",
        "self.__class__",
        "class name",
        "hasattr",
        "__new__",
        "keyed __new__",
        "metaclass __call__",
        "__init__ behind a class flag",
        "module-level singleton",
    },
    "broken-double-checked-lock": {
        "no second test",
        "different locks",
        "lock made in the function",
        "lock made lazily",
        "released before the assignment",
    },
    "published-before-initialised": {
        "filled without a lock",
        "initialised under a lock",
        "connected under a lock",
        "__init__ after __new__",
        "__init__ once",
        "connected with await",
    },
    "await-between-check-and-set": {"await", "async for", "async with", "threading.Lock across an await"},
    "unguarded-memo": {"container", "comprehension", "compiled pattern", "settings", "string"},
    "cached-factory": {"cache", "lru_cache", "cached_property"},
}
MODULES = {name: import_module(f"sqla_guard.rules.{name.replace('-', '_')}") for name in RULES}


def _cases(*files: str) -> list[tuple[str, Case]]:
    return [(rule, case) for rule in RULES for f in files if (FIXTURES / rule / f).exists() for case in cases(rule, f)]


FOUND = _cases("raced.md", "shapes.md")
REPORTED = [*FOUND, *_cases("reported.md")]
FIXED = [(rule, case) for rule, case in FOUND if case.block("fixed")]
RACED = [(rule, case) for rule, case in FOUND if case.race and not case.race.startswith("async")]
ON_A_LOOP = [(rule, case) for rule, case in FOUND if case.race.startswith("async")]
# Of all orders of lines, those are left out that cannot differ from a tried one; `make races` leaves out none.
LEAST = ANYTHING if os.environ.get("RACES") == "all" else NOTHING
QUIET = _cases("quiet.md", "real.md")


def name(value: object) -> str:
    return value.title if isinstance(value, Case) else str(value)


def findings(everything: Project, path: str) -> list[Diagnostic]:
    facts = everything.lazy_inits(path)
    return [found for fact in facts for module in MODULES.values() for found in module.check(fact, everything)]


def judged(files: dict[str, str]) -> tuple[list[Diagnostic], Project, str]:
    everything = project(files)
    path = next(iter(files))
    return findings(everything, path), everything, path


def mended(files: dict[str, str]) -> str:
    (found,), everything, path = judged(files)
    assert found.fix is not None
    source = everything.source(path)
    edits = list(found.fix.edits)
    for need in found.fix.imports:
        edit = import_edit(source, read_import_block(source), need.module)
        edits.extend([edit] if edit else [])
    return apply_edits(source.text, edits)


@pytest.mark.parametrize(("rule", "case"), REPORTED, ids=name)
def test_one_finding_on_the_test_by_this_rule(rule: str, case: Case) -> None:
    files = case.files
    (found,), _, path = judged(files)
    text = files[path]
    assert found.code == (case.code or RULES[rule])
    assert "# !" in text.split("\n")[text[: found.span.start].count("\n")]
    assert "\n" not in found.message
    assert case.says in found.message
    assert may_hold_lazy_init(text.encode())


@pytest.mark.parametrize(("rule", "case"), QUIET, ids=name)
def test_quiet(rule: str, case: Case) -> None:
    found, _, _ = judged(case.files)
    assert [f for f in found if f.code != "SG206"] == []


@pytest.mark.parametrize(("rule", "case"), FIXED, ids=name)
def test_the_fixed_text_is_exactly_this_and_silent(rule: str, case: Case) -> None:
    fixed = case.block("fixed")
    assert fixed is not None
    assert mended(case.files) == fixed
    ast.parse(fixed)
    assert judged({**case.files, next(iter(case.files)): fixed})[0] == []


def test_a_formatted_text_stays_formatted(tmp_path: Path) -> None:
    for number, (_, case) in enumerate(FIXED):
        for kind in ("bad", "fixed"):
            (tmp_path / f"{kind}{number}.py").write_text(case.block(kind) or "", encoding="utf-8")
    ruff = Path(sys.executable).with_name("ruff")
    command = [str(ruff), "format", "--check", "--isolated", "--line-length", "120", "."]
    said = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False).stdout
    unformatted = set(re.findall(r"Would reformat: (\w+)\.py", said))
    in_order = [(number, case.title) for number, (_, case) in enumerate(FIXED) if f"bad{number}" not in unformatted]
    assert len(in_order) > len(FIXED) / 2
    assert [title for number, title in in_order if f"fixed{number}" in unformatted] == []


@pytest.mark.parametrize(("rule", "case"), FOUND, ids=name)
def test_a_fix_is_safe_or_says_why_not(rule: str, case: Case) -> None:
    (found,), _, _ = judged(case.files)
    assert (found.fix is not None) == (case.block("fixed") is not None)
    if found.fix is not None:
        assert found.fix.applicability is (Applicability.UNSAFE if case.unsafe else Applicability.SAFE)
        assert case.unsafe in found.fix.title


@pytest.mark.parametrize("rule", RULES)
def test_the_examples_of_the_page(rule: str) -> None:
    bad, good = re.findall(r"```python\n(.*?)```", MODULES[rule].__doc__ or "", re.DOTALL)
    assert [f.code for f in judged({"desk/page.py": bad})[0]] == [RULES[rule]]
    assert judged({"desk/page.py": good})[0] == []


def is_torn(first: object, second: object) -> bool:
    return first is not second or isinstance(first, Exception) or isinstance(second, Exception)


@pytest.mark.parametrize("rule", PATTERNS)
def test_every_shape_has_a_case_that_is_raced(rule: str) -> None:
    files = sorted(path.name for path in (FIXTURES / rule).glob("*.md"))
    raced = {case.pattern for f in files for case in cases(rule, f) if case.race and case.block("bad")}
    assert raced - {""} == PATTERNS[rule]


@pytest.mark.parametrize(("rule", "case"), RACED, ids=name)
def test_two_threads_get_two_or_half_of_one_before(rule: str, case: Case) -> None:
    bad = case.block("bad")
    assert bad is not None
    assert any(is_torn(first, second) for first, second in all_orders(bad, case.race, case.race))


@pytest.mark.parametrize(("rule", "case"), [c for c in RACED if c[1].block("fixed")], ids=name)
def test_two_threads_get_one_in_every_order_after(rule: str, case: Case) -> None:
    if sys.version_info < (3, 11) and any("nonlocal" in text for text in case.files.values()):
        pytest.skip("before Python 3.11 a trace function writes old values back into closures")
    fixed = case.block("fixed")
    assert fixed is not None
    try:
        torn = sum(is_torn(first, second) for first, second in all_orders(fixed, case.race, case.race, LEAST))
    except Deadlock as stuck:
        pytest.fail(f"{stuck}")
    assert not torn


def shape(value: object) -> str:
    """Describe a value so that those of two runs can be compared."""
    if isinstance(value, Exception):
        return repr(value)
    return re.sub("0x[0-9a-f]+", "", f"{type(value).__name__} {getattr(value, '__dict__', value)}")


@pytest.mark.parametrize(("rule", "case"), [c for c in RACED if c[1].block("fixed")], ids=name)
def test_one_thread_alone_gets_the_same_before_and_after(rule: str, case: Case) -> None:
    outcomes = []
    for text in (case.block("bad"), case.block("fixed")):
        assert text is not None
        call = Race(text).module[case.race]
        first, second = call(), call()
        outcomes.append((shape(first), shape(second), first is second))
    assert outcomes[0] == outcomes[1]


# Small enough to try every order, and together of every kind: held back by locks, torn, raising.
SMALL = [
    c for c in RACED if c[1].title in ("Is it None", "Falsy, on one line, under another name for threading", "A string")
]
OPPOSITE = """\
import threading

one, two = threading.Lock(), threading.Lock()


def forth():
    with one:
        with two:
            return 1


def back():
    with two:
        with one:
            return 2
"""


@pytest.mark.parametrize(("rule", "case"), SMALL, ids=name)
@pytest.mark.parametrize("kind", ["bad", "fixed"])
def test_the_orders_left_out_bring_nothing_new(rule: str, case: Case, kind: str) -> None:
    text = case.block(kind)
    assert text is not None
    each, some = (
        [
            (first is second, shape(first), shape(second))
            for first, second in all_orders(text, case.race, case.race, least)
        ]
        for least in (ANYTHING, NOTHING)
    )
    assert set(some) == set(each)
    assert len(some) < len(each)


def test_every_deadlock_is_found() -> None:
    for least in (ANYTHING, NOTHING):
        with pytest.raises(Deadlock):
            list(all_orders(OPPOSITE, "forth", "back", least))
        assert all(results == [1, 1] for results in all_orders(OPPOSITE, "forth", "forth", least))


def together(text: str, function: str) -> list[Any]:
    """Return what two calls of a coroutine function give that run on one event loop."""
    module: dict[str, Any] = {"__name__": "raced", "__builtins__": {**vars(builtins), "__import__": _import}}
    exec(compile(text, "<raced>", "exec"), module)

    async def both() -> list[Any]:
        return list(await asyncio.gather(module[function](), module[function](), return_exceptions=True))

    return asyncio.run(both())


class _ImpatientLock:
    """A lock of threads that says so where the loop's only thread would wait for itself."""

    def __init__(self) -> None:
        self.lock = threading.Lock()

    def __enter__(self) -> None:
        if not self.lock.acquire(blocking=False):
            raise Deadlock("the loop waits for itself")

    def __exit__(self, *_: object) -> None:
        self.lock.release()


def _import(name: str, *args: Any) -> Any:
    return SimpleNamespace(Lock=_ImpatientLock) if name == "threading" else builtins.__import__(name, *args)


@pytest.mark.parametrize(("rule", "case"), ON_A_LOOP, ids=name)
def test_two_tasks_on_a_loop(rule: str, case: Case) -> None:
    bad, fixed = case.block("bad"), case.block("fixed")
    assert bad is not None
    assert fixed is not None
    function = case.race.split()[1]
    assert is_torn(*together(bad, function))
    assert not is_torn(*together(fixed, function))


@pytest.mark.parametrize("case", cases("cached-factory", "raced.md"), ids=name)
def test_two_threads_run_a_cached_factory_twice(case: Case) -> None:
    if case.pattern == "cached_property" and sys.version_info < (3, 12):
        pytest.skip("cached_property holds a lock until Python 3.11")
    bad = case.block("bad")
    assert bad is not None
    everything = project(case.files)
    facts = everything.cached_factories("desk/case.py")
    (found,) = [d for f in facts for d in cached_factory.check(f, everything)]
    assert "# !" in bad.split("\n")[bad[: found.span.start].count("\n")]
    assert any(is_torn(first, second) for first, second in all_orders(bad, case.race, case.race))


def test_a_cached_factory() -> None:
    bad, good = re.findall(r"```python\n(.*?)```", cached_factory.__doc__ or "", re.DOTALL)
    for text, count in ((bad, 1), (bad.replace("create_engine(", "str("), 0), (good, 0)):
        everything = project({"desk/page.py": text})
        facts = everything.cached_factories("desk/page.py")
        found = [d for f in facts for d in cached_factory.check(f, everything)]
        assert len(found) == count
