"""A file of which something is said has to be sound all over; a large run looks no further into the others."""

from __future__ import annotations

import pytest

from sqla_guard.check.engine import check
from sqla_guard.core.config import Config
from tests.support.memory import workspace

GETTER = """\
from redis import Redis

_made = None


def made():
    global _made
    if _made is None:
        _made = {value}
    return _made
"""
BROKEN = "\n\ndef broken():\n    return = 1\n"
LARGE = {"large.py": "# as much as a large project\n" * 40_000}


@pytest.mark.parametrize("rest", [{}, LARGE], ids=["small", "large"])
def test_a_finding_in_an_unsound_file_is_told_as_its_syntax_error(rest: dict[str, str]) -> None:
    report = check(workspace({"a.py": GETTER.format(value="Redis()") + BROKEN, **rest}), Config())
    assert (report.diagnostics, [n.path for n in report.not_analysed]) == ((), ["a.py"])


@pytest.mark.parametrize("rest", [{}, LARGE], ids=["small", "large"])
def test_a_finding_in_a_sound_file_is_told(rest: dict[str, str]) -> None:
    report = check(workspace({"a.py": GETTER.format(value="Redis()"), **rest}), Config())
    assert ([d.code for d in report.diagnostics], report.not_analysed) == (["SG201"], ())


def test_only_a_small_run_tells_of_unsound_files_without_findings() -> None:
    files = {"a.py": GETTER.format(value="dict(a=1)") + BROKEN}
    small, large = check(workspace(files), Config()), check(workspace({**files, **LARGE}), Config())
    assert ([n.path for n in small.not_analysed], large.not_analysed) == (["a.py"], ())
