"""Many processes find what one finds, and remember as much."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from sqla_guard import processes, run, shares
from sqla_guard.cache.recorder import Recorder
from sqla_guard.check import engine as check_engine
from sqla_guard.cli import main
from sqla_guard.core.config import Config
from sqla_guard.core.workspace import ALL_NAMED, Workspace
from sqla_guard.processes import LostProcessError, each_of, parts_of
from sqla_guard.read.discover import FileDisk
from sqla_guard.read.load import read_bytes
from sqla_guard.run import run_check, run_fix
from tests.support.projects import copy_project

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="processes cannot be forked there")

FILLER = "# nothing to see here\n" * 2000
LAZY = """\
import threading

from sqlalchemy import create_engine

_engine = None


def engine():
    global _engine
    if _engine is None:
        _engine = create_engine("sqlite://")
    return _engine
"""


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Four projects in one folder, large enough to be shared out."""
    sample = copy_project("security_desk", tmp_path)
    root = tmp_path / "repository"
    for number in range(4):
        project = root / f"project{number}"
        shutil.copytree(sample, project)
        for extra in range(60):
            (project / f"filler{extra}.py").write_text(FILLER, encoding="utf-8")
    (root / "project1" / "broken.py").write_text("def metadata(:\n    db.Column()\n", encoding="utf-8")
    monkeypatch.chdir(root)
    monkeypatch.setenv("SQLA_GUARD_CACHE_DIR", str(tmp_path / "kept"))
    return root


@pytest.fixture
def shared(monkeypatch: pytest.MonkeyPatch) -> list[tuple[int, int]]:
    """The number of parts of each run that had several, and how many processes it might start."""
    counts: list[tuple[int, int]] = []
    real = processes.each_of

    def counted(*arguments: Any) -> Any:
        counts.append((len(arguments[0]), arguments[2]))
        return real(*arguments)

    monkeypatch.setattr(processes, "each_of", counted)
    return counts


@pytest.fixture
def checked(monkeypatch: pytest.MonkeyPatch) -> list[set[str]]:
    """The projects of each part that was checked, whichever process does it."""
    parts: list[set[str]] = []
    real = run._each

    def counted(*arguments: Any) -> Any:
        parts.extend({path.partition("/")[0] for path in part} for part in arguments[0])
        return real(*arguments)

    monkeypatch.setattr(run, "_each", counted)
    return parts


def test_many_find_what_one_finds(
    repository: Path, shared: list[tuple[int, int]], monkeypatch: pytest.MonkeyPatch
) -> None:
    many = run_check(["."], Config(jobs=3)).report
    by_turns = run_check(["."], Config(jobs=1)).report
    assert shared == [(4, 3), (4, 1)]
    monkeypatch.setattr(run, "_MANY", 1_000_000)
    one = run_check(["."], Config(jobs=3)).report
    assert len(shared) == 2
    assert many == by_turns == one
    assert len([d for d in one.diagnostics if d.code == "SG101"]) == 4
    assert [note.path for note in one.not_analysed if note.fatal] == ["project1/broken.py"]


@pytest.mark.parametrize("jobs", [1, 2])
def test_of_several_projects_only_the_one_with_a_change_is_checked_anew(
    jobs: int, repository: Path, checked: list[set[str]]
) -> None:
    asked = ALL_NAMED._replace(cached=True)
    first = run_check(["."], Config(jobs=jobs), asked=asked).report
    assert sorted(checked, key=min) == [{f"project{number}"} for number in range(4)]
    assert run_check(["."], Config(jobs=jobs), asked=asked).report == first
    assert len(checked) == 4  # the second run was not made
    model = repository / "project2" / "desk" / "models" / "security.py"
    text = model.read_text(encoding="utf-8")
    model.write_text(text.replace("    metadata = ", "    metadota = "), encoding="utf-8")
    changed = run_check(["."], Config(jobs=jobs), asked=asked).report
    assert checked[4:] == [{"project2"}]
    assert len(changed.diagnostics) < len(first.diagnostics)
    assert changed == run_check(["."], Config(jobs=1)).report


@pytest.fixture
def large(repository: Path) -> Path:
    """One project with what may be said of several files at once, large enough to be shared out."""
    project = repository / "project1"
    for extra in range(300):
        (project / f"more{extra}.py").write_text(FILLER[: len(FILLER) // 3], encoding="utf-8")
    model = project / "desk" / "models" / "security.py"
    text = model.read_text(encoding="utf-8")
    # What silences a finding takes the fix of others along, in whichever file they stand.
    silenced = text.replace("    metadata = ", "    # sqla-guard: ignore[SG101] known\n    metadata = ")
    model.write_text(silenced, encoding="utf-8")
    return project


def test_one_large_project_is_shared_out(large: Path, shared: list[tuple[int, int]]) -> None:
    many = run_check(["project1"], Config(jobs=3)).report
    assert shared == [(3, 3)]
    assert many == run_check(["project1"], Config(jobs=1)).report
    assert shared == [(3, 3)]
    assert {d.code for d in many.diagnostics} >= {"SG201", "SG301"}
    assert [note.path for note in many.not_analysed if note.fatal] == ["project1/broken.py"]


def test_what_was_shared_out_is_remembered_as_a_whole(large: Path, shared: list[tuple[int, int]]) -> None:
    asked = ALL_NAMED._replace(cached=True)
    first = run_check(["project1"], Config(jobs=3), asked=asked).report
    assert run_check(["project1"], Config(jobs=3), asked=asked).report == first
    for path in ("desk/models/security.py", "more7.py", "broken.py"):
        with (large / path).open("a", encoding="utf-8") as file:
            file.write("\nlater = 1\n")
        again = run_check(["project1"], Config(jobs=3), asked=asked).report
        assert again == run_check(["project1"], Config(jobs=1)).report
    assert shared == [(3, 3)]


def test_a_file_that_comes_to_matter_is_seen_after_a_run_that_was_shared_out(
    large: Path, shared: list[tuple[int, int]]
) -> None:
    asked = ALL_NAMED._replace(cached=True)
    first = run_check(["project1"], Config(jobs=3), asked=asked).report
    assert shared == [(3, 3)]
    (large / "more7.py").write_text(LAZY, encoding="utf-8")
    again = run_check(["project1"], Config(jobs=3), asked=asked).report
    assert [d.code for d in again.diagnostics if d.path == "project1/more7.py"] == ["SG201"]
    assert len(again.diagnostics) == len(first.diagnostics) + 1
    assert again == run_check(["project1"], Config(jobs=1)).report


LAZY_BY = """\
import threading

from {module} import load

_made = None


def made():
    global _made
    if _made is None:
        _made = load()
    return _made
"""
MAKER = """\
from sqlalchemy import create_engine


def load():
    return create_engine("sqlite://")
"""
# Two of it are as good as one.
HARMLESS = """\
def load():
    return "one"
"""


@pytest.fixture
def worth_sharing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty project that is shared out as soon as it has some files."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SQLA_GUARD_CACHE_DIR", str(tmp_path / ".kept"))
    monkeypatch.setattr(processes, "WORTH", 1000)
    monkeypatch.setattr(run, "_MANY", 1)
    (tmp_path / "setup.cfg").touch()
    return tmp_path


def _write_lazies(folder: Path) -> None:
    for number in range(24):
        lazy = LAZY_BY.format(module=f"maker{number:02}")
        (folder / f"lazy{number:02}.py").write_text(lazy, encoding="utf-8")
        (folder / f"maker{number:02}.py").write_text(MAKER, encoding="utf-8")


def test_what_a_change_concerns_is_known_whichever_process_found_it(
    worth_sharing: Path, shared: list[tuple[int, int]]
) -> None:
    _write_lazies(worth_sharing)
    asked = ALL_NAMED._replace(cached=True)
    left = {f"lazy{number:02}.py" for number in range(24)}
    for number in range(0, 24, 2):
        report = run_check(["."], Config(jobs=3), asked=asked).report
        assert {d.path for d in report.diagnostics if d.code == "SG201"} == left
        (worth_sharing / f"maker{number:02}.py").write_text(HARMLESS, encoding="utf-8")
        left.remove(f"lazy{number:02}.py")
    assert shared == [(3, 3)]


@pytest.mark.parametrize("place", range(3))
def test_a_change_that_concerns_all_files_is_known_whichever_process_found_out(
    place: int, worth_sharing: Path, shared: list[tuple[int, int]]
) -> None:
    _write_lazies(worth_sharing)
    for path in worth_sharing.glob("maker*.py"):
        path.write_text(HARMLESS, encoding="utf-8")
    door = "from base import Base, Column\n\n\nclass Door(Base):\n    metadata = Column()\n"
    (worth_sharing / f"lazy0{place}_door.py").write_text(door, encoding="utf-8")
    # Nothing imports what maps classes.
    (worth_sharing / "base.py").write_text("class Base: ...\n\n\nclass Column: ...\n", encoding="utf-8")
    asked = ALL_NAMED._replace(cached=True)
    assert run_check(["."], Config(jobs=3), asked=asked).report.diagnostics == ()
    assert shared == [(3, 3)]
    (worth_sharing / "base.py").write_text(
        "from sqlalchemy import Column\nfrom sqlalchemy.orm import declarative_base\n\nBase = declarative_base()\n",
        encoding="utf-8",
    )
    found = run_check(["."], Config(jobs=3), asked=asked).report.diagnostics
    assert [d.code for d in found] == ["SG101"]


@pytest.mark.parametrize("text", ["one = 1\n", "one = 2\n"])
def test_what_two_processes_read_differently_is_not_remembered(
    text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "one.py").write_text("one = 1\n", encoding="utf-8")
    first, second = Recorder(FileDisk()), Recorder(FileDisk())
    first.raw("one.py")
    (tmp_path / "one.py").write_text(text, encoding="utf-8")
    second.raw("one.py")
    first.join(second)
    assert first.sound == (text == "one = 1\n")


def test_a_fix_is_proven_by_as_many_processes(large: Path, shared: list[tuple[int, int]]) -> None:
    many = run_fix(["project1"], Config(jobs=3))
    assert shared == [(3, 3)] * len(shared)
    assert len(shared) > 1
    one = run_fix(["project1"], Config(jobs=1))
    assert (many.before, many.after, many.made, many.changes) == (one.before, one.after, one.made, one.changes)
    assert len(many.after.diagnostics) < len(many.before.diagnostics)


def test_a_fix_is_proven_project_by_project(repository: Path, shared: list[tuple[int, int]]) -> None:
    many = run_fix(["."], Config(jobs=3))
    assert shared == [(4, 3)] * len(shared)
    one = run_fix(["."], Config(jobs=1))
    assert (many.before, many.after, many.made, many.changes) == (one.before, one.after, one.made, one.changes)
    assert len({path.partition("/")[0] for path in many.changes}) == 4


def test_what_one_process_has_looked_at_all_know() -> None:
    looks = shares.SharedLooks(("a", "b", "c", "d"))

    def look(part: tuple[str, ...]) -> list[tuple[bool, bool] | None]:
        for path, found in zip(part, [(True, False), (False, True)], strict=True):
            looks[path] = found
        looks["elsewhere"] = (True, True)
        return [looks.get(path) for path in (*part, "elsewhere")]

    for found in each_of([("a", "b"), ("c", "e")], look, 2, None):
        assert found == [(True, False), (False, True), (True, True)]
    assert [looks.get(path) for path in "abcde"] == [(True, False), (False, True), (True, False), None, None]
    assert looks.get("elsewhere") is None


def test_who_has_no_more_files_takes_the_last_ones_of_others() -> None:
    turns = shares.SharedTurns(("a", "b", "c", "d", "e", "f"))
    one = turns.of(("a", "c", "e"))
    assert next(one) == "a"
    assert list(turns.of(("b",))) == ["b", "e", "c"]
    assert list(one) == []
    assert list(turns.of(("f", "a"))) == ["f", "a"]  # none of the others may hold a finding


def test_one_process_judges_what_another_has_no_time_for(
    large: Path, shared: list[tuple[int, int]], monkeypatch: pytest.MonkeyPatch
) -> None:
    alone = run_check(["project1"], Config(jobs=1)).report
    judged, waiting = Counter[str](), list[list[str]]()
    judge, of = check_engine._judge, shares.SharedTurns.of

    def counted(path: str, *rest: Any) -> Any:
        judged[path] += 1
        return judge(path, *rest)

    def only_the_first(turns: shares.SharedTurns, matter: list[str]) -> Iterator[str]:
        waiting.append(matter)
        return islice(of(turns, matter), 1 if len(waiting) == 1 else None)

    monkeypatch.setattr(check_engine, "_judge", counted)
    monkeypatch.setattr(shares.SharedTurns, "of", only_the_first)
    monkeypatch.setattr(processes, "_by_processes", lambda parts, check, jobs: processes._by_turns(parts, check))
    together = run_check(["project1"], Config(jobs=2)).report
    assert len(waiting) == 2
    assert len(waiting[0]) > 2
    assert judged == Counter({*waiting[0], *waiting[1]})
    assert together == alone


def test_what_is_repaired_in_one_process_is_the_text_that_was_checked(
    repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    reads: Counter[str] = Counter()

    def counted(path: str) -> bytes:
        reads[path] += 1
        return read_bytes(path)

    monkeypatch.setattr("sqla_guard.read.discover.read_bytes", counted)
    assert run_fix(["project0"], Config(jobs=1)).changes
    assert set(reads.values()) == {1}


def test_no_share_is_so_small_that_more_would_be_read_of_it(large: Path, shared: list[tuple[int, int]]) -> None:
    for path in large.rglob("*.py"):
        if path.name.startswith(("filler", "more")):
            os.truncate(path, 20)
    (large / "filler0.py").write_text(FILLER * 100, encoding="utf-8")
    run_check(["project1"], Config(jobs=4))
    assert shared == []


def test_one_project_and_small_runs_stay_in_one_process(repository: Path, shared: list[tuple[int, int]]) -> None:
    run_check(["project0"], Config(jobs=4))
    for path in repository.rglob("filler*.py"):
        os.truncate(path, 20)
    run_check(["."], Config(jobs=4))
    assert shared == []


def test_small_projects_go_together_and_no_part_is_small(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for number, size in enumerate([900_000, 3_000_000, 1_200_000, 500_000, 1_600_000, 100_000]):
        project = tmp_path / f"project{number}"
        project.mkdir()
        (project / "setup.cfg").write_text("")
        (project / "only.py").write_text("#" * size)
    files = tuple(f"project{number}/only.py" for number in range(6))
    assert parts_of(Workspace(files, FileDisk())) == [files[1:2], files[3:], (files[0], files[2])]
    assert parts_of(Workspace(files[3:], FileDisk())) == [files[3:]]


def test_what_goes_wrong_in_a_process_goes_wrong_where_it_was_started() -> None:
    def refuse(part: tuple[str, ...]) -> None:
        raise ValueError(part[0])

    with pytest.raises(ValueError, match="only"):
        each_of([("only",), ("only",), ("only",)], refuse, 2, None)


def test_a_process_that_is_ended_is_missed_and_takes_the_others_along() -> None:
    here, there = os.pipe()

    def check(part: tuple[str, ...]) -> None:
        os.write(there, b"+")
        signal.pause() if part == ("stays",) else os.kill(os.getpid(), signal.SIGKILL)

    with pytest.raises(LostProcessError):
        each_of([("stays",), ("is killed",)], check, 2, None)
    os.close(there)
    # The end comes as nobody is left who could write there.
    assert os.read(here, 9).strip(b"+") == b""
    assert os.read(here, 9) == b""
    os.close(here)


@pytest.mark.parametrize("refused", ["ab", "abcd"])
def test_what_no_process_can_be_started_for_is_done_here(refused: str, monkeypatch: pytest.MonkeyPatch) -> None:
    real, refusals = os.fork, [BlockingIOError() for _ in refused]

    def fork() -> int:
        if refusals:
            raise refusals.pop()
        return real()

    monkeypatch.setattr(os, "fork", fork)
    found = each_of([("a",), ("b",), ("c",), ("d",)], lambda part: (part[0], os.getpid()), 2, None)
    assert [part for part, _ in found] == ["a", "b", "c", "d"]
    assert "".join(part for part, process in found if process == os.getpid()) == refused


def test_a_process_that_is_ended_is_no_finding(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("one", "two"):
        (tmp_path / f"{name}.py").write_text(LAZY, encoding="utf-8")
    (tmp_path / "sqla-guard.toml").write_text("jobs = 2\n", encoding="utf-8")
    monkeypatch.setattr(processes, "WORTH", 1)
    monkeypatch.setattr(run, "_MANY", 1)
    monkeypatch.setattr(processes, "_work", lambda *arguments: os.kill(os.getpid(), signal.SIGKILL))
    outcome = CliRunner().invoke(main, ["check", "--no-cache"])
    assert outcome.exit_code == 2
    assert "was ended" in outcome.output


STAYS = """
import os, signal
from sqla_guard.processes import each_of

def stay(part):
    os.write(1, part[0].encode())
    signal.pause()

each_of([("a",), ("b",), ("c",)], stay, 3, None)
"""


def test_processes_end_with_the_one_that_started_them_however_that_ends() -> None:
    with subprocess.Popen([sys.executable, "-c", STAYS], stdout=subprocess.PIPE) as parent:
        assert parent.stdout is not None
        try:
            assert {parent.stdout.read(1) for _ in range(3)} == {b"a", b"b", b"c"}
        finally:
            parent.kill()
        # The end comes when the last of them is gone that could write there.
        assert parent.stdout.read() == b""
