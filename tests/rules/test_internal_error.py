"""A rule that raises is one finding with its name, the file and the line; whatever the others say stays."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from msgspec.structs import replace

from sqla_guard.check import readers, registry, selection
from sqla_guard.core.diagnostic import Diagnostic, NotAnalysed
from sqla_guard.project.project import Project
from tests.support.memory import check_files

MODEL = (
    "from sqlalchemy import JSON, Column, Integer\nfrom sqlalchemy.orm import declarative_base\n\n"
    "Base = declarative_base()\n\n\nclass Event(Base):\n    __tablename__ = 'events'\n"
    "    id = Column(Integer, primary_key=True)\n    metadata = Column(JSON)\n"
)
SCRIPT = "CREATE TABLE events (id int, metadata json);\n"


def raising(fact: object, project: Project) -> Iterator[Diagnostic | NotAnalysed]:
    raise RuntimeError("a defect")


def test_the_others_go_on(monkeypatch: pytest.MonkeyPatch) -> None:
    files = {"model.py": MODEL, "other.py": MODEL.replace("events", "others"), "schema.sql": SCRIPT}
    before = check_files(files).diagnostics
    real = selection.selected_rules

    def selected(*arguments: object) -> tuple[registry.RegisteredRule, ...]:
        rules = real(*arguments)  # type: ignore[arg-type]
        return tuple(replace(r, check=raising) if r.rule.code == "SG101" else r for r in rules)

    monkeypatch.setattr(selection, "selected_rules", selected)
    after = check_files(files).diagnostics
    assert [d for d in after if d.code != "SG900"] == [d for d in before if d.code != "SG101"]
    failed = [d for d in after if d.code == "SG900"]
    assert {(d.path, d.span) for d in failed} >= {(d.path, d.span) for d in before if d.code == "SG101"}
    for finding in failed:
        assert finding.message.startswith("SG101 could not judge this: RuntimeError: a defect (raising, line ")
        assert finding.symbol.startswith("reserved-attribute ")


def test_a_neighbour_that_is_no_python_inside_of_a_function_is_no_error_of_ours() -> None:
    model = "from sqlalchemy import JSON, Column, Integer\nfrom sqlalchemy.orm import declarative_base\n"
    model += "Base = declarative_base()\nclass Event(Base):\n    __tablename__ = 'events'\n"
    model += "    id = Column(Integer, primary_key=True)\n    metadata = Column(JSON)\n"
    broken = model.replace("Event", "Other").replace("events", "others") + "    def f(self):\n        x = = 1\n"
    report = check_files({"event.py": model, "other.py": broken})
    assert [(d.code, d.path) for d in report.diagnostics] == [("SG101", "event.py")]
    assert [(n.path, n.line, n.fatal) for n in report.not_analysed] == [("other.py", 9, True)]


@pytest.mark.parametrize(
    ("reader", "fails", "stays"),
    [("lazy", "SG201", "SG101"), ("reserved", "SG101", "SG201"), ("sql", "SG301", "SG201")],
)
def test_where_a_reader_raises_the_others_go_on(
    monkeypatch: pytest.MonkeyPatch, reader: str, fails: str, stays: str
) -> None:
    script = "import sqlite3\n\nsqlite3.connect('x').execute('CREATE TABLE events (id int, metadata json)')\n" + MODEL
    script += "thing = None\n\n\ndef get():\n    global thing\n    if thing is None:\n        thing = make()\n"
    before = check_files({"events.py": script}).diagnostics
    assert {fails, stays} <= {d.code for d in before}

    def raising(*_: object) -> object:
        raise RecursionError("a defect")

    faulty: dict[str, Any] = {reader: raising}
    monkeypatch.setattr(readers, "QUICK", replace(readers.QUICK, **faulty))
    after = check_files({"events.py": script}).diagnostics
    failed = [d.message for d in after if d.code == "SG900"]
    assert [m for m in failed if fails in m.partition(":")[0]]
    assert all("could not judge this" in m and ": RecursionError: a defect (raising, line " in m for m in failed)
    assert fails not in {d.code for d in after}
    assert [d for d in after if d.code == stays] == [d for d in before if d.code == stays]
