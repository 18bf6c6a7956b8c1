"""Many processes find what one finds, and remember as much."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

import pytest

from sqla_guard import processes, run
from sqla_guard.core.config import Config
from sqla_guard.core.report import Report
from sqla_guard.core.workspace import ALL_NAMED
from sqla_guard.run import run_check
from tests.support.projects import copy_project

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="processes cannot be forked there")

FILLER = "# nothing to see here\n" * 2000


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
def children(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The number of shares of each run that was shared out."""
    counts: list[int] = []
    real = processes.report_together

    def counted(*arguments: object) -> Report:
        counts.append(len(arguments[2]))  # type: ignore[arg-type]
        return real(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(processes, "report_together", counted)
    return counts


@pytest.fixture
def checked(monkeypatch: pytest.MonkeyPatch) -> list[set[str]]:
    """The projects of each part that was checked, whichever process does it."""
    parts: list[set[str]] = []
    real = run._recorded

    def counted(*arguments: object) -> object:
        parts.extend({path.partition("/")[0] for path in part} for part in arguments[3])  # type: ignore[attr-defined]
        return real(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(run, "_recorded", counted)
    return parts


def test_many_find_what_one_finds(repository: Path, children: list[int]) -> None:
    one = run_check(["."], Config(jobs=1)).report
    assert children == []
    many = run_check(["."], Config(jobs=3)).report
    assert children == [3]
    assert many == one
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


def test_one_project_and_small_runs_stay_in_one_process(repository: Path, children: list[int]) -> None:
    run_check(["project0"], Config(jobs=4))
    for path in repository.rglob("filler*.py"):
        os.truncate(path, 20)
    run_check(["."], Config(jobs=4))
    assert children == []
