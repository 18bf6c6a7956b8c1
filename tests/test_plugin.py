"""Rules of another package, installed for real, and the page that shows how to write them."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from scripts.plugin_page import PACKAGE, PAGE, page
from tests.support.projects import LITTER, ROOT

BAD = (
    "from datetime import datetime\n\nfrom sqlalchemy import Column, DateTime\n\n"
    "created_at = Column(DateTime, default=datetime.utcnow)\n"
)
CONFIGURED = '[tool.sqla-guard]\nplugins = ["acme"]\n'


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder that holds the package as `pip install` puts it there, and its own tests beside it."""
    place = tmp_path_factory.mktemp("plugin")
    source = place / "source"
    shutil.copytree(PACKAGE, source, ignore=shutil.ignore_patterns(*LITTER))
    pip = [sys.executable, "-m", "pip", "install", "-q", "--no-deps", "--no-build-isolation", "--no-index"]
    subprocess.run([*pip, "--disable-pip-version-check", "--target", place / "site", source], check=True)
    return place


def run(installed: Path, folder: Path, *command: str) -> subprocess.CompletedProcess[str]:
    environment = os.environ | {"PYTHONPATH": f"{installed / 'site'}{os.pathsep}{ROOT}"}
    return subprocess.run(
        [sys.executable, "-m", *command], cwd=folder, env=environment, capture_output=True, text=True, check=False
    )


def test_a_plugin_that_is_named_runs_beside_the_own_rules(installed: Path, tmp_path: Path) -> None:
    (tmp_path / "models.py").write_text(BAD)
    (tmp_path / "broken.sql").write_text("SELECT utcnow();\n")
    (tmp_path / "pyproject.toml").write_text(CONFIGURED)
    checked = run(installed, tmp_path, "sqla_guard", "check")
    assert (checked.returncode, "models.py:5:39: warning[ACME001] naive-default" in checked.stdout) == (1, True)
    assert run(installed, tmp_path, "sqla_guard", "check", "--ignore", "ACME").returncode == 0
    assert "ACME001" in run(installed, tmp_path, "sqla_guard", "rules").stdout
    assert "Times without a time zone" in run(installed, tmp_path, "sqla_guard", "rule", "ACME001").stdout
    assert run(installed, tmp_path, "sqla_guard", "fix", "--write").returncode == 0
    assert "default=utc_now)" in (tmp_path / "models.py").read_text()


def test_a_plugin_that_is_not_named_is_not_even_loaded(installed: Path, tmp_path: Path) -> None:
    (tmp_path / "models.py").write_text(BAD)
    assert run(installed, tmp_path, "sqla_guard", "check").returncode == 0
    unknown = run(installed, tmp_path, "sqla_guard", "check", "--select", "ACME001")
    assert (unknown.returncode, "there is no rule `ACME001`" in unknown.stderr) == (2, True)


def test_a_plugin_that_is_not_installed_is_an_error_that_says_what_is(installed: Path, tmp_path: Path) -> None:
    (tmp_path / "models.py").write_text(BAD)
    (tmp_path / "pyproject.toml").write_text(CONFIGURED.replace("acme", "acne"))
    done = run(installed, tmp_path, "sqla_guard", "check")
    assert done.returncode == 2
    assert done.stderr.startswith("error: plugin `acne`: no installed package has such an entry point")
    assert "there are: acme" in done.stderr


def test_a_checked_project_cannot_bring_its_own_plugin(tmp_path: Path) -> None:
    """`python -m` puts the working directory first on the path; what lies there is not installed."""
    info = tmp_path / "evil-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: evil\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[sqla_guard.rules]\nevil = evil\n")
    (tmp_path / "evil.py").write_text("open('ran', 'w').close()\n")
    (tmp_path / "click.py").write_text("open('ran', 'w').close()\n")
    (tmp_path / "sqla-guard.toml").write_text('plugins = ["evil"]\n')
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "sqla_guard", "check"]
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    assert (done.returncode, "no installed package" in done.stderr) == (2, True)
    assert not (tmp_path / "ran").exists()


def test_the_tests_of_the_package_pass_with_the_public_helpers(installed: Path) -> None:
    done = run(installed, installed / "source", "pytest", "-q", "-p", "no:cacheprovider", "tests")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "2 passed" in done.stdout


def test_the_page_shows_the_package_as_it_is() -> None:
    text = PAGE.read_text(encoding="utf-8")
    assert page(text) == text, "run `make golden`"
    assert 'RULE = Rule("naive-default"' in text
