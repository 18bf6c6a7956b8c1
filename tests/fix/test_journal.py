"""A change of many files is made or not made, whenever the process that makes it dies."""

from __future__ import annotations

import json
import os
import resource
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

from sqla_guard.cli import main
from sqla_guard.fix import journal
from sqla_guard.fix.interrupted import FOLDER, interrupted
from sqla_guard.fix.journal import JournalError, recover
from sqla_guard.fix.write import WriteError, write_all
from sqla_guard.read.discover import FileDisk

OLD = {"a.py": b"x = 1\r\n", "b.py": "\ufeff# ü\n".encode(), "sub/c.py": b"c\n"}
TEXTS = {"a.py": "x = 2\r\n", "b.py": "# ü!\n", "sub/c.py": "d\n", "new/d.py": "new\n"}
NEW = {**{path: text.encode() for path, text in TEXTS.items()}, "b.py": "\ufeff# ü!\n".encode()}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / ".git").mkdir()
    for name, data in OLD.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(data)
    return tmp_path


def write() -> None:
    disk = FileDisk()
    write_all({path: disk.load(path) if disk.exists(path) else None for path in TEXTS}, TEXTS)


def content(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and FOLDER not in path.parts
    }


def in_child(work: Callable[[], None]) -> int:
    """Run ``work`` in a process of its own; return its exit code, or minus the signal that ended it."""
    pid = os.fork()
    if pid == 0:
        try:
            work()
        except BaseException:
            os._exit(1)
        os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


STEPS = ("open", "replace", "unlink", "rmdir", "mkdir", "fsync", "chmod", "stat")


def killed_at(step: int) -> Callable[[], None]:
    """Return ``write``, ended by a kill -9 just before its nth call to the system."""

    def work() -> None:
        left = step

        def counted(real: Callable[..., object]) -> Callable[..., object]:
            def call(*arguments: object, **named: object) -> object:
                nonlocal left
                left -= 1
                if left == 0:
                    os.kill(os.getpid(), signal.SIGKILL)
                return real(*arguments, **named)

            return call

        for name in STEPS:
            setattr(os, name, counted(getattr(os, name)))
        write()

    return work


def every_moment() -> Iterator[int]:
    step = 1
    while step < 1000:
        yield step
        step += 1


def test_killed_at_any_moment_all_files_are_old_or_all_new(folder: Path) -> None:
    seen = set()
    for step in every_moment():
        ended = in_child(killed_at(step))
        if ended == 0:
            break
        assert ended == -signal.SIGKILL
        for data in content(folder).values():
            assert data in {*OLD.values(), *NEW.values()}  # each file is whole at any moment
        home = interrupted(str(folder / "sub"))
        if home is not None:
            assert recover(home) == "was finished: 4 files are changed"
        assert content(folder) in (OLD, NEW)
        seen.add(content(folder) == NEW)
        if content(folder) == NEW:
            (folder / "new" / "d.py").unlink()
            for name, data in OLD.items():
                (folder / name).write_bytes(data)
    assert step > 40
    assert seen == {True, False}
    assert content(folder) == NEW
    assert not (folder / FOLDER).exists()  # nor is anything left of the runs that were killed


def stop_half_way(folder: Path) -> None:
    """Leave a change of which two files are made and two are not."""

    def work() -> None:
        real, made = os.replace, []

        def replace(source: str, target: str) -> None:
            if not target.startswith(str(folder / FOLDER)):
                made.append(target)
                if len(made) == 3:
                    os.kill(os.getpid(), signal.SIGKILL)
            real(source, target)

        os.replace = replace  # type: ignore[assignment]
        write()

    assert in_child(work) == -signal.SIGKILL
    assert len({name for name, data in content(folder).items() if data == NEW.get(name)}) == 2


def test_a_file_edited_after_the_crash_keeps_the_edit_and_the_rest_is_undone(folder: Path) -> None:
    stop_half_way(folder)
    (folder / "sub" / "c.py").write_bytes(b"my own work\n")
    assert recover(str(folder)) == f"was undone, as {Path('sub/c.py')} was edited since"
    assert content(folder) == {**OLD, "sub/c.py": b"my own work\n"}
    assert interrupted(str(folder)) is None


def test_no_other_change_begins_before_the_interrupted_one_is_settled(folder: Path) -> None:
    stop_half_way(folder)
    before = content(folder)
    with pytest.raises(WriteError, match="an earlier run was interrupted"):
        write_all({"sub/c.py": FileDisk().load("sub/c.py")}, {"sub/c.py": "other\n"})
    assert content(folder) == before
    recover(str(folder))
    assert content(folder) == NEW


def test_two_runs_at_once_do_not_mix(folder: Path) -> None:
    with journal.journal(str(folder)), pytest.raises(WriteError, match="another run is writing here"):
        write()
    assert content(folder) == OLD
    write()
    assert content(folder) == NEW


@pytest.mark.parametrize("bytes_left", [0, 2, 6])
def test_a_full_disk_changes_nothing(folder: Path, bytes_left: int) -> None:
    def work() -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (bytes_left, bytes_left))
        with pytest.raises(WriteError, match="File too large"):
            write()

    assert in_child(work) == 0
    assert content(folder) == OLD
    assert not (folder / FOLDER).exists()


@pytest.mark.parametrize(
    "listed",
    [
        b"not json",
        b"[1]",
        json.dumps([{"target": "../victim", "old": "", "new": journal.digest(b"x"), "number": 0}]).encode(),
        json.dumps([{"target": "/etc/victim", "old": "", "new": "", "number": 0}]).encode(),
        json.dumps([{"target": "a.py", "old": "", "new": "", "number": "../../a"}]).encode(),
    ],
    ids=["garbage", "shape", "above", "absolute", "number"],
)
def test_a_planted_journal_is_refused(folder: Path, listed: bytes) -> None:
    (folder / FOLDER).mkdir()
    (folder / FOLDER / "0.new").write_bytes(b"x")
    (folder / FOLDER / "changes.json").write_bytes(listed)
    with pytest.raises(JournalError, match="cannot be used"):
        recover(str(folder))
    assert content(folder) == OLD
    assert not (folder.parent / "victim").exists()


def test_a_damaged_copy_is_not_put_in_place(folder: Path) -> None:
    stop_half_way(folder)
    before = content(folder)
    for stored in (folder / FOLDER).glob("*.new"):
        stored.write_bytes(b"half")
    with pytest.raises(JournalError, match="is damaged"):
        recover(str(folder))
    assert content(folder) == before


MODELS = """\
from sqlalchemy import JSON, Column, Integer
from sqlalchemy.orm import declarative_base

Base = declarative_base()


class Event(Base):
    __tablename__ = "events"
    id = Column(Integer, primary_key=True)
    metadata = Column(JSON)
"""
USES = "from models import Event\n\n\ndef kind(event: Event):\n    return event.metadata\n"


def test_the_next_run_says_so_and_finishes(folder: Path) -> None:
    (folder / "models.py").write_text(MODELS, encoding="utf-8")
    (folder / "uses.py").write_text(USES, encoding="utf-8")

    def work() -> None:
        real = os.replace

        def replace(source: str, target: str) -> None:
            if target.endswith("uses.py"):
                os.kill(os.getpid(), signal.SIGKILL)
            real(source, target)

        os.replace = replace  # type: ignore[assignment]
        main(["fix", "--write", "."], prog_name="sqla-guard")

    assert in_child(work) == -signal.SIGKILL
    assert "event_metadata" in (folder / "models.py").read_text(encoding="utf-8")
    assert (folder / "uses.py").read_text(encoding="utf-8") == USES
    checked = CliRunner().invoke(main, ["check", "sub"])
    assert checked.exit_code == 2
    assert "holds a change that was interrupted" in checked.stderr
    finished = CliRunner().invoke(main, ["fix", "--write", "."])
    assert finished.exit_code == 0
    assert "a change that was interrupted was finished: 2 files are changed" in finished.stderr
    assert (folder / "uses.py").read_text(encoding="utf-8") == USES.replace("metadata", "event_metadata")
    assert CliRunner().invoke(main, ["check", "."]).exit_code == 0
