"""A change has those files judged again that it concerns, and no others."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path

import pytest

from sqla_guard.cache.recorder import Recorder
from sqla_guard.check import engine
from sqla_guard.core.config import Config
from sqla_guard.core.ledger import Judged, Ledger
from sqla_guard.core.look import Question, true_of
from sqla_guard.core.memo import Memo, Uses
from sqla_guard.core.report import Report
from sqla_guard.core.workspace import ALL_NAMED, Workspace
from sqla_guard.read.discover import FileDisk
from sqla_guard.run import files_of, run_check
from sqla_guard.settings import settings
from sqla_guard.testing import MemoryDisk
from tests.support.projects import PROJECTS

FILES = {
    "pyproject.toml": "[project]\nname = 'p'\n",
    "app/__init__.py": "",
    "app/base.py": """\
from sqlalchemy.orm import DeclarativeBase

from app.ring import Ring


class Base(DeclarativeBase):
    pass
""",
    # A ring of imports, in which the answer to one name leads through all of them.
    "app/ring.py": "from app.ring_two import *\n\n\nclass Ring:\n    pass\n",
    "app/ring_two.py": "from app.ring_three import *\nfrom app.ring_three import Marked as AlsoMarked\n",
    "app/ring_three.py": "from app.ring import *\n\n\nclass Marked:\n    meta = None\n",
    "app/mixins.py": """\
from sqlalchemy import JSON, Column


class HasData:
    metadata = Column(JSON)
""",
    "app/event.py": """\
from sqlalchemy import JSON, Column, Integer

from app.base import Base
from app.ring import Marked


class Event(Marked, Base):
    __tablename__ = "events"
    id = Column(Integer, primary_key=True)
    metadata = Column(JSON)
""",
    "app/visit.py": """\
from sqlalchemy import Column, Integer

from app.base import Base
from app.mixins import HasData
from app.ring_two import AlsoMarked


class Visit(HasData, AlsoMarked, Base):
    __tablename__ = "visits"
    id = Column(Integer, primary_key=True)
    query_class = None
""",
    "app/uses.py": """\
from app.event import Event


def shown(event: Event):
    return event.metadata, Event.metadata
""",
    "app/client.py": """\
from redis import Redis

_client = None


def client():
    global _client
    if _client is None:
        _client = Redis()
    return _client
""",
    "app/pool.py": """\
from app.made import Pool

_pool = None


def pool():
    global _pool
    if _pool is None:
        _pool = Pool()
    return _pool
""",
    "app/made.py": "import threading\n\n\nclass Pool:\n    def __init__(self):\n        self.lock = threading.Lock()\n",
    "app/known.py": "x = 1  # sqla-guard: ignore[SG201]: nothing here\n",
    "app/late.py": "from sqlalchemy import JSON, Column\n\nfrom app.visit import Visit\n\nNAME = 'registry'\n",
    "app/far.py": "from app.pool import pool\n\n\ndef work():\n    return pool().lock\n",
    "schema.sql": "CREATE TABLE events (id INT, metadata JSON);\n",
    "more.sql": "ALTER TABLE visits ADD COLUMN registry JSON;\n",
}
FILLER = "# nothing to see here\n" * 20


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("SQLA_GUARD_CACHE_DIR", str(tmp_path / "kept"))
    folder = tmp_path / "project"
    for name, text in {**FILES, **{f"app/filler{n}.py": FILLER for n in range(40)}}.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    monkeypatch.chdir(folder)
    return folder


@pytest.fixture
def judged(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The files that are judged."""
    found: list[str] = []
    real = engine._judge

    def noted(path: str, *others: object) -> Judged:
        found.append(path)
        return real(path, *others)  # type: ignore[arg-type]

    monkeypatch.setattr(engine, "_judge", noted)
    return found


def check(cached: bool = True) -> Report:
    return run_check(["."], settings(["."], jobs=1), asked=ALL_NAMED._replace(cached=cached)).report


def _more(name: str, text: str = "# one more line\n") -> Callable[[Path], object]:
    return lambda project: (project / name).write_text((project / name).read_text() + text)


def _replace(name: str, old: str, new: str) -> Callable[[Path], None]:
    def change(project: Path) -> None:
        text = (project / name).read_text()
        assert old in text
        (project / name).write_text(text.replace(old, new))

    return change


CHANGES: dict[str, tuple[Callable[[Path], object], set[str]]] = {
    "a comment in a module with a lazy global": (_more("app/client.py"), {"app/client.py"}),
    "an import beside which a fix puts another": (
        _replace("app/client.py", "from redis", "import os\nfrom redis"),
        {"app/client.py"},
    ),
    "a method in what a lazy global makes": (
        _replace("app/made.py", "threading.Lock()\n", "threading.Lock()\n\n    def close(self):\n        pass\n"),
        {"app/pool.py"},
    ),
    "a directive is taken away": (_replace("app/known.py", "sqla-guard", "guard"), set()),
    "a lazy global comes": (
        _more("app/filler7.py", FILES["app/client.py"]),
        {"app/filler7.py"},
    ),
}


@pytest.mark.parametrize(("change", "concerned"), CHANGES.values(), ids=CHANGES)
def test_only_what_a_change_concerns_is_judged_again(
    change: Callable[[Path], object], concerned: set[str], project: Path, judged: list[str]
) -> None:
    check()
    judged.clear()
    change(project)
    found = check()
    assert set(judged) == concerned
    assert found == check(cached=False)
    judged.clear()
    assert check() == found
    assert not judged


OF_MODELS: dict[str, Callable[[Path], object]] = {
    "a column": _replace("app/event.py", "    id =", "    kind = Column(Integer)\n    id ="),
    "a comment in the first file that imports SQLAlchemy": _more("app/base.py"),
}


@pytest.mark.parametrize("change", OF_MODELS.values(), ids=OF_MODELS)
def test_what_concerns_models_leaves_lazy_globals_alone(
    change: Callable[[Path], object], project: Path, judged: list[str]
) -> None:
    check()
    judged.clear()
    change(project)
    found = check()
    assert "app/event.py" in judged
    assert not {"app/client.py", "app/pool.py"} & set(judged)
    assert found == check(cached=False)


def test_a_lazy_global_beside_a_reserved_name_is_judged_anew_when_the_project_maps_classes(
    project: Path, judged: list[str]
) -> None:
    for path in (*project.glob("app/*.py"), *project.glob("*.sql")):
        path.write_text("")
    (project / "app" / "base.py").write_text("class Base:\n    pass\n")
    both = "from app.base import Base\n\n\nclass Visit(Base):\n    metadata = None\n\n\n"
    (project / "app" / "client.py").write_text(both + FILES["app/client.py"])
    assert [found.code for found in check().diagnostics] == ["SG201"]
    _more("app/client.py")(project)
    assert [found.code for found in check().diagnostics] == ["SG201"]
    (project / "app" / "base.py").write_text(FILES["app/base.py"])
    (project / "app" / "ring.py").write_text(FILES["app/ring.py"])
    judged.clear()
    assert [found.code for found in check().diagnostics] == ["SG101", "SG201"]
    assert "app/client.py" in judged
    assert check() == check(cached=False)


def test_whether_a_project_maps_classes_may_change(project: Path) -> None:
    for path in project.glob("app/*.py"):
        text = path.read_text().replace("from sqlalchemy import", "from app.base import")
        path.write_text(text.replace("__tablename__", "name"))
    base = project / "app" / "base.py"
    real = "from sqlalchemy import JSON, Column, Integer\n" + base.read_text()
    base.write_text(f'TEXT = """\n{real}"""\n')
    before = check()
    base.write_text(real)
    found = check()
    assert len(found.diagnostics) > len(before.diagnostics)
    assert found == check(cached=False)
    base.write_text(f'TEXT = """\n{real}"""\n')
    assert check() == before


def test_a_file_that_comes_to_bind_a_reserved_name_is_asked_for_it_by_all(project: Path) -> None:
    before = check()
    _replace("app/late.py", "NAME = 'registry'", "Visit.registry = Column(JSON)")(project)
    found = check()
    assert {d.path for d in found.diagnostics} - {d.path for d in before.diagnostics} == {"app/late.py", "more.sql"}
    assert found == check(cached=False)
    _replace("app/late.py", "Visit.registry = Column(JSON)", "NAME = 'registry'")(project)
    assert check() == before


def test_each_file_of_a_ring_is_one_that_its_users_depend_on(project: Path) -> None:
    for name in ("app/ring.py", "app/ring_two.py", "app/ring_three.py"):
        for text in ("class Marked:\n    metadata = None\n", FILES[name], "def broken(:\n", FILES[name]):
            check()
            (project / name).write_text(text)
            assert check() == check(cached=False)


def test_a_ring_of_imports_says_the_same_whoever_asks_first(project: Path) -> None:
    client = "from app.{} import made\n" + FILES["app/client.py"].partition("\n")[2].replace("Redis", "made")
    (project / "app" / "ring.py").write_text("from app.ring_two import *\nfrom app.ring_three import *\n")
    (project / "app" / "ring_two.py").write_text("from app.ring import *\n")
    (project / "app" / "ring_three.py").write_text("from redis import Redis as made\n")
    names = [f"app/{name}.py" for name in ("client", "pool")]
    for name, module in zip(names, ("ring", "ring_two"), strict=True):
        (project / name).write_text(client.format(module))
    assert len({d.message for d in check().diagnostics if d.path in names}) == 1
    for name in names:
        _more(name)(project)
        assert check() == check(cached=False)


def test_a_file_that_changes_while_it_is_judged_counts_for_nothing(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    check()
    real = engine._judge

    def late(path: str, *others: object) -> Judged:
        (project / "app" / "made.py").write_text("Pool = dict\n")
        return real(path, *others)  # type: ignore[arg-type]

    _more("app/pool.py")(project)
    monkeypatch.setattr(engine, "_judge", late)
    check()
    monkeypatch.setattr(engine, "_judge", real)
    assert check() == check(cached=False)


@pytest.mark.parametrize("sample", [None, "security_desk"])
def test_a_file_judged_alone_uses_nothing_that_is_not_noted_of_it(
    sample: str | None, project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is remembered for other files would be missing from what is noted, were it not counted again."""
    if sample:
        shutil.copytree(PROJECTS / sample, tmp_path / sample)
        monkeypatch.chdir(tmp_path / sample)
    paths = files_of(["."], Config())
    whole = _ledger(paths, Ledger())
    assert len(whole.judged) > 7
    for path, one in whole.judged.items():
        known = Ledger()
        known.changed, known.sizes = frozenset(), dict.fromkeys(paths, 1)
        known.reserving = set(whole.reserving)
        known.judged = {**dict.fromkeys(whole.judged, Judged((), 0, False)), path: None}
        alone = _ledger(paths, known).judged[path]
        assert one is not None
        assert alone is not None
        assert alone.said == one.said
        assert _things(known.uses, alone.used) <= _things(whole.uses, one.used | whole.always)


def _ledger(paths: tuple[str, ...], ledger: Ledger) -> Ledger:
    engine.check(Workspace(paths, Recorder(FileDisk(Config()), ledger)), Config(), None, ledger)
    return ledger


def _things(uses: Uses, used: int) -> set[object]:
    return {thing for thing, bit in uses.bits.items() if bit & used}


def test_an_answer_counts_what_it_was_made_from_whenever_it_is_used() -> None:
    uses = Uses()
    memo = Memo(uses)
    for _ in range(2):
        assert uses.of(lambda: memo.of("outer", lambda: memo.of("inner", lambda: uses.use("x")))) == (None, 1)
    assert uses.of(lambda: memo.of("inner", lambda: None)) == (None, 1)
    assert uses.of(lambda: None) == (None, 0)


def test_an_answer_of_a_ring_is_what_it_is_by_itself_whatever_was_asked_before() -> None:
    uses = Uses()
    memo = Memo(uses)
    leads = {"first": ["second", "late"], "second": ["third"], "third": ["first"], "late": []}
    for name in ("first", "second", "third", "first"):
        found, used = uses.of(partial(_reached, name, leads, memo, uses))
        assert found == leads.keys()
        assert _things(uses, used) == leads.keys()


def test_what_uses_an_answer_of_a_ring_that_is_not_closed_is_of_that_ring() -> None:
    uses = Uses()
    memo = Memo(uses)
    leads = {"top": ["ring", "user"], "ring": ["inner"], "inner": ["ring", "top"], "user": ["inner", "own"], "own": []}
    for name in leads:
        assert _reached(name, leads, memo, uses) == (leads.keys() if name != "own" else {"own"})
    assert memo.has("own")


def _reached(name: str, leads: Mapping[str, list[str]], memo: Memo, uses: Uses) -> frozenset[str]:
    """Return all names that ``leads`` leads to from ``name``."""

    def make() -> frozenset[str]:
        uses.use(name)
        return frozenset([name, *(further for to in leads[name] for further in _reached(to, leads, memo, uses))])

    nothing: Callable[[], frozenset[str]] = frozenset
    return memo.of(name, make, nothing)


def test_answers_stay_where_one_is_cut_off_and_count_all_that_was_asked_with_them() -> None:
    uses = Uses()
    memo = Memo(uses)

    def top() -> str:
        memo.of("ring", lambda: memo.of("top", str, str))
        memo.of("deep", memo.cut)
        uses.use("late")
        return "top"

    assert memo.of("top", top) == "top"
    for key in ("ring", "deep"):
        assert memo.has(key)
        assert uses.of(lambda key=key: memo.of(key, str))[1] == uses.bits["late"]  # type: ignore[misc]
    memo.of("next", lambda: memo.of("ring two", lambda: memo.of("next", str, str)))
    assert not memo.has("ring two")


def test_an_answer_beside_a_ring_is_made_once() -> None:
    memo = Memo(Uses())
    memo.of("top", lambda: (memo.of("ring", lambda: memo.of("top", str, str)), memo.of("beside", lambda: "made")))
    assert memo.of("beside", str) == "made"
    assert not memo.has("ring")


def test_of_a_question_only_the_answer_counts() -> None:
    recorder = Recorder(MemoryDisk({"a.py": "x = 1\n", "b.py": "y = 2\n"}))
    question = Question("word", "x")
    for _ in range(2):
        found, used = recorder.ledger.uses.of(
            lambda: recorder.noted(question, "a.py", lambda: true_of([_found(recorder)]))
        )
        assert found == {"a.py": True}
        assert _things(recorder.ledger.uses, used) == {(question, ".")}


def _found(recorder: Recorder) -> str:
    assert recorder.raw("b.py")
    return "a.py"


def test_an_answer_that_could_not_be_made_is_made_when_asked_for_again() -> None:
    memo = Memo(Uses())
    with pytest.raises(ZeroDivisionError):
        memo.of("key", lambda: 1 // 0)
    assert memo.of("key", lambda: 2) == 2
