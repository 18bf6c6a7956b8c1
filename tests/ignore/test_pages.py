"""The pages about ignoring and adoption: what they show is run."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from sqla_guard.cli import main
from sqla_guard.core.config import Config
from tests.ignore.cases import MODEL, SCRIPT, codes, put
from tests.support.pages import DOCS, Recipe, recipe, recipes
from tests.support.projects import copy_project, read_tree
from tests.support.repositories import new_repository

SHOWN = [shown for shown in recipes("suppressions") if shown.language in ("python", "sql")]
BESIDE = {"models.py": put(MODEL, "metadata", "# sqla-guard: ignore[SG101] -- shown elsewhere")}


@pytest.mark.parametrize("shown", SHOWN, ids=lambda shown: shown.file)
def test_each_example_silences_what_is_found_without_it(shown: Recipe) -> None:
    beside = {} if "models" in shown.file or "Base" in shown.text else BESIDE
    config = Config(require_reason=True)
    assert codes({**beside, shown.file: shown.text}, config) == []
    bare = re.sub(r" *(#|--) sqla-guard: [^\n]*", "", shown.text)
    assert bare != shown.text
    assert len(codes({**beside, shown.file: bare}, config)) == 1


def ruff(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [
        sys.executable,
        "-m",
        "ruff",
        "check",
        "--no-cache",
        "--select",
        "RUF100,RUF102",
        *arguments,
        "models.py",
    ]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


def test_ruff_takes_our_codes_away_unless_told_otherwise(tmp_path: Path) -> None:
    text = put(MODEL, "metadata", "# noqa: SG101")
    (tmp_path / "models.py").write_text(text)
    assert ruff(tmp_path, "--isolated").returncode == 1
    (tmp_path / "ruff.toml").write_text(recipe("suppressions", "ruff.toml"))
    told = ruff(tmp_path, "--fix")
    assert told.returncode == 0, told.stdout + told.stderr
    assert (tmp_path / "models.py").read_text() == text
    (tmp_path / "ruff.toml").unlink()
    ruff(tmp_path, "--fix", "--isolated")
    assert "noqa: SG101" not in (tmp_path / "models.py").read_text()


def test_ruff_leaves_our_directive_alone(tmp_path: Path) -> None:
    text = recipe("suppressions", "models.py")
    (tmp_path / "models.py").write_text(text)
    assert ruff(tmp_path, "--isolated", "--fix").returncode == 0
    subprocess.run(
        [sys.executable, "-m", "ruff", "format", "--no-cache", "--isolated", "--line-length", "120", "models.py"],
        cwd=tmp_path,
        capture_output=True,
        check=True,
    )
    assert (tmp_path / "models.py").read_text() == text


def commands(page: str) -> list[list[str]]:
    """Return the commands that a page shows, without the prompt."""
    text = (DOCS / f"{page}.md").read_text(encoding="utf-8")
    blocks = re.findall(r"(?ms)^```console\n(.*?)^```$", text)
    return [shlex.split(line[2:]) for block in blocks for line in block.splitlines() if line.startswith("$ ")]


def test_a_project_is_taken_up_as_the_page_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    repository = new_repository(tmp_path / "repository")
    shutil.copytree(copy_project("security_desk", tmp_path), repository.folder, dirs_exist_ok=True)
    repository.git("add", "--all")
    repository.git("commit", "-q", "-m", "start")
    repository.git("update-ref", "refs/remotes/origin/main", "HEAD")
    monkeypatch.chdir(repository.folder)
    for name, value in repository.environment.items():
        if name.startswith("GIT_"):
            monkeypatch.setenv(name, value)
    compare, write, again, add, ignore = commands("adoption")

    def check(command: list[str]) -> tuple[int, str]:
        assert command[:2] == ["sqla-guard", "check"]
        result = CliRunner().invoke(main, command[1:])
        return result.exit_code, result.stderr

    assert check(compare) == (0, "")
    assert check(write) == (0, "note: sqla-guard-baseline.json holds 3 known findings now\n")
    Path("sqla-guard.toml").write_text(recipe("adoption", "sqla-guard.toml"))
    assert check(["sqla-guard", "check"]) == (0, "")
    Path("more.sql").write_text(SCRIPT.replace("events", "security_events"))
    assert check(again) == (1, "note: sqla-guard-baseline.json holds 3 known findings now\n")
    assert check(compare) == (1, "")
    assert check(add) == (0, "note: sqla-guard-baseline.json holds 4 known findings now\n")
    Path("sqla-guard.toml").unlink()
    before = read_tree(repository.folder)
    assert check(ignore)[0] == 0
    changed = {path for path, data in read_tree(repository.folder).items() if before[path] != data}
    assert changed == {"asgi.py", "desk/migrate.py", "desk/models/security.py", "more.sql"}
    assert check(["sqla-guard", "check", "--no-baseline"]) == (0, "")
