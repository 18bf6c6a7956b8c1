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
        assert wanted <= bases_in(path.read_bytes()), path
