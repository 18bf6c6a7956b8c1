"""SG102 says of a name what SQLAlchemy was measured to do with it, and nothing unless it is asked for."""

from __future__ import annotations

import json

import pytest

from scripts.reserved.measure import NAMES, hidden_text
from sqla_guard.core.config import Config
from sqla_guard.core.diagnostic import Diagnostic
from sqla_guard.project.hidden import BY_COLUMN
from sqla_guard.project.names import hidden
from tests.support.environments import find
from tests.support.memory import check_files

HEAD = (
    "from sqlalchemy import Column, Integer, MetaData, String, Table\n"
    "from sqlalchemy.orm import DeclarativeBase, Mapped, column_property, deferred, mapped_column, relationship\n"
    "class Base(DeclarativeBase):\n    pass\n"
)
MODEL = "class Item(Base):\n    __tablename__ = 'items'\n    id = Column(Integer, primary_key=True)\n"
VERSIONS = [(1, 4), (2, 0), (2, 1)]
ALL_NAMES = sorted({name for version in VERSIONS for name in hidden(version)} | {"count", "index", "name", "title"})


def found(text: str, version: tuple[int, int] = (2, 0), *, asked: bool = True) -> list[Diagnostic]:
    config = Config(sqlalchemy_version=version, extend_select=frozenset({"SG102"} if asked else ()))
    return list(check_files({"m.py": HEAD + text}, config=config).diagnostics)


@pytest.mark.parametrize("version", VERSIONS, ids="{0[0]}.{0[1]}".format)
def test_the_tables_are_what_the_installed_sqlalchemy_does(version: tuple[int, int]) -> None:
    find(f"{version[0]}.{version[1]}")
    stored = (NAMES / f"{version[0]}.{version[1]}-hidden.json").read_text(encoding="utf-8")
    assert hidden_text(version) == stored


@pytest.mark.parametrize("version", VERSIONS, ids="{0[0]}.{0[1]}".format)
def test_each_name_is_judged_as_sqlalchemy_treats_it(version: tuple[int, int]) -> None:
    find(f"{version[0]}.{version[1]}")
    happens = json.loads(hidden_text(version, ALL_NAMES))
    for name in ALL_NAMES:
        said = found(f"{MODEL}    {name} = Column(String)\n", version)
        assert [d.code for d in said] == ["SG102"] * bool(happens.get(name)), name
        wanted = {"row" if place.startswith("Row") else place for place in happens.get(name, ())}
        assert all(f"`{place}.{name}`" in said[0].message for place in wanted), name


@pytest.mark.parametrize(
    ("text", "named"),
    [
        (MODEL + "    values: Mapped[str]\n", "`Table.c.values`"),
        (MODEL + "    values: Mapped[str] = mapped_column()\n", "`Table.c.values`"),
        (MODEL + "    keys_ = Column('keys', String)\n", "`Table.c.keys`"),
        (MODEL + "    keys_ = deferred(Column('keys', String))\n", "`Table.c.keys`"),
        (MODEL + "    keys = Column('k', String)\n", "`inspect(Model).attrs.keys`"),
        (MODEL + "    items = relationship('Other')\n", "`inspect(Model).attrs.items`"),
        (MODEL + "    t = Column(String)\n", "`row.t`"),
        ("class Mixin:\n    get = Column(String)\n" + MODEL.replace("(Base", "(Mixin, Base"), "`Table.c.get`"),
        ("t = Table('t', MetaData(), Column('values', String))\n", "column `values`"),
        ("t = Table('t', MetaData(), Column('v', String, key='values'))\n", "column `values`"),
    ],
)
def test_a_hidden_name_is_found(text: str, named: str) -> None:
    (finding,) = found(text)
    assert (finding.code, finding.fix) == ("SG102", None)
    assert named in finding.message


@pytest.mark.parametrize(
    "text",
    [
        MODEL + "    keys_ = Column('k', String)\n",
        MODEL + "    items = {}\n",
        MODEL + "    def values(self):\n        return 1\n",
        MODEL + "    count = Column(Integer)\n    index = Column(Integer)\n",
        "class Plain:\n    values = Column(String)\n",
        "class Mixin:\n    get = Column(String)\n",
        "t = Table('t', MetaData(), Column('v', String))\n",
        "def Table(*args): ...\nt = Table('t', 1, Column('values', String))\n",
    ],
)
def test_what_hides_nothing_stays_quiet(text: str) -> None:
    assert found(text) == []


def test_a_relationship_is_no_column() -> None:
    (finding,) = found(MODEL + "    items = relationship('Other')\n")
    assert not any(f"`{place}." in finding.message for place in BY_COLUMN)


def test_it_is_off_by_default() -> None:
    assert found(MODEL + "    values = Column(String)\n", asked=False) == []


def test_a_reserved_name_is_left_to_its_own_rule() -> None:
    assert [d.code for d in found(MODEL + "    metadata = Column(String)\n")] == ["SG101"]
