"""Under which names modules are imported, told from bytes: never fewer than the imports at the margin say."""

from __future__ import annotations

import sysconfig
from pathlib import Path

import pytest

from sqla_guard.core.config import Config
from sqla_guard.core.margin import margin_of
from sqla_guard.core.table_names import says_imported
from tests.support.memory import check_files, project

MODELS = "class Event(Base):\n    __tablename__ = 'events'\n"
BOTH = {
    "from": "from app.models import Event\nfrom models import Event\n",
    "what is taken": "from app import models\nimport models\n",
    "several": "import os, app.models as a, models\n",
    "tabs": "import\tapp.models\nfrom\tmodels\timport Event\n",
    "a line that goes on": "import \\\n  app.models\nimport models\n",
    "names that go on": "import app.models, \\\n  models\n",
    "before the names": "from app.models\\\n  import Event\nimport os\n",
    "old line ends": "import app.models\rimport models\r",
    "Windows line ends": "import os\r\nimport app.models\r\nimport models\r\n",
    "a mark": "\ufeffimport models\nimport app.models\n",
    "letters": "import é.app, app.models\n",
    "spaces around dots": "import app . models\nfrom models import Event\n",
}


def two_names(files: dict[str, str], path: str = "app/models.py") -> bool:
    return project({"app/models.py": MODELS, "app/__init__.py": "", **files}).table_names.has_two_names(path)


@pytest.mark.parametrize("case", BOTH)
def test_imports_under_two_names_are_seen(case: str) -> None:
    assert two_names({"main.py": BOTH[case]})


@pytest.mark.parametrize(
    "text", ["import app.models\n", "from app import models\nimport os\n", "from . import models\n"]
)
def test_one_name_is_one(text: str) -> None:
    assert not two_names({"main.py": text})


def test_a_package_is_run_by_what_is_imported_below_it() -> None:
    files = {"app/db/__init__.py": MODELS, "main.py": "import app.db.base\nimport db.base\n"}
    assert two_names(files, "app/db/__init__.py")
    assert not two_names({**files, "main.py": "import app.db.base\n"}, "app/db/__init__.py")


def test_real_code_imports_nothing_else_at_the_margin() -> None:
    checked = 0
    for path in sorted(Path(sysconfig.get_paths()["stdlib"]).glob("*.py")):
        data = path.read_bytes()
        modules = {module for module, _ in margin_of(data).found}
        said = (says_imported("module.py", data, " ".join(sorted(modules))) or "").split()
        assert "*" in said or set(said) == modules, path
        checked += len(modules)
    assert checked > 500


@pytest.mark.parametrize("apart", ["tests/models.py", "app/migrations/env.py", "test_models.py", "app/models_test.py"])
def test_what_tests_and_migrations_declare_and_import_repeats_nothing(apart: str) -> None:
    data = MODELS.encode()
    base = {"app/base.py": "from sqlalchemy.orm import DeclarativeBase\n"}
    found = project({**base, "app/models.py": MODELS, apart: f"import models, app.models\n{MODELS}"})
    assert not any(found.table_names.may_repeat(path, data) for path in ("app/models.py", apart))
    found = project({**base, "app/models.py": MODELS, "app/more.py": MODELS, apart: MODELS})
    assert [found.table_names.may_repeat(p, data) for p in ("app/models.py", "app/more.py", apart)] == [
        True,
        True,
        False,
    ]


@pytest.mark.parametrize("package", ["flask_sqlalchemy", "flask.ext.sqlalchemy"])
def test_extensions_imply_names_by_either_name(package: str) -> None:
    files = {
        "app/a.py": "from .base import db\n\nclass Event(db.Model):\n    id = db.Column(db.Integer)\n",
        "app/b.py": "from .base import db\n\nclass Event(db.Model):\n    id = db.Column(db.Integer)\n",
        "app/base.py": f"from {package} import SQLAlchemy\n\ndb = SQLAlchemy()\n",
    }
    assert project(files).table_names.may_repeat("app/b.py", files["app/b.py"].encode())


def test_a_base_of_tests_may_imply_names() -> None:
    files = {
        "app/a.py": "class Event(Base):\n    id = Column(Integer)\n",
        "app/b.py": "class Event(Base):\n    id = Column(Integer)\n",
        "tests/base.py": "from flask_sqlalchemy import SQLAlchemy\n",
    }
    assert project(files).table_names.may_repeat("app/a.py", files["app/a.py"].encode())


def test_where_nothing_can_be_mapped_no_table_is_declared_twice() -> None:
    text = "events = Table('events', metadata)\n"
    files = {"app/a.py": text, "app/b.py": text}
    found = project(files), project({**files, "base.py": "try: import sqlalchemy\nexcept ImportError: pass\n"})
    assert [some.table_names.may_repeat("app/a.py", text.encode()) for some in found] == [False, True]


def test_only_tables_at_the_margin_come_twice() -> None:
    once = 'from sqlalchemy import Table\n\na = Table("events", m)\n'
    inside = 'def f():\n    """\n    Table("events")\n    """\n    return Table(\n        "events", m)\n'
    assert not project({"a.py": once, "b.py": inside}).table_names.may_repeat("a.py", once.encode())
    for twice in (
        'b: Table = sa.Table(\n    "events", m)\n',
        '\ufeffb = Table("events", m)\n',
        'é = Table("events", m)\n',
    ):
        assert project({"a.py": once, "b.py": twice}).table_names.may_repeat("a.py", once.encode())


ODD = ["x = 1\r{}", "\f{}", "\ufeff{}", "class\tA(Base):\n    x = Column(1)\n{}", "class \\\n  A(Base):\n    x = 1\n{}"]


@pytest.mark.parametrize("head", ODD)
def test_a_class_statement_in_an_odd_layout_may_be_of_any_table(head: str) -> None:
    plain = "class Event(Base):\n    id = Column(Integer)\n"
    names = project({"app/a.py": head.format(plain), "app/b.py": plain}).table_names
    assert names.files_declaring("app/a.py", "other") == ["app/a.py"]
    assert "app/b.py" in names.files_declaring("app/a.py", "event")


@pytest.mark.parametrize("bases", ["db.Model", "Model", "Base, table=True", "Base, table = True"])
def test_what_a_class_says_of_its_table_may_imply_a_name(bases: str) -> None:
    names = project({"app/a.py": f"class Event({bases}):\n    x = 1\n"}).table_names
    assert names.files_declaring("app/a.py", "event") == ["app/a.py"]
    plain = project({"app/a.py": "class Event(MyModel, a_table=False):\n    x = 1\n"}).table_names
    assert plain.files_declaring("app/a.py", "event") == []


@pytest.mark.parametrize("name", ["'items'", '"""items"""', "r'items'", "u'''items'''", "('items')"])
def test_a_table_has_the_name_that_it_has_in_any_quotes(name: str) -> None:
    base = "from sqlalchemy.orm import declarative_base\nBase = declarative_base()\n"
    model = (
        "from base import Base\nclass {0}(Base):\n    __tablename__ = {1}\n    id = Column(Integer, primary_key=True)\n"
    )
    files = {"base.py": base, "one.py": model.format("One", "'items'"), "two.py": model.format("Two", name)}
    files["main.py"] = "import one, two\n"
    for everything in (False, True):
        found = check_files(files, config=Config(read_everything=everything)).diagnostics
        assert {finding.code for finding in found} == {"SG110"}, everything
