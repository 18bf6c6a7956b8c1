"""Which classes may derive from a name, told from bytes: every class that the outline shows, under any name."""

from __future__ import annotations

import sysconfig
from collections.abc import Iterator
from pathlib import Path

import pytest

from sqla_guard.core.words import bases_in
from sqla_guard.core.workspace import UnreadableFile
from sqla_guard.facts.values import Attr, Call, Imported, Item, Name, Value
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
        assert wanted <= bases_in(path.read_bytes()).keys(), path
