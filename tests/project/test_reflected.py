"""Which files may have classes made by reflection, told from bytes."""

from __future__ import annotations

import pytest

from sqla_guard.project.reflected import may_reflect

REFLECTS = [
    "class A(Base):\n    __table__ = Table('a', m, autoload_with=engine)\n",
    "class A(Base):\n    __table__ = Table('a', m, autoload \\\n = True)\n",
    "class A(Base):\n    __tablename__ = 'a'\n    __table_args__ = {'autoload' : True}\n",
    "class A(Base):\n    __table_args__ = {'''autoload_with'''  # why\n    : engine}\n",
    "t = Table('a', m, autoload_with=engine)\nclass A(Base):\n    __table__ = t\n",
    "from sqlalchemy.ext.automap import automap_base\n",
    "class A(DeferredReflection, Base): ...\n",
]


@pytest.mark.parametrize("text", REFLECTS)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_a_class_that_may_be_reflected_is_not_missed(text: str, encoding: str) -> None:
    assert may_reflect(text.encode(encoding))


@pytest.mark.parametrize(
    "text",
    [
        "def upgrade():\n    t = sa.Table('a', m, autoload_with=op.get_bind())\n",
        "class A(Base):\n    __tablename__ = 'a'\n    def autoload(self): ...\n",
    ],
)
def test_no_class_is_made_of_a_table_alone(text: str) -> None:
    assert not may_reflect(text.encode())
