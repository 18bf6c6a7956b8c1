"""SQL that goes from one module to another: the fix changes the column's name in its values, and nothing else."""

from __future__ import annotations

import ast
import textwrap
import warnings
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sqla_guard.core.config import Config
from tests.databases.test_offsets import HELPERS, MODEL, QUERIES, literals, outside, renamed
from tests.support.memory import fix_files

MIGRATE = HELPERS + (
    "with engine.begin() as conn:\n"
    "    conn.execute(text('CREATE TABLE IF NOT EXISTS scans (id INTEGER PRIMARY KEY, metadata TEXT)'))\n"
)
STORE = (
    "class Store:\n    def __init__(self, conn):\n        self.conn = conn\n\n"
    "    def run(self, sql):\n        self.conn.execute(sql)\n"
)
FILES = {"app/__init__.py": "", "app/models.py": MODEL, "app/migrate.py": MIGRATE, "app/names.py": "SCANS = 'scans'\n"}
HEAD = (
    "# é 😀 metadata\nimport textwrap\nfrom functools import partial\n\n"
    "from app import queries\nfrom app.names import SCANS\n"
)
# How a module keeps a query, and how another one calls it.
KEPT = {
    "a constant": ("ASK = {sql}\n", "queries.ASK"),
    "an attribute": ("class All:\n    ASK = {sql}\n", "queries.All.ASK"),
    "one of a dictionary": ("ALL = {{'metadata': {sql}}}\n", "queries.ALL['metadata']"),
    "what a function gives back": ("def ask():\n    return {sql}\n", "queries.ask()"),
}
RUN = {
    "a method of a new object": "Store(conn).run({sql})",
    "a partial": "partial(conn.execute)({sql})",
    "a connection": "conn.execute({sql})",
}


@st.composite
def asked(draw: st.DrawFn) -> str:
    """Return code for a query, with the table's name in place or from another module."""
    pieces = draw(st.sampled_from(QUERIES))
    if draw(st.booleans()):
        return draw(literals(pieces))
    whole = "".join(pieces).replace("{name}", draw(st.sampled_from(["metadata", "meta\\x64ata", "METADATA"])))
    before, _, behind = whole.partition("scans")
    way = draw(st.sampled_from(["f", "format", "percent", "plus"]))
    spelled = {
        "f": f'f"{before}{{SCANS}}{behind}"',
        "format": f'"{before}{{}}{behind}".format(SCANS)',
        "percent": f'"{before}%s{behind}" % SCANS',
        "plus": f'"{before}" + SCANS + "{behind}"',
    }
    return f"({spelled[way]})"


class Recorder:
    """Stands for everything that the modules call, and keeps what is run."""

    def __init__(self) -> None:
        self.ran: list[str] = []

    def execute(self, sql: str) -> None:
        self.ran.append(sql)


def ran(files: dict[str, str]) -> list[str]:
    """Return what the queries of the project come to."""
    recorder = Recorder()
    names: dict[str, Any] = {"textwrap": textwrap, "SCANS": "scans"}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        queries = type("queries", (), {})
        kept = dict(names)
        exec(files["app/queries.py"].partition("\n\n")[2], kept)
        for name, value in kept.items():
            setattr(queries, name, staticmethod(value) if callable(value) and not isinstance(value, type) else value)
        store: dict[str, Any] = {}
        exec(STORE, store)
        scope = {**names, "queries": queries, "conn": recorder, "Store": store["Store"], "partial": lambda f: f}
        exec(files["app/asks.py"].partition("# run\n")[2], scope)
    return recorder.ran


@settings(max_examples=25, deadline=None)
@given(st.data())
def test_the_value_differs_in_the_name_alone(data: st.DataObject) -> None:
    kept, called = data.draw(st.sampled_from(sorted(KEPT.values())))
    given_on = data.draw(st.sampled_from(sorted(RUN.values())))
    here, there = data.draw(asked()), data.draw(asked())
    files = {
        **FILES,
        "app/store.py": STORE,
        "app/queries.py": "import textwrap\nfrom app.names import SCANS\n\n" + kept.format(sql=there),
        "app/asks.py": f"{HEAD}from app.store import Store\nfrom app.db import conn\n\n# run\n"
        f"{given_on.format(sql=here)}\n{given_on.format(sql=called)}\n",
    }
    before = ran(files)
    result = fix_files(files, config=Config(rename="column", dialect="postgresql"))
    assert result.put_back == ()
    assert "and its column" in " ".join(made.title for made in result.made)
    after = {path: result.workspace.load(path).text for path in files}
    assert ran(after) == [renamed(value) for value in before]
    for path in ("app/names.py", "app/store.py"):
        assert after[path] == files[path]
    for path in ("app/asks.py", "app/queries.py"):
        assert outside(after[path]) == outside(files[path])
        assert ast.parse(after[path]) is not None
    again = fix_files(after, config=Config(rename="column", dialect="postgresql"))
    assert again.made == ()


@pytest.mark.parametrize("way", KEPT)
@pytest.mark.parametrize("run", RUN)
def test_what_is_kept_elsewhere_is_followed_into_any_call(run: str, way: str) -> None:
    kept, called = KEPT[way]
    files = {
        **FILES,
        "app/store.py": STORE,
        "app/queries.py": kept.format(sql='"UPDATE scans SET metadata = 1"'),
        # No call here is given a string, a name or an attribute.
        "app/asks.py": f"{HEAD}from app.store import Store\nfrom app.db import conn\n\n{RUN[run].format(sql=called)}\n",
    }
    result = fix_files(files, config=Config(rename="column", dialect="postgresql"))
    assert "and its column" in " ".join(made.title for made in result.made)
    assert "scans SET scan_metadata = 1" in result.workspace.load("app/queries.py").text
