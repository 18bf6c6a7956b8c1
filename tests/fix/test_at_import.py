from __future__ import annotations

from sqla_guard.core.config import Config
from sqla_guard.core.fix import Applicability, Fix
from sqla_guard.fix.edits import apply_edits
from sqla_guard.rules import unguarded_lazy_global as rule
from tests.support.memory import project

GETTER = (
    "_pool = None\n\n\ndef pool():\n    global _pool\n    if _pool is None:\n        _pool = Pool()\n    return _pool\n"
)
POOL = "class Pool:\n    def __init__(self):\n        self.items = []\n"


def fix_of(files: dict[str, str]) -> tuple[Fix, str]:
    everything = project(files, Config(singleton_style="module"))
    path = next(iter(files))
    facts = everything.lazy_inits(path)
    (found,) = [d for f in facts for d in rule.check(f, everything)]
    assert found.fix is not None
    return found.fix, apply_edits(files[path], found.fix.edits)


def test_made_where_it_was_bound() -> None:
    fix, text = fix_of({"desk/case.py": f"{POOL}\n\n{GETTER}"})
    assert text == f"{POOL}\n\n_pool = Pool()\n\n\ndef pool():\n    return _pool\n"
    assert fix.applicability is Applicability.UNSAFE
    assert "at import" in fix.title


def test_made_below_the_class_that_comes_later() -> None:
    _, text = fix_of({"desk/case.py": "_pool = None\n\n\n" + POOL + "\n\n" + GETTER.partition("\n\n\n")[2]})
    assert text == f"\n\n{POOL}\n\n_pool = Pool()\n\n\ndef pool():\n    return _pool\n"


def test_from_another_module_without_a_cycle() -> None:
    _, text = fix_of({"desk/case.py": f"from desk.pools import Pool\n\n{GETTER}", "desk/pools.py": POOL})
    assert "_pool = Pool()" in text


def test_a_cycle_gets_a_lock() -> None:
    fix, _ = fix_of(
        {
            "desk/case.py": f"from desk.pools import Pool\n\n{GETTER}",
            "desk/pools.py": f"import desk.other\n\n\n{POOL}",
            "desk/other.py": "from desk.case import pool\n",
        }
    )
    assert "_pool_lock" in fix.title


def test_a_factory_with_arguments_gets_a_lock() -> None:
    fix, _ = fix_of({"desk/case.py": f"{POOL}\n\n{GETTER.replace('Pool()', 'Pool(3)')}"})
    assert "_pool_lock" in fix.title


def test_an_import_in_the_function_gets_a_lock() -> None:
    text = GETTER.replace("        _pool = Pool()", "        from desk.pools import Pool\n        _pool = Pool()")
    fix, _ = fix_of({"desk/case.py": text, "desk/pools.py": POOL})
    assert "_pool_lock" in fix.title
