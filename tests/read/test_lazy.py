from __future__ import annotations

import codecs

import pytest
from msgspec.structs import replace

from sqla_guard.core.source import SourceFile, Span
from sqla_guard.core.workspace import UnreadableFile
from sqla_guard.facts.lazy import Around, LazyInit
from sqla_guard.facts.values import Call, Imported, Name
from sqla_guard.read.load import decode
from sqla_guard.read.python.lazy import may_hold_lazy_init, read_every_function, read_lazy_inits
from sqla_guard.read.python.lock_words import has_lock_word, is_lock_expression, makes_lock
from tests.support.lazy_cases import cases

ALL = [
    t
    for f in ("raced.md", "reported.md", "quiet.md")
    for c in cases("unguarded-lazy-global", f)
    for _, _, t in c.blocks
]


def facts(text: str) -> tuple[LazyInit, ...]:
    return read_lazy_inits(SourceFile("m.py", text))


def one(body: str, head: str = "X = None\n") -> LazyInit:
    (fact,) = facts(f"{head}def get_x(size=1):\n    global X\n" + "".join(f"    {line}\n" for line in body.split("\n")))
    return fact


@pytest.mark.parametrize(
    ("body", "shape", "form"),
    [
        ("if X is None:\n    X = C()", "if", "is-none"),
        ("if X == None:\n    X = C()", "if", "equals-none"),
        ("if not X:\n    X = C()", "if", "falsy"),
        ("if (x := X) is None:\n    x = X = C()", "if", "walrus"),
        ("if X[0] is None:\n    X = (C(), 1)", "if", "element"),
        ("if not isinstance(X, C):\n    X = C()", "if", "type"),
        ("if X is not None:\n    return X\nX = C()\nreturn X", "early-return", "is-none"),
        ("if X:\n    return X\nX = C()", "early-return", "falsy"),
        ("if X is not None:\n    pass\nelse:\n    X = C()", "else", "is-none"),
        ("X = X or C()", "expression", "falsy"),
        ("X = C() if X is None else X", "expression", "is-none"),
        ("X = X if X is not None else C()", "expression", "is-none"),
        ("try:\n    if X is None:\n        X = C()\nfinally:\n    pass", "if", "is-none"),
        ("if size:\n    pass\nelif X is None:\n    X = C()", "if", "is-none"),
        ("x = X\nif x is None:\n    x = X = C()\nreturn x", "if", "is-none"),
    ],
)
def test_shapes_and_forms(body: str, shape: str, form: str) -> None:
    fact = one(body)
    assert (fact.shape, fact.form, fact.tested, fact.function) == (shape, form, ("X",), "get_x")


@pytest.mark.parametrize(
    "body",
    [
        "if X is not None:\n    X = C()",
        "if X is None:\n    X = None",
        "if X is None:\n    return\nX = C()",
        "if size is None:\n    X = C()",
        "if X > 3:\n    X = C()",
        "X += 1",
        "def inner():\n    X = 1\nif X is None:\n    inner()",
    ],
)
def test_no_lazy_init(body: str) -> None:
    assert (
        facts("X = None\ndef f(size=1):\n    global X\n" + "".join(f"    {line}\n" for line in body.split("\n"))) == ()
    )


def test_a_flag_is_a_global_that_only_holds_booleans() -> None:
    assert one("if not X:\n    work()\n    X = True", head="X = False\n").form == "flag"
    assert one("if not X:\n    work()\n    X = True").form == "falsy"


@pytest.mark.parametrize(
    "inside",
    [
        "def get():\n        nonlocal x\n        x = x or C(get)",
        "class A:\n        def get(self):\n            nonlocal x\n            x = x or C(get)",
        "def get():\n        nonlocal x\n        x = x or C()\n    get()\n    [get() for _ in a]",
    ],
)
def test_a_function_that_only_it_and_its_maker_call_shares_nothing(inside: str) -> None:
    text = f"def make():\n    x = None\n    {inside}\n"
    assert facts(text) == ()
    (fact,) = facts(f"{text}    return lambda: get()\n")
    assert fact.kind == "nonlocal"


def test_values_speak_of_module_names() -> None:
    fact = one("if X is None:\n    from a.b import C as D\n    made = D()\n    X = made")
    assert fact.sets[0].value == Call(Imported("a.b", "C", 0))
    assert one("if X is None:\n    X = C()").sets[0].value == Call(Name("C"))


@pytest.mark.parametrize(
    ("body", "lock", "kind"),
    [
        ("with a_lock:\n    if X is None:\n        X = C()", "a_lock", "with"),
        ("if X is None:\n    with a_lock:\n        if X is None:\n            X = C()", "a_lock", "with"),
        ("self.mutex.acquire()\nif X is None:\n    X = C()", "self.mutex", "acquire"),
        ("if a_lock.acquire(timeout=1):\n    if X is None:\n        X = C()", None, None),
        ("a_lock.acquire()\na_lock.release()\nif X is None:\n    X = C()", None, None),
        ("with threading.Lock():\n    if X is None:\n        X = C()", None, "fresh"),
        ("with clock():\n    if X is None:\n        X = C()", None, None),
    ],
)
def test_locks(body: str, lock: str | None, kind: str | None) -> None:
    if body.startswith("if a_lock"):
        lock, kind = "a_lock", "acquire"
    fact = one(body)
    assert (fact.lock, fact.lock_kind) == (lock, kind)


def test_what_makes_a_value_visible_too_early() -> None:
    assert one("if X is None:\n    X = C()\n    X.start()").early == "`X.start()` runs after it is set"
    assert one("if X is None:\n    X = C()\n    log.info('made %s', X)").early == ""
    assert one("if X is None:\n    X = C()\n    if X.size:\n        pass").early == ""
    assert "set before `Y`" in one("global Y\nif X is None:\n    X = C()\n    Y = D()").early


def test_resets_and_callers() -> None:
    text = (
        "X = None\ndef get_x():\n    global X\n    if X is None:\n        X = C()\n    return X\n"
        "def drop():\n    global X\n    with a_lock:\n        X = None\n"
        "def use():\n    return get_x()\nget_x()\n"
    )
    (fact,) = facts(text)
    assert [(r.function, r.lock, text[r.statement.start : r.statement.end]) for r in fact.resets] == [
        ("drop", "a_lock", "X = None")
    ]
    assert (fact.callers.at_import, fact.callers.unlocked, fact.callers.locked) == (True, ("use",), ())


def test_an_await_between_test_and_assignment_is_a_fact_of_its_own() -> None:
    head = "X = None\nasync def f():\n    global X\n    if X is None:\n"
    assert not facts(head + "        X = C()\n")[0].await_between
    assert facts(head + "        X = await C()\n")[0].await_between
    assert facts(head + "        await g()\n        X = C()\n")[0].await_between


@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
def test_spans_count_characters_of_the_file(newline: str) -> None:
    text = 'é = "ü"\nX = None\nclass K:\n\tdef get(self):  # ß\n'
    text += '\t\tglobal X\n\t\tif (X is None):\n\t\t\tX = C("ö", "🔒")\n'
    text = text.replace("\n", newline)
    source = decode("m.py", codecs.BOM_UTF8 + text.encode())
    (fact,) = read_lazy_inits(source)

    def cut(span: Span) -> str:
        return source.text[span.start : span.end]

    assert isinstance(fact, LazyInit)
    assert cut(fact.test) == "(X is None)"
    assert cut(fact.guarded) == 'X = C("ö", "🔒")'
    assert cut(fact.sets[0].value_span) == 'C("ö", "🔒")'
    assert cut(fact.name_span) == "get"
    assert fact.function == "K.get"
    assert [cut(load.span) for load in fact.loads] == ["X"]


def test_reads_inside_strings_have_their_place() -> None:
    text = "X = None\ndef f():\n    global X\n    if X is None:\n        X = C()\n"
    text += '    return f"""é {1}\n {X!r:>{X.width}}""", "{X}", f"{ X }"\n'
    (fact,) = facts(text)
    assert [(text[load.span.start - 1 : load.span.end + 1], load.role) for load in fact.loads] == [
        (" X ", "test"),
        ("{X!", "other"),
        ("{X.", "other"),
        (" X ", "other"),
    ]


def test_of_joined_literals_those_over_several_lines_count() -> None:
    text = "X = None\ndef f():\n    global X\n    if X is None:\n        X = C('a'  # no end '\n"
    text += "            r'b' + 'c\\\n', f'''{1}\n''' 'd', '\\n')\n"
    (fact,) = facts(text)
    assert [text[span.start : span.end] for span in fact.strings] == ["'c\\\n'", "f'''{1}\n'''"]


@pytest.mark.parametrize("text", ALL, ids=range(len(ALL)))
def test_the_look_at_the_bytes_loses_nothing(text: str) -> None:
    if facts(text):
        assert may_hold_lazy_init(text.encode())
        assert may_hold_lazy_init(text.encode("utf-16"))


def known(found: tuple[LazyInit, ...]) -> list[object]:
    """Return all that is known of what was found, but the names of the whole module."""
    few: frozenset[str] = frozenset()
    around = [(f, f.around(), replace(f.site, names=few, lock_uses=few)) for f in found]
    return [(replace(f, around=_nothing), replace(rest, site=site)) for f, rest, site in around]


def _nothing() -> Around:
    raise AssertionError


# What tells about a shared object, in functions that make none.
TELLING = {
    "caller, reset": "X = None\ndef get():\n    global X\n    if X is None:\n        X = C()\n    return X\n"
    "def no():\n    return 1\ndef use():\n    with a_lock:\n        return get()\n"
    "def drop():\n    global X\n    X = None\n",
    "lock by another name": "class K:\n    _x = None\n    def __init__(self):\n        self.door = threading.Lock()\n"
    "    def get(self):\n        with self.door:\n            if K._x is None:\n                K._x = C()\n",
    "guard": "X = None\n@contextmanager\ndef alone():\n    with a_lock:\n        yield\n"
    "def get():\n    global X\n    with alone():\n        if X is None:\n            X = C()\n",
    "init": "class K:\n    one = None\n    def __init__(self):\n        if not self.done:\n            self.done = 1\n"
    "    def __new__(cls):\n        if cls.one is None:\n            cls.one = new(cls)\n        return cls.one\n",
    "another instance": "class K:\n    def get(self):\n        if self.x is None:\n            self.x = C()\n"
    "def other():\n    return K()\nk = K()\n",
    "comes back": "X = None\ndef get():\n    global X\n    if X is None:\n        X = C(first)\n    return X\n"
    "def first():\n    return second()\ndef second():\n    return get()\n",
    "body in doubt": "X = None\ndef get():\n    global X\n    if X is None \\\n            or X:\n        X = C()\n"
    "def use():\n    return get()\n",
    "helper": "X = None\ndef get():\n    global X\n    if X is None:\n        X = C()\n        ready()\n"
    "def ready():\n    X.start()\n",
    "cached": "class K:\n    @cached_property\n    def x(self):\n        return C()\n",
}


@pytest.mark.parametrize("text", [*ALL, *TELLING.values()], ids=[*map(str, range(len(ALL))), *TELLING])
def test_functions_that_are_not_parsed_tell_nothing(text: str) -> None:
    source = SourceFile("m.py", text)
    assert known(read_lazy_inits(source)) == known(read_every_function(source))


def test_names_of_functions_that_are_not_parsed_are_known() -> None:
    text = TELLING["caller, reset"] + "def far():\n    X_lock = 'x_lock'\n"
    site = facts(text)[0].site
    assert "X_lock" in site.names
    assert "x_lock" not in site.names
    assert "get" in site.lock_uses
    assert "X_lock" not in site.lock_uses


@pytest.mark.parametrize(
    ("line", "is_name"),
    [
        ("free = 1", True),
        ("a.free(b)", True),
        ("f(free=1)", True),
        ("from m import (\n    free,\n)", True),
        ("from m import free", True),
        ('a = f"{free}"', True),
        ('a = "free"', False),
        ("a = 1  # free", False),
        ("from free import m", False),
        ("from m.free import (\n    x,\n)", False),
    ],
)
def test_a_name_is_free_where_strings_comments_and_modules_alone_are_called_so(line: str, is_name: bool) -> None:
    (fact,) = facts(f"X = None\ndef get():\n    global X\n    if X is None:\n        X = 1\n    return X\n{line}\n")
    assert ("free" in fact.site.names) is is_name


def test_prefixes_of_strings_and_soft_keywords_are_no_names() -> None:
    (fact,) = facts(
        "X = None\ndef get():\n    global X\n    if X is None:\n        X = 1\n    return rb'x'\ntype = 1\n"
    )
    assert "rb" not in fact.site.names
    assert "type" in fact.site.names
    assert "match" not in fact.site.names


def test_a_file_that_is_no_python_is_said_to_be_none() -> None:
    with pytest.raises(UnreadableFile):
        facts("def f(:\n    global X\n    X = X or 1\n")


def test_words_of_locks() -> None:
    assert all(map(has_lock_word, ("lock", "_app_lock", "FileLock", "RLock", "MUTEX", "mgr_mutex", "spinlock")))
    assert not any(map(has_lock_word, ("clock", "block", "unlock", "blocked_users", "rock", "locker_room")))
    assert is_lock_expression("lockutils.lock('a.b')")
    assert is_lock_expression("self._locks[key]")
    assert is_lock_expression("guard", frozenset({"guard"}))
    assert not is_lock_expression("open('a.lock')")
    assert makes_lock("threading.Lock()")
    assert not makes_lock("threading.Lock")


def test_a_long_chain_of_names_is_followed_only_so_far() -> None:
    names = [f"n{i}" for i in range(60)]
    chain = "\n".join(f"{b} = f({a}, {a}, {a})" for a, b in zip(["size", *names], names, strict=False))
    assert one(f"{chain}\nif X is None:\n    X = C({names[-1]})").tested == ("X",)
