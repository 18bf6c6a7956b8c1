"""What is done for a coroutine depends on the Python that the project runs on."""

from __future__ import annotations

import pytest

from sqla_guard.core.fix import Applicability, Fix
from sqla_guard.fix.edits import apply_edits
from sqla_guard.rules import await_between_check_and_set as rule
from tests.support.memory import fix_files, project

GETTER = """\
_client = None


async def client():
    global _client
    if _client is None:
        _client = await connect()
    return _client


async def connect():
    return object()
"""
AGAIN = GETTER.replace(
    "        _client = await connect()\n",
    "        new_client = await connect()\n        if _client is None:\n            _client = new_client\n",
)


def fix_of(files: dict[str, str]) -> Fix | None:
    everything = project(files)
    facts = everything.lazy_inits("desk/case.py")
    (found,) = [d for f in facts for d in rule.check(f, everything)]
    return found.fix


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("pyproject.toml", '[project]\nname = "desk"\nrequires-python = ">=3.9"\n'),
        ("pyproject.toml", '[tool.poetry.dependencies]\npython = "^3.8"\n'),
        ("setup.cfg", "[options]\npython_requires = >=3.9\n"),
        ("setup.py", "from setuptools import setup\nsetup(python_requires='>=3.8')\n"),
    ],
)
def test_no_lock_at_import_before_3_10(path: str, text: str) -> None:
    fix = fix_of({"desk/case.py": GETTER, path: text})
    assert fix is not None
    assert apply_edits(GETTER, fix.edits) == AGAIN
    assert fix.applicability is Applicability.UNSAFE
    assert "the slower of two calls" in fix.title


@pytest.mark.parametrize("wanted", ['requires-python = ">=3.10"', 'requires-python = ">=3.11,<4"', ""])
def test_a_lock_at_import_from_3_10_on(wanted: str) -> None:
    fix = fix_of({"desk/case.py": GETTER, "pyproject.toml": f'[project]\nname = "desk"\n{wanted}\n'})
    assert fix is not None
    assert "async with _client_lock:" in apply_edits(GETTER, fix.edits)


def test_an_early_return_is_tested_again_as_one() -> None:
    early = GETTER.replace(
        "    if _client is None:\n        _client = await connect()\n",
        "    if _client:\n        return _client\n    _client = await connect()\n",
    )
    fix = fix_of({"desk/case.py": early, "setup.cfg": "[options]\npython_requires = >=3.9\n"})
    assert fix is not None
    again = "    new_client = await connect()\n    if _client:\n        return _client\n    _client = new_client\n"
    assert again in apply_edits(early, fix.edits)


def test_a_lock_of_threads_that_threads_take_too_is_left_alone() -> None:
    text = (
        "import threading\n_client = None\n_guard = threading.Lock()\n\n\nasync def client():\n    global _client\n"
        "    with _guard:\n        if _client is None:\n            _client = await connect()\n    return _client\n\n\n"
        "async def connect():\n    return object()\n"
    )
    fix = fix_of({"desk/case.py": text})
    assert fix is not None
    assert "async with _guard:" in apply_edits(text, fix.edits)
    assert fix_of({"desk/case.py": text + "\n\ndef look():\n    with _guard:\n        return _client\n"}) is None


HELD = """\
{imports}

_client = None
_guard = {lock}()


async def client():
    global _client
    with _guard:
        if _client is None:
            _client = await connect()
    return _client
"""


@pytest.mark.parametrize(
    ("imports", "lock", "after"),
    [
        ("import threading", "threading.Lock", "import asyncio"),
        ("from threading import Lock", "Lock", "import asyncio"),
        ("import asyncio\nimport threading", "threading.Lock", "import asyncio"),
        ("import threading  # kept", "threading.Lock", "import asyncio\nimport threading  # kept"),
        ("from threading import Lock, Thread", "Lock", "import asyncio\nfrom threading import Lock, Thread"),
        ("import threading\nhere = threading.local()", "threading.Lock", None),
    ],
)
def test_an_import_that_nothing_needs_any_more_goes(imports: str, lock: str, after: str | None) -> None:
    after = after or "import asyncio\n" + imports
    text = fix_files({"m.py": HELD.format(imports=imports, lock=lock)}).workspace.load("m.py").text
    assert text == HELD.format(imports=after, lock="asyncio.Lock").replace("    with", "    async with")
