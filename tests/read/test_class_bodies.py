"""Bindings in class bodies: read from their statements alone, they are what the whole tree gives."""

from __future__ import annotations

import pytest

from sqla_guard.core.source import SourceFile
from sqla_guard.facts.reserved import ReservedName
from sqla_guard.read.python.class_bodies import read_class_body, read_every_class
from sqla_guard.read.python.outline import read_outline

CALLS = {
    "plain": ("Column(JSON)", 'Column("m", JSON, z=1)'),
    "nothing": ("Column()", 'Column("m", z=1)'),
    "nothing but a comment": ("Column(  # none (\n    )", 'Column(  # none (\n    "m", z=1)'),
    "in parentheses": ("(Column)((JSON), (1))", '(Column)("m", (JSON), (1), z=1)'),
    "comments": (
        "Column  (  # a (\n        # b ) #\n        JSON,  # c )\n    )",
        'Column  (  # a (\n        # b ) #\n        "m", JSON, z=1,  # c )\n    )',
    ),
    "line goes on": (
        "db \\\n    .Column \\\n    (\\\n    JSON)",
        'db \\\n    .Column \\\n    (\\\n    "m", JSON, z=1)',
    ),
    "generator": ("Column(x for x in y)", 'Column("m", x for x in y, z=1)'),
    "generator in parentheses": ("Column((x for x in y))", 'Column("m", (x for x in y), z=1)'),
    "keywords": ("Column(type_=(JSON), **more)", 'Column("m", type_=(JSON), **more, z=1)'),
    "unpacked": ("Column(*args, key='é', )", "Column(\"m\", *args, key='é', z=1, )"),
    "called twice": ("a(1)[0](JSON)(Text)", 'a(1)[0](JSON)("m", Text, z=1)'),
}
BODIES = {
    "on the line of the class": "class A: metadata = {}",
    "behind a semicolon": "class A:\n    é = 'é'; metadata = {}; b = 1",
    "behind a string over lines": "class A:\n    x = '''\n'''; metadata: T = {}",
    "in a branch": "class A:\n    if x:\n        pass\n    else: metadata = {}",
    "with tabs": "class A:\n\tif x:\n\t\tmetadata = {}",
    "of one of several": "class A:\n    [x, (y, *metadata)] = 1, (2, {})",
    "of two of several": "class A:\n    metadata, registry = {}, {}",
    "without a value": "class A:\n    metadata: (\n        int\n    )",
    "of a method": (
        "class A:\n    @one\n    # more\n    @two(1)\n    def metadata(cls):\n        if x:\n            return {}\n"
        "        def f():\n            return 1\n        return"
    ),
    "of a method with tabs": "class A:\n\t@one\n\tdef metadata(cls):\n\t\t'''\n '''\n\t\treturn {}",
    "of a method on one line": "class A:\n    async def metadata(cls): return {}",
    "of a class": "class A:\n    @one\n    class metadata(B):\n        registry = {}",
    "in a function": "def f():\n    class A:\n        x: 'é'; metadata = {}",
    "with line ends of Windows": "class A:\r\n    metadata = (\r\n        {})\r\n",
    "behind a line that goes on": "class A: \\\nmetadata = {}",
    "of newer syntax": "class A[T]:\n    x = 1; metadata = {}\n    def registry[T](self):\n        return {}",
    "in a loop": "class A:\n    for metadata in x:\n        registry = {}",
    "of a field": "class A(B, table=True):\n    json = {}\n    _x: int",
}


@pytest.mark.parametrize("case", CALLS)
def test_arguments_go_where_they_belong(case: str) -> None:
    call, expected = CALLS[case]
    text = f"class A:\n    metadata = {call}\n"
    (fact,) = _quick(text)
    made = fact.constructor
    assert made is not None
    assert fact.value_span is not None
    last = "z=1" if made.empty else ", z=1"
    first = '"m", '
    new = text[: made.insert_at] + first + text[made.insert_at : made.append_at] + last + text[made.append_at :]
    assert new == f"class A:\n    metadata = {expected}\n"
    assert text[slice(*fact.value_span)].lstrip("(") in call


@pytest.mark.parametrize("case", BODIES)
def test_a_statement_alone_says_what_it_says_in_its_file(case: str) -> None:
    text = "# before\n" + BODIES[case]
    quick = _quick(text)
    assert set(quick) == set(read_every_class(SourceFile("m.py", text))) != set()
    for fact in quick:
        assert text[slice(*fact.span)] == fact.name
        assert fact.value_span is None or text[slice(*fact.value_span)] == "{}"
        assert not fact.annotation_end or text[: fact.annotation_end].endswith((": T", "int\n    )", ": int"))


def _quick(text: str) -> tuple[ReservedName, ...]:
    source = SourceFile("m.py", text)
    classes = read_outline(source).classes.values()
    return tuple(fact for definition in classes for fact in read_class_body(source, definition))
