"""A kept report is used where it holds still, and only there; nothing wrong with the cache does any harm."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner

from sqla_guard.cache import runs, store
from sqla_guard.cli import main
from sqla_guard.read.discover import FileDisk
from sqla_guard.run import report_on
from tests.support.projects import ROOT

PROJECTS = sorted(p.name for p in (ROOT / "fixtures" / "projects").iterdir())
SITE = Path(sysconfig.get_path("purelib"))
PACKAGES = ["flask_sqlalchemy", "jinja2"]

MODEL = "from sqlalchemy.orm import DeclarativeBase\n\n\nclass Base(DeclarativeBase):\n    pass\n"
BAD = (
    "from sqlalchemy import JSON\nfrom base import Base\n\n\n"
    "class Event(Base):\n    __tablename__ = 'events'\n    {} = Column(JSON)\n"
)


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "kept"
    monkeypatch.setenv("SQLA_GUARD_CACHE_DIR", str(folder))
    return folder


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "project"
    folder.mkdir()
    (folder / "pyproject.toml").write_text("[project]\nname = 'p'\n")
    (folder / "base.py").write_text(MODEL)
    (folder / "models.py").write_text(BAD.format("metadata"))
    monkeypatch.chdir(folder)
    return folder


@pytest.fixture
def checks(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """One number for each check that was really made."""
    made: list[int] = []

    def counted(*arguments: object) -> object:
        made.append(1)
        return report_on(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr("sqla_guard.run.report_on", counted)
    return made


def check(*arguments: str) -> str:
    result = CliRunner().invoke(main, ["check", *arguments])
    assert result.exit_code in (0, 1), result.output
    return f"{result.exit_code}\n{result.output}"


def entries(cache: Path) -> list[Path]:
    return sorted(cache.iterdir()) if cache.is_dir() else []


@pytest.mark.parametrize(
    ("name", "output"), [*((name, "json") for name in PROJECTS), (PROJECTS[0], "text"), (PROJECTS[0], "sarif")]
)
def test_a_kept_report_is_the_same_byte_for_byte(name: str, output: str, checks: list[int]) -> None:
    arguments = (str(ROOT / "fixtures" / "projects" / name), "--output-format", output)
    fresh = check(*arguments, "--no-cache")
    assert check(*arguments) == fresh
    assert check(*arguments) == fresh
    assert len(checks) == 2


@pytest.mark.parametrize("package", PACKAGES)
def test_a_kept_report_of_an_installed_package_is_the_same(package: str) -> None:
    arguments = (str(SITE / package), "--output-format", "json")
    fresh = check(*arguments, "--no-cache")
    assert check(*arguments) == check(*arguments) == fresh


def _edit(project: Path) -> None:
    (project / "models.py").write_text(BAD.format("details"))


def _edit_and_hide(project: Path) -> None:
    path = project / "models.py"
    before = path.stat()
    path.write_text(path.read_text().replace("metadata", "metadat_"))
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


def _edit_another(project: Path) -> None:
    (project / "base.py").write_text("class Base:\n    pass\n")


def _add(project: Path) -> None:
    (project / "more.py").write_text(BAD.format("registry"))


def _remove(project: Path) -> None:
    (project / "base.py").unlink()


def _configure(project: Path) -> None:
    (project / "sqla-guard.toml").write_text("ignore = ['SG1']\n")


CHANGES = [_edit, _edit_and_hide, _edit_another, _add, _remove, _configure]


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.__name__)
@pytest.mark.parametrize("paths", [(), ("models.py",)], ids=["project", "one file"])
def test_what_has_changed_is_checked_anew(
    change: Callable[[Path], None], paths: tuple[str, ...], project: Path
) -> None:
    check(*paths)
    change(project)
    assert check(*paths) == check(*paths, "--no-cache")


def test_what_was_only_touched_is_not_checked_anew(project: Path, checks: list[int]) -> None:
    check()
    os.utime(project / "models.py", (0, 0))
    check()
    assert len(checks) == 1


def test_what_was_checked_as_soon_as_it_was_written_is_read_once_more_and_not_each_time(
    project: Path, cache: Path, checks: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[str] = []
    raw = FileDisk.raw

    def counted(disk: FileDisk, path: str) -> bytes:
        read.append(path)
        return raw(disk, path)

    for number in range(50):  # of fewer, each is read anyway
        (project / f"other{number}.py").touch()
    first = check(".")
    monkeypatch.setattr("sqla_guard.cache.recorder._RACY", -1)  # some seconds later
    monkeypatch.setattr(FileDisk, "raw", counted)
    for expected in ({"base.py", "models.py"}, set[str]()):
        read.clear()
        assert check(".") == first
        assert {path for path in read if path in ("base.py", "models.py")} == expected
    assert len(checks) == 1


def test_a_moved_checkout_gets_a_report_of_its_own(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    check()
    moved = project.rename(project.parent / "moved")
    (moved / "models.py").write_text(BAD.format("details"))
    monkeypatch.chdir(moved)
    assert "No findings" in check()


def _truncate(data: bytes) -> bytes:
    return data[: len(data) // 2]


def _flip(data: bytes) -> bytes:
    return data[:200] + bytes([data[200] ^ 1]) + data[201:]


def _other(text: bytes) -> Callable[[bytes], bytes]:
    rest = store.digest(b"")
    return lambda data: b"%b %b %d\n%b" % (store.digest(text + rest), rest, len(text), text)


def _head(data: bytes) -> bytes:
    line, _, parts = data.partition(b"\n")
    return parts[: int(line.split()[2])]


DAMAGE = {
    "truncated": _truncate,
    "one bit": _flip,
    "empty": lambda data: b"",
    "no JSON": _other(b"\x80pickle"),
    "other JSON": _other(b"[]"),
    "deep": _other(b"[" * 100_000),
    "unknown class": lambda data: _other(_head(data).replace(b'"Diagnostic"', b'"system"'))(b""),
}


@pytest.mark.parametrize("damage", DAMAGE.values(), ids=DAMAGE)
def test_a_damaged_entry_counts_for_nothing(damage: Callable[[bytes], bytes], project: Path, cache: Path) -> None:
    fresh = check()
    (entry,) = entries(cache)
    entry.write_bytes(damage(entry.read_bytes()))
    assert check() == fresh


@pytest.mark.skipif(not hasattr(os, "geteuid"), reason="POSIX")
def test_what_another_user_could_have_written_is_not_read(project: Path, cache: Path, checks: list[int]) -> None:
    check()
    (entry,) = entries(cache)
    entry.chmod(0o666)
    check()
    assert len(checks) == 2
    cache.chmod(0o777)
    check()
    assert len(checks) == 3


def test_a_cache_that_cannot_be_written_changes_nothing(project: Path, cache: Path) -> None:
    cache.write_text("a file where the folder should be")
    assert check() == check("--no-cache")


def test_nothing_is_kept_if_not_wanted(project: Path, cache: Path) -> None:
    check("--no-cache")
    assert entries(cache) == []


def test_clean_removes_what_is_kept(project: Path, cache: Path) -> None:
    check()
    assert len(entries(cache)) == 1
    result = CliRunner().invoke(main, ["cache", "clean"])
    assert result.output.startswith("Removed 1 report from ")
    assert entries(cache) == []


def test_only_the_newest_entries_stay(cache: Path) -> None:
    for number in range(140):
        store.write(f"{number:03}", b"{}")
    assert len(entries(cache)) == 128
    assert store.read("139") is not None


def test_a_run_that_writes_at_the_same_time_does_no_harm(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store.write("name", b"old")
    part = cache / f"name.{os.getpid()}.part"
    part.write_bytes(b"half of an entr")
    store.write("name", b"new")
    entry = store.read("name")
    assert entry is not None
    assert entry.head in (b"old", b"new")


def test_an_expiry_is_judged_on_its_day(project: Path, checks: list[int], monkeypatch: pytest.MonkeyPatch) -> None:
    path = project / "models.py"
    path.write_text(path.read_text().replace("JSON)", "JSON)  # sqla-guard: ignore[SG101] until 2999-01-01: soon"))
    check()
    monkeypatch.setattr(runs, "_today", lambda: "2999-01-02")
    check()
    assert len(checks) == 2


def test_an_expiry_in_a_script_in_utf_16_is_judged_on_its_day(
    project: Path, checks: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    text = "-- sqla-guard: ignore[SG301] until=2999-01-01: soon\nCREATE TABLE e (metadata JSON);\n"
    (project / "schema.sql").write_bytes(text.encode("utf-16"))
    check()
    monkeypatch.setattr(runs, "_today", lambda: "2999-01-02")
    check()
    assert len(checks) == 2


def test_every_process_calls_a_run_by_the_same_name() -> None:
    code = "from sqla_guard.cache.runs import _words; from sqla_guard.core.config import Config; print(_words(Config("
    code += "per_file_ignores=(('tests/*', frozenset(f'SG{number}' for number in range(30))),))))"
    names = {
        subprocess.run(
            [sys.executable, "-c", code],
            env={**os.environ, "PYTHONHASHSEED": seed},
            cwd=runs._PACKAGE + "/..",
            capture_output=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert len(names) == 1


def test_fix_starts_from_what_check_found(project: Path, checks: list[int]) -> None:
    check()
    before = len(checks)
    fresh = CliRunner().invoke(main, ["fix", "--no-cache"])
    fully = len(checks) - before
    kept = CliRunner().invoke(main, ["fix"])
    assert kept.output == fresh.output
    assert len(checks) - before - fully == fully - 1


def test_another_version_keeps_its_own_reports(
    project: Path, checks: list[int], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    check()
    package = tmp_path / "package"
    shutil.copytree(Path(runs.__file__).parent, package)
    monkeypatch.setattr(runs, "_PACKAGE", str(package))
    check()
    assert len(checks) == 2
