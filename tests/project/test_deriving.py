"""Which classes may derive from a name, told from bytes: every class that the outline shows, under any name."""

from __future__ import annotations

import sys
import sysconfig
from collections.abc import Iterator
from pathlib import Path

import pytest

from sqla_guard.core.words import bases_in
from sqla_guard.core.workspace import UnreadableFile
from sqla_guard.facts.values import Attr, Call, Imported, Item, Name, Value
from sqla_guard.project.names import MEASURED, cells
from sqla_guard.read.load import decode
from sqla_guard.read.python.outline import read_outline
from tests.support.memory import check_files

SITE = Path(sysconfig.get_path("purelib"))


def names_of(value: Value) -> Iterator[str]:
    match value:
        case Name(id=name) | Imported(name=str(name)):
            yield name
        case Attr(name=name):
            yield name
        case Item(of=of) | Call(func=of):
            yield from names_of(of)


@pytest.mark.parametrize(
    "text",
    [
        "class A(Mixin): ...\n",
        "class A(x.Mixin, metaclass=B): ...\n",
        "class A(\n    Other,  # why: that\n    Mixin,\n):\n    x = 1\n",
        "def f():\n    class A(Mixin[int], make(B)):\n        x = 1\n",
        "from x import Mixin as M\n\n\nclass A(M): ...\n",
        "from x import (\n    Other,\n    Mixin as M,\n)\n\n\nclass A(M): ...\n",
        "from x import Mixin\nM = Mixin\n\n\nclass A(M): ...\n",
        "import x\nif x:\n    M: type = x.Mixin  # that\n\n\nclass A(M): ...\n",
        "from x import Mixin, Other\nM = Mixin if x else Other\n\n\nclass A(M): ...\n",
        "from x import Mixin, Other\nO = Other\nM = Mixin\nN = 1\n\n\nclass A(M): ...\n",
        "class A[T](Mixin): ...\r\n",
        "class \\\n    A(Mixin): ...\n",
        "class A[T: int](Mixin): ...\n",
        "class A [T: list[int] = [int]] (Mixin): ...\n",
        "class Ärger(Mixin): ...\n",
    ],
)
def test_a_class_that_may_derive_is_not_missed(text: str) -> None:
    assert "Mixin" in bases_in(text.encode())


NOT_ALONE = [
    "class A(Mixin, B): ...\n",
    "class A(\n    B,\n    Mixin\n): ...\n",
    "@mapped\nclass A(Mixin): ...\n",
    "    @a.mapped(1)\n    # why\n\n    class A(Mixin): ...\n",
    "@made(\n    1,\n    2,\n)\nclass A(Mixin): ...\n",
    "@a \\\n    .mapped\nclass A(Mixin): ...\n",
    "from x import Mixin as M\n\n\nclass A(M): ...\n",
    "from x import Mixin\nM = Mixin\n\n\nclass A(M): ...\n",
]


@pytest.mark.parametrize("text", NOT_ALONE)
def test_it_is_told_that_something_else_may_map_a_class(text: str) -> None:
    assert any(not alone for _, alone in bases_in(text.encode())["Mixin"])


def test_a_class_with_one_base_is_told_with_its_name() -> None:
    text = "@f\ndef g():\n    return f()\n\n\nclass A(x.Mixin[int]):\n    pass\n\n\nclass B(Mixin): ...\n"
    assert bases_in(text.encode())["Mixin"] == [["A", False], ["B", True]]


@pytest.mark.parametrize("last", ["class Item(More, Base):", "@registry().mapped\nclass Item(More):"])
def test_a_mixin_of_a_mixin_is_judged(last: str) -> None:
    files: dict[str, str | bytes] = {
        "mixin.py": "class Mixin:\n    @property\n    def metadata(self):\n        return {}\n",
        "more.py": "from mixin import Mixin\nclass More(Mixin): pass\n",
        "models.py": (
            "from sqlalchemy import Column, Integer\nfrom sqlalchemy.orm import declarative_base, registry\n"
            "from more import More\nBase = declarative_base()\n"
            + last
            + "\n    __tablename__ = 'items'\n    id = Column(Integer, primary_key=True)\n"
        ),
    }
    assert {finding.path for finding in check_files(files).diagnostics} == {"mixin.py"}


MIXIN = "class Mixin:\n    metadata: dict\n"
IMPORTS = {
    "absolute": "from app.mixin import Mixin\n",
    "of the module": "import app.mixin\nMixin = app.mixin.Mixin\n",
    "relative": "from .mixin import Mixin\n",
    "relative and near": "from.mixin import Mixin\n",
    "of everything": "from app.mixin import *\n",
    "behind a semicolon": "import typing; from app.mixin import Mixin\n",
    "behind a colon": "if True: from app.mixin import Mixin\n",
    "on two lines": "from app.mixin \\\n    import Mixin\n",
    "on lines of old": "import typing\rfrom app.mixin import Mixin\r",
    "tried": "try:\n    from app.mixin import Mixin\nexcept ImportError:\n    pass\n",
    "under another name": "from app.mixin import Mixin as M\nMixin = M\n",
    "defined": MIXIN,
}
TABLES = {
    "alone": "class Item(Mixin, SQLModel, table=True):\n",
    "with type parameters": "class Item[T: int](Mixin, SQLModel, table=True):\n",
    "in other letters": "class Ärger(Mixin, SQLModel, table=True):\n",
    "by another class": "class Between(Mixin):\n    pass\n\n\nclass Item(Between, SQLModel, table=True):\n",
}


@pytest.mark.parametrize(
    ("imports", "table"),
    [*((i, TABLES["alone"]) for i in IMPORTS.values()), *((IMPORTS["relative"], t) for t in TABLES.values())],
    ids=[*IMPORTS, *TABLES],
)
def test_an_annotation_on_a_mixin_is_a_field_of_a_table_that_derives_from_it(imports: str, table: str) -> None:
    if "[T" in table and sys.version_info < (3, 12):
        pytest.skip("newer syntax")
    models = f"from sqlmodel import Field, SQLModel\n{imports}{table}    id: int = Field(primary_key=True)\n"
    files: dict[str, str | bytes] = {"app/__init__.py": "", "app/mixin.py": MIXIN, "app/models.py": models}
    report = check_files(files)
    assert {finding.path for finding in report.diagnostics} == {"app/models.py" if imports == MIXIN else "app/mixin.py"}


@pytest.mark.parametrize(
    "last", ["class Item(Mixin, SQLModel):", "class Item(Mixin, Base):", "table = Mixin\nclass Item(Base):"]
)
def test_it_is_no_field_of_what_is_no_such_table(last: str) -> None:
    models = (
        "from sqlalchemy.orm import DeclarativeBase, mapped_column\nfrom sqlmodel import SQLModel\n"
        "from mixin import Mixin\nclass Base(DeclarativeBase): pass\n"
        f"{last}\n    __tablename__ = 'items'\n    id = mapped_column(primary_key=True)\n"
    )
    assert check_files({"mixin.py": MIXIN, "models.py": models}).diagnostics == ()


@pytest.mark.parametrize("keywords", ["", ", table=True", ",\n    # why\n    table = True\n"])
def test_what_only_a_field_breaks_is_judged_by_the_tables_that_derive(keywords: str) -> None:
    models = (
        "from sqlmodel import Field, SQLModel\nfrom mixin import Mixin\n"
        f"class Item(Mixin, SQLModel{keywords}):\n    id: int = Field(primary_key=True)\n"
    )
    report = check_files({"mixin.py": "class Mixin:\n    __hidden: int = 0\n", "models.py": models})
    assert [finding.path for finding in report.diagnostics] == ["mixin.py"] * bool(keywords)


def test_a_bare_annotation_matters_to_nothing_that_was_measured_but_fields() -> None:
    measured = [kinds for version in MEASURED for places in cells(version).values() for kinds in places.values()]
    assert measured
    assert not any("bare annotation" in kinds for kinds in measured)


def test_a_class_in_a_function_is_nobodys_base_elsewhere() -> None:
    text = (
        "from sqlalchemy import Column, Integer\nfrom sqlalchemy.orm import declarative_base\n\n\n"
        "def make():\n    class Mixin:\n        metadata = Column(Integer)\n\n    return Mixin\n\n\n"
        "Base = declarative_base()\n\n\n"
        "class Item(Mixin, Base):\n    __tablename__ = 'items'\n    id = Column(Integer, primary_key=True)\n"
    )
    assert check_files({"models.py": text}).diagnostics == ()
    outside = text.replace("def make():\n    class", "class").replace("        metadata", "    metadata")
    assert check_files({"models.py": outside.replace("    return Mixin\n", "")}).diagnostics


def test_other_uses_of_a_name_are_passed() -> None:
    text = "from x import Mixin\n\n\nclass A(B):\n    x = Mixin()\n    y: Mixin\n\n    def f(self, z=Mixin): ...\n"
    assert "Mixin" not in bases_in(text.encode())


@pytest.mark.parametrize("package", ["alembic", "click", "flask_sqlalchemy", "jinja2", "pluggy"])
def test_the_bases_of_installed_packages_are_all_there(package: str) -> None:
    for path in sorted((SITE / package).rglob("*.py")):
        try:
            outline = read_outline(decode(str(path), path.read_bytes()))
        except UnreadableFile:
            continue
        wanted = {name for cls in outline.classes.values() for base in cls.bases for name in names_of(base)}
        told = bases_in(path.read_bytes())
        assert wanted <= told.keys(), path
        for cls in outline.classes.values():
            for name in (name for base in cls.bases for name in names_of(base)):
                assert cls.name in {heir for heir, _ in told[name]}, path
