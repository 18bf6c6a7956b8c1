"""The look at the bytes finds each way to bind a shared place, and leaves alone what binds none or names it once."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Callable, Iterator

import pytest

from sqla_guard.core.source import SourceFile
from sqla_guard.read.python import lazy_marker
from sqla_guard.read.python.lazy import read_every_function, read_lazy_inits
from sqla_guard.read.python.lazy_lines import compiled
from sqla_guard.read.python.lazy_marker import made_lazily, may_hold_lazy_init, may_keep_results

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
    "annotated over lines": "H: Dict[\n    str, int\n] = {}\ndef f():\n    if 'x' not in H:\n        H['x'] = 1\n",
    "brackets in an annotation": "H: D[str, L[int]] = {}\ndef f():\n    if 'x' not in H:\n        H['x'] = 1\n",
    "bound behind a key": "H = {}\ndef f():\n    if 'x' not in H:\n        H['x'] \\\n            = 1\n",
    "key over lines": "H = {}\ndef f():\n    if 'x' not in H:\n        H[\n            'x'\n        ] = 1\n",
    "behind another": "H = {}\ndef f(a, b):\n    if 'x' not in H: a[(1)] = b; H['x'] = 1\n",
    "closure": "def d(f):\n    kept = {}\n    def g(k):\n        if k not in kept:\n            kept[k] = f(k)\n"
    "        return kept[k]\n    return g\n",
    "closure in a method": "class C:\n    def d(s):\n        kept = {}\n        def g(k):\n"
    "            if k not in kept:\n                kept[k] = 1\n",
    "closure that waits": "def d(f):\n\tkept = {}\n\tasync  def g(k):\n\t\tif k not in kept:\n\t\t\tkept[k] = f(k)\n",
    "closure behind a string": 'def d(f):\n    kept = {}\n    def g(k):\n        """\ndef no():\n        """\n'
    "        if k not in kept:\n            kept[k] = f(k)\n        return kept[k]\n    return g\n",
    "read before": "X = None\ndef f():\n    global X\n    x = X\n    if x is None:\n        X = x = make()\n",
    "test kept": "X = None\ndef f():\n    global X\n    new = not X\n    if new:\n        X = make()\n",
    "early return": "X = 0\ndef f():\n    global X\n    if X: return X\n    X = make()\n",
    "decided": "X = 0\ndef f():\n    global X\n    new = False\n    if X is None:\n        new = True\n"
    "    if new:\n        X = 1\n",
    "compared with none": "X = None\ndef f():\n    global X\n    if X  ==  None:\n        X = make()\n",
    "walrus": "X = None\ndef f():\n    global X\n    if (x := X) is None:\n        X = make()\n",
    "in brackets": "X = None\ndef f(new):\n    global X\n    if (\n        # why\n        X\n        is None\n"
    "    ):\n        X = 1\n",
    "operators first": "X = None\ndef f(new):\n    global X\n    if (new\n        or not X):\n        X = 1\n",
    "operators last": "X = None\ndef f(new):\n    global X\n    if new and \\\n        X is None:\n        X = 1\n",
    "expression over lines": "class P:\n    @classmethod\n    def f(cls):\n        cls.x = (\n            cls.x\n"
    "            or make()\n        )\n",
    "expression in brackets": "class P:\n    @classmethod\n    def f(cls):\n        cls.x = (cls.x\n"
    "            or make())\n",
    "several targets": "X = Y = None\ndef f():\n    global X, Y\n    if not X:\n        (X, Y) = 1, 2\n",
    "targets over lines": "X = Y = None\ndef f():\n    global X, Y\n    if not X:\n        (\n            Y,\n"
    "            X,\n"
    "        ) = 1, 2\n",
    "imported": "X = None\ndef f():\n    global X\n    if X is None:\n        import x as X\n    return X\n",
    "imported over lines": "X = None\ndef f():\n    global X\n    if not X:\n        from m import (\n"
    "            Y,\n            X,\n"
    "        )\n",
    "loop": "X = None\ndef f():\n    global X\n    if X is None:\n        for X in y: pass\n",
    "text at the left margin": 'X = None\ndef f():\n    global X\n    if X is None:\n        q = """\nselect 1\n'
    'def g():\n"""\n'
    "        X = make(q)\n",
    "brackets at the left margin": "X = None\ndef f():\n    global X\n    if X is None:\n        q = make(\n"
    "1, # one\nq)\n"
    "        X = make(q)\n",
    "comment at the left margin": "X = None\ndef f():\n    global X\n    if X is None:\n# why\n        X = make()\n",
    "tabs": "class P:\n\tx = None\n\tdef f(self):\n\t\tif P.x is None:\n\t\t\tP.x = 1\n",
    "header over lines": "class P:\n    @classmethod\n    def f(\n        own,  # the class\n        a=(),\n"
    "    ) -> int:\n"
    "        if own.x is None:\n            own.x = 1\n",
    "after a nested function": "class P:\n    x = None\ndef f():\n    def g():\n        return 1\n    if P.x is None:\n"
    "        P.x = g()\n",
    "class called self": "class M(type):\n    def __new__(self):\n        if self.x is None:\n            self.x = 1\n",
    "only instance, chained": "class P:\n    def f(self):\n        if not self.x:\n            self.x = 1\n"
    "m.p = (\n    p\n) = P()\n",
    "set by name on the only instance": "class P:\n    def f(me):\n        if not me.x:\n"
    "            setattr(me, 'x', 1)\np = P()\n",
    "asked in __dict__": "class P:\n    @classmethod\n    def f(cls):\n        if 'x' not in cls.__dict__:\n"
    "            cls.x = 1\n",
    "under a key in __new__": "class P:\n    all = {}\n    def __new__(cls, k):\n        if k not in cls.all:\n"
    "            cls.all[k] = 1\n        return cls.all[k]\n",
    "under a constant of a class": "class P:\n    all = {}\n    def f(self):\n        if not P.all.get('k'):\n"
    "            P.all['k'] = 1\n",
    "container behind": "def f():\n    if 'x' not in H:\n        H['x'] = 1\nH = {}\n",
    "closure's container behind": "def d(f):\n    def g(k):\n        if k not in kept:\n            kept[k] = f(k)\n"
    "        return kept[k]\n    kept = {}\n    return g\n",
}
HELD |= {
    "member behind spaces": "class P:\n    all = {}\n    def f(self):\n        if not P . all.get('k'):\n"
    "            P .  all ['k'] = 1\n",
    "only instance behind an annotation": "class P:\n    def f(self):\n        if not self.x:\n            self.x = 1\n"
    "p: list[\n    int] = P()\n",
    "only instance on the next line": "class P:\n    def f(self):\n        if not self.x:\n            self.x = 1\n"
    "p \\\n    = P()\n",
    "class in a class": "class Q:\n    class P:\n        x = None\n    def f(self):\n        if P.x is None: P.x = 1\n",
    "closure in a class": "def d(f):\n    kept = {}\n    class C:\n        def g(self, k):\n"
    "            if k not in kept:\n                kept[k] = f(k)\n",
    "closure with tabs": "def\td(f):\n    kept = {}\n    def\tg(k):\n        if k not in kept:\n"
    "            kept[k] = f(k)\n        return kept[k]\n    return g\n",
    "on the line of the function": "H = {}\ndef f(): H['x'] = H.get('x') or 1\n",
    "targets in brackets": "class P:\n    x = None\ndef f():\n    if P.x is None:\n        [P.x, y] = 1, 2\n",
    "targets behind an index": "class P:\n    x = None\ndef f(a):\n    if P.x is None:\n        a[0], P.x = 1, 2\n",
    "asked by name as it is set": "class P:\n    @classmethod\n    def f(cls):\n"
    "        cls.x = getattr(cls, 'x', None) or make()\n",
    "key on the line of the test": "def d(f):\n    kept = {}\n    def g(k):\n"
    "        if kept[k] is None: kept[k] = f(k)\n        return kept[k]\n    return g\n",
    "name of a class's container on the next line": "class M(type):\n    all = {}\n    def __call__(cls):\n"
    "        if cls not in cls.\\\n            all: cls.all[cls] = make()\n        return cls.all[cls]\n",
    "looked up on the next line": "H = {}\ndef f():\n    if H.\\\n        get('x') is None:\n        H['x'] = 1\n",
    "comment behind the test": "X = None\ndef f():\n    global X\n    if not X:  # mode = None\n        X = make()\n",
    "several on the line of the test": "X = Y = None\ndef f():\n    global X, Y\n    if X is None: X, Y = 1, 2\n",
    "several on the line of the test, in brackets": "class P:\n    x = None\ndef f():\n"
    "    if not P.x: (y, P.x) = 1, 2\n",
    "key of bytes as written": "H = {}\ndef f():\n    if rb'x' not in H: H[rb'x'] = 1\n",
    "asked in __dict__ on the line of the test": "class P:\n    @classmethod\n    def f(cls):\n"
    "        if 'x' not in cls.__dict__: cls.x = 1\n",
    "set on the line of another test": "class P:\n    @classmethod\n    def f(cls, a):\n"
    "        if a.b: cls.x = cls.x or make()\n",
    "asked by name over lines": "class P:\n    def f(self):\n        if not hasattr(\n            type(self), 'x'\n"
    "        ):\n            setattr(type(self), 'x', 1)\n",
    "set by name over lines": "class P:\n    def f(self):\n        if getattr(P, 'x', None) is None:\n"
    "            setattr(\n                P, 'x', 1\n            )\n",
    "an argument a line": "class P:\n    def f(self):\n        x = getattr(\n            P, 'x', None\n        )\n"
    "        if x is None:\n            setattr(\n                P,\n"
    "                'x',\n                1,\n            )\n",
    "asked last": "class P:\n    @classmethod\n    def f(cls, x):\n        cls.x = x or \\\n            cls.x or 1\n",
}
_TEST_AND_MAKE = "def f():\n    if 'x' not in KEPT:\n        KEPT['x'] = make()\n    return KEPT['x']\n"
# Each way to write a container or a target over lines.
CONTAINERS = {
    "annotation over lines": "KEPT: dict[\n    str, int\n] = {}\n",
    "annotation at the margin": "KEPT: dict[\nstr, int\n] = dict()\n",
    "annotation that calls": "KEPT: Annotated[dict, doc(\n    'x')] = {}\n",
    "annotation in brackets": "KEPT: (\n    dict[str, int]\n) = {}\n",
    "annotation over lines, balanced at the end": "KEPT: Callable[\n    [int], int] | dict = {}\n",
    "annotation that is a string": "KEPT: 'dict[str, int]' = dict(\n)\n",
    "annotation that is a string over lines": 'KEPT: """dict[str,\n    int]""" = {}\n',
    "value in brackets": "KEPT = ({})\n",
    "value in brackets behind a comment": "KEPT = (  # why\n    # and why\n    {}\n)\n",
    "value on the next line": "KEPT = \\\n    {}\n",
    "assigned on the next line": "KEPT \\\n    = {}\n",
    "chained": "ALSO = KEPT = {}\n",
    "chained on the next line": "KEPT = \\\n    ALSO = {}\n",
    "annotated on the next line": "KEPT: \\\n    dict[str, int] = {}\n",
    "called with spaces": "KEPT = collections . OrderedDict()\n",
}
OVER_LINES = {
    "key": "KEPT = {}\ndef f():\n    if 'x' not in KEPT:\n        KEPT[\n            'x'\n        ] = make()\n",
    "keys": "def d(f):\n    kept = {}\n    def g(a, b):\n        if (a, b) not in kept:\n            kept[\n"
    "                a,\n                b,\n            ] = f(a, b)\n        return kept[a, b]\n    return g\n",
    "key of a class": "class P:\n    all = {}\n    def f(self):\n        if 'k' not in P.all:\n            P.all[\n"
    "                'k'\n            ] = make()\n",
    "assigned on the next line": "KEPT = {}\ndef f():\n    if 'x' not in KEPT:\n        KEPT['x'] \\\n"
    "            = make()\n",
    "annotated element": "KEPT = {}\ndef f():\n    if 'x' not in KEPT:\n        KEPT['x']: Optional[\n"
    "            int\n        ] = make()\n",
    "attribute": "class P:\n    x = None\ndef f():\n    if P.x is None:\n        P.x \\\n            = make()\n",
    "annotated attribute": "class P:\n    x = None\n    @classmethod\n    def f(cls):\n        if cls.x is None:\n"
    "            cls.x: Optional[\n                int\n            ] = make()\n",
}
_OF_INSTANCE = "class P:\n    x = None\n    def f(self):\n        if self.x is None:\n            self.x = make()\n"
INSTANCES = {
    "annotation over lines": "p: Final[\n    P\n] = P()\n",
    "annotation that calls": "p: Annotated[P, doc('x')] = P()\n",
    "assigned on the next line": "p \\\n    = P()\n",
    "made in brackets behind a comment": "p = (  # why\n    P()\n)\n",
    "annotation indented to its end": "p: Final[\n    P] = P()\n",
    "target in brackets": "(p) = P()\n",
}
# Ends of lines, encodings and a mark in front change nothing.
WRITTEN: dict[str, Callable[[str], bytes]] = {
    "crlf": lambda text: text.replace("\n", "\r\n").encode(),
    "cr": lambda text: text.replace("\n", "\r").encode(),
    "utf-8 with mark": lambda text: text.encode("utf-8-sig"),
    "utf-16": lambda text: text.encode("utf-16"),
}
NOT_HELD = {
    "prose": '"""All of the global state\nis elsewhere."""\nstate = 1\n',
    "local dict": "def f():\n    row = {}\n    row['x'] = 1\n    return row\n",
    "enum member": "class Kind:\n    A = 1\ndef f(x: Literal[Kind.A] = 1): ...\n",
    "bound, named nowhere else": "class P: pass\ndef f():\n    P.only_here = 1\n",
    "bound before it is asked": "X = 0\ndef f():\n    global X\n    X = 1\n    if X:\n        go()\n",
    "only emptied": "X = 0\ndef f():\n    global X\n    if X:\n        X.close()\n        X = None  # gone\n",
    "counted": "X = 0\ndef f():\n    global X\n    X += 1\n    if X > 3:\n        go()\n",
    "compared": "X = 0\ndef f(new):\n    global X\n    if X != new:\n        X = new\n",
    "a part is asked": "X = 0\ndef f():\n    global X\n    if X.ready:\n        X = make()\n",
    "asked elsewhere": "X = 0\ndef f():\n    global X\n    X = 1\ndef g():\n    return 1 if X else 2\n",
    "a class handed in": "def f(cls):\n    def g():\n        if cls.x is None:\n            cls.x = 1\n",
    "instance": "class P:\n    def f(self):\n        if self.x is None:\n            self.x = 1\n",
    "under a key of a class": "class P:\n    def f(cls, k):\n        if k not in cls.all:\n"
    "            cls.all[k] = 1\n",
    "brackets behind a name": "class P: x = 0\ndef f():\n    if P.x:\n        go(P.x, [\n            1\n        ])\n",
    "annotation": "H: dict['x'] = {}\ndef f(a):\n    y: dict['x'] = dict['x'] or dict['y']\n",
    "a default": "class P:\n    def __init__(self, x=None):\n        self.x = x or make()\np = P()\n",
    "an index": "class P: x = 0\ndef f(all):\n    if P.x not in all:\n        all[P.x] = 1\n",
    "a dict handed in": "def d():\n    row = {}\n    def g():\n        return row\nclass P:\n    row = {}\n"
    "    def f(self, row):\n        if 'x' not in row:\n            row['x'] = 1\n",
    "other object": "def f(patch):\n    patch.setattr(thing, 'name', 1)\n    return name\n",
}


@pytest.mark.parametrize("text", HELD.values(), ids=HELD)
def test_each_way_to_bind_a_shared_place_is_seen(text: str) -> None:
    assert may_hold_lazy_init(text.encode())
    for write in WRITTEN.values():
        assert may_hold_lazy_init(write(text))


def _over_lines() -> Iterator[tuple[str, str]]:
    for name, text in CONTAINERS.items():
        body = textwrap.indent(f"{text}{_TEST_AND_MAKE}", "    ")
        yield f"container: {name}", text + _TEST_AND_MAKE
        yield f"container behind: {name}", _TEST_AND_MAKE + text
        yield f"container of a closure: {name}", f"def d():\n{body}    return f\n"
    yield from OVER_LINES.items()
    yield from ((f"only instance: {name}", _OF_INSTANCE + text) for name, text in INSTANCES.items())


@pytest.mark.parametrize("text", dict(_over_lines()).values(), ids=dict(_over_lines()))
def test_what_is_written_over_lines_is_seen_and_read(text: str) -> None:
    assert may_hold_lazy_init(text.encode())
    source = SourceFile("a.py", text)
    found = [fact.name for fact in read_every_function(source)]
    assert found
    assert [fact.name for fact in read_lazy_inits(source)] == found


@pytest.mark.parametrize("text", NOT_HELD.values(), ids=NOT_HELD)
def test_what_holds_no_shared_place_is_not_looked_at_closely(text: str) -> None:
    assert not may_hold_lazy_init(text.encode())


@pytest.mark.parametrize("text", HELD.values(), ids=HELD)
def test_places_are_the_same_whether_a_text_was_looked_at_before_or_not(text: str) -> None:
    data = text.encode()
    alone = list(made_lazily(data))
    assert may_hold_lazy_init(data)
    assert list(made_lazily(data)) == list(made_lazily(data)) == alone != []


def test_decorators_that_keep_results_are_seen() -> None:
    assert may_keep_results(b"@functools.lru_cache(maxsize=1)\ndef f():\n    return make()\n")
    assert may_keep_results("class P:\n    @cached_property\n    def f(self): ...\n".encode("utf-16"))
    assert not may_keep_results(b"cache = lru_cache(f)\n")


def test_containers_are_told_the_same_where_python_knows_no_possessive_repetition() -> None:
    greedy = lazy_marker._CONTAINER.replace(b"++", b"+").replace(b"*+", b"*")
    text = b"a = dict.b.dict(); b = c . \\\n d.list(); e = dictionary(); f = (defaultdict); g = h.i.j; k=list.l\n"
    spans = [found.span() for found in re.finditer(greedy, text)]
    assert len(spans) == 4
    assert [found.span() for found in compiled(lazy_marker._CONTAINER).finditer(text)] == spans


def test_many_places_are_not_asked_for_one_by_one() -> None:
    text = "class P: pass\n" + "".join(f"P.x{i} = {i}\n" for i in range(1000))
    assert may_hold_lazy_init(f"{text}def f(): ...\n".encode())
    assert not may_hold_lazy_init(text.encode())  # without a function there is nothing to ask


@pytest.mark.parametrize(("times", "is_open"), [(10, False), (1_000, True)])
def test_a_long_line_is_left_open(times: int, is_open: bool) -> None:
    """Each mention would look at all of it, which takes time in squares."""
    data = b"X = None\ndef f():\n    global X\n    " + b"X; " * times + b"\n    if not X: X = None\n"
    assert may_hold_lazy_init(data) is is_open
