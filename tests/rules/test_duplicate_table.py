"""SG110 on programs in memory."""

from __future__ import annotations

import pytest

from sqla_guard.core.diagnostic import Diagnostic
from tests.support.memory import check_files

HEAD = (
    "from sqlalchemy import Column, Integer, MetaData, Table\n"
    "from sqlalchemy.orm import declarative_base\nBase = declarative_base()\n"
)
KEY = "    id = Column(Integer, primary_key=True)\n"
EVENT = f"class Event(Base):\n    __tablename__ = 'events'\n{KEY}"
AGAIN = f"class Again(Base):\n    __tablename__ = 'events'\n{KEY}"


def found(files: dict[str, str], *reported: str) -> list[Diagnostic]:
    return [d for d in check_files(files, *reported).diagnostics if d.code == "SG110"]


@pytest.mark.parametrize(
    "text",
    [
        EVENT + AGAIN,
        EVENT + "again = Table('events', Base.metadata, Column('id', Integer))\n",
        "one = Table('events', Base.metadata)\ntwo = Table('events', Base.metadata)\n",
        "m = MetaData()\none = Table('events', m)\ntwo = Table('events', m)\n",
    ],
)
def test_a_second_declaration_is_found(text: str) -> None:
    (finding,) = found({"m.py": HEAD + text})
    assert "Table 'events' is already defined for this MetaData instance." in finding.message
    assert len(finding.related) == 1


@pytest.mark.parametrize(
    "text",
    [
        EVENT,
        EVENT + AGAIN + "    __table_args__ = {'extend_existing': True}\n",
        EVENT + AGAIN + "    __table_args__ = {'schema': 'other'}\n",
        EVENT + AGAIN.replace("'events'", "'others'"),
        EVENT + "Other = declarative_base()\n" + AGAIN.replace("Base", "Other"),
        "if Base:\n" + "".join(f"    {line}\n" for line in (EVENT).splitlines()) + AGAIN,
        EVENT + "def f():\n" + "".join(f"    {line}\n" for line in AGAIN.splitlines()),
        EVENT + "class Plain:\n    __tablename__ = 'events'\n",
        "one = Table('events', MetaData())\ntwo = Table('events', MetaData())\n",
    ],
)
def test_what_is_no_second_declaration_stays_quiet(text: str) -> None:
    assert found({"m.py": HEAD + text}) == []


PACKAGE = {
    "app/__init__.py": "",
    "app/base.py": HEAD,
    "app/a.py": "from app.base import Base, Column, Integer\n" + EVENT,
    "app/b.py": "from app.base import Base, Column, Integer\n" + AGAIN,
}


def test_two_modules_that_a_third_imports_clash() -> None:
    (finding,) = found({**PACKAGE, "app/main.py": "from app import a, b\n"})
    assert finding.path == "app/b.py"


def test_two_modules_that_nothing_imports_together_do_not() -> None:
    assert found(PACKAGE) == []
    assert found({**PACKAGE, "tests/test_x.py": "from app import a, b\n"}) == []


def test_one_file_alone_gets_the_verdict_of_the_whole() -> None:
    files = {**PACKAGE, "app/main.py": "from app import a, b\n"}
    assert [d.path for d in found(files, "app/b.py")] == ["app/b.py"]
    assert found(files, "app/a.py") == []
