"""A singleton whose ``__new__`` and ``__init__`` both race is repaired as a whole, or not at all."""

from __future__ import annotations

import pytest

from sqla_guard.core.fix import Applicability
from tests.support.memory import check_files, fix_files
from tests.support.race import all_orders

STORE = """\
class Store:
    def __init__(self):
        self.rows = []


"""
PLAIN = (
    STORE
    + """\
class Pool:
    _instance = None
    _ready = False

    def __new__(cls):
        if cls._instance is None:
            cls._instance = super().__new__(cls)
        return cls._instance

    def __init__(self):
        if not Pool._ready:
            Pool.store = Store()
            Pool._ready = True


def pool():
    return Pool().store
"""
)
# `self` is shared here, as the module keeps an instance for all.
OF_THE_INSTANCE = (
    "from sqlalchemy import create_engine\n\n\n"
    + PLAIN.partition("def pool")[0].replace("Pool.store = Store()", "create_engine()").replace("Pool._", "self._")
    + "the_pool = Pool()\n"
)
OTHER_PARAMETERS = (
    PLAIN.replace("def __new__(cls):", "def __new__(cls, name):")
    .replace("def __init__(self):\n        if", "def __init__(self, name, size=3):\n        if")
    .replace("Pool()", "Pool('desk')")
)
CHECKED = (
    PLAIN.replace("class Store", "import threading\n\n\nclass Store")
    .replace("    _ready = False\n", "    _ready = False\n    _lock = threading.Lock()\n")
    .replace(
        "            cls._instance = super().__new__(cls)\n",
        "            with cls._lock:\n"
        "                if cls._instance is None:\n"
        "                    cls._instance = super().__new__(cls)\n",
    )
)


FORMS = pytest.mark.parametrize("text", [PLAIN, OTHER_PARAMETERS, CHECKED], ids=["plain", "parameters", "checked"])


@FORMS
def test_both_findings_have_one_fix_that_silences_both(text: str) -> None:
    before = check_files({"m.py": text}).diagnostics
    assert [d.code for d in before] == ["SG204", "SG202"]
    (both,) = {d.fix for d in before}
    assert both is not None
    assert both.applicability is Applicability.SAFE
    result = fix_files({"m.py": text})
    assert len(result.made) == 1
    assert result.put_back == ()
    assert result.after.diagnostics == ()


@FORMS
def test_nobody_gets_half_of_it_in_any_order(text: str) -> None:
    fixed = fix_files({"m.py": text}).workspace.load("m.py").text
    assert any(isinstance(x, Exception) or x is not y for x, y in all_orders(text, "pool", "pool"))
    assert all(x is y and vars(x) == {"rows": []} for x, y in all_orders(fixed, "pool", "pool"))


def test_the_fixed_text_is_exactly_this() -> None:
    fixed = fix_files({"m.py": PLAIN}).workspace.load("m.py").text
    assert fixed[fixed.index("class Pool") :] == (
        """\
class Pool:
    _instance = None
    _instance_lock = threading.Lock()
    _ready = False
    _ready_lock = threading.Lock()

    def __new__(cls):
        if cls._instance is None:
            with cls._instance_lock:
                if cls._instance is None:
                    cls._instance = super().__new__(cls)
        return cls._instance

    def __init__(self):
        if not Pool._ready:
            with Pool._ready_lock:
                if not Pool._ready:
                    Pool.store = Store()
                    Pool._ready = True


def pool():
    return Pool().store
"""
    )


def test_a_flag_of_the_instance_is_one_finding_that_new_repairs() -> None:
    (found,) = check_files({"m.py": OF_THE_INSTANCE}).diagnostics
    assert found.code == "SG204"
    result = fix_files({"m.py": OF_THE_INSTANCE})
    assert "cls.__init__(instance)" in result.workspace.load("m.py").text
    assert result.after.diagnostics == ()
