"""Programs that SQLAlchemy refuses because of ``metadata``, each with a row that goes to the database and back."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

_IMPORTS = """
import sqlalchemy
from sqlalchemy import Column, ForeignKey, Integer, String, create_engine, text
from sqlalchemy import orm
from sqlalchemy.orm import column_property, declarative_base, declared_attr, deferred, registry, relationship, synonym
from sqlalchemy.ext.hybrid import hybrid_property
"""
_NEW = """
from sqlalchemy.orm import DeclarativeBase, Mapped, MappedAsDataclass, mapped_column
"""
_FLASK = """
import flask
from flask_sqlalchemy import SQLAlchemy

db = SQLAlchemy()
Base = db.Model
"""
# What comes before the class, its bases, and whether SQLAlchemy 1.4 knows it.
_STYLES = {
    "declarative_base": ("Base = declarative_base()\n", "(Base)", True),
    "generate_base": ("Base = registry().generate_base()\n", "(Base)", True),
    "registry.mapped": ("reg = registry()\n", "", True),
    "as_declarative": ("@orm.as_declarative()\nclass Base: pass\n", "(Base)", True),
    "flask": (_FLASK, "(Base)", True),
    "DeclarativeBase": (_NEW + "class Base(DeclarativeBase): pass\n", "(Base)", False),
    "dataclass": (_NEW + "class Base(MappedAsDataclass, DeclarativeBase): pass\n", "(Base)", False),
}
_OLD_FORMS = {
    "positional": "metadata = Column(String)",
    "keywords": "metadata = Column(type_=String, nullable=True)",
    "lines": "metadata = Column(\n        String,\n        nullable=True,\n    )",
    "deferred": "metadata = deferred(Column(String))",
    "column_property": "metadata = column_property(Column(String))",
    "declared_attr": "@declared_attr\n    def metadata(cls):\n        return Column(String)",
    "branch": "if True:\n        metadata = Column(String)\n    else:\n        metadata = Column(Integer)",
    "tuple": "metadata, other = Column(String), Column(Integer)",
}
_NEW_FORMS = {
    "annotation": "metadata: Mapped[str]",
    "annotated": "metadata: Mapped[str] = mapped_column()",
    "annotated type": "metadata: Mapped[str] = mapped_column(String)",
    "annotated keywords": "metadata: Mapped[str] = mapped_column(deferred=True)",
}
_NO_COLUMN = {
    "property": (
        "@property\n    def metadata(self):\n        return self.raw\n\n"
        "    @metadata.setter\n    def metadata(self, value):\n        self.raw = value"
    ),
    "hybrid": (
        "@hybrid_property\n    def metadata(self):\n        return self.raw\n\n"
        "    @metadata.setter\n    def metadata(self, value):\n        self.raw = value"
    ),
    "synonym": 'metadata = synonym("raw")',
}
_MAPPED = '    __tablename__ = "things"\n    id = Column(Integer, primary_key=True)\n    raw = Column(String)\n'
_AS_DATACLASS = '    __tablename__ = "things"\n    id: Mapped[int] = mapped_column(primary_key=True, init=False)\n'
_USE = """

def round_trip(session):
    thing = Thing()
    thing.metadata = "value"
    session.add(thing)
    session.commit()
    session.expire_all()
    loaded = session.query(Thing).filter(Thing.metadata == "value").one()
    return getattr(loaded, "metadata"), loaded.metadata
"""
_USE_DATACLASS = """

def round_trip(session):
    session.add(Thing(metadata="value"))
    session.commit()
    return [(row.metadata, row.metadata) for row in session.query(Thing.metadata).order_by("metadata")][0]
"""
_MIGRATION = """

def migrate():
    with create_engine("sqlite://").begin() as connection:
        connection.execute(text("CREATE TABLE IF NOT EXISTS things (id INTEGER PRIMARY KEY, metadata TEXT)"))


migrate()
"""


@dataclass(frozen=True)
class Program:
    """One program.

    Attributes:
        name: Style and form.
        text: The program; ``round_trip(session)`` writes a row, reads it, and returns the value twice.
        old: Whether SQLAlchemy 1.4 knows what it uses.
        has_column: Whether ``metadata`` is a column.
    """

    name: str
    text: str
    old: bool
    has_column: bool = True


def programs() -> Iterator[Program]:
    """Yield all programs."""
    for style, (before, bases, old) in _STYLES.items():
        forms = {**(_OLD_FORMS if style != "dataclass" else {}), **({} if old else _NEW_FORMS)}
        for form, declaration in forms.items():
            yield Program(f"{style} {form}", _text(style, before, bases, declaration), old)
        for form, declaration in _NO_COLUMN.items() if style != "dataclass" else ():
            text = _text(style, before, bases, declaration)
            if form == "property":
                # Queries know nothing of a plain property.
                text = text.replace('.filter(Thing.metadata == "value")', "")
            yield Program(f"{style} {form}", text, old, has_column=False)
    for place, (shared, bases) in _PLACES.items():
        for form in ("positional", "declared_attr"):
            body = shared + "    " + _OLD_FORMS[form] + "\n\n"
            text = _IMPORTS + "Base = declarative_base()\n\n\n" + body + f"class Thing({bases}):\n" + _MAPPED + _USE
            yield Program(f"{place} {form}", text + _MIGRATION, old=True)


_PLACES = {
    "mixin": ("class Shared:\n", "Shared, Base"),
    "abstract": ("class Shared(Base):\n    __abstract__ = True\n", "Shared"),
}


def _text(style: str, before: str, bases: str, declaration: str) -> str:
    decorator = "@reg.mapped\n" if style == "registry.mapped" else ""
    if style == "dataclass":
        body, use = _AS_DATACLASS, _USE_DATACLASS
    else:
        body, use = _MAPPED, _USE
    return f"{_IMPORTS}{before}\n\n{decorator}class Thing{bases}:\n{body}    {declaration}\n{use}{_MIGRATION}"
