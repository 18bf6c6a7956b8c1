"""`check --diff-base REF`: only what the change adds, judged with the whole project, and the checkout untouched."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from sqla_guard.cli import main
from tests.ignore.cases import GETTER, MODEL, SCRIPT
from tests.support.projects import ROOT, read_tree

OTHER = MODEL.replace("Event", "Other").replace('"events"', '"others"')


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository with a branch `change` on top of `main`, which has two findings."""
    root = tmp_path / "repository"
    root.mkdir()
    monkeypatch.chdir(root)
    for name in [name for name in os.environ if name.startswith("GIT_")]:
        monkeypatch.delenv(name)
    git("init", "-q", "-b", "main")
    git("config", "user.name", "Test")
    git("config", "user.email", "test@example.org")
    write(models=MODEL, engine=GETTER)
    commit("start")
    git("checkout", "-q", "-b", "change")
    return root


def git(*arguments: str) -> str:
    done = subprocess.run(["git", *arguments], capture_output=True, text=True, check=True)
    return done.stdout


def write(**files: str) -> None:
    for name, text in files.items():
        Path(f"{name}.py").write_text(text)


def commit(message: str) -> None:
    git("add", "-A")
    git("commit", "-q", "-m", message)


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main, ("check", *arguments))


def new(*arguments: str, ref: str = "main") -> list[tuple[str, str]]:
    result = run("--diff-base", ref, "--output-format", "json", *arguments)
    assert result.exit_code in (0, 1), result.stderr
    return [(d["path"], d["code"]) for d in json.loads(result.stdout)["diagnostics"]]


def test_what_was_there_is_not_reported_wherever_it_stands_now(repository: Path) -> None:
    assert new() == []
    write(models="# moved down\n\n\n" + MODEL)
    assert new() == []
    commit("moved")
    assert new() == []
    assert run().exit_code == 1


@pytest.mark.parametrize("step", ["untracked", "staged", "committed"])
def test_what_the_change_adds_is_reported_before_and_after_the_commit(repository: Path, step: str) -> None:
    write(other=OTHER, models=MODEL + "    registry = Column(JSON)\n")
    if step != "untracked":
        git("add", "-A")
    if step == "committed":
        git("commit", "-q", "-m", "more")
    assert new() == [("models.py", "SG101"), ("other.py", "SG101")]
    assert new("engine.py") == []


def test_a_change_that_breaks_a_file_which_it_does_not_touch(repository: Path) -> None:
    plain = OTHER.replace("Base = declarative_base()", "from base import Base")
    write(other=plain, base="class Base:\n    pass\n")
    commit("plain classes")
    git("branch", "-f", "main")
    assert new() == []
    write(base="from sqlalchemy.orm import declarative_base\n\nBase = declarative_base()\n")
    assert new() == [("other.py", "SG101")]
    assert new("other.py") == [("other.py", "SG101")]


def test_sql_and_model_are_judged_together(repository: Path) -> None:
    Path("schema.sql").write_text(SCRIPT)
    assert new() == [("schema.sql", "SG301")]


def test_renamed_files_and_moved_code_are_not_new(repository: Path) -> None:
    git("mv", "models.py", "events.py")
    assert new() == []
    commit("renamed")
    Path("events.py").rename("things.py")  # git does not know of this one
    assert new() == []
    write(things="", all_models=MODEL)
    assert new() == []
    write(things=MODEL)  # now it is there twice: one of them is new
    assert len(new()) == 1


def test_a_finding_that_is_gone_hides_no_other(repository: Path) -> None:
    write(models=OTHER)
    assert new() == [("models.py", "SG101")]


def test_the_branch_is_compared_with_where_it_left(repository: Path) -> None:
    git("checkout", "-q", "main")
    write(models="", engine="")
    commit("main repairs what the branch still has")
    git("checkout", "-q", "change")
    assert new() == []


def test_a_folder_and_a_part_of_the_project(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    Path("sub").mkdir()
    Path("sub/other.py").write_text(OTHER)
    assert new("sub") == [("sub/other.py", "SG101")]
    monkeypatch.chdir(repository / "sub")
    assert new() == [("other.py", "SG101")]
    assert [Path(path).name for path, _ in new("..")] == ["other.py"]
    Path("other.py").unlink()
    write(more="")
    assert new("..") == []


def test_neither_files_nor_index_are_touched(repository: Path) -> None:
    write(other=OTHER)
    git("add", "-N", "other.py")
    before = read_tree(repository)
    assert new() == [("other.py", "SG101")]
    assert read_tree(repository) == before


def test_names_that_are_unusual(repository: Path) -> None:
    for name in ("with space", "größe", 'quo"te'):
        write(**{name: OTHER})
    commit("unusual")
    git("branch", "-f", "main")
    for name in ("with space", "größe", 'quo"te'):
        write(**{name: "# moved\n" + OTHER})
    assert new() == []


def test_an_unknown_commit_is_one_line(repository: Path) -> None:
    for ref in ("origin/main", "--help", "HEAD~9", ""):
        result = run("--diff-base", ref)
        assert result.exit_code == 2
        assert result.stderr == f"error: git knows no commit `{ref}`; in a shallow clone, fetch it first\n"
        assert result.stdout == ""


def test_a_shallow_clone_is_one_line(repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(other=OTHER)
    commit("more")
    git("checkout", "-q", "main")
    write(third=GETTER)
    commit("main goes on")
    git("clone", "-q", "--depth", "1", "--no-single-branch", repository.as_uri(), str(tmp_path / "clone"))
    monkeypatch.chdir(tmp_path / "clone")
    result = run("--diff-base", "origin/change")
    assert (result.exit_code, len(result.stderr.splitlines())) == (2, 1)
    assert "a shallow clone needs more history" in result.stderr


def test_no_repository_is_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    write(models=MODEL)
    result = run("--diff-base", "main")
    assert (result.exit_code, result.stderr) == (2, "error: . is in no git repository\n")


def test_no_git_is_one_line(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(repository / "nothing"))
    result = run("--diff-base", "main")
    assert (result.exit_code, result.stderr) == (2, "error: git cannot be run: No such file or directory\n")


def test_with_a_baseline_only_what_neither_knows_is_left(repository: Path) -> None:
    write(other=OTHER)
    run("--write-baseline", "known.json")
    write(third=OTHER.replace("Other", "Third").replace("others", "thirds"))
    assert new("--baseline", "known.json") == [("third.py", "SG101")]


HOOK = f"""\
#!/bin/sh
PYTHONPATH='{ROOT}' exec '{sys.executable}' -m sqla_guard check --diff-base main
"""


@pytest.mark.parametrize("linked", [False, True], ids=["repository", "linked worktree"])
def test_in_a_real_hook(repository: Path, linked: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    hook = repository / ".git" / "hooks" / "pre-commit"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text(HOOK)
    hook.chmod(0o755)
    if linked:
        git("worktree", "add", "-q", "-b", "further", str(tmp_path / "linked"))
        monkeypatch.chdir(tmp_path / "linked")
    write(models="# moved\n" + MODEL)
    commit("passes")
    write(other=OTHER)
    Path("sub").mkdir()
    monkeypatch.chdir("sub")
    git("add", "--all", "..")
    refused = subprocess.run(["git", "commit", "-q", "-m", "more"], capture_output=True, text=True, check=False)
    assert refused.returncode == 1, refused.stderr
    assert "SG101" in refused.stdout + refused.stderr
    assert "other.py" in refused.stdout + refused.stderr
    assert "models.py" not in refused.stdout + refused.stderr
