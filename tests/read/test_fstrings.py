"""Where the expressions of f-strings stand, told from signs where these suffice: the same as a parser says."""

from __future__ import annotations

import pytest

from sqla_guard.core.source import Span
from sqla_guard.read.python.fstrings import parsed_spans, plain_spans

PLAIN = [
    'f"{X}"',
    "F'a { X } b {Y.z}'",
    'f"{X!r} {Y:>3} {Z!s:>3}"',
    "f\"{', '.join(X)} {d['x']}\"",
    'f"{X.upper()} {f(a, [])}"',
    'f"a {X}"\n    "b {c}" f\'{Y}\'',
    'rf"{X[0]} {y[0]}"',
    'f"é {X} 🔒 {Y}"',
    'f"none"',
]
IN_DOUBT = [
    'f"{X[1:2]}"',
    "f\"{', :'.join(X)}\"",
    'f"{X=}"',
    'f"{X != Y}"',
    'f"{(X)}"',
    'f"{{{X}}}"',
    'f"{X:>{Y}}"',
    'f"""{X}"""',
    'f"\\t{X}"',
    'f"{X,}"',
    'f"{X}"  # a comment\n"b"',
]


@pytest.mark.parametrize("text", PLAIN)
def test_signs_tell_what_a_parser_tells(text: str) -> None:
    found = plain_spans(text)
    assert found is not None
    assert found == parsed_spans(text)


@pytest.mark.parametrize("text", IN_DOUBT)
def test_in_doubt_a_parser_is_asked(text: str) -> None:
    assert plain_spans(text) is None


def test_positions_count_characters() -> None:
    assert plain_spans('f"é {X}"') == [Span(5, 6)]
