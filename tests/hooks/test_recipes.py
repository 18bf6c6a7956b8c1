"""The recipes of the pages, run as they stand there."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.support.pages import recipe, recipes
from tests.support.repositories import ROOT, Repository, new_repository, this_project

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

PLACE = "<address of this repository>"
MODELS = """\
from sqlalchemy import JSON, Column, Integer
from sqlalchemy.orm import declarative_base

Base = declarative_base()


class Event(Base):
    __tablename__ = "events"
    id = Column(Integer, primary_key=True)
    metadata = Column(JSON)
"""
MENDED = MODELS.replace("    metadata = Column(JSON)", '    event_metadata = Column("metadata", JSON)')


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> str:
    """An address that this project can be cloned from, with the version that the recipes name."""
    source = this_project(tmp_path_factory.mktemp("source") / "sqla-guard")
    source.git("tag", "v0.1.0")
    return source.folder.as_uri()


@pytest.fixture
def user(tmp_path: Path) -> Repository:
    """A project with a model that does not import."""
    repository = new_repository(tmp_path / "user", PIP_CONSTRAINT=str(ROOT / "constraints.txt"), HOME=str(tmp_path))
    repository.write({"app/models.py": MODELS})
    return repository


def fails_then_passes(user: Repository, *command: str) -> tuple[str, str]:
    """Run a recipe on the broken project and on the mended one; return what it printed each time."""
    broken = user.run(*command)
    assert broken.returncode != 0, broken.stdout + broken.stderr
    user.write({"app/models.py": MENDED})
    mended = user.run(*command)
    assert mended.returncode == 0, mended.stdout + mended.stderr
    return broken.stdout + broken.stderr, mended.stdout + mended.stderr


def test_tox(user: Repository, address: str) -> None:
    user.write({"tox.ini": recipe("ci", "tox.ini").replace(PLACE, address)})
    broken, mended = fails_then_passes(user, sys.executable, "-m", "tox", "-e", "sqla-guard")
    assert "SG101" in broken
    assert "SG101" not in mended


def test_nox(user: Repository, address: str) -> None:
    user.write({"noxfile.py": recipe("ci", "noxfile.py").replace(PLACE, address)})
    broken, mended = fails_then_passes(user, sys.executable, "-m", "nox", "--reuse-existing-virtualenvs")
    assert "SG101" in broken
    assert "SG101" not in mended


def test_gitlab(user: Repository, address: str, tmp_path: Path) -> None:
    job = yaml.safe_load(recipe("ci", ".gitlab-ci.yml").replace(PLACE, address))["sqla-guard"]
    user.run(sys.executable, "-m", "venv", str(tmp_path / "image"))
    script = "\n".join(["set -e", f'PATH="{tmp_path / "image" / "bin"}:$PATH"', *job["script"]])
    report = user.folder / job["artifacts"]["reports"]["codequality"]
    broken = user.run("bash", "-c", script)
    assert broken.returncode == 1, broken.stdout + broken.stderr
    assert [issue["check_name"] for issue in json.loads(report.read_text(encoding="utf-8"))] == ["SG101"]
    user.write({"app/models.py": MENDED})
    assert user.run("bash", "-c", script).returncode == 0
    assert json.loads(report.read_text(encoding="utf-8")) == []


def run_action(user: Repository, address: str, inputs: dict[str, str]) -> tuple[int, str]:
    """Run the steps of ``action.yml`` as GitHub does: inputs put in, each step a shell script of its own."""
    action: dict[str, Any] = yaml.safe_load((ROOT / "action.yml").read_text(encoding="utf-8"))
    assert set(inputs) <= set(action["inputs"])
    given = {name: inputs.get(name, about.get("default", "")) for name, about in action["inputs"].items()}
    printed = ""
    for step in action["runs"]["steps"]:
        variables = dict(step["env"])
        for name, value in given.items():
            variables = {key: text.replace(f"${{{{ inputs.{name} }}}}", value) for key, text in variables.items()}
        runner = {
            "RUNNER_TEMP": str(user.folder.parent / "runner"),
            "GITHUB_ACTION_PATH": address.removeprefix("file://"),
        }
        environment = {**user.environment, **variables, **runner}
        done = Repository(user.folder, environment).run("bash", "-eo", "pipefail", "-c", step["run"])
        printed += done.stdout + done.stderr
        if done.returncode:
            return done.returncode, printed
    return 0, printed


def test_the_github_action(user: Repository, address: str) -> None:
    workflow = yaml.safe_load(recipe("ci", ".github/workflows/sqla-guard.yml").replace("app migrations", "app"))
    steps = workflow["jobs"]["check"]["steps"]
    inputs = next(step["with"] for step in steps if "sqla-guard@" in step["uses"])
    code, printed = run_action(user, address, inputs)
    assert code == 1, printed
    assert "::error file=app/models.py,line=10" in printed
    user.write({"app/models.py": MENDED, "a b; touch hurt.py": ""})
    assert run_action(user, address, {**inputs, "arguments": "--select SG101"})[0] == 0
    # What comes from a pull request is a word, not code.
    run_action(user, address, {"paths": "app; touch hurt", "arguments": "$(touch hurt)"})
    assert not (user.folder / "hurt").exists()


@pytest.mark.parametrize("shown", recipes("editors") + recipes("hooks"), ids=lambda r: f"{r.page}-{r.file}")
def test_what_is_not_run_can_be_read(shown: Any) -> None:
    readers: dict[str, Callable[[str], object]] = {"json": json.loads, "toml": tomllib.loads, "yaml": yaml.safe_load}
    if shown.language == "lua":
        assert '"sqla-guard", "lsp"' in shown.text
    else:
        assert readers[shown.language](shown.text)
