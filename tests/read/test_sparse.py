"""Trees without the bodies of functions show the rest as whole trees do, and outlines made of them lack nothing."""

from __future__ import annotations

import ast
import os
import re
import sysconfig
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sqla_guard.core.source import SourceFile
from sqla_guard.core.workspace import UnreadableFile
from sqla_guard.facts.outline import Outline
from sqla_guard.read.load import decode
from sqla_guard.read.python import parse as parsing
from sqla_guard.read.python.bodies import bodies_of
from sqla_guard.read.python.outline import read_classes_called, read_outline, read_outline_of
from sqla_guard.read.python.parse import check_syntax, parse
from sqla_guard.read.python.sparse import parse_mentioning

SITE = Path(sysconfig.get_path("purelib"))
USUAL = ["alembic", "click", "flask", "flask_sqlalchemy", "jinja2", "pluggy"]
PACKAGES = sorted(p.name for p in SITE.iterdir() if p.is_dir()) if os.environ.get("QUICK_IS_CLOSE") == "all" else USUAL
EVERY = 5  # of so many names, one is asked for in real code

NEVER = re.compile(r"\Z\A.")
ODD = re.compile(r"\b(?:return|[abc])\b")

LEFT_OUT = {
    "plain": "def f(a, b=(1, (2,))):\n    x = 1\n    return x\ny = 2\n",
    "method": "class A:\n    def f(self):\n        return 1\n\n    b = 2\n",
    "one line": "def f():\n    return 1\n",
    "last line in characters of several bytes": "def f():\n    x = 1\n    return 'é€' + ü\n",
    "string ends it at the margin": 'class A:\n    def f(self):\n        return """\n"""\n    x = 1\n',
    "string holds a definition": 'x = """\ndef g():\n    pass\n"""\ndef f():\n    return """\ndef g():\n"""\n',
    "comment ends it": "def f():\n    return 1  # class\n# import\n    # still\n\n\ny = 1\n",
    "comment at the margin inside": "def f():\n    x = 1\n# what\n    return x\n",
    "decorated": "@a(\n  1)\ndef f(\n    x: int,\n) -> dict[str, int]:\n    return {}\n",
    "line ends of Windows": 'def f():\r\n    """A.\r\n\r\n    B\r\n    """\r\n    return 1\r\n\r\ny = 2\r\n',
    "no line end at all": "def f():\n    return 1",
    "nested": "def f():\n    def g():\n        return 1\n    return g\n",
    "quotes in quotes": "def f():\n    return \"'\" + '\"' + '\\'' + \"\\\\\"\ny = 'class'\n",
    "raw": "def f():\n    return r'\\'' + rb\"\\\"\"\ny = 1\n",
    "format": "def f():\n    return f'{a[\"b\"]}{{x}} {c!r:>{d}}'\ny = 1\n",
    "format in a format": "def f():\n    return f\"{', '.join(f'{x}={y}' for x in z)}\"\ny = 1\n",
    "other quotes in a format in a format": (
        'def f():\n    return f"""<a b="{c}">{f\'<p d="e">{g}</p>\' if g else ""}</a>"""\ny = 1\n'
    ),
    "line goes on further right": "def f():\n    x = 1 + \\\n      2\n    return x\ny = 1\n",
    "async": "async def f():\n    await x\ny = 1\n",
    "async, spaced": "if 1:\n  async   def  f(a) :  \n    await x\ny = 1\n",
    "word of a header elsewhere": "def f(a_def, undef ):\n    return a_def (undef )\ny = 1\n",
    "import": "def f():\n    if 1:\n        from a import (b,  # c\n  d)\n        import e.g as h\n    return\n",
    "try": "def f():\n    try:\n        import a\n    except E:\n        import b\n    else:\n        import c\n",
    "block": "if 1:\n    def f():\n        return 1\nelse:\n    def f(): return 2\n",
    "deeper than expected": "def f():\n          x = 1\n          return x\ny = 1\n",
}
KEPT = {
    "bracket at the margin": "def f():\n    x = (\n1,\n2)\n    return x\ny = 1\n",
    "semicolon ends it": "def f():\n    x = 1;\ny = 1\n",
    "line goes on": "def f():\n    x = 1 + \\\n2\n    return x\ny = 1\n",
    "definition goes on": "class A:\n    async \\\ndef f(self):\n        pass\n    x = 1\n",
    "form feed": "def f():\n    x = 1\n\f    return x\ny = 1\n",
    "tab": "def f():\n\tx = 1\n        return x\ny = 1\n",
    "old line ends": "def f():\r    return 1\ry = 1\n",
    "line end in a comment": "x = 1 # a\rdef f():\n    return 1\n",
    "one line": "def f(): return 1\ny = 1\n",
    "class": "def f():\n    class A:\n        x = 1\n    return A\n",
    "import behind a colon": "def f():\n    if 1: import a\n    return 1\n",
    "import alone": "def f():\n    import a\n",
    "slice in what it returns": "def f() -> a[1:2]:\n    return 1\n",
    "far right": "if 1:\n" + " " * 500 + "def f():\n" + " " * 501 + "return 1\n",
    "deep brackets": "def f(a=((((1,),),),)):\n    return 1\n",
    "same quotes in a format": 'def f():\n    return f"{d[\'}\'] + e["x"]}" + g(" : ")\ny = 1\n',
}


def source(text: str) -> SourceFile:
    parsing._trees.clear()  # whole trees that are there are preferred
    parsing._sizes.clear()
    return SourceFile("a.py", text)


def outlines(file: SourceFile) -> Iterator[object]:
    """Yield the outline as it is read, and as it is read from the whole tree."""
    for prepare in (parsing._trees.clear, lambda: parse(file)):
        try:
            prepare()
            yield read_outline(file)
        except UnreadableFile as error:
            yield str(error)


def bound_to(outline: Outline, name: str) -> tuple[object, ...]:
    """Return what an outline tells of ``name`` at the top of the module."""
    imports = [item for item in outline.imports if item.local in (name, "*")]
    return imports, outline.bindings.get(name), outline.functions.get(name), outline.classes.get(name)


def assert_names_are_told_of(file: SourceFile, every: int = 1) -> None:
    """Compare what an outline tells of each of its names with what the outline of that name alone tells."""
    parsing._trees.clear()
    whole = read_outline(file)
    classes = {cls.name for cls in whole.classes.values()}
    names = sorted({*classes, *whole.bindings, *whole.functions, *(i.local for i in whole.imports), "no_such_name"})
    for name in names[::every]:
        parsing._trees.clear()
        assert bound_to(read_outline_of(file, name) or whole, name) == bound_to(whole, name), (file.path, name)
        called = tuple(cls for cls in whole.classes.values() if cls.name == name)
        assert read_classes_called(file, frozenset({name})) == called, (file.path, name)


def assert_errors_are_told(text: str) -> None:
    """Compare what is said of a file's syntax when nothing was read of it, and when all was but some bodies."""

    def said(file: SourceFile) -> object:
        try:
            return check_syntax(file)
        except UnreadableFile as error:
            return str(error), error.line

    file = source(text)
    with suppress(UnreadableFile):
        parse_mentioning(file, ODD)
    with suppress(UnreadableFile):
        parse_mentioning(file, NEVER)
    parts = said(file)
    parsing._trees.clear()
    parsing._unread.clear()
    assert parts == said(file)


def assert_same_but_for_bodies(sparse: ast.AST, whole: ast.AST) -> int:
    """Compare two trees; return how many bodies the first lacks."""
    missing = 0
    for left, right in zip(ast.walk(sparse), ast.walk(whole), strict=False):
        if isinstance(left, (ast.FunctionDef, ast.AsyncFunctionDef)) and ast.dump(left) != ast.dump(right):
            assert isinstance(right, (ast.FunctionDef, ast.AsyncFunctionDef))
            assert [ast.dump(node) for node in left.body] == [ast.dump(ast.parse("0").body[0])]
            assert (left.body[0].end_lineno, left.body[0].end_col_offset) == (right.end_lineno, right.end_col_offset)
            right.body = left.body
            missing += 1
    assert ast.dump(sparse, include_attributes=True) == ast.dump(whole, include_attributes=True)
    return missing


@pytest.mark.parametrize("text", LEFT_OUT.values(), ids=LEFT_OUT)
def test_a_body_is_left_out_and_nothing_else_moves(text: str) -> None:
    assert assert_same_but_for_bodies(parse_mentioning(source(text), NEVER), ast.parse(text))
    quick, close = outlines(source(text))
    assert quick == close


@pytest.mark.parametrize("text", KEPT.values(), ids=KEPT)
def test_what_is_in_doubt_stays(text: str) -> None:
    try:
        whole = ast.parse(text)
    except SyntaxError:
        whole = None
    if whole is not None and text not in (KEPT["class"], KEPT["import behind a colon"], KEPT["import alone"]):
        assert assert_same_but_for_bodies(parse_mentioning(source(text), NEVER), whole) == 0
    quick, close = outlines(source(text))
    assert quick == close


def test_a_body_with_a_wanted_word_stays_whole() -> None:
    text = "def f():\n    def g():\n        return 1\n    global x\ndef h():\n    return 2\n"
    assert assert_same_but_for_bodies(parse_mentioning(source(text), re.compile("global")), ast.parse(text)) == 1


def test_a_tree_that_is_there_is_taken() -> None:
    file = source(LEFT_OUT["plain"])
    assert parse_mentioning(file, NEVER) is not parse(file)
    assert parse_mentioning(file, NEVER) is parse(file)


TOLD = {
    "brackets": "x = (\na\n, b) + (\nc)\na = 1\nf(\na = 2, b = [\nb\n])\nb = 3\n",
    "decorated": "@d(\na\n)\n@e\n\n# why\n@ g\ndef a(): pass\n@f\nclass b(a): pass\n",
    "line goes on": "x = \\\na = \\\n1\nclass \\\nB: pass\nfrom a import \\\nc, \\\nd\n",
    "branches": "if x:\n    a = 1\nelif y:\n    a = 2\nelse:\n    class a: pass\nelse_a = 1\n",
    "tries": "try:\n    import a\nexcept E:\n    a = None\nelse:\n    b = 1\nfinally:\n    c = 2\nd = 3\n",
    "several": "a = 1; b = 2; import c\nfor a, b in c: d = 4\nwith a as e, b as (f, g): pass\na += 1\n",
    "strings": "x = '''\na = 1\nclass b: pass\n'''\na = 2\nb = '\\\na = 3'\n",
    "everything": "from a import (\n  *)\nfrom b import*\ndef f():\n    return a * b\nc = 1\n",
    "inside": "def f():\n    class A: 1\n    import c\n    def g():\n        class A: 2\nclass A:\n    class A: 3\n",
    "again": "class A: x = 1\nif 1:\n    class A: x = 2\n\n\n\n\nclass A: x = 3\nA = A\n",
    "in a header": "class A(B): pass\nclass B(A, metaclass=C): pass\ndef C(a=A, *, b: B) -> B: return A\n",
    "letters": "ﬁ = 1\nfi = 2\nclass ﬁ: pass\n",
    "line ends of Windows": "@a\r\ndef b():\r\n    c\r\n\r\nimport c\r\nb = (\r\nd)\r\n",
    "a string first": "'''a\nb'''\nfrom a import b\n",
    "bound in an expression": "if (a := 1):\n    b = a\n",
    "of everything": "from a import \\\n*\nif 1:\n    from b import *\ndef c():\n    from d import c\nfrom f import*",
    "words in words": "classA = 1\nclass_ = 2\nclass A: pass\ndef classB(): pass\nimportc = 1\n",
}


@pytest.mark.parametrize("text", [*TOLD.values(), *LEFT_OUT.values(), *KEPT.values()])
def test_the_outline_of_a_name_tells_all_of_it(text: str) -> None:
    try:
        ast.parse(text)
    except SyntaxError:
        return
    assert_names_are_told_of(SourceFile("a.py", text))


def test_an_outline_of_a_name_has_only_the_statements_that_say_it() -> None:
    file = SourceFile(
        "a.py", "from a import b\nc = 1\n\ndef d():\n    import x, y\n    return c d\n\n\nclass e(b): pass\n"
    )
    found = read_outline_of(file, "b")
    assert found is not None
    assert (found.classes, found.bindings, found.functions) == ({}, {}, {})
    assert [item.local for item in found.imports] == ["b"]
    found = read_outline_of(file, "y")
    assert found is not None
    assert [item.local for item in found.imports] == ["x", "y"]
    found = read_outline_of(file, "e")
    assert found is not None
    assert ([*found.classes], found.imports) == (["e"], ())
    assert read_classes_called(file, frozenset({"b", "d"})) == ()


@pytest.mark.parametrize("text", [*LEFT_OUT.values(), *KEPT.values(), *TOLD.values()])
def test_errors_in_what_was_left_out_are_told(text: str) -> None:
    assert_errors_are_told(text)
    for at in [index for index, character in enumerate(text) if character in "( \n:1"]:
        for wrong in (" )", " = (", "\n x", " $ "):
            assert_errors_are_told(text[:at] + wrong + text[at:])


def test_what_was_read_is_not_read_again_for_its_errors() -> None:
    file = source("def f():\n    return 1\n    x = 2\ny = 3\n")
    parse_mentioning(file, NEVER)
    assert parsing._unread_text(file) == "async def f():\n    return 1\n    x = 2\n"
    assert check_syntax(file)
    parse_mentioning(file, re.compile("return"))
    assert parsing._unread_text(file) == ""
    assert file not in parsing._trees


def test_names_that_hold_the_word_are_no_imports() -> None:
    """A class full of them need not be read for a name that it says."""
    body = "class C:\n    def f(self):\n        import a\n        importlib.import_module(x)\n        return reimport\n"
    found = read_outline_of(SourceFile("a.py", f"x = 1\n{body}"), "x")
    assert found is not None
    assert ([*found.classes], [*found.bindings], [item.local for item in found.imports]) == ([], ["x"], ["a"])


@pytest.mark.parametrize("text", ["ﬁ = 1\n", "def f():\r    return 1\r", 'x = "\n'])
def test_where_statements_are_in_doubt_there_is_no_outline_of_a_name(text: str) -> None:
    assert read_outline_of(SourceFile("a.py", text), "f") is None


def test_long_input_takes_no_more_than_its_length() -> None:
    for unit in (
        '"""',
        "'''\\",
        "def f(",
        "def f(a, (",
        "def f[",
        "f'{",
        "f'{{}{'",
        "\n def f():\n  x",
        '"\\',
        "#'\"",
        "async ",
        "def ",
        " def f():",
    ):
        for text in (unit * 20_000, "\n".join([unit] * 20_000)):
            bodies = bodies_of(SourceFile("a.py", text))
            assert len(bodies.found) + len(bodies.statements) <= 20_001


LINES = st.sampled_from(
    [
        *("def f():", "def g(a=(", "))):", "async def h(x) -> a[b]:", "class A:", "if x:", "else:", "try:", "finally:"),
        *(
            "return 1",
            "x = 1",
            "import a",
            "from b import (c,",
            "d)",
            "from . import e",
            "x = '''",
            "'''",
            '"""',
            "x = (",
            ")",
        ),
        *(
            "pass;",
            "# '",
            "\\",
            "x = \\",
            "'a'; \"b\"",
            "f'{x}'",
            "f'{\"'\"}'",
            "'é'",
            "@d",
            "",
            "0",
            "\t",
            "\f",
            "y: int",
        ),
        *('f"{a["b"]}"', "f'''{", "}'''", "lambda: (yield)"),
    ]
)


@given(
    st.lists(st.tuples(st.sampled_from(["", "", "    ", "    ", "        ", " "]), LINES), max_size=14),
    st.sampled_from(["\n", "\r\n", "\r"]),
)
def test_on_odd_lines(lines: list[tuple[str, str]], end: str) -> None:
    text = end.join(indent + line for indent, line in lines)
    try:
        whole = ast.parse(text)
    except (SyntaxError, ValueError):
        assert_errors_are_told(text)
        return  # what is left out is not looked at
    assert_errors_are_told(text)
    assert_same_but_for_bodies(parse_mentioning(source(text), ODD), whole)
    quick, close = outlines(source(text))
    assert quick == close
    assert_names_are_told_of(source(text))


@pytest.mark.parametrize("package", PACKAGES)
def test_on_the_installed_packages(package: str) -> None:
    files = sorted((SITE / package).rglob("*.py"))
    for path in files:
        try:
            file = decode(str(path), path.read_bytes())
        except UnreadableFile:
            continue
        quick, close = outlines(file)
        assert quick == close, path
        if not isinstance(close, str):
            assert_names_are_told_of(file, every=EVERY)
