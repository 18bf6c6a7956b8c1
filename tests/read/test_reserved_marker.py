"""The look at a file's bytes for reserved names misses none that close reading finds, and passes what binds none."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sqla_guard.core.source import SourceFile
from sqla_guard.core.workspace import UnreadableFile
from sqla_guard.facts.reserved import ReservedName
from sqla_guard.facts.reserved_words import OF_FLASK, RESERVED
from sqla_guard.read.python.outline import read_outline
from sqla_guard.read.python.reserved import (
    may_be_marked,
    may_break_models,
    may_reserve,
    may_reserve_outside,
    read_reserved_names,
    read_reserving_classes,
)
from sqla_guard.read.python.reserved_outside import read_outside

BINDING = {
    "assignment": "class A:\n    x = 1\n    metadata = Column()\n",
    "annotation": "class A:\n    registry: Mapped[dict]\n",
    "on the line of the class": "class A: metadata = 1\n",
    "behind a semicolon": "class A:\n    x = 1; metadata = 2\n",
    "behind a colon": "class A:\n    if x: metadata = 2\n",
    "behind a colon at the margin": "class A:\n    if \\\n1: metadata = 2\n",
    "chained": "class A:\n    x = metadata = 2\n",
    "first of several": "class A:\n    metadata, x = 1, 2\n",
    "last of several": "class A:\n    (x, metadata) = 1, 2\n",
    "in a list": "class A:\n    [x, [metadata]] = y\n",
    "starred": "class A:\n    x, *metadata = y\n",
    "one of several on lines": "class A:\n    (\n        x,  # a\n        metadata,\n    ) = y\n",
    "method": "class A:\n    def metadata(self): ...\n",
    "coroutine": "class A:\n    async def metadata(self): ...\n",
    "method on two lines": "class A:\n    def \\\n        metadata(self): ...\n",
    "method behind a tab": "class A:\n    def\tmetadata(self): ...\n",
    "method on a line that goes on": "class A:\n    def \\\nmetadata(self): ...\n",
    "behind a line that goes on": "class A:\n    x, \\\nmetadata = 1, 2\n",
    "class": "class A:\n    class metadata(B):\n        x = 1\n",
    "in a branch": "class A:\n    if x:\n        pass\n    else:\n        metadata = 1\n",
    "in a function": "def f():\n    class A:\n        metadata = 1\n",
    "in an asynchronous block": "async def f():\n    async with x:\n        class A:\n            metadata = 1\n",
    "behind a method": "class A:\n    def f(self):\n        return [\n            1,\n        ]\n\n    metadata = 1\n",
    "behind a string at the margin": 'class A:\n    """\ndef f(\n    """\n    metadata = 1\n',
    "behind brackets at the margin": "class A:\n    x = f(1,\n2,\n    3)\n    metadata = 1\n",
    "behind a use in a function": "def f(x):\n    x.metadata = 1\n\nclass A:\n    metadata = 1\n",
    "tabs": "class A:\n\tmetadata = 1\n",
    "tabs below a form feed": "if x:\n    y = 1\n\fclass A:\n\tmetadata = 1\n",
    "line goes on": "class A:\n    metadata \\\n    = 1\n",
    "line ends of Windows": "class A:\r\n    metadata = 1\r\n",
    "line ends of old": "class A:\r    metadata = 1\r",
    "from outside": "A.metadata = 1\n",
    "from outside in a branch": "if x:\n    y = 1\n    A.metadata = Column()\n",
    "from outside with an annotation": "A.metadata: int = 1\n",
    "behind a header on lines": "class A:\n    if (\n        x\n    ):\n        metadata = 1\n",
    "behind the header of the class": "class A(\n    B,\n):\n    metadata = 1\n",
    "behind a string that ends like a header": 'class A:\n    x = """\n  ):\n    """\n    metadata = 1\n',
    "on the line of a header": "class A:\n    if f(x, y): metadata = 1\n",
    "from outside on the line of a header": "if f(x): A.metadata = 1\n",
    "from outside with spaces": "A. metadata = 1\n",
    "behind a docstring": 'class A:\n    """A.\n\n    metadata: B\n    """\n\n    metadata = 1\n',
    "behind a comment with quotes": 'class A:\n    x = 1  # """\n    metadata = 1\n',
    "behind quotes in quotes": 'class A:\n    x = \'"""\'\n    metadata = 1\n',
    "behind quotes in doubt": 'class A:\n    x = f"{d[\'"\']}" + """\n"""\n    metadata = 1\n',
    "before another word in a function": "class A:\n    registry = 1\n\n\ndef f():\n    metadata = 1\n",
    "in a branch before another": "class A:\n    if x:\n        registry = 1\n    def f(self):\n        metadata = 1\n",
    "by a backref": "class A:\n    x = relationship('B', backref='metadata')\n",
}
OTHERWISE = {
    "in an asynchronous block": "class A:\n    async def f(self):\n        async with x:\n            metadata = 1\n",
    "in an asynchronous loop": "class A:\n    async def f(\n        self, x\n    ):\n        async  for y in x:\n"
    "            metadata = 1\n",
    "argument": "class A:\n    x = Table('a', metadata)\n    y = f(metadata=1)\n",
    "argument on a line": "class A:\n    x = f(\n        metadata=1,\n        registry=2,\n    )\n",
    "parameter": "class A:\n    def f(self, metadata: dict, registry=1):\n        return metadata\n",
    "parameter on a line": "class A:\n    def f(\n        self,\n        metadata: dict,\n    ):\n        return 1\n",
    "told of in a docstring": 'class A:\n    """A.\n\n    Attributes:\n        metadata: B.\n    """\n',
    "told of behind characters of several bytes": "class A:\n    x = 'é€'\n    '''A.\n    metadata: B.\n    '''\n",
    "told of in a function": 'def f(x):\n    """F.\n\n    Args:\n        metadata: X.\n    """\n\n\nclass A: ...\n',
    "parameter with others": "class A:\n    def f(self, metadata, x=1): ...\n    async def g(self, metadata=()): ...\n",
    "local behind a header on lines": "class A:\n    def f(\n        self,\n    ) -> None:\n        metadata = 1\n",
    "attribute behind such a header": "class A:\n    def f(\n        self,\n    ):\n        self.metadata = 1\n",
    "result of a call": "class A:\n    x = f().metadata()\n\ny = A.metadata(1)\nA.metadata()\n",
    "part of a word": "class A:\n    def my_metadata(self): ...\n    def f(self):\n        x = s.metadata(1).all()\n",
    "local": "class A:\n    def f(self):\n        metadata = 1\n        metadata: int = 2\n",
    "local behind a string": 'class A:\n    def f(self):\n        """A."""\n        metadata = 1\n',
    "attribute of an instance": "class A:\n    def f(self, b):\n        self.metadata = 1\n        b.metadata = 2\n",
    "global": "metadata = MetaData()\nregistry: int = 1\n",
    "comparison": "class A:\n    x = metadata == 1\n    y = A.metadata == 2\n",
    "key": "class A:\n    x = {'metadata': 1, metadata: 2}\n",
    "text": "class A:\n    x = 'metadata'  # metadata\n",
    "another word": "class A:\n    my_metadata = 1\n    metadata_2 = 2\n",
    "branch": "class A:\n    def f(self, metadata):\n        if metadata:\n            x = 1\n",
}


def reserved_names(source: SourceFile) -> tuple[ReservedName, ...]:
    classes = read_reserving_classes(source)
    whole = read_outline(source).classes
    assert classes == {k: c for k, c in whole.items() if any(may_be_marked(c, a) for a in c.attributes)}
    return read_reserved_names(source, classes.values())


def found(text: str) -> set[str]:
    source = SourceFile("a.py", text)
    return {fact.name for fact in reserved_names(source)} & (RESERVED | OF_FLASK)


@pytest.mark.parametrize("text", BINDING.values(), ids=BINDING)
def test_what_binds_a_reserved_name_is_noticed(text: str) -> None:
    assert found(text)
    assert may_reserve(text.encode())
    assert may_break_models(text.encode())


@pytest.mark.parametrize("name", sorted(OF_FLASK | {"_sa_x"}))
@pytest.mark.parametrize("text", BINDING.values(), ids=BINDING)
def test_so_are_names_that_matter_with_classes_alone(text: str, name: str) -> None:
    text = text.replace("metadata", name).replace("registry", name)
    if "backref" not in text:  # which is judged for what SQLAlchemy reserves alone
        assert may_reserve(f"{text}\n\nclass Other: ...\n".encode())


def test_names_that_break_no_model_are_passed_where_only_those_are_asked_for() -> None:
    for text in ("query = Column()", "_sa_x = 1", "__x__ = metadata", "def f(self, metadata): return self"):
        assert may_reserve(f"class A:\n    {text}\n    self = 1\n".encode())
        assert not may_break_models(f"class A:\n    {text}\n    self = 1\n".encode())


@pytest.mark.parametrize("text", OTHERWISE.values(), ids=OTHERWISE)
def test_what_binds_none_is_passed(text: str) -> None:
    for name in ("metadata", *sorted(OF_FLASK)):
        renamed = text.replace("metadata", name)
        assert not found(renamed)
        assert not may_reserve(renamed.encode())
        assert not may_break_models(renamed.encode())


def outside(text: str) -> bool:
    return read_outside(SourceFile("a.py", text)) != ()


@pytest.mark.parametrize("text", [*BINDING.values(), *OTHERWISE.values()], ids=[*BINDING, *OTHERWISE])
def test_what_a_class_gets_from_outside_is_looked_for_where_it_may_be(text: str) -> None:
    assert outside(text) <= may_reserve_outside(text)
    assert not may_reserve_outside(text) or "A." in text or "A. " in text or "backref" in text


CLASSES = {
    "in functions": "class T:\n    def f(self):\n        class A:\n            metadata = 1\n        return A\n"
    "\n    def g(self):\n        class A:\n            x = 1\n        return A\n",
    "the second counts": "if 1:\n    class A:\n        metadata = 1\nclass A:\n    x = 1\n",
    "the first is another": "class A:\n    x = 1\nif 1:\n    class A:\n        metadata = 1\n",
    "of two functions": "def f():\n    class A:\n        metadata = 1\n    return A\n"
    "def f():\n    class A:\n        x = 1\n    return A\n",
    "between others": "class B: ...\nclass A(B):\n    def f(self):\n        return 1\n    metadata = 2\nx = 1\n",
    "a table": "class A(B, table=True):\n    def f(self):\n        return\n    json: str\nclass C(B):\n    json: str\n",
    "deep": "class A:\n    class B:\n        def f(self):\n            def g():\n                class C:\n"
    "                    self: int = x\n                return C\n            return g\n",
}


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("text", CLASSES.values(), ids=CLASSES)
def test_the_classes_that_bind_names_are_read_alone(text: str, end: str) -> None:
    reserved_names(SourceFile("a.py", text.replace("\n", end)))


DUNDERS = [
    "__x = Column()",
    "__x = (\n        # why\n        Column()\n    )",
    "__x = \\\n        Column()",
    "__x: Mapped[int]",
    "__x, y = f()",
    "y, __x = 1, Column()",
    "__x__ = the_column",
    "__x__ = é.column",
    "__table__ = B.__table__",
    "__table__ = Table('t', m)",
    "self = Column()",
    "x = self = Column()",
    "x = \\\n__x__ = Column()",
    "x, self = Column(), 1",
    "x = 1  # f(\n    self, x = Column(), 1",
    "# def f(\n    self, x = Column(), 1",
    "x = (lambda self: 1); self = Column()",
    "_self = 1; self = Column()",
    "self: Mapped[int]",
    "__x = (Column('a, b', f(1, 2)))",
    "__x = (Column, 1)[0]",
    "__x = (Column, 1) + y",
    "__x__, __y__ = (Column(), 1)",
    "__x = (\n        Column(')', [\n1,]))",
    "__x = (lambda a, b: Column())()",
    f"__x = (lambda a='{'y' * 500}', b=Column(): b)()",
    f"__x = (Column, {'y' * 5000})[0]",
]
HARMLESS = [
    "__slots__ = ('a', 'b')",
    "__slots__ = (\n        'a',\n    )",
    "__slots__ = ()",
    "__table_args__ = (Index('a', b), )",
    "__table_args__ = (\n        Index(')', 'b'),\n        # ) why\n        {'x': f(1, 2)},\n    )  # why",
    "__table_args__ = (Index('a'), Index('b')); x = 1",
    "__table_args__ = (\n        Index('a'),\n    Index('b'))",
    "__table_args__ = (Index('a'), )\n    x = lambda: 1",
    f"__table_args__ = (Index('a'), )\n    x = '''{'y' * 600}\n{'z' * 9000}\n'''",
    f"__table_args__ = (\n        Index('a'),\n        Index('{'b' * 1000}'),\n    )",
    "__radd__ = __add__",
    "__hash__ = object.__hash__  # why",
    "__bool__ = lambda x: True",
    "__doc__ = rb'doc'",
    "__test__ = False",
    "f = lambda self: 1",
    "_self = f()",
    "if x in self:\n        y = 1",
    "__eq__ = None",
]


@pytest.mark.parametrize("line", DUNDERS)
def test_a_dunder_that_may_be_a_column_is_looked_at(line: str) -> None:
    text = f"class A:\n    {line}\n"
    assert may_reserve(text.encode())
    source = SourceFile("m.py", text)
    assert reserved_names(source) != ()


@pytest.mark.parametrize("line", HARMLESS)
def test_a_dunder_that_can_be_none_is_passed(line: str) -> None:
    assert not may_reserve(f"class A:\n    {line}\n".encode())


LINES = st.sampled_from(
    [
        *(
            "class A:",
            "class B(",
            "def f(x,",
            "def g(self):",
            "):",
            "if x:",
            "else:",
            "x = 1",
            "x = f(",
            ")",
            "1,",
            "pass",
        ),
        *('"""', "'''", "x = [", "]", "# (", "registry = 1", "registry: int", "def registry(self):", "registry, x = y"),
        *(") -> int:", "):", "def f(self, registry, x=1):", "if (x,", "x = a.registry(1)"),
        *("(x, registry) = y", "registry,", ") = y", "f(registry=1)", "A.registry = 1", "self.registry = 2", "@d", ""),
    ]
)


@given(st.lists(st.tuples(st.sampled_from(["", "    ", "    ", "        "]), LINES), max_size=12))
def test_on_odd_lines(lines: list[tuple[str, str]]) -> None:
    text = "".join(f"{indent}{line}\n" for indent, line in lines)
    try:
        names = found(text)
    except UnreadableFile:
        return
    assert not names or (may_reserve(text.encode()) and may_break_models(text.encode()))
    assert not outside(text) or may_reserve_outside(text)
    # Flask-SQLAlchemy's names matter to files with classes.
    assert not names or may_reserve(text.replace("registry", "query").encode() + b"\nclass Z: ...\n")


def test_long_input_takes_no_more_than_its_length() -> None:
    for line in ("    x.metadata = 1\n", "    metadata = f(\n", "    'metadata', metadata, \"\n", "    metadata,\n"):
        may_reserve(b"def f(\n" + line.encode() * 20_000)
        may_reserve(b"def f():\n" + line.encode() * 20_000)
