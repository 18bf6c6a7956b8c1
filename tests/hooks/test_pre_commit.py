"""The real pre-commit, with this project as the source of the hooks."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.support.pages import recipes
from tests.support.repositories import ROOT, Repository, new_repository, this_project

PLACE = "<address of this repository>"
BASE = "from sqlalchemy.orm import declarative_base\n\nBase = declarative_base()\n"
BROKEN = """\
from sqlalchemy import JSON, Column, Integer

from app.base import Base


class Event(Base):
    __tablename__ = "events"
    id = Column(Integer, primary_key=True)
    metadata = Column(JSON)  # what the sender said
"""
USE = "from app.models import Event\n\n\ndef kind(event: Event) -> str:\n    return event.metadata['kind']\n"
FINDING = re.compile(r"app/models\.py:9:5\S* .*SG101")
CLEAN = "def add(a: int, b: int) -> int:\n    return a + b\n"


@pytest.fixture(scope="module")
def hooks(tmp_path_factory: pytest.TempPathFactory) -> tuple[Repository, Path]:
    """This project as a repository, and the folder in which pre-commit keeps what it installs: once for all tests."""
    folder = tmp_path_factory.mktemp("hooks")
    return this_project(folder / "sqla-guard"), folder / "store"


def repository_with(hook: str, hooks: tuple[Repository, Path], folder: Path) -> Repository:
    """Make a repository in which ``hook`` runs at each commit."""
    source, store = hooks
    user = new_repository(
        folder / "user", PRE_COMMIT_HOME=str(store), PIP_CONSTRAINT=str(ROOT / "constraints.txt"), HOME=str(folder)
    )
    shown = next(r.text for r in recipes("hooks") if f"- id: {hook}\n" in r.text)
    revision = source.git("rev-parse", "HEAD")
    user.write(
        {
            ".pre-commit-config.yaml": shown.replace(PLACE, str(source.folder)).replace("v0.1.0", revision),
            "app/__init__.py": "",
            "app/base.py": BASE,
        }
    )
    user.git("add", "--all")
    user.git("commit", "-q", "-m", "Begin")
    installed = user.run("pre-commit", "install", "--install-hooks")
    assert installed.returncode == 0, installed.stdout + installed.stderr
    return user


def commit(user: Repository) -> tuple[int, str]:
    done = user.run("git", "commit", "-q", "-m", "Change")
    return done.returncode, done.stdout + done.stderr


def test_a_commit_with_the_bug_is_refused_with_the_message(hooks: tuple[Repository, Path], tmp_path: Path) -> None:
    user = repository_with("sqla-guard", hooks, tmp_path)
    user.write({"app/models.py": BROKEN})
    user.git("add", "--all")
    head = user.git("rev-parse", "HEAD")
    code, said = commit(user)
    assert code == 1
    assert FINDING.search(said)
    assert "Attribute name 'metadata' is reserved" in said
    assert user.git("rev-parse", "HEAD") == head


def test_the_fix_hook_repairs_and_the_second_commit_passes(hooks: tuple[Repository, Path], tmp_path: Path) -> None:
    user = repository_with("sqla-guard-fix", hooks, tmp_path)
    user.write({"app/models.py": BROKEN, "app/use.py": USE})
    user.git("add", "--all")
    assert commit(user)[0] == 1
    assert user.git("diff", "--name-only").split() == ["app/models.py", "app/use.py"]
    user.git("add", "--all")
    code, said = commit(user)
    assert code == 0, said
    assert "event.event_metadata['kind']" in (user.folder / "app" / "use.py").read_text(encoding="utf-8")
    assert '    event_metadata = Column("metadata", JSON)  # what the sender said\n' in (
        user.folder / "app" / "models.py"
    ).read_text(encoding="utf-8")


@pytest.mark.parametrize("hook", ["sqla-guard", "sqla-guard-fix"])
def test_a_clean_commit_passes(hook: str, hooks: tuple[Repository, Path], tmp_path: Path) -> None:
    user = repository_with(hook, hooks, tmp_path)
    user.write({"app/sums.py": CLEAN})
    user.git("add", "--all")
    code, said = commit(user)
    assert code == 0, said
    assert "Passed" in said


def test_one_file_is_judged_with_the_whole_project_around_it(hooks: tuple[Repository, Path], tmp_path: Path) -> None:
    user = repository_with("sqla-guard", hooks, tmp_path)
    # The base that makes the class a mapped one is two imports away, in files that this commit does not touch.
    user.write({"app/rows.py": "from app.base import Base\n\n\nclass Row(Base):\n    __abstract__ = True\n"})
    user.git("add", "--all")
    assert commit(user)[0] == 0
    user.write(
        {"app/models.py": BROKEN.replace("app.base import Base", "app.rows import Row").replace("(Base)", "(Row)")}
    )
    user.git("add", "app/models.py")
    code, said = commit(user)
    assert code == 1
    assert FINDING.search(said)


def test_all_files_agree_with_check(hooks: tuple[Repository, Path], tmp_path: Path) -> None:
    user = repository_with("sqla-guard", hooks, tmp_path)
    user.write({"app/models.py": BROKEN, "app/use.py": USE, "app/sums.py": CLEAN})
    user.git("add", "--all")
    hooked = user.run("pre-commit", "run", "--all-files", "--verbose")
    checked = user.run("sqla-guard", "check", ".")
    findings = FINDING.findall(checked.stdout)
    assert hooked.returncode == 1
    assert checked.returncode == 1
    assert len(findings) == 1
    assert checked.stdout.strip() in hooked.stdout
