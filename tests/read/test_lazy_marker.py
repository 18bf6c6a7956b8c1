"""The look at the bytes finds each way to bind a shared place, and leaves alone what binds none or names it once."""

from __future__ import annotations

import pytest

from sqla_guard.read.python.lazy_marker import may_hold_lazy_init

HELD = {
    "global": "X = None\ndef f():\n    global X\n    if X is None:\n        X = make()\n    return X\n",
    "continued": "X = None\ndef f():\n    global \\\n        X\n    X = X or 1\n",
    "same line": "def f(): global X; X = X or 1\n",
    "class by name": "class P:\n    x = None\ndef f():\n    if P.x is None:\n        P.x = 1\n    return P.x\n",
    "spaced": "class P:\n    x = None\ndef f():\n    if P.x is None:\n        P . x = 1\n",
    "first parameter": "class P:\n    @classmethod\n    def f(own):\n        own.x = own.x or 1\n",
    "type": "class P:\n    def f(self):\n        if not type(self).x:\n            type(self).x = 1\n",
    "dunder class": "class P:\n    def f(self):\n        if not self.__class__.x:\n            self.__class__.x = 1\n",
    "state": "def f(app):\n    if not app.state.db:\n        app.state.db = 1\n",
    "unpacked": "class P:\n    x = y = None\ndef f():\n    if P.x is None:\n        P.x, P.y = 1, 2\n",
    "setattr": "class P: pass\ndef f():\n    if not hasattr(P, 'x'):\n        setattr(P, 'x', 1)\n",
    "only instance": "class P:\n    def f(self):\n        if not self.x:\n            self.x = 1\np = P()\n",
    "element": "H = {}\ndef f():\n    if 'x' not in H:\n        H['x'] = 1\n    return H['x']\n",
    "annotated element": "H: dict[str, int] = {}\ndef f():\n    if 'x' not in H:\n        H['x'] = 1\n",
    "closure": "def d(f):\n    kept = {}\n    def g(k):\n        if k not in kept:\n            kept[k] = f(k)\n"
    "        return kept[k]\n    return g\n",
    "closure behind a string": 'def d(f):\n    kept = {}\n    def g(k):\n        """\ndef no():\n        """\n'
    "        if k not in kept:\n            kept[k] = f(k)\n        return kept[k]\n    return g\n",
    "cached": "@functools.lru_cache(maxsize=1)\ndef f():\n    return make()\n",
}
NOT_HELD = {
    "prose": '"""All of the global state\nis elsewhere."""\nstate = 1\n',
    "local dict": "def f():\n    row = {}\n    row['x'] = 1\n    return row\n",
    "enum member": "class Kind:\n    A = 1\ndef f(x: Literal[Kind.A] = 1): ...\n",
    "bound, named nowhere else": "class P: pass\ndef f():\n    P.only_here = 1\n",
    "other object": "def f(patch):\n    patch.setattr(thing, 'name', 1)\n    return name\n",
}


@pytest.mark.parametrize("text", HELD.values(), ids=HELD)
def test_each_way_to_bind_a_shared_place_is_seen(text: str) -> None:
    assert may_hold_lazy_init(text.encode())
    assert may_hold_lazy_init(text.encode("utf-16"))


@pytest.mark.parametrize("text", NOT_HELD.values(), ids=NOT_HELD)
def test_what_holds_no_shared_place_is_not_looked_at_closely(text: str) -> None:
    assert not may_hold_lazy_init(text.encode())


def test_many_places_are_not_asked_for_one_by_one() -> None:
    text = "class P: pass\n" + "".join(f"P.x{i} = {i}\n" for i in range(1000))
    assert may_hold_lazy_init(text.encode())
