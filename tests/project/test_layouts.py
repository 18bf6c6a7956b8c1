"""A model is known as one however its base is reached, from the whole project and from its file alone."""

from __future__ import annotations

from pathlib import Path

import pytest

from sqla_guard.core.config import Config
from sqla_guard.run import run_check

BASE = "from sqlalchemy.orm import DeclarativeBase\nclass Base(DeclarativeBase):\n    pass\n"
PLAIN = "class Base:\n    pass\n"


def model(imports: str, base: str = "Base") -> str:
    return (
        f"from sqlalchemy import Column, Integer\n{imports}\n"
        f"class Item({base}):\n    __tablename__ = 'items'\n"
        "    id = Column(Integer, primary_key=True)\n    metadata = Column(Integer)\n"
    )


# Files of a project, the model in `models.py` of some folder; each is one finding.
LAYOUTS = {
    "absolute import": {
        "app/__init__.py": "",
        "app/db/__init__.py": "",
        "app/db/base.py": BASE,
        "app/models.py": model("from app.db.base import Base"),
    },
    "import of the module": {
        "app/__init__.py": "",
        "app/base.py": BASE,
        "app/models.py": model("import app.base", "app.base.Base"),
    },
    "relative import": {
        "app/__init__.py": "",
        "app/base.py": BASE,
        "app/event/__init__.py": "",
        "app/event/models.py": model("from ..base import Base"),
    },
    "src layout": {
        "pyproject.toml": "",
        "src/app/__init__.py": "",
        "src/app/base.py": BASE,
        "src/app/models.py": model("from app.base import Base"),
    },
    "namespace package": {
        "pyproject.toml": "",
        "acme/core/base.py": BASE,
        "acme/events/models.py": model("from acme.core.base import Base"),
    },
    "star import": {
        "app/__init__.py": "",
        "app/base.py": BASE,
        "app/everything.py": "from .base import *\n",
        "app/models.py": model("from app.everything import *"),
    },
    "re-export under another name": {
        "app/__init__.py": "from .db import Root as Base\n",
        "app/db/__init__.py": "from .base import Base as Root\n",
        "app/db/base.py": BASE,
        "app/models.py": model("from app import Base"),
    },
    "TYPE_CHECKING": {
        "app/__init__.py": "",
        "app/base.py": BASE,
        "app/models.py": model(
            "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from app.base import Base\n"
            "else:\n    from app.base import Base"
        ),
    },
    "conditional import": {
        "app/__init__.py": "",
        "app/base.py": BASE,
        "app/models.py": model("try:\n    from app.base import Base\nexcept ImportError:\n    from base import Base"),
    },
    "cycle of imports": {
        "app/__init__.py": "from app.models import Item\nfrom app.base import Base\n",
        "app/base.py": BASE + "from app import models\n",
        "app/models.py": model("from app import Base"),
    },
    "in a function": {
        "app/__init__.py": "",
        "app/base.py": "def make():\n    from sqlalchemy.orm import declarative_base\n    return declarative_base()\n"
        "from sqlalchemy.orm import declarative_base\nBase = declarative_base()\n",
        "app/models.py": model("from app.base import Base"),
    },
    "two names for one module": {
        "pyproject.toml": "",
        "src/__init__.py": "",
        "src/app/__init__.py": "",
        "src/app/base.py": BASE,
        "src/app/models.py": model("from src.app.base import Base"),
        "src/app/views.py": "from app.models import Item\nfrom src.app.models import Item as Same\n",
    },
    "several projects, the other has a plain Base": {
        "one/pyproject.toml": "",
        "one/base.py": PLAIN,
        "one/models.py": model("from base import Base").replace("class Item", "class Plain"),
        "two/pyproject.toml": "",
        "two/base.py": BASE,
        "two/models.py": model("from base import Base"),
    },
}


def findings(*paths: str) -> list[tuple[str, str, str]]:
    report = run_check(paths, Config(select=frozenset({"SG101", "SG110"}))).report
    return [(d.path, d.symbol, d.message) for d in report.diagnostics]


@pytest.mark.parametrize("layout", LAYOUTS)
def test_the_model_is_found_and_alone_gives_the_same_verdict(
    layout: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for path, text in LAYOUTS[layout].items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    whole = findings(".")
    assert len(whole) == 1
    assert "`Item.metadata` has a reserved name" in whole[0][2]
    for path in LAYOUTS[layout]:
        if path.endswith(".py"):
            assert findings(path) == [f for f in whole if f[0] == path]


def test_one_file_from_its_own_folder_gives_the_same_verdict(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for path, text in LAYOUTS["relative import"].items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text, encoding="utf-8")
    (tmp_path / "pyproject.toml").write_text("", encoding="utf-8")
    monkeypatch.chdir(tmp_path / "app" / "event")
    for given in ("models.py", ".", str(tmp_path)):
        assert [(path, name) for path, name, _ in findings(given)] == [("models.py", "Item.metadata")]
