"""Replacing an identifier at its mapped place changes the evaluated string in the identifier alone."""

from __future__ import annotations

import ast
import warnings
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sqla_guard.core.source import SourceFile
from sqla_guard.read.python import literals as literal_module
from sqla_guard.read.python.literals import HOLE, Mapped, expression_span, literal
from sqla_guard.read.python.nodes import Nodes
from sqla_guard.read.python.sql_values import Values

NAME = "metadata"


def evaluated(code: str) -> Mapped:
    """Return what the last statement's expression stands for."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        tree = ast.parse(code)
    source = SourceFile("a.py", code)
    statement = tree.body[-1]
    assert isinstance(statement, ast.Assign)
    (value,) = Values(source, Nodes(tree)).evaluate(statement.value, None, {})
    return value


def run(code: str) -> str:
    names: dict[str, object] = {}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        exec(compile(code, "a.py", "exec"), names)
    value = names["x"]
    return value.decode("latin-1") if isinstance(value, bytes) else str(value)


ESCAPES = ["\\n", "\\t", "\\x41", "\\101", "\\\\", "\\\n", "\\q", "\\0", "\\'", '\\"']
WIDE = ["\\u00e9", "\\U0001F600", "\\N{EM DASH}", "é", "😀"]
SPELLED = [NAME, "meta\\x64ata", "\\155etadata", "meta\\\ndata"]
PLAIN = ["a ", "CREATE TABLE t (", "%", "{{", "}}", ";", "#"]


@st.composite
def literals(draw: st.DrawFn) -> tuple[str, bool]:
    """Return the code of one literal and whether the name is in it."""
    prefix = draw(st.sampled_from(["", "r", "R", "u", "f", "F", "rf", "Fr"]))
    quote = draw(st.sampled_from(["'", '"', "'''", '"""']))
    raw = "r" in prefix.lower()
    formatted = "f" in prefix.lower()
    choices = [*PLAIN, "é"] if raw else PLAIN + ESCAPES + WIDE
    if len(quote) == 3:
        choices = [*choices, "\n"]
    if formatted:
        choices = [*choices, "{1}", "{'q'!r:>4}" if quote[0] == '"' else '{"q"!r:>4}']
    parts = draw(st.lists(st.sampled_from(choices), max_size=5))
    named = draw(st.booleans())
    if named:
        name = NAME if raw else draw(st.sampled_from(SPELLED))
        parts.insert(draw(st.integers(0, len(parts))), f" {name} ")
    return f"{prefix}{quote}{''.join(parts)}{quote}", named


@settings(max_examples=400, deadline=None)
@given(st.lists(literals(), min_size=1, max_size=4), st.sampled_from([" ", "\n  ", " + ", " # c\n  "]))
def test_edits_change_the_name_alone(pieces: list[tuple[str, bool]], joint: str) -> None:
    code = f"é = 1; x = ({joint.join(piece for piece, _ in pieces)})\n"
    value = evaluated(code)
    before = run(code)
    assert value.text.count(NAME) == sum(named for _, named in pieces)
    assert HOLE in value.text or value.text == before
    at = value.text.find(NAME)
    if at < 0:
        return
    span = value.span(at, at + len(NAME))
    assert span is not None
    edited = code[: span.start] + "event_" + NAME + code[span.end :]
    assert run(edited) == before.replace(NAME, "event_" + NAME, 1)


@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("prefix", ["", "r", "f", "b"])
def test_line_ends(newline: str, prefix: str) -> None:
    code = newline.join(["a = 1", f"x = {prefix}'''q", f"  {NAME} JSON", "'''", ""])
    value = evaluated(code)
    assert value.text == f"q\n  {NAME} JSON\n"
    at = value.text.index(NAME)
    span = value.span(at, at + len(NAME))
    assert span is not None
    assert code[span.start : span.end] == NAME


@pytest.mark.parametrize(
    ("expression", "text"),
    [
        ("'meta' 'data'", NAME),
        ("'ADD %s int, metadata' % a", f"ADD {HOLE} int, metadata"),
        ("'100%%, metadata' % a", "100%, metadata"),
        ("'{a} {{metadata}} {0!r:>{w}}'.format(1, a=2, w=3)", f"{HOLE} {{metadata}} {HOLE}"),
        ("textwrap.dedent('''\n    a\n      metadata\n    ''')", "\na\n  metadata\n"),
        ("'''\n metadata '''.strip()", "metadata"),
        ("f'{d[\"metadata\"]} ADD metadata'", f"{HOLE} ADD metadata"),
        ("f'ADD {p}data'", f"ADD {HOLE}data"),
        ("'a' + unknown + 'metadata'", f"a{HOLE}metadata"),
        ("b'\\xff metadata'", "\xff metadata"),
    ],
)
def test_values(expression: str, text: str) -> None:
    value = evaluated(f"x = {expression}\n")
    assert value.text == text
    assert len(value.origins) == len(value.text)
    at = value.text.find(NAME)
    if at >= 0 and "' '" not in expression:
        span = value.span(at, at + len(NAME))
        assert span is not None
        assert f"x = {expression}"[span.start : span.end] == NAME


def test_a_name_in_two_literals_has_no_place() -> None:
    value = evaluated("x = 'meta' 'data'\n")
    assert value.span(0, len(NAME)) is None
    assert value.span(0, 4) is not None


def test_what_libcst_does_not_read_is_unknown() -> None:
    code = "x = 'a'"
    node = ast.parse(code).body[0]
    assert isinstance(node, ast.Assign)
    assert literal(node.value, SourceFile("a.py", "x = a ('")) is None


def test_very_many_adjacent_literals() -> None:
    code = "x = (" + "\n".join(["'é '", "'metadata'"] * 800) + ")\n"
    value = evaluated(code)
    assert value.text == run(code)
    at = value.text.rindex(NAME)
    span = value.span(at, at + len(NAME))
    assert span is not None
    assert code[span.start : span.end + 2] == NAME + "')"


@pytest.mark.parametrize(
    "text",
    [
        '"a\\n{b}"',
        "rb'a\\n'",
        "f'a{b}c{{d}}{e!r}{f:>3}{g=}{ h.i }{j()}{k[0]}'",
        "f'{(a)}'",
        "f'{(a).b}{( a ) . b}{(a.b)}'",
        "f\"{'a' 'b'}{'a' f'{b}'}{'a'!r}{'a':>3}{('a')}\"",
        "f\"{'a'.b}{'a' .b}{f'{a}'}{('a' 'b').c}{(a)[0].b}\"",
        "f\"{'{'}{'}'}{'{'.b}{a}\"",
        'f\'{a["b"]}{a.get("c")}{"d"}\'',
        "f'{r\"d\"}'",
        "f'{a:\">3}'",
        "f'{a[\"}\"]}'",
        "f'\\N{DASH}{a}'",
        "f'{a:{b}}'",
        "f'''{\na\n}{{{b}}}'''",
        "f'\\{a}{1}{None}{not a}{a.b().c}'",
        "fR'\\{{a}\\'",
        "'a' 'b'",
        '\'a\'\\\n  f\'{b}\'  # c\n  """d"""',
        'f"{a[""]}"',
        "f'a' '{b}'",
        "''",
        "f''",
        '""""""',
        "'''a\\''''",
    ],
)
def test_a_literal_means_the_same_with_a_parser_and_without(text: str) -> None:
    def resolve(name: ast.expr) -> Mapped:
        return Mapped(ast.unparse(name), ((0, 0, -1),) * len(ast.unparse(name)))

    read = literal_module._quick(text, 7, resolve)
    assert read in (None, literal_module._parsed(text, 7, resolve))


@pytest.mark.parametrize(
    "text",
    [
        "f\"SET {', '.join(names)} WHERE {a}\"",
        "f\"SET {', '.join(f'{n} = 1' for n in names[:3])} WHERE {a}\"",
        "f'''{(b('c') or 'd').upper()}{a}'''",
        "f\"{f'<p>{b.c}</p>' if b else ''}{a}\"",
        "f\"{'b' if c else 'd'}{a}\"",
    ],
)
def test_a_field_that_only_begins_with_a_literal_needs_no_parser(text: str) -> None:
    def resolve(name: ast.expr) -> Mapped | None:
        return Mapped("known", ((0, 0, -1),) * 5) if ast.unparse(name) == "a" else None

    read = literal_module._quick(text, 7, resolve)
    assert read is not None
    assert read == literal_module._parsed(text, 7, resolve)


def test_literals_of_real_code_mean_the_same_with_a_parser_and_without() -> None:
    path = Path(literal_module.__file__)
    source = SourceFile(path.name, path.read_text(encoding="utf-8"))
    quick = 0
    for node in ast.walk(ast.parse(source.text)):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            span = expression_span(node, source)
            read = literal_module._quick(source.text[span.start : span.end], span.start, None)
            quick += read is not None
            assert read in (None, literal_module._parsed(source.text[span.start : span.end], span.start, None))
    assert quick > 50
