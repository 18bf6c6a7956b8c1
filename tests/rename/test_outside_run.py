"""Programs whose class gets ``metadata`` from outside of its body run when fixed, on each SQLAlchemy."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from sqla_guard.core.config import Config, RenameStrategy
from tests.support.environments import VERSIONS, find
from tests.support.memory import fix_files

_HEAD = """\
from sqlalchemy import JSON, Column, ForeignKey, Integer, String, create_engine, inspect, text
from sqlalchemy.orm import Session, backref, configure_mappers, declarative_base, deferred, joinedload, relationship

Base = declarative_base()


class Document(Base):
    __tablename__ = "documents"
    id = Column(Integer, primary_key=True)


"""
_COLUMN = """

def migrate():
    with create_engine("sqlite://").begin() as connection:
        connection.execute(text("CREATE TABLE IF NOT EXISTS documents (id INTEGER PRIMARY KEY, metadata TEXT)"))


def run(session):
    session.add(Document(metadata="value"))
    session.commit()
    row = session.query(Document.metadata).filter(Document.metadata == "value").order_by("metadata").one()
    loaded = session.query(Document).filter_by(metadata="value").one()
    return [row.metadata, loaded.metadata, getattr(loaded, "metadata")]
"""
_ENTRY = """\
class Entry(Base):
    __tablename__ = "entries"
    id = Column(Integer, primary_key=True)
    key = Column(String)
    document_id = Column(ForeignKey("documents.id"))
    document = {}


"""
_RELATIONSHIP = """

def run(session):
    session.add(Document(metadata=[Entry(key="a"), Entry(key="b")]))
    session.commit()
    joined = session.query(Document).join(Document.metadata).filter_by(key="a").one()
    eager = session.query(Document).options(joinedload(Document.metadata)).first()
    backwards = session.query(Entry).filter_by(key="b").one().document.metadata
    return [sorted(entry.key for entry in found) for found in (joined.metadata, eager.metadata, backwards)]
"""
_COLUMNS = {
    "column": "Document.metadata = Column(String, nullable=False)\n",
    "deferred": "Document.metadata = deferred(Column(String))\n",
    "keywords": "if True:\n    Document.metadata = Column(\n        type_=String,\n    )\n",
}
_RELATIONSHIPS = {
    "backref": _ENTRY.format('relationship(Document, backref="metadata")'),
    "backref call": _ENTRY.format('relationship("Document", backref=backref("metadata", order_by="Entry.key"))'),
    "back_populates": _ENTRY.format('relationship("Document", back_populates="metadata")')
    + 'Document.metadata = relationship("Entry", back_populates="document")\n',
}
_PROGRAMS = {
    **{name: _HEAD + declared + _COLUMN for name, declared in _COLUMNS.items()},
    **{name: _HEAD + declared + _RELATIONSHIP for name, declared in _RELATIONSHIPS.items()},
}
_RUNNER = """\
import importlib, json, sys
from pathlib import Path


def outcome(name):
    p = importlib.import_module(name)
    engine = p.create_engine("sqlite://")
    p.configure_mappers()
    try:
        p.Document.metadata.create_all(engine)
    except AttributeError as error:
        return [str(error), []]
    with p.Session(engine) as session:
        found = p.run(session)
    return [found, [column["name"] for column in p.inspect(engine).get_columns("documents")]]


print(json.dumps({path.stem: outcome(path.stem) for path in Path.cwd().glob("program_*.py")}))
"""
_STRATEGIES: tuple[RenameStrategy, ...] = ("attribute", "column")


def _outcomes(version: str, programs: dict[str, str], folder: Path) -> dict[str, tuple[object, list[str]]]:
    for number, text in enumerate(programs.values()):
        (folder / f"program_{number}.py").write_text(text, encoding="utf-8")
    ran = find(version).run_code(_RUNNER, cwd=folder)
    assert ran.stderr == ""
    found = json.loads(ran.stdout)
    return {name: tuple(found[f"program_{number}"]) for number, name in enumerate(programs)}


def _fixed(text: str, version: str, strategy: RenameStrategy) -> str:
    major, minor = map(int, version.split("."))
    config = Config(rename=strategy, sqlalchemy_version=(major, minor))
    result = fix_files({"program.py": text}, config=config)
    assert result.to_look_at == ()
    return result.workspace.load("program.py").text


@pytest.mark.parametrize("version", VERSIONS)
def test_the_metadata_of_the_class_is_hidden(version: str, tmp_path: Path) -> None:
    outcomes = _outcomes(version, _PROGRAMS, tmp_path)
    assert [name for name, (error, _) in outcomes.items() if "'create_all'" not in str(error)] == []


@pytest.mark.parametrize("strategy", _STRATEGIES)
@pytest.mark.parametrize("version", VERSIONS)
def test_each_program_runs_when_fixed(version: str, strategy: RenameStrategy, tmp_path: Path) -> None:
    fixed = {name: _fixed(text, version, strategy) for name, text in _PROGRAMS.items()}
    column = "document_metadata" if strategy == "column" else "metadata"
    assert _outcomes(version, fixed, tmp_path) == {
        **dict.fromkeys(_COLUMNS, (["value"] * 3, ["id", column])),
        **dict.fromkeys(_RELATIONSHIPS, ([["a", "b"]] * 3, ["id"])),
    }
