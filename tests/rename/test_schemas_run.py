"""A schema that reads the renamed attribute gives and takes the JSON that it did before: Pydantic, Marshmallow."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from sqla_guard.core.config import Config
from tests.support.environments import find
from tests.support.memory import fix_files

MODELS = """\
from sqlalchemy import JSON, Column, Integer
from sqlalchemy.orm import declarative_base

Base = declarative_base()


class Event(Base):
    __tablename__ = "events"
    id = Column(Integer, primary_key=True)
    metadata = Column(JSON)
"""
SCHEMAS = """\
from pydantic import BaseModel, ConfigDict, Field
from models import Event


class Out(BaseModel):
    model_config = ConfigDict(from_attributes=True)
    id: int
    metadata: dict | None = None


class Described(BaseModel):
    model_config = ConfigDict(from_attributes=True)
    metadata: dict = Field(default_factory=dict, description="free form")


def shown(event: Event):
    return Out.model_validate(event).model_dump_json(), Described.model_validate(event).model_dump_json()
"""
PROGRAM = """\
from schemas import Described, Out, shown
from models import Event

print(*shown(Event(id=1, event_metadata={"a": 1})))
print(Out.model_validate_json('{"id": 1, "metadata": {"a": 1}}').metadata, Out(id=1, metadata={"a": 1}).metadata)
"""
MARSHMALLOW = """\
from marshmallow import Schema, fields, post_load
from marshmallow_sqlalchemy import SQLAlchemySchema, auto_field
from models import Event


class Plain(Schema):
    id = fields.Integer()
    metadata = fields.Dict(required=True)

    @post_load
    def made(self, data, **options):
        return Event(**data)


class Renaming(Schema):
    class Meta:
        model = Event

    notes = fields.Dict(attribute="metadata")


class Bound(SQLAlchemySchema):
    class Meta:
        model = Event
        load_instance = True
        transient = True

    metadata = auto_field()


def shown(event: Event):
    return Plain().dumps(event), Renaming().dumps(event), Bound().dumps(event)
"""
MARSHMALLOW_PROGRAM = """\
from schemas import Bound, Plain, Renaming, shown
from models import Event

print(*shown(Event(id=1, event_metadata={"a": 1})))
print(Plain().loads('{"metadata": {"b": 2}}').event_metadata, Bound().loads('{"metadata": {"b": 2}}').event_metadata)
print(Renaming().loads('{"notes": {"c": 3}}'))
"""


@pytest.mark.parametrize("version", ["2.0", "2.1"])
def test_the_json_of_a_schema_stays(version: str, tmp_path: Path) -> None:
    fixed = fix_files({"models.py": MODELS, "schemas.py": SCHEMAS}, config=Config(sqlalchemy_version=(2, 0)))
    assert "event_metadata" in fixed.workspace.load("schemas.py").text
    for path in ("models.py", "schemas.py"):
        (tmp_path / path).write_text(fixed.workspace.load(path).text, encoding="utf-8")
    ran = find(version).run_code(PROGRAM, cwd=tmp_path)
    assert ran.stderr == ""
    assert ran.stdout.splitlines() == [
        '{"id":1,"metadata":{"a":1}} {"metadata":{"a":1}}',
        "{'a': 1} {'a': 1}",
    ]


def test_the_json_of_a_marshmallow_schema_stays(tmp_path: Path) -> None:
    fixed = fix_files({"models.py": MODELS, "schemas.py": MARSHMALLOW}, config=Config(sqlalchemy_version=(2, 0)))
    for path in ("models.py", "schemas.py"):
        (tmp_path / path).write_text(fixed.workspace.load(path).text, encoding="utf-8")
    command = [sys.executable, "-c", MARSHMALLOW_PROGRAM]
    ran = subprocess.run(command, cwd=tmp_path, capture_output=True, encoding="utf-8", check=False, timeout=120)
    assert ran.stderr == ""
    assert ran.stdout.splitlines() == [
        '{"id": 1, "metadata": {"a": 1}} {"notes": {"a": 1}} {"metadata": {"a": 1}}',
        "{'b': 2} {'b': 2}",
        "{'event_metadata': {'c': 3}}",
    ]
