"""What is said of a column is the same whether all strings are evaluated or those alone that can matter."""

from __future__ import annotations

import ast

import pytest

from sqla_guard.core.source import SourceFile
from sqla_guard.facts.loose import Loose, Telling
from sqla_guard.facts.operations import TableName
from sqla_guard.read.python.parse import kept_tree, parse
from sqla_guard.read.python.sql_loose import read_loose_sql
from sqla_guard.read.python.sql_sparse import may_keep, nodes_saying

COLUMN = Telling(TableName("events"), "metadata", frozenset({"Event"}), frozenset({"KEPT"}))


def found(text: str, **imported: str) -> tuple[Loose, ...]:
    return read_loose_sql(SourceFile("m.py", text), COLUMN, (None, None), lambda chains: imported)


@pytest.mark.parametrize(
    "text",
    [
        'def f(c):\n    return "SELECT metadata FROM events"\n',
        'def f(c):\n    return f"""\n    SELECT {c}, metadata\n    FROM events"""\n',
        'def f(c):\n    return ("-- all\\n"\n        "SELECT metadata FROM events")\n',
        'def f(c):\n    return "\\n  (SELECT metadata FROM events)"\n',
        'def f(c):\n    return r"/* all */ SELECT metadata FROM events"\n',
        'START = "SELECT metadata "\nclass Event: ...\ndef f(c):\n    return START + "FROM events"\n',
        'TABLE = "events"\ndef f(c):\n    return f"SELECT metadata FROM {TABLE}"\n',
        'COLUMN = "metadata"\nclass Q:\n    one = COLUMN\ndef f(c):\n    return f"SELECT {Q.one} FROM events"\n',
        'def verb():\n    return "SELECT "\ndef f(c):\n    return verb() + c + " metadata FROM events"\n',
        'def f(c):\n    sql = ""\n    sql += "SELECT"\n    sql += " * FROM events"\n    run(sql)\n',
        'def f(c):\n    parts = ["SELECT"]\n    parts.append("* FROM events")\n    return " ".join(parts)\n',
        'def f(c):\n    for verb in ("SELECT * ", c):\n        run(f"{verb}FROM events")\n',
        'def f(c):\n    verb = c.strip() or "SELECT"\n    return "%s * FROM events" % verb\n',
        "def f(c):\n    return f\"{run('SELECT metadata FROM events')}\"\n",
        'def f(c):\n    if (sql := "SELECT * FROM events"):\n        return f"{sql} WHERE 1"\n',
        "events = 1\ndef f(c):\n    return f\"{c['events.metadata']}\"\n",
    ],
)
def test_what_a_literal_or_a_name_brings_is_found(text: str) -> None:
    assert found(text)


def test_a_string_of_another_module_brings_it_as_well() -> None:
    text = "from consts import KEPT\n\n\ndef f(c):\n    return KEPT + 'FROM events'\n"
    assert found(text, KEPT="SELECT * ")
    assert found(text.replace("KEPT + 'FROM events'", "'SELECT ' + KEPT"), KEPT="metadata FROM events")
    assert not found(text, KEPT="Read ")


@pytest.mark.parametrize(
    "text",
    [
        "metadata = 1\n# metadata\n\n\ndef f(c):\n    return f'SELECT {c}'\n",
        "def f(c):\n    return 'Reads the metadatas of all', c.metadata\n",
    ],
)
def test_a_file_without_the_word_in_a_string_says_nothing(text: str) -> None:
    assert found(text) == ()


HEAD = "def other(a):\n    x = a.b\n    return x\n\n\nclass C:\n    verb = 'order by '\n\n"


@pytest.mark.parametrize(
    "text",
    [
        "def f(c):\n    return 'order by metadata'\n",
        "def f(c):\n    x = ' metadata '\n    return 'order by' + x\n",
        "def part():\n    return 'metadata'\ndef f(c):\n    return 'order by ' + part()\n",
        "def verb():\n    return 'order by '\ndef f(c):\n    return verb() + 'metadata'\n",
        "def a():\n    return 'order '\ndef b():\n    return a() + 'by '\ndef f(c):\n    return b() + 'metadata'\n",
        "COLUMN = 'metadata'\ndef f(c):\n    return f'order by {COLUMN}'\n",
        "class Q:\n    one = 'metadata'\n    def f(self):\n        return f'order by {self.one}'\n",
        "def f(c):\n    def g():\n        return 'order by metadata'\n    return g()\n",
        "def f(c):\n    return f'{C.verb}metadata'\n",
        "def f(c):\n    return 'order by meta' 'data', 'metadata'\n",
        "def part():\n    return 'meta' 'data'\ndef f(c):\n    return 'order by ' + part(), 'metadata'\n",
        "def f(c):\n    return 'order by meta\\x64ata', 'metadata'\n",
    ],
)
def test_functions_without_the_word_are_left_out_only_where_they_say_nothing(text: str) -> None:
    sparse = found(HEAD + text)
    assert sparse
    whole = SourceFile("m.py", HEAD + text)
    parse(whole)  # whose tree is kept, and taken as it is
    assert read_loose_sql(whole, COLUMN, (None, None), lambda chains: {}) == sparse


def test_an_attribute_that_a_function_without_the_word_sets_is_no_constant() -> None:
    use = "def f(c):\n    return f'{C.verb}metadata'\n"
    assert found(HEAD + use)
    assert not found(f"{HEAD}    def set(self):\n        self.verb = 1\n\n\n{use}")


def test_functions_without_the_word_are_not_parsed() -> None:
    source = SourceFile("m.py", HEAD + "def f(c):\n    return 'order by metadata, id'\n")
    functions = nodes_saying(source, "metadata").of(ast.FunctionDef)
    assert [len(f.body) for f in functions if isinstance(f, ast.FunctionDef)] == [1, 1]
    assert kept_tree(source) is None


@pytest.mark.parametrize(
    "text",
    [
        "COLUMN = 'metadata'\n",
        "if x:\n    COLUMN = 'a Metadata'\n",
        "class C:\n    column = 'metadata'\n    def f(self):\n        pass\n",
        "def f():\n    class C:\n        column = 'metadata'\n    return C\n",
        "COLUMN = 'meta' 'data'\n",
        "COLUMN = 'meta\\x64ata'\n",
        "if x:\n\tCOLUMN = 'metadata'\n",
        "COLUMN: str = other = (  # the column\n    'a '\n    # of all\n    R'metadata'\n)\n",
        'a = 1; COLUMN = \\\r\n  """of\r\nmetadata"""\r\n',
        "print(column := 'metadata')\n",
    ],
)
def test_a_module_may_keep_what_stands_outside_of_its_functions(text: str) -> None:
    assert may_keep(SourceFile("m.py", text), frozenset({"metadata"}))


def test_what_only_functions_and_calls_say_is_not_kept() -> None:
    code = "metadata = 1  # metadata\ndef f():\n    return 'metadata'\n"
    text = f"{code}class C:\n    'metadata'\n    x = {{'metadata': f('metadata')}}\n"
    text += "    def f(self):\n        x = 'metadata'\n"
    assert not may_keep(SourceFile("m.py", text), frozenset({"metadata"}))


def test_a_longer_word_does_not_speak_of_the_table() -> None:
    use = "def f(c):\n    return f'SELECT * FROM {c}'\ndef g(c):\n    return 'metadata'\n"
    heads = ("old_events = EventLog\n", "events = 1\n", "x = Event\n")
    told = [[loose.kind for loose in found(head + use)] for head in heads]
    assert told == [["word"], ["rows", "word"], ["rows", "word"]]


def test_where_very_many_functions_say_the_word_all_are_parsed() -> None:
    source = SourceFile("m.py", "".join(f"def f{i}(c):\n    return 'metadata'\n" for i in range(40)) + HEAD)
    functions = nodes_saying(source, "metadata").of(ast.FunctionDef)
    assert [len(f.body) for f in functions if isinstance(f, ast.FunctionDef)] == [*[1] * 40, 2]


def test_a_chain_of_calls_is_followed_to_its_end() -> None:
    chain = "".join(f"def f{i}():\n    x = 1\n    return f{i + 1}()\n" for i in range(40))
    source = SourceFile("m.py", f"def f():\n    return 'metadata' + f0()\n{chain}{HEAD}")
    functions = nodes_saying(source, "metadata").of(ast.FunctionDef)
    assert [len(f.body) for f in functions if isinstance(f, ast.FunctionDef)] == [1, *[2] * 40, 1]
