"""SQL in Python literals of every kind: the fix changes the column's name in their values, and nothing else."""

from __future__ import annotations

import ast
import re
import textwrap
import warnings

from hypothesis import given, settings
from hypothesis import strategies as st

from sqla_guard.core.config import Config
from tests.support.memory import fix_files

MODEL = """\
from sqlalchemy import Column, Integer, Text
from sqlalchemy.orm import declarative_base

Base = declarative_base()


class Scan(Base):
    __tablename__ = "scans"
    id = Column(Integer, primary_key=True)
    metadata = Column(Text)
"""
CREATE = [
    "CREATE TABLE IF NOT EXISTS scans (",
    "id INTEGER PRIMARY KEY, ",
    "{name} VARCHAR(40) DEFAULT ",
    "'metadata')",
]
QUERIES = [
    ["UPDATE scans SET ", "{name} = ", "'metadata' ", "WHERE id > 2"],
    ["SELECT id ", "FROM scans ", "WHERE {name} <> 'x' ", "ORDER BY id"],
    ["INSERT INTO scans (id, ", "{name}) ", "VALUES (7, ", "'metadata')"],
    ["DELETE FROM scans ", "WHERE scans.{name} ", "IS NULL"],
    ["CREATE INDEX IF NOT EXISTS metadata_index ", "ON scans ({name}, id)"],
]
SPELLED = ["metadata", "meta\\x64ata", "\\155etadata", "met\\u0061data", "meta\\\ndata", "METADATA"]
BETWEEN = ["", " ", "\\n", "\\t", "/* é 😀 \\N{EM DASH} */", "\\\n", "-- don\\'t\\n", " /* {{x}} %% */ "]
HELPERS = """\
# é 😀 metadata
import textwrap

from sqlalchemy import create_engine, inspect, text

engine = create_engine("sqlite://")


def has_column(conn, table, column):
    return column in [c["name"] for c in inspect(conn).get_columns(table)]


"""


@st.composite
def literals(draw: st.DrawFn, pieces: list[str]) -> str:
    """Return code whose value is the SQL that ``pieces`` are, put together in some way."""
    way = draw(st.sampled_from(["one", "adjacent", "plus", "format", "percent", "dedent", "f"]))
    prefix = draw(st.sampled_from(["", "u", "r", "R"])) if way != "f" else draw(st.sampled_from(["f", "F", "rf"]))
    raw = "r" in prefix.lower()
    quote = draw(st.sampled_from(['"""', "'''"] if way == "dedent" else ['"', '"""', "'''"]))
    if raw and quote == "'''":
        quote = '"""'
    name = "metadata" if raw else draw(st.sampled_from(SPELLED))
    gap = "" if raw else draw(st.sampled_from(BETWEEN))
    if way not in ("format", "f"):
        gap = gap.replace("{{x}}", "{x}")
    if way != "percent":
        gap = gap.replace("%%", "%")
    if quote == '"':
        gap = gap.replace("\\\n", "")
    texts = [piece.replace("{name}", name) for piece in pieces]
    texts[0] += gap
    # A quote at the end must not close the literal early.
    texts[-1] += " "
    code = _together(draw, way, prefix, quote, texts)
    return code


def _together(draw: st.DrawFn, way: str, prefix: str, quote: str, texts: list[str]) -> str:
    if way in ("adjacent", "plus"):
        joint = draw(st.sampled_from([" + ", "\n    + "] if way == "plus" else [" ", "\n    ", "  # metadata\n    "]))
        return "(" + joint.join(f"{prefix}{quote}{text}{quote}" for text in texts) + ")"
    whole = "".join(texts)
    if way == "format":
        return f"{prefix}{quote}{whole}/* {{}} */{quote}.format('metadata')"
    if way == "percent":
        return f"{prefix}{quote}{whole}/* %s */{quote} % ('metadata',)"
    if way == "f":
        return f"{prefix}{quote}{whole}/* {{len('metadata')!r:>4}} */{quote}"
    if way == "dedent":
        return f"textwrap.dedent({prefix}{quote}\n    {whole}\n    {quote})"
    return f"{prefix}{quote}{whole}{quote}"


def values(code: str) -> list[str]:
    """Return what the SQL of each call evaluates to."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        tree = ast.parse(code)
        calls = [n for n in ast.walk(tree) if isinstance(n, ast.Call) and getattr(n.func, "id", "") == "text"]
        return [eval(compile(ast.Expression(c.args[0]), "a", "eval"), {"textwrap": textwrap}) for c in calls]


def outside(code: str) -> list[str]:
    """Return the code without what its literals say."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        tree = ast.parse(code)
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            node.value = ""
    return ast.unparse(tree).splitlines()


# The guarded rename: it asks for both columns, and says so where both are there.
STEP = [
    "if has_column(conn, '', '') and (not has_column(conn, '', '')):",
    "elif has_column(conn, '', ''):",
    "print('')",
]


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_the_value_differs_in_the_name_alone(data: st.DataObject) -> None:
    create = data.draw(literals(CREATE))
    queries = [data.draw(literals(pieces)) for pieces in data.draw(st.lists(st.sampled_from(QUERIES), max_size=2))]
    lines = [f"    conn.execute(text({sql}))" for sql in (create, *queries)]
    script = HELPERS + "with engine.begin() as conn:\n" + "\n".join(lines) + "\n"
    before = values(script)
    result = fix_files({"models.py": MODEL, "migrate.py": script}, config=Config(rename="column", dialect="postgresql"))
    after = result.workspace.load("migrate.py").text
    assert result.put_back == ()
    assert "and its column" in " ".join(made.title for made in result.made)
    found = values(after)
    step = "ALTER TABLE scans RENAME COLUMN metadata TO scan_metadata"
    steps = [value for value in found if value.upper() == step.upper()]
    assert len(steps) == 1
    assert [v for v in found if v not in steps] == [renamed(v) for v in before]
    added = [line for line in outside(after) if line not in outside(script)]
    assert [line.strip() for line in added if "text('')" not in line] == STEP


def renamed(value: str) -> str:
    """Return what the value has to be: the name is changed where it is no text, comment or part of a word."""
    return re.sub(r"(?<![\w'])(?<!/\* )metadata(?![\w'])", "scan_metadata", value, count=1, flags=re.IGNORECASE)
