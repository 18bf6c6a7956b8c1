from __future__ import annotations

from itertools import product

import pytest

from sqla_guard.project.declarative import Cell, may_break, outcome
from sqla_guard.project.mapped import Mappings, has_field_tables
from sqla_guard.project.names import MEASURED, Version, cells
from sqla_guard.project.placement import OF_PLAIN_CLASSES
from sqla_guard.project.reserved import judge
from sqla_guard.project.symbols import ProjectClass
from tests.support.memory import project

KINDS = (
    "constant",
    "dict",
    "property",
    "method",
    "MetaData",
    "registry",
    "Column",
    "synonym",
    "Field",
    "annotated constant",
)
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


@pytest.mark.parametrize(
    "text",
    [
        "class A(B, table=True): pass\n",
        "class A(B, table = x): pass\n",
        "class A(\n    B,\n    table  # why\n    = True,\n): pass\n",
        "class A(B, table\\\n=True): pass\n",
        "x = 1\nclass A(B, C, metaclass=D, table\t=True): pass\n",
        "class A(B, table=False): pass\nclass C(B, table=True): pass\n".encode("utf-16"),
    ],
)
def test_a_class_statement_that_may_make_a_table_of_fields_is_seen(text: str | bytes) -> None:
    assert has_field_tables(project({"a.py": "x = 1\n", "b.py": text}), "a.py")


@pytest.mark.parametrize(
    "text", ["class A(table): pass\n", "f(table=1)\n", "class A(B): table = True\n", "table == 1\n"]
)
def test_nothing_else_is_taken_for_one(text: str) -> None:
    assert not has_field_tables(project({"a.py": "x = 1\n", "b.py": text}), "a.py")


@pytest.mark.parametrize(("before", "asked"), [("", True), ("@dataclass\n", False), ("def f():\n ", False)])
def test_who_else_has_tables_of_fields_is_asked_only_of_what_others_can_derive_from(before: str, asked: bool) -> None:
    imports = "from dataclasses import dataclass\nimport sqlalchemy\n"
    picture = project({"a.py": f"{imports}{before}class A:\n    metadata: dict\n"})
    (fact,) = picture.reserved_names("a.py")
    assert judge(picture, fact) is None
    assert picture.has(("field tables", picture.workspace.disk.project_root("a.py"))) == asked


@pytest.mark.parametrize("version", MEASURED)
def test_what_breaks_nothing_anywhere_breaks_nothing_in_any_place(version: Version) -> None:
    styles = {
        *("*", "SQLModel"),
        *(s for p in cells(version).values() for k in p.values() for v in k.values() for s in v),
    }
    names = ("metadata", "registry", "query", "_sa_x", "__x", "__x__", "self")
    broken = 0
    for name, kind, placement in product(names, KINDS, OF_PLAIN_CLASSES):
        if not may_break(version, name, {kind}, OF_PLAIN_CLASSES):
            questions = (Cell(name, placement, kind, style, "A", "int") for style in styles)
            assert not any(outcome(version, cell) for cell in questions), (name, kind, placement)
        else:
            broken += 1
    assert 0 < broken < len(names) * len(KINDS) * len(OF_PLAIN_CLASSES)


def test_a_class_that_takes_the_name_of_its_base_ends_no_search() -> None:
    made = project({"a.py": "class Event:\n    pass\n\n\nclass Event(Event):\n    x = 1\n"})
    outline = made.outline("a.py")
    assert outline is not None
    cls = ProjectClass("a.py", outline.classes["Event"])
    assert Mappings.of_project(made).linear(cls) == (cls,)
