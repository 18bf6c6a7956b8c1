"""Where the expressions of f-strings stand, which ``ast`` does not tell before Python 3.12."""

from __future__ import annotations

import pytest

from sqla_guard.core.source import Span
from sqla_guard.read.python.fstrings import expression_spans

EXPRESSIONS = {
    'f"{X}"': ["X"],
    'f"none"': [],
    'f""': [],
    "F'a { X } b {Y.z}'": ["X", "Y.z"],
    'f"{X!r} {Y:>3} {Z!s:>3}"': ["X", "Y", "Z"],
    "f\"{', '.join(X)} {d['x']}\"": ["', '.join(X)", "d['x']"],
    "f\"{', :}'.join(X)} {Y}\"": ["', :}'.join(X)", "Y"],
    'f"{X.upper()} {f(a, [])}"': ["X.upper()", "f(a, [])"],
    'f"a {X}"\n    "b {c}" f\'{Y}\'': ["X", "Y"],
    'f"{X}"  # {a} comment "\n"b" f"{Y}"': ["X", "Y"],
    'f"{X}" \\\n  rf"{Y}"': ["X", "Y"],
    'rf"{X[0]} \\{y[0]}"': ["X[0]", "y[0]"],
    'f"é {X} 🔒 {Y}"': ["X", "Y"],
    'f"{X[1:2]} {f(a=1)} {[x for x in y if x != 1]}"': ["X[1:2]", "f(a=1)", "[x for x in y if x != 1]"],
    'f"{ {1: 2}[1] } { {3} }"': ["{1: 2}[1]", "{3}"],
    'f"{X=} {Y = !r:>3}"': ["X", "Y"],
    'f"{X != Y} {X == Y!r} {X <= Y:3} {X < Y} {X>Y}"': ["X != Y", "X == Y", "X <= Y", "X < Y", "X>Y"],
    'f"{(X)} {(a, b)} {X,}"': ["(X)", "(a, b)", "X,"],
    'f"{{{X}}} {{Y}} }}"': ["X"],
    'f"{X:>{Y}} {X!r:{Y}.{Z}} {X:}"': ["X", "Y", "X", "Y", "Z", "X"],
    'f"{(lambda: X)()} {(y := X)}"': ["(lambda: X)()", "(y := X)"],
    'f"""{X}\n{\n  Y\n} "{Z["a"]}" """': ["X", "Y", 'Z["a"]'],
    "f\"{'''a}'''} {'' or X}\"": ["'''a}'''", "'' or X"],
    'f"\\t{X} \\N{EM DASH} {Y} \\\\N{Z}"': ["X", "Y", "Z"],
    "f'\\'{X}'": ["X"],
}


@pytest.mark.parametrize("text", EXPRESSIONS)
def test_each_expression_is_found_where_it_stands(text: str) -> None:
    compile(text if text.count("\n") < 1 else f"({text}\n)", "m.py", "eval")
    spans = expression_spans(text)
    assert [text[span.start : span.end] for span in spans] == EXPRESSIONS[text]
    assert sorted(spans) == spans


def test_positions_count_characters() -> None:
    assert expression_spans('f"é {X}"') == [Span(5, 6)]


@pytest.mark.parametrize("text", ['f"{X"', 'f"}"', 'f"{X!}"', 'f"{\'a}"', 'f"{X:{Y}"', 'x"a', 'f"{X)}"'])
def test_of_what_is_no_f_string_nothing_is_told(text: str) -> None:
    assert expression_spans(text) == []
