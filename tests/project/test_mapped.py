from __future__ import annotations

import pytest

from sqla_guard.project.mapped import Mappings
from sqla_guard.project.symbols import ProjectClass
from tests.support.memory import project

TEXT = """\
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy.orm import DeclarativeBase, as_declarative, declarative_base, registry
from sqlmodel import SQLModel
from nowhere import Strange

db = SQLAlchemy()
Base = declarative_base()
reg = registry()

class Typed(DeclarativeBase): pass
class Mapped(Typed): pass
class Abstract(Base):
    __abstract__ = True
class Concrete(Abstract):
    __tablename__ = "concrete"
class Child(Concrete): pass
class HTTPLog(db.Model): pass
class Field(SQLModel): pass
class Table(Field, table=True): pass
class Plain: pass
class Handler(Strange): pass
class Lost(Missing): pass
class Loop(Loop): pass

@reg.mapped
class Decorated: pass

@as_declarative()
class Made: pass
"""


@pytest.mark.parametrize(
    ("name", "role", "table"),
    [
        ("Typed", "base", None),
        ("Mapped", "mapped", None),
        ("Abstract", "abstract", None),
        ("Concrete", "mapped", "concrete"),
        ("Child", "mapped", "concrete"),
        ("HTTPLog", "mapped", "http_log"),
        ("Field", "abstract", "field"),
        ("Table", "mapped", "table"),
        ("Plain", "plain", None),
        ("Handler", "plain", None),
        ("Lost", "unknown", None),
        ("Decorated", "mapped", None),
        ("Made", "base", None),
    ],
)
def test_a_class_is_judged_by_its_bases(name: str, role: str, table: str | None) -> None:
    files = {"m.py": TEXT}
    picture = project(files)
    outline = picture.outline("m.py")
    assert outline is not None
    cls = ProjectClass("m.py", outline.classes[name])
    mappings = Mappings.of_project(picture)
    assert (mappings.of(cls).role, mappings.table(cls)) == (role, table)


def test_a_class_that_is_its_own_base_ends() -> None:
    picture = project({"m.py": TEXT})
    outline = picture.outline("m.py")
    assert outline is not None
    assert Mappings.of_project(picture).of(ProjectClass("m.py", outline.classes["Loop"])).role in ("plain", "unknown")
