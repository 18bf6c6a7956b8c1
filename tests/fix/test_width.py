"""A file that its formatter found in order stays so when lines move deeper."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.memory import fixed_texts

GETTER = """\
import threading

_pool = None


class Pool:
    def __init__(self, *names, **settings):
        self.names = names


def make(*names):
    return names


def pool():
    global _pool
    if _pool is None:
{body}
    return _pool
"""


def is_formatted(text: str, width: int) -> bool:
    ruff = Path(sys.executable).with_name("ruff")
    command = [str(ruff), "format", "--check", "--isolated", "--line-length", str(width), "-"]
    return subprocess.run(command, input=text.encode(), capture_output=True).returncode == 0


@pytest.mark.parametrize(
    ("width", "body"),
    [
        (88, '        _pool = Pool("the first name of all", "the second name of them", size=12345)'),
        (88, '        _pool = Pool("ann", "bob").connect("the only one of all", ["the second", "x"])'),
        (60, '        _pool = Pool(\n            1,\n            sizes=make("one", "two", "threeee"),\n        )'),
        (100, '        _pool = Pool("the first name of all of them", "the second name of them", size=1234567890)'),
        (88, '        _pool = Pool({"ann": [1, 2, 3], "bob": [4, 5, 6], "eve": [7, 8, 9, 10, 11, 12]})'),
        (88, '        _pool = Pool("short")'),
        (
            88,
            "        from desk.storage.of.a.long.name.indeed import AnotherClassOfLongName, Made\n\n"
            "        _pool = Pool(AnotherClassOfLongName, Made)",
        ),
    ],
)
def test_what_was_formatted_stays_formatted(width: int, body: str) -> None:
    text = GETTER.format(body=body)
    assert is_formatted(text, width)
    settings = f"[tool.ruff]\nline-length = {width}\n"
    fixed = fixed_texts({"desk/case.py": text, "pyproject.toml": settings})["desk/case.py"]
    assert "with _pool_lock:" in fixed
    assert is_formatted(fixed, width), fixed


@pytest.mark.parametrize(
    ("settings", "breaks"),
    [
        ("[tool.black]\nline-length = 120\n", False),
        ("[tool.black]\nline-length = 90\n", True),
        ("[tool.ruff.lint]\nselect = []\n", True),
        ("", True),
    ],
)
def test_the_width_is_the_one_that_the_formatter_is_given(settings: str, breaks: bool) -> None:
    text = GETTER.format(body='        _pool = Pool("the first name of all", "the second name of them", size=12345)')
    fixed = fixed_texts({"desk/case.py": text, "pyproject.toml": settings})["desk/case.py"]
    assert ("Pool(\n" in fixed) == breaks
