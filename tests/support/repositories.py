"""Throw-away git repositories, out of reach of the settings of whoever runs the tests."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tests.support.projects import copy_project

ROOT = Path(__file__).resolve().parents[2]
SOURCE = (".pre-commit-hooks.yaml", "CHANGELOG.md", "LICENSE", "README.md", "pyproject.toml", "sqla_guard")


@dataclass(frozen=True)
class Repository:
    """A git repository.

    Attributes:
        folder: Its working tree.
        environment: What its commands see in ``os.environ``.
    """

    folder: Path
    environment: dict[str, str]

    def run(self, *command: str) -> subprocess.CompletedProcess[str]:
        """Run a command in the working tree; its outcome is for the caller to judge."""
        return subprocess.run(
            command, cwd=self.folder, env=self.environment, capture_output=True, text=True, check=False, timeout=600
        )

    def git(self, *arguments: str) -> str:
        """Run git, which must succeed; return what it prints."""
        done = self.run("git", *arguments)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout.strip()

    def write(self, texts: Mapping[str, str]) -> None:
        """Write files, by their paths in the working tree."""
        for name, text in texts.items():
            path = self.folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")


def new_repository(folder: Path, **variables: str) -> Repository:
    """Make an empty repository in ``folder``."""
    folder.mkdir(parents=True)
    # A hook of an outer commit sets GIT_*; they would lead git to the outer repository.
    plain = {name: value for name, value in os.environ.items() if not name.startswith(("GIT_", "PRE_COMMIT"))}
    home = folder.parent / "home"
    home.mkdir(exist_ok=True)
    environment = {
        **plain,
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_CONFIG_NOSYSTEM": "1",
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{plain['PATH']}",
        # Beside the package on the path would stand this checkout, not what the hook installed.
        "PYTHONPATH": "",
        **variables,
    }
    repository = Repository(folder, environment)
    repository.git("init", "-q", "-b", "main")
    for key, value in (("user.name", "t"), ("user.email", "t@example.invalid"), ("commit.gpgsign", "false")):
        repository.git("config", key, value)
    return repository


def sample_repository(root: Path, place: str = ".") -> Repository:
    """Make a repository of the sample app below ``root``, its code in the folder ``place``, cloned from somewhere."""
    repository = new_repository(root / "project")
    copy = copy_project("security_desk", root)
    shutil.copytree(copy, repository.folder / place, dirs_exist_ok=True)
    repository.git("add", "--all")
    repository.git("commit", "-q", "-m", "As it stands")
    repository.git("update-ref", "refs/remotes/origin/main", "HEAD")
    return repository


def this_project(folder: Path) -> Repository:
    """Commit this project as it stands to a repository of its own, as hooks are fetched from one."""
    repository = new_repository(folder)
    for name in SOURCE:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, folder / name)
    repository.git("add", "--all")
    repository.git("commit", "-q", "-m", "As it stands")
    return repository
