"""Functions that may make shared objects are read alone first: that tells what the whole module tells."""

from __future__ import annotations

import gc
from textwrap import dedent
from weakref import ref

import pytest

from sqla_guard.core.source import SourceFile
from sqla_guard.read.python.lazy import read_every_function, read_lazy_inits
from sqla_guard.read.python.lazy_close import FunctionReader
from sqla_guard.read.python.lazy_part import index_of
from sqla_guard.read.python.lazy_sparse import find_lazy
from sqla_guard.read.python.lazy_text import has_only_one
from tests.read.test_lazy import known

CASES = {
    "decorators over lines": """\
        X = None
        @first(
            1,
        )
        @second
        def get():
            global X
            if X is None:
                X = C()
        """,
    "a decorator that starts the file": """\
        @door
        def get():
            global X
            if X is None:
                X = C()
        door = Lock()
        """,
    "a decorator on the next line": """\
        X = None
        @ \\
        door
        def get():
            global X
            if X is None:
                X = C()
        """,
    "on the line of a function in a function": """\
        def start():
            x = None
            def get(): nonlocal x; x = x or C()
            def use():
                with a_lock:
                    get()
            return use
        """,
    "further left than its function": """\
        def start():
            x = None
            def get():
                nonlocal x
                if not \\
          x:
                    x = C()
            def use():
                with a_lock:
                    get()
            return use
        """,
    "behind a function on one line": """\
        X = None
        def get():
            def no(): return 1
            global X
            if X is None:
                X = C()
        """,
    "a line in brackets further out": """\
        class K:
            x = None
            y = f(
        1, 2)
            @classmethod
            def get(cls):
                if cls.x is None:
                    cls.x = C()
        """,
    "blocks around": """\
        try:
            class K(Base[int], key=(1, (2,))):
                if True:
                    x = None
                    @property
                    def get(self):
                        if K.x is None:
                            K.x = C()
        finally:
            pass
        """,
    "a class in a function": """\
        def make():
            class K:
                x = None
                def get(self):
                    if K.x is None:
                        K.x = C()
            return K
        """,
    "two of a class": """\
        class K:
            x = y = None
            @classmethod
            def a(cls):
                if cls.x is None:
                    cls.x = C()
            def no(self):
                return 1
            @classmethod
            def b(cls):
                if cls.y is None:
                    cls.y = C()
        """,
    "container among names": """\
        A = KEPT = dict()  # [
        def get():
            if KEPT.get('a') is None:
                KEPT['a'] = C()
        """,
    "no container": """\
        KEPT = other()
        def get():
            if 'a' not in KEPT:
                KEPT['a'] = C()
        """,
    "sentinel": """\
        NONE = object()
        X = NONE
        def get():
            global X
            if X is NONE:
                X = C()
        """,
    "no sentinel": """\
        NONE = C()
        X = NONE
        def get():
            global X
            if X is NONE or X is None:
                X = C()
        """,
    "guarding decorator": """\
        X = None
        def alone(f):
            def inner():
                with a_lock:
                    return f()
            return inner
        @alone
        def get():
            global X
            if X is None:
                X = C()
        """,
    "flag": """\
        done = False
        def get():
            global done
            if not done:
                done = True
                work()
        """,
    "flag that another sets": """\
        done = False
        def get():
            global done
            if not done:
                done = True
                work()
        def other():
            global done
            done = 5
        """,
    "only instance": """\
        class K:
            def __init__(self):
                self.x = None
            def get(self):
                if self.x is None:
                    self.x = C()
                return self.x
        k = K()
        """,
    "whole": """\
        class K:
            one = None
            def __init__(self):
                if not hasattr(self, 'done'):
                    self.done = 1
            def __new__(cls):
                with a_lock:
                    if cls.one is None:
                        cls.one = new(cls)
                        cls.one.__init__()
                return cls.one
        """,
    "other letters": """\
        X = None  # ä
        def get(a='ö'):
            global X
            if X is None:
                X = C('ü', a)
        """,
    "container": """\
        KEPT: dict[str, int] = {}
        def get():
            if 'a' not in KEPT:
                KEPT['a'] = C()
            return KEPT['a']
        """,
}


@pytest.mark.parametrize("head", ["", "import other\n"], ids=["at the start", "further down"])
@pytest.mark.parametrize("end", ["\n", "\r\n"], ids=["lf", "crlf"])
@pytest.mark.parametrize("name", CASES)
def test_functions_alone_tell_what_the_module_tells(name: str, end: str, head: str) -> None:
    source = SourceFile("m.py", (head + dedent(CASES[name])).replace("\n", end))
    close = known(read_every_function(source))
    assert bool(close) is (name != "no container")
    assert known(read_lazy_inits(source)) == close


FLAGS = {
    "only True and False": "    X = False\n",
    "annotated": "    X: bool = False  # why\n",
    "None": "    X = None\n",
    "among others": "    X = Y = None\n",
    "several at once": "    (\n        X,\n        Y,\n    ) = find()\n",
    "the last of several": "    (\n        Y,\n        X\n    ) = find()\n",
    "on the next line": "    X = \\\n        None\n",
    "after its line": "    X \\\n        = None\n",
    "on the line of a test": "    if Y: X = None\n",
    "behind another statement": "    print(X); X = None\n",
    "deleted": "    del Y, X\n",
    "moved": "    X <<= 1\n",
    "compared": "    return X == None or f(X <= 1)\n",
    "a keyword": "    return f(\n        X=None,\n        Y=X,\n    )\n",
    "of another owner": "    other.X = None\n",
    "in a string": "    return f'{X} X = None'\n",
}


@pytest.mark.parametrize("first", ["X = False\n", "X: bool\n", "X = None\n", "X: bool = False\n", ""])
@pytest.mark.parametrize("reset", FLAGS.values(), ids=FLAGS)
def test_a_flag_is_one_to_the_text_where_it_is_one_to_the_module(reset: str, first: str) -> None:
    text = f"{first}def start():\n    global X\n    if not X:\n        X = True\n        begin()\n"
    source = SourceFile("m.py", f"{text}def stop():\n    global X\n{reset}")
    close = known(read_every_function(source))
    assert close
    assert known(read_lazy_inits(source)) == close


ONE = {
    "plain": "k = K()\n",
    "annotated": "k: 'K' = K(1, (2, 3))\n",
    "over lines": "k = K(\n    1,\n)\n",
    "in brackets": "k = (\n    K()\n)\n",
    "two, one in brackets": "k = K()\nj = (K)()\n",
    "what it returns": "k = K().start()\n",
    "what it returns, further on": "k = K() \\\n    .start()\n",
    "or another": "k = K() or None\n",
    "behind another name": "j = k = K()\n",
    "two": "k = K()\nj = K()\n",
    "another in a string": "k = K()\nprint(f'{K()}')\n",
    "another in a text": "k = K()\nprint('K()', 'as K()')\n",
    "a keyword": "k = dict(\nk = K()\n)\n",
    "in a test": "if True:\n    k = K()\n",
    "in a function": "def make():\n    k = K()\n    return k\n",
    "in a class": "class J:\n    k = K()\n",
    "a base": "class J(K()):\n    pass\n",
    "a decorator": "@K()\ndef k(): ...\n",
    "a pattern too": "k = K()\nmatch k:\n    case K():\n        pass\n",
    "none": "k = K\n",
}


_ALONE = {
    "plain",
    "annotated",
    "over lines",
    "in brackets",
    "behind another name",
    "another in a text",
    "a pattern too",
}


@pytest.mark.parametrize("name", ONE)
def test_the_only_instance_is_known_by_the_text_where_the_module_knows_it(name: str) -> None:
    text = "class K:\n    x = None\n    def get(self):\n        if self.x is None:\n            self.x = C()\n"
    source = SourceFile("m.py", f"{text}        return self.x\n{ONE[name]}")
    close = known(read_every_function(source))
    assert bool(close) is (name in _ALONE)
    assert known(read_lazy_inits(source)) == close


LOCKS = {
    "bound": "door = threading.RLock()\n",
    "annotated": "door: object = threading.RLock()\n",
    "among others": "other = door = threading.RLock()\n",
    "on the next line": "door \\\n    = threading.RLock()\n",
    "in brackets": "(\n    door  # kept\n) = threading.RLock()\n",
    "made later": "door = None\ndef start():\n    global door\n    door = threading.RLock()\n",
    "function": "held = threading.RLock()\ndef door(call):\n    def inner():\n        with held:\n"
    "            return call()\n    return inner\n",
}
_GUARDED = "X = None\n@door\ndef get():\n    global X\n    if X is None:\n        X = C()\n"


@pytest.mark.parametrize("lock", LOCKS.values(), ids=LOCKS)
def test_a_decorator_that_locks_is_known_however_it_is_bound(lock: str) -> None:
    for text in (lock + _GUARDED, _GUARDED + lock):
        assert [fact.lock for fact in read_lazy_inits(SourceFile("m.py", text))] == ["door"]


def test_a_decorator_that_the_module_does_not_bind_needs_no_look_at_the_rest() -> None:
    text = "class K:\n    x = None\n    @classmethod\n    def get(cls):\n"
    text += "        if cls.x is None:\n            cls.x = C()\n"
    source = SourceFile("m.py", "held = threading.Lock()\n" + text)
    lazy = find_lazy(source)
    assert lazy is not None
    index = index_of(source, lazy)
    assert "classmethod" not in index.guards
    assert "_rest" not in index.__dict__


def test_a_module_that_was_read_is_gone_without_a_search_for_cycles() -> None:
    source = SourceFile("m.py", "import other\n" + dedent(CASES["whole"]))
    lazy = find_lazy(source)
    assert lazy is not None
    index = index_of(source, lazy)
    assert [facts for info in index.functions for facts in FunctionReader(index, info).facts()]
    seen = ref(index)
    gc.disable()
    try:
        del index
        assert seen() is None
    finally:
        gc.enable()


@pytest.mark.parametrize(
    ("made", "said"),
    [
        ("one = K()\n", True),
        ("one = K()\ntwo = K()\n", False),
        ("def make():\n    return K()\n", False),
        ("", False),
        ("one = [K(), 0]\n", False),
        ("one = (K())\n", None),
        ("one = K()\ntwo = (K)()\n", None),
    ],
)
def test_the_text_tells_whether_a_class_has_one_instance(made: str, said: bool | None) -> None:
    text = f"class K:\n    pass\n\n\n{made}"
    assert has_only_one("K", text, text) is said
