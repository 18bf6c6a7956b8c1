"""After any sequence of changes, what a run keeps and uses again leads to the report of a run without it."""

from __future__ import annotations

import random
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from sqla_guard import run
from sqla_guard.core.config import Config
from sqla_guard.core.report import Report
from sqla_guard.core.workspace import ALL_NAMED
from sqla_guard.run import run_check
from sqla_guard.settings import settings
from tests.support.projects import ROOT

MODEL = """\
from sqlalchemy import Column, Integer, JSON, String, Table
from {module} import Base, metadata


class {name}(Base):
    __tablename__ = "{table}"
    id = Column(Integer, primary_key=True)
    {column} = Column(JSON)  {comment}
"""
BASES = [
    "from sqlalchemy.orm import declarative_base\n\nBase = declarative_base()\nmetadata = Base.metadata\n",
    "from sqlalchemy.orm import declarative_base as made\n\n\nBase = made()\nmetadata = Base.metadata\n",
    "class Base:\n    pass\n\n\nmetadata = None\n",
    "from elsewhere import *\n",
    "def broken(:\n",
]
USES = """\
from app.models import Event


def shown(event: Event):
    return event.{column}, Event.{column}
"""
LAZY = """\
from {module} import {made}

_client = None


def client():
    global _client
    {lock}if _client is None:
        _client = {made}()
    return _client
"""
DDL = "CREATE TABLE IF NOT EXISTS {table} (id INT, {column} JSON);\n"
PLAIN = "import {module}\n\nVALUE = {value}\n\n\nclass {name}:\n    pass\n"
TEMPLATE = "<p>{{{{ event.{column} }}}}</p>\n"


def _model(pick: random.Random) -> str:
    return MODEL.format(
        module=pick.choice(["app.base", "app.base", ".base"]),
        name=pick.choice(["Event", "Event", "Visit"]),
        table=pick.choice(["events", "events", "visits"]),
        column=pick.choice(["metadata", "metadata", "registry", "details"]),
        comment=pick.choice(["", "", "# sqla-guard: ignore[SG101]: known", "# sqla-guard: ignore[SG201]: wrong"]),
    )


def _lazy(pick: random.Random) -> str:
    return LAZY.format(
        module=pick.choice(["threading", "app.helper", "redis"]),
        made=pick.choice(["Thread", "Redis", "make"]),
        lock=pick.choice(["", "", "# said\n    "]),
    )


def _plain(pick: random.Random) -> str:
    return PLAIN.format(
        module=pick.choice(["os", "app.models", "models", "threading"]),
        value=pick.choice(["1", "'metadata'", "'events'", "Base", '"postgresql://"']),
        name=pick.choice(["Event", "Base", "Thread", "Other"]),
    )


WRITERS: dict[str, Callable[[random.Random], str]] = {
    "app/__init__.py": lambda pick: pick.choice(["", "from app.models import Event\n"]),
    "app/base.py": lambda pick: pick.choice(BASES),
    "app/models.py": _model,
    "app/more.py": _model,
    "app/uses.py": lambda pick: USES.format(column=pick.choice(["metadata", "details"])),
    "app/lazy.py": _lazy,
    "app/helper.py": lambda pick: pick.choice(["class Redis:\n    pass\n", "def make():\n    return {}\n", "x = 1\n"]),
    "app/plain.py": _plain,
    "app/other.py": _plain,
    "schema.sql": lambda pick: DDL.format(
        table=pick.choice(["events", "visits"]), column=pick.choice(["metadata", "details"])
    ),
    "templates/event.html": lambda pick: TEMPLATE.format(column=pick.choice(["metadata", "details"])),
    "requirements.txt": lambda pick: pick.choice(["sqlalchemy==1.4.0\n", "sqlalchemy>=2\npsycopg2\n"]),
    "pyproject.toml": lambda pick: pick.choice(
        ["[project]\nname = 'p'\n", "[tool.ruff]\nline-length = 100\n", "[tool.sqla-guard]\nignore = ['SG2']\n"]
    ),
}
FILLER = "# nothing to see here\n" * 500


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("SQLA_GUARD_CACHE_DIR", str(tmp_path / "kept"))
    return tmp_path / "kept"


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project of some size, in which most files say nothing."""
    folder = tmp_path / "project"
    pick = random.Random(1)
    for name in WRITERS:
        _write(folder, name, pick)
    (folder / "app" / "base.py").write_text(BASES[0])
    (folder / "pyproject.toml").write_text("[project]\nname = 'p'\n")
    for number in range(110):
        (folder / "app" / f"filler{number}.py").write_text(FILLER)
    monkeypatch.chdir(folder)
    return folder


@pytest.fixture
def checks(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """One number for each check that was made from the start."""
    made: list[int] = []
    real = run.report_on

    def counted(*arguments: object) -> Report:
        made.append(1)
        return real(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(run, "report_on", counted)
    return made


def check(cached: bool) -> Report:
    return run_check(["."], settings(["."], jobs=1), asked=ALL_NAMED._replace(cached=cached)).report


def _write(folder: Path, name: str, pick: random.Random) -> None:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(WRITERS[name](pick))


EDITS: list[Callable[[str], str]] = [
    lambda text: text + "# one more line\n",
    lambda text: "\n" + text,
    lambda text: text + "\n\ndef more(metadata=None):\n    return metadata\n",
    lambda text: text.replace("    id = ", "    kind = Column(String(8))\n    id = "),
    lambda text: text[: len(text) // 2],
]


def _change(folder: Path, pick: random.Random) -> None:
    """Edit a file, or write it anew, or take it away, or move it."""
    name = pick.choice(sorted(WRITERS))
    path = folder / name
    match pick.randrange(14):
        case 0:
            path.unlink(missing_ok=True)
        case 1 if path.exists() and path.suffix == ".py":
            path.rename(path.with_name(f"moved_{path.name}"))
        case n if n > 7 and path.exists():
            path.write_text(pick.choice(EDITS)(path.read_text()))
        case _:
            _write(folder, name, pick)


@pytest.mark.parametrize("seed", range(3))
def test_any_changes_lead_to_what_a_run_without_the_cache_says(seed: int, project: Path) -> None:
    pick = random.Random(seed)
    for _ in range(12):
        for _ in range(pick.choice([1, 1, 1, 3])):
            _change(project, pick)
        assert check(cached=True) == check(cached=False)


QUIET = {
    "a comment": lambda text: text + "# one more line\n",
    "a statement": lambda text: "import json\n" + text + "value = json.dumps('x')\n",
    "a class": lambda text: text + "\n\nclass Unheard:\n    pass\n",
}


@pytest.mark.parametrize("edit", QUIET.values(), ids=QUIET)
def test_a_file_that_does_not_matter_changes_and_nothing_is_checked_anew(
    edit: Callable[[str], str], project: Path, checks: list[int]
) -> None:
    before = check(cached=True)
    path = project / "app" / "filler7.py"
    for _ in range(2):
        path.write_text(edit(path.read_text()))
        assert check(cached=True) == before
        assert check(cached=True) == before
    assert len(checks) == 1
    assert check(cached=False) == before


LOUD = {
    "a model": MODEL.format(module="app.base", name="Late", table="late", column="metadata", comment=""),
    "a use of a model": USES.format(column="metadata"),
    "a lazy client": LAZY.format(module="redis", made="Redis", lock=""),
    "a class of the name of a model": "class Event:\n    pass\n",
    "a broken file": "def metadata(:\n    Column()\n",
    "bytes that are no text": "x = '\udcff'\n",
}


@pytest.mark.parametrize("text", LOUD.values(), ids=LOUD)
def test_a_file_that_did_not_matter_comes_to_matter(text: str, project: Path) -> None:
    (project / "app" / "base.py").write_text(BASES[0])
    check(cached=True)
    path = project / "app" / "filler7.py"
    path.write_bytes(text.encode("utf-8", "surrogateescape"))
    assert check(cached=True) == check(cached=False)
    path.write_text(FILLER)
    assert check(cached=True) == check(cached=False)


FIRST = {
    "an import": BASES[0],
    "what looks like one": f"'''\n{BASES[0]}'''\n",
    "a table": "from acme import Base\n\n\nclass Event(Base):\n    __tablename__ = 'events'\n    metadata = {}\n",
    "an annotation": "from .no import Base\nfrom acme import Mapped\n\n\nclass E(Base):\n    registry: Mapped[str]\n",
}


@pytest.mark.parametrize("text", FIRST.values(), ids=FIRST)
def test_a_project_comes_to_map_its_first_class(text: str, project: Path, checks: list[int]) -> None:
    for path in project.glob("app/*.py"):
        path.write_text(path.read_text().replace("sqlalchemy", "acme").replace("__tablename__", "table"))
    assert not [found for found in check(cached=True).diagnostics if found.code.startswith(("SG1", "SG3"))]
    path = project / "app" / ("base.py" if text in BASES else "filler7.py")
    path.write_text(text)
    assert check(cached=True) == check(cached=False)
    assert len(checks) == 3
    path.write_text(FILLER)
    assert check(cached=True) == check(cached=False)


TABLE = """\
from app.base import Base
from sqlalchemy import Column, Integer


class {name}(Base):
    __tablename__ = "{table}"
    id = Column(Integer, primary_key=True)
"""


@pytest.mark.parametrize("together", [True, False])
def test_a_project_comes_to_declare_its_first_table_and_that_one_twice(together: bool, project: Path) -> None:
    for path in project.glob("app/*.py"):
        path.write_text(FILLER)
    (project / "schema.sql").write_text("")
    (project / "app" / "base.py").write_text(BASES[0])
    (project / "app" / "lazy.py").write_text("import app.models, app.more\n")
    assert not check(cached=True).diagnostics
    for name in ("models", "more"):
        (project / "app" / f"{name}.py").write_text(TABLE.format(name=name.title(), table="events"))
        if not together:
            assert check(cached=True) == check(cached=False)
    assert [found.code for found in check(cached=True).diagnostics] == ["SG110"]
    (project / "app" / "more.py").write_text(TABLE.format(name="More", table="visits"))
    assert not check(cached=True).diagnostics


START = "import redis\n\nX = None\n\n\ndef init_client():\n    global X\n    if X is None:\n        X = redis.Redis()\n"
CALLER = "from app.client import init_client\n\n\ndef {}():\n    init_client()\n"


def test_who_calls_a_function_changes_one_caller_after_the_other(project: Path) -> None:
    (project / "app" / "client.py").write_text(START)
    callers = [project / "app" / f"{place}.py" for place in ("a_first", "z_last")]

    def is_reported() -> bool:
        report = check(cached=True)
        assert report == check(cached=False)
        return "app/client.py" in {found.path for found in report.diagnostics}

    assert not is_reported()
    for calling, reported in ((("setup", "main"), False), (("setup", "handle"), True), (("handle", "handle"), True)):
        for path, function in zip(callers, calling, strict=True):
            path.write_text(CALLER.format(function))
        assert is_reported() is reported
    for path in callers:
        assert is_reported()
        path.write_text(FILLER)
    assert not is_reported()


BROKEN = {
    "nothing to look at": "def nothing(:\n",
    "looked at": "X = 0\ndef get(n):\n    global X\n    if n in (X, 1):\n        X = n\n"
    "def other():\n    a b\n    c\n    d\n",
}


@pytest.mark.parametrize("text", BROKEN.values(), ids=BROKEN)
def test_a_run_that_becomes_large_checks_less_syntax(text: str, project: Path) -> None:
    broken = project / "app" / "filler7.py"
    broken.write_text(text)
    for path in project.glob("app/filler1*.py"):
        path.write_text("x = 1\n")
    assert check(cached=True) == check(cached=False)
    (project / "app" / "filler9.py").write_text(FILLER * 100)
    assert not check(cached=True).not_analysed
    assert check(cached=True) == check(cached=False)
    (project / "app" / "filler9.py").write_text("x = 1\n")
    assert check(cached=True).not_analysed
    assert check(cached=True) == check(cached=False)


def test_a_damaged_rest_of_an_entry_counts_for_nothing(project: Path, cache: Path, checks: list[int]) -> None:
    before = check(cached=True)
    (entry,) = cache.iterdir()
    data = entry.read_bytes()
    entry.write_bytes(data[:-9] + bytes([data[-9] ^ 1]) + data[-8:])
    assert check(cached=True) == before
    assert len(checks) == 1
    (project / "app" / "filler7.py").write_text(FILLER + "# more\n")
    assert check(cached=True) == before
    assert len(checks) == 2


def test_every_sample_project_survives_a_change_of_each_of_its_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(ROOT / "fixtures" / "projects" / "security_desk", tmp_path / "desk")
    monkeypatch.chdir(tmp_path / "desk")
    run_settings = Config(jobs=1)
    cached = ALL_NAMED._replace(cached=True)
    run_check(["."], run_settings, asked=cached)
    for path in sorted((tmp_path / "desk").rglob("*.py"))[::12]:
        path.write_text("# a line more\n" + path.read_text(encoding="utf-8"), encoding="utf-8")
        fresh = run_check(["."], run_settings).report
        assert run_check(["."], run_settings, asked=cached).report == fresh
