"""SG101 on programs in memory: what it reports, and what stays quiet."""

from __future__ import annotations

import pytest

from sqla_guard.core.config import Config
from sqla_guard.core.diagnostic import Diagnostic
from tests.support.memory import check_files, fixed_texts

IMPORTS = (
    "from typing import Any, ClassVar, Optional\n"
    "from sqlalchemy import JSON, Column, ForeignKey, Integer, MetaData\n"
    "from sqlalchemy.ext.associationproxy import association_proxy\n"
    "from sqlalchemy.ext.hybrid import hybrid_property\n"
    "from sqlalchemy.orm import (DeclarativeBase, Mapped, MappedAsDataclass, as_declarative, column_property,\n"
    "    declarative_base, declared_attr, deferred, mapped_column, registry, relationship, synonym)\n"
    "from flask_sqlalchemy import SQLAlchemy\n"
    "from sqlmodel import Field, SQLModel\n"
)


def found(text: str, config: Config | None = None) -> list[Diagnostic]:
    report = check_files({"m.py": IMPORTS + text}, config=config)
    assert not report.failed
    return [d for d in report.diagnostics if d.code == "SG101"]


STYLES = {
    "declarative_base": "Base = declarative_base()\nclass Item(Base):\n",
    "DeclarativeBase": "class Base(DeclarativeBase): pass\nclass Item(Base):\n",
    "generate_base": "reg = registry()\nBase = reg.generate_base()\nclass Item(Base):\n",
    "mapped": "reg = registry()\n@reg.mapped\nclass Item:\n",
    "mapped_as_dataclass": "reg = registry()\n@reg.mapped_as_dataclass\nclass Item:\n",
    "as_declarative": "@as_declarative()\nclass Base: pass\nclass Item(Base):\n",
    "MappedAsDataclass": "class Base(MappedAsDataclass, DeclarativeBase): pass\nclass Item(Base):\n",
    "Flask-SQLAlchemy": "db = SQLAlchemy()\nclass Item(db.Model):\n",
    "Flask-SQLAlchemy with model_class": (
        "class B(DeclarativeBase): pass\ndb = SQLAlchemy(model_class=B)\nclass Item(db.Model):\n"
    ),
    "SQLModel": "class Item(SQLModel, table=True):\n",
    "abstract base": "Base = declarative_base()\nclass A(Base):\n    __abstract__ = True\nclass Item(A):\n",
    "two bases": "class M: pass\nBase = declarative_base()\nclass Item(M, Base):\n",
}
BODY = '    __tablename__ = "items"\n    id = Column(Integer, primary_key=True)\n'


@pytest.mark.parametrize("style", STYLES)
def test_every_declaration_style_is_recognised(style: str) -> None:
    (finding,) = found(STYLES[style] + BODY + "    metadata = Column(JSON)\n")
    assert "Attribute name 'metadata' is reserved when using the Declarative API." in finding.message


@pytest.mark.parametrize(
    "statement",
    [
        "metadata = Column(JSON)",
        'metadata = Column("meta", JSON)',
        "metadata = mapped_column(JSON)",
        "metadata: Mapped[dict] = mapped_column()",
        "metadata: Mapped[Optional[dict]]",
        'metadata: "Mapped[str]"',
        "metadata = deferred(Column(JSON))",
        "metadata = column_property(Column(JSON))",
        'metadata = relationship("Other")',
        'metadata = synonym("id")',
        "@declared_attr\n    def metadata(cls): return Column(JSON)",
        "a = metadata = Column(JSON)",
        "metadata, other = Column(JSON), Column(JSON)",
        "if True:\n        metadata = Column(JSON)",
    ],
)
def test_everything_that_maps_is_refused_by_sqlalchemy(statement: str) -> None:
    (finding,) = found(STYLES["DeclarativeBase"] + BODY + f"    {statement}\n")
    assert (finding.severity, "InvalidRequestError" in finding.message) == ("error", True)


@pytest.mark.parametrize(
    ("statement", "words"),
    [
        ("@property\n    def metadata(self): return 1", "'property' object"),
        ("@classmethod\n    def metadata(cls): return 1", "'function' object"),
        ("def metadata(self): return 1", "'function' object"),
        ("class metadata: pass", "type object 'metadata'"),
        ("metadata = {}", "'dict' object"),
        ("metadata = 3", "'int' object"),
    ],
)
def test_what_is_no_metadata_breaks_the_class_too(statement: str, words: str) -> None:
    (finding,) = found(STYLES["DeclarativeBase"] + BODY + f"    {statement}\n")
    assert f"AttributeError: {words} has no attribute 'schema'" in finding.message


@pytest.mark.parametrize(
    "text",
    [
        "class Base(DeclarativeBase):\n    metadata = MetaData()\n",
        "class Base(DeclarativeBase):\n    metadata: ClassVar[MetaData] = MetaData()\n",
        STYLES["DeclarativeBase"] + BODY + "    metadata = MetaData()\n",
        STYLES["DeclarativeBase"] + BODY + '    metadata_ = Column("metadata", JSON)\n',
        STYLES["DeclarativeBase"] + BODY + "    def f(self):\n        metadata = 1\n        self.metadata = 2\n",
        "class Base(DeclarativeBase):\n    registry = registry()\n",
        "class Plain:\n    metadata = Column(JSON)\n",
        "class Item(SQLModel):\n    metadata: dict = Field()\n",
        "import dataclasses\n@dataclasses.dataclass\nclass D:\n    metadata: dict = dataclasses.field()\n",
        "from pydantic import BaseModel\nclass Schema(BaseModel):\n    metadata: dict[str, Any] = {}\n",
        "from enum import Enum\nclass E(Enum):\n    metadata = 1\n",
        "from marshmallow import Schema, fields\nclass S(Schema):\n    metadata = fields.Dict()\n",
        "shared = MetaData()\nBase = declarative_base(metadata=shared)\nclass Item(Base):\n    metadata = shared\n"
        + BODY,
    ],
)
def test_what_breaks_nothing_stays_quiet(text: str) -> None:
    report = check_files({"m.py": IMPORTS + text})
    assert (report.diagnostics, report.not_analysed) == ((), ())


@pytest.mark.parametrize(
    "text",
    [
        "class After:\n    metadata = Column(JSON)\nBase = declarative_base()\nclass Item(Base, After):\n" + BODY,
        "db = SQLAlchemy()\nclass Mixin:\n    metadata = db.Column(db.JSON)\nclass Item(Mixin, db.Model):\n" + BODY,
        "class Base(DeclarativeBase):\n    metadata: Mapped[str]\nclass Item(Base):\n" + BODY,
        STYLES["declarative_base"] + BODY + "    _sa_note = Column(JSON)\n",
        STYLES["declarative_base"] + BODY + "    __note__ = Column(JSON)\n",
    ],
)
def test_what_is_silently_not_mapped_is_said(text: str) -> None:
    (finding,) = found(text)
    assert (finding.severity, "silently not mapped" in finding.message, finding.fix) == ("warning", True, None)


def test_a_mixin_before_the_base_is_found_in_another_file() -> None:
    files = {
        "app/__init__.py": "",
        "app/mixins.py": "from sqlalchemy import JSON, Column\nclass HasMeta:\n    metadata = Column(JSON)\n",
        "app/base.py": "from sqlalchemy.orm import declarative_base\nBase = declarative_base()\n",
        "app/item.py": (
            "from .base import Base\nfrom .mixins import HasMeta\nclass Item(HasMeta, Base):\n    __tablename__ = 'i'\n"
        ),
    }
    (finding,) = check_files(files, "app/mixins.py").diagnostics
    assert finding.path == "app/mixins.py"


def test_a_base_that_cannot_be_resolved_is_judged_by_evidence() -> None:
    text = "from .nowhere import Base\nclass Item(Base):\n"
    (finding,) = check_files({"a/m.py": IMPORTS + text + BODY + "    metadata = Column(JSON)\n"}).diagnostics
    assert finding.code == "SG101"


def test_a_base_that_cannot_be_resolved_is_counted_where_evidence_lacks() -> None:
    text = "from .nowhere import Base\nclass Item(Base):\n    metadata = Column(JSON)\n"
    report = check_files({"a/m.py": IMPORTS + text})
    assert report.diagnostics == ()
    (note,) = report.not_analysed
    assert (note.line, "Item.metadata" in note.reason, note.fatal) == (11, True, False)


VERSIONS = {
    (1, 4): ("error", "is reserved for the MetaData instance when using a declarative base class."),
    (2, 0): ("error", "is reserved when using the Declarative API."),
    (2, 1): ("warning", "should be left reserved for the MetaData instance when using a Declarative class."),
}


@pytest.mark.parametrize("version", VERSIONS)
def test_the_message_is_that_of_the_version(version: tuple[int, int]) -> None:
    text = STYLES["declarative_base"] + BODY + "    metadata = Column(JSON)\n"
    (finding,) = found(text, Config(sqlalchemy_version=version))
    severity, words = VERSIONS[version]
    assert (finding.severity, words in finding.message) == (severity, True)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("metadata = Column(JSON)", 'item_metadata = Column("metadata", JSON)'),
        ("metadata = Column()", 'item_metadata = Column("metadata")'),
        ("metadata = Column(\n        JSON,\n    )", 'item_metadata = Column(\n        "metadata", JSON,\n    )'),
        ("metadata = Column(type_=JSON)", 'item_metadata = Column("metadata", type_=JSON)'),
        ('metadata = Column("meta", JSON)', 'item_metadata = Column("meta", JSON)'),
        ('metadata = Column(name="meta", type_=JSON)', 'item_metadata = Column(name="meta", type_=JSON)'),
        ("metadata: Mapped[str]", 'item_metadata: Mapped[str] = mapped_column("metadata")'),
        ("metadata: Mapped[str] = mapped_column()", 'item_metadata: Mapped[str] = mapped_column("metadata")'),
        ('metadata = relationship("Other")', 'item_metadata = relationship("Other")'),
    ],
)
def test_the_column_keeps_its_name_in_the_database(before: str, after: str) -> None:
    head = IMPORTS + STYLES["DeclarativeBase"] + BODY + "    "
    assert fixed_texts({"m.py": head + before + "\n"}) == {"m.py": head + after + "\n"}
