from __future__ import annotations

import pytest

from sqla_guard.facts.values import Attr, Name, Value
from sqla_guard.project.symbols import External, ProjectClass, ProjectModule, Symbol, Unresolved
from tests.support.memory import project


def resolve(files: dict[str, str], path: str, dotted: str) -> Symbol:
    first, *rest = dotted.split(".")
    value: Value = Name(first)
    for name in rest:
        value = Attr(value, name)
    return project(files).resolve(path, value)


EXTENSIONS = "from flask_sqlalchemy import SQLAlchemy\ndb = SQLAlchemy()\n"


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("from app.extensions import db\n", "db.Model"),
        ("from app.extensions import db as database\n", "database.Model"),
        ("from .extensions import db\n", "db.Model"),
        ("from . import extensions as ext\n", "ext.db.Model"),
        ("import app.extensions\n", "app.extensions.db.Model"),
        ("from app import extensions\nModel = extensions.db.Model\n", "Model"),
        ("from app import db\n", "db.Model"),
        ("from app.everything import *\n", "db.Model"),
        ("try:\n    from app.extensions import db\nexcept ImportError:\n    db = None\n", "db.Model"),
        ("from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from app.extensions import db\n", "db.Model"),
    ],
)
def test_a_base_is_followed_through_every_way_to_import_it(text: str, name: str) -> None:
    files = {
        "app/__init__.py": "from app.extensions import db\n",
        "app/extensions.py": EXTENSIONS,
        "app/everything.py": "from app.extensions import *\n",
        "app/models.py": text,
    }
    assert resolve(files, "app/models.py", name) == External("flask_sqlalchemy.SQLAlchemy().Model")


def test_a_src_layout_and_a_namespace_package_are_found() -> None:
    files = {
        "src/pkg/models/base.py": "class Base: pass\n",
        "src/pkg/models/event.py": "from pkg.models.base import Base\n",
        "tests/test_x.py": "from pkg.models.event import Base\n",
    }
    for path in ("src/pkg/models/event.py", "tests/test_x.py"):
        found = resolve(files, path, "Base")
        assert isinstance(found, ProjectClass)
        assert found.path == "src/pkg/models/base.py"


def test_a_folder_called_like_a_library_does_not_hide_it() -> None:
    files = {
        "alembic/env.py": "",
        "redis/redis.conf.py": "",
        "m.py": "from alembic import op\nfrom redis import Redis\n",
    }
    assert resolve(files, "m.py", "op") == External("alembic.op")
    assert resolve(files, "m.py", "Redis") == External("redis.Redis")


def test_a_subclass_of_sqlalchemy_still_makes_models() -> None:
    files = {"m.py": "from flask_sqlalchemy import SQLAlchemy\nclass Mine(SQLAlchemy): pass\ndb = Mine()\n"}
    assert resolve(files, "m.py", "db.Model") == External("flask_sqlalchemy.SQLAlchemy().Model")


def test_two_places_for_one_thing_agree() -> None:
    text = (
        "try:\n    from sqlalchemy.orm import declarative_base\n"
        "except ImportError:\n    from sqlalchemy.ext.declarative import declarative_base\n"
        "Base = declarative_base()\n"
    )
    assert resolve({"m.py": text}, "m.py", "Base") == External("sqlalchemy.orm.declarative_base()")


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("from .missing import Base\n", "Base"),
        ("Base = Base2\nBase2 = Base\n", "Base"),
        ("from x import one\nif X:\n    Base = one()\nelse:\n    from other import Base\n", "Base"),
        ("", "Base"),
    ],
)
def test_what_nothing_in_sight_defines_is_unresolved(text: str, name: str) -> None:
    assert isinstance(resolve({"pkg/m.py": text}, "pkg/m.py", name), Unresolved)


def test_import_cycles_end() -> None:
    files = {"a.py": "from b import *\nfrom b import X\n", "b.py": "from a import *\nfrom a import X\n"}
    assert isinstance(resolve(files, "a.py", "X"), Unresolved)
    assert isinstance(resolve(files, "a.py", "Y"), Unresolved)


def test_builtins_and_modules_are_what_they_are() -> None:
    files = {"a/__init__.py": "", "a/b.py": "", "m.py": "from a import b\n"}
    assert resolve(files, "m.py", "Exception") == External("builtins.Exception")
    assert resolve(files, "m.py", "b") == ProjectModule("a/b.py")
