"""Syntax newer than the running Python is masked without a parser, as the parser would have it masked."""

from __future__ import annotations

import ast

import pytest

from sqla_guard.core.source import SourceFile
from sqla_guard.read.python.newer import mask_newer_syntax
from sqla_guard.read.python.newer_text import mask_by_text
from sqla_guard.read.python.parse import UnparsableFile, parse

NEWER = {
    "the same quotes": "x = f'a {', '.join(b)} c'\n",
    "the same quotes in a key": 'x = f"{a["b"]}" + "c"\n',
    "a backslash": "x = f'{\"\\n\".join(a)}'\n",
    "nested": "x = f'{f'{f'{1}'}'}'\n",
    "over lines": "x = f'{\n    a  # why: }\n}'\ny = 1\n",
    "over lines between three quotes": 'x = f"""{\n  "\'".join(\n  a)}\n"""\n',
    "conversion and format": "x = f'{a['b']!r:>{c['d']}.{e}} {f=} {g = !s}'\n",
    "a comparison": "x = f'{a['b'] != c}{a['b'] == c}{a['b'] <= c=}'\n",
    "a lambda and a walrus": "x = f'{(lambda: a['b'])()}{(y := a['b'])}'\n",
    "brackets": "x = f'{ {'a': [1]}['a'] } {{b}} }}'\n",
    "a colon in a slice": "x = f'{a['b'][1:2]}'\n",
    "raw": "x = rf'\\{a['b']}\\'' + Rf\"{c}\"\n",
    "a name of a character": "x = f'\\N{EM DASH}{a['b']}'\n",
    "side by side": "x = 'a' f'{b['c']}' \"d's\" # it's\n",
    "other strings": "x = b'{' + r'\\'' + '''it's {''' + f'{a['b']}'\ny = '\\\n'\n",
    "Windows line ends": "x = f'{a['b']}'\r\ny = 'a\\\r\nb'\r\n",
    "nothing to mask": "x = 'f\"{'\n",
    "type parameters": "class A[T, *Ts, **P](B[T]):\n    def f[S: int](self, s: S) -> S: ...\nasync def g [T](): ...\n",
    "of bounds": "class A[T: 'dict[str, \"]\"] | None', U: (a[b], {c: d}) = f'{x}']:\n    pass\n",
    "type parameters over lines": "class A[\n    T: 'B',  # it's ]\n    U,\n](B):\n    x = 1\ndef f[\n T](a: T): ...\n",
    "type parameters over lines of Windows": "class A[\r\n    T,\r\n    U](B):\r\n    x = 1\r\n",
    "what looks like type parameters": "x = 'class A[T]'  # def f[\nsubclass = [1]\n",
}


@pytest.mark.parametrize("case", NEWER)
def test_the_mask_is_that_of_a_parser(case: str) -> None:
    masked = mask_by_text(NEWER[case])
    assert masked is not None
    assert masked == mask_newer_syntax(SourceFile("m.py", NEWER[case]))
    assert len(masked) == len(NEWER[case])
    ast.parse(masked)


IN_DOUBT = {
    "no end": "x = f'{a\n",
    "no end of a plain string": "x = 'a\n",
    "no expression": "x = f'{ }'\n",
    "two expressions": "x = f'{a b}'\n",
    "a bracket too many": "x = f'{a)}'\n",
    "a brace too many": "x = f'}'\n",
    "an unknown conversion": "x = f'{a!x}'\n",
    "a quote in a format": "x = f'{a:'}'\n",
    "an error inside of a nested one": "x = f'{f'{a b}'}'\n",
    "a group of exceptions": "x = f'{a['b']}'\ntry:\n    pass\nexcept* ValueError:\n    pass\n",
    "no type parameters": "class A[]:\n    pass\n",
    "no end of type parameters": "class A[T:\n    pass\n",
    "another end of type parameters": "class A[T):\n    pass\n",
    "no such type parameters": "class A[T, /]: ...\n",
    "a bare star": "class A[*, T]: ...\n",
    "a bound of several": "class A[*T: int]: ...\n",
    "a value": "class A[1]: ...\n",
    "a definition in an expression": "x = f'{class A[T]}'\n",
    "a definition in type parameters": "class A[T: class B[T]]: ...\n",
    "very deep": "x = " + "f'{" * 60 + "1" + "}'" * 60 + "\n",
}


@pytest.mark.parametrize("case", IN_DOUBT)
def test_in_doubt_nothing_is_masked(case: str) -> None:
    assert mask_by_text(IN_DOUBT[case]) is None


@pytest.mark.parametrize("case", ["two expressions", "an error inside of a nested one", "no expression"])
def test_what_is_no_python_is_still_said_to_be_none(case: str) -> None:
    with pytest.raises(UnparsableFile):
        parse(SourceFile("m.py", IN_DOUBT[case]))


def test_other_newer_syntax_is_masked_as_well() -> None:
    tree = parse(SourceFile("m.py", "type X = int\nclass A[T]:\n    x = f'{a['b']}'\n"))
    assert [type(node).__name__ for node in tree.body][1:] == ["ClassDef"]


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_newer_syntax_over_lines_leaves_the_rest_where_it_stood(end: str) -> None:
    text = "class A[\n    T,\n](B):\n    x = 1\ntype X[\n    T\n] = A[T]\ny = 1\n".replace("\n", end)
    tree = parse(SourceFile("m.py", text))
    assert [(type(node).__name__, node.lineno) for node in tree.body][::2] == [("ClassDef", 1), ("Assign", 8)]
