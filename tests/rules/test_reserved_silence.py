"""What looks like a reserved name and breaks nothing."""

from __future__ import annotations

import pytest

from tests.support.memory import check_files

HEAD = (
    "import attr\nimport enum\nfrom dataclasses import dataclass\n"
    "from typing import ClassVar, NamedTuple, Protocol, TypedDict\n"
    "from marshmallow import Schema, fields\nfrom pydantic import BaseModel\n"
    "from sqlalchemy import Column, Integer, MetaData, String, Table\n"
    "from sqlalchemy.orm import DeclarativeBase, registry\n"
    "class Base(DeclarativeBase):\n    pass\n"
)
MODEL = "class Item(Base):\n    __tablename__ = 'items'\n    id = Column(Integer, primary_key=True)\n"

QUIET = {
    "MetaData on a base": "class Own(DeclarativeBase):\n    metadata = MetaData()\n",
    "MetaData on a model": MODEL + "    metadata = MetaData()\n",
    "ClassVar": "class Own(DeclarativeBase):\n    metadata: ClassVar[MetaData]\n",
    "plain class": "class Plain:\n    metadata = Column(String)\n    registry = {}\n",
    "dataclass": "@dataclass\nclass D:\n    metadata: dict\n",
    "attrs": "@attr.s\nclass A:\n    metadata = attr.ib()\n",
    "Pydantic": "class P(BaseModel):\n    metadata: dict\n    registry: str\n",
    "Marshmallow": "class S(Schema):\n    metadata = fields.Dict()\n",
    "Enum": "class E(enum.Enum):\n    metadata = 'metadata'\n",
    "Protocol": "class P(Protocol):\n    metadata: dict\n",
    "TypedDict": "class T(TypedDict):\n    metadata: dict\n",
    "NamedTuple": "class N(NamedTuple):\n    metadata: dict\n",
    "local variables": "def f():\n    metadata = 1\n    registry = 2\n",
    "imperative mapping": (
        "reg = registry()\ntable = Table('t', reg.metadata, Column('metadata', String))\n"
        "class Plain:\n    pass\nreg.map_imperatively(Plain, table, properties={'metadata': table.c.metadata})\n"
    ),
    "fixed idiom": MODEL + "    item_metadata = Column('metadata', String)\n",
    "query on plain SQLAlchemy": MODEL + "    query = Column(String)\n",
    "settings": MODEL + "    __table_args__ = {}\n    __mapper_args__ = {}\n    __slots__ = ()\n",
}


@pytest.mark.parametrize("case", QUIET)
def test_it_stays_quiet(case: str) -> None:
    report = check_files({"m.py": HEAD + QUIET[case]})
    assert ([d.message for d in report.diagnostics], report.not_analysed) == ([], ())


BASES = {
    "Flask-AppBuilder": "from flask_appbuilder import Model\nclass Item(Model):\n",
    "Advanced Alchemy": "from advanced_alchemy.base import UUIDAuditBase\nclass Item(UUIDAuditBase):\n",
    "Litestar": "from litestar.plugins.sqlalchemy.base import UUIDBase\nclass Item(UUIDBase):\n",
    "fastapi-users": (
        "from fastapi_users_db_sqlalchemy import SQLAlchemyBaseUserTableUUID\n"
        "class Item(SQLAlchemyBaseUserTableUUID, Base):\n"
    ),
    "an unknown package": "from acme.db import Model\nclass Item(Model):\n    __tablename__ = 'items'\n",
}


@pytest.mark.parametrize("case", BASES)
def test_bases_of_packages_are_known(case: str) -> None:
    (finding,) = check_files({"m.py": HEAD + BASES[case] + "    metadata = Column(String)\n"}).diagnostics
    assert "reserved when using the Declarative API" in finding.message


OUTSIDE = {
    "after the class": MODEL + "Item.metadata = Column(String)\n",
    "backref": MODEL
    + "class Other(Base):\n    __tablename__ = 'o'\n    item = relationship('Item', backref='metadata')\n",
    "in __table__": "class Item(Base):\n    __table__ = Table('t', Base.metadata, Column('metadata', String))\n",
}


@pytest.mark.parametrize("case", OUTSIDE)
def test_what_comes_from_outside_hides_the_metadata(case: str) -> None:
    text = "from sqlalchemy.orm import relationship\n" + HEAD + OUTSIDE[case]
    (finding,) = check_files({"m.py": text}).diagnostics
    assert ("hides the MetaData" in finding.message, finding.severity) == (True, "warning")
    assert (finding.fix is None) == (case == "in __table__")


def test_a_backref_to_one_of_two_classes_of_a_name_is_not_renamed() -> None:
    text = "from sqlalchemy.orm import relationship\n" + HEAD + OUTSIDE["backref"]
    (finding,) = check_files({"m.py": text, "n.py": HEAD + MODEL}).diagnostics
    assert finding.fix is None


@pytest.mark.parametrize(
    ("body", "name"),
    [("metadata = {}", "metadata"), ("def metadata(self): ...", "metadata"), ("registry = 1", "registry")],
)
def test_what_is_no_column_under_a_base_out_of_sight_is_counted(body: str, name: str) -> None:
    text = f"from .gone import Base\nclass Item(Base):\n    __tablename__ = 'items'\n    {body}\n"
    report = check_files({"app/m.py": text})
    assert report.diagnostics == ()
    assert [note.reason.partition(":")[0] for note in report.not_analysed] == [f"`Item.{name}`"]
