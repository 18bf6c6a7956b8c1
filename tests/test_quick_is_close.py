"""The quick way finds what reading everything closely finds: the prefilters and the outline lose nothing."""

from __future__ import annotations

import os
import sysconfig
from pathlib import Path

import pytest

from sqla_guard.core.config import Config
from sqla_guard.core.report import Report
from sqla_guard.run import run_check
from tests.support.projects import ROOT

SITE = Path(sysconfig.get_path("purelib"))
INSTALLED = sorted(p.name for p in SITE.iterdir() if p.is_dir() and any(p.glob("*.py")))

# Close reading of everything that is installed takes a quarter of an hour: `make quick-is-close` does that.
USUAL = ["alembic", "click", "flask", "flask_sqlalchemy", "hatchling", "iniconfig", "jinja2", "pluggy", "pre_commit"]
PACKAGES = INSTALLED if os.environ.get("QUICK_IS_CLOSE") == "all" else USUAL


def findings(path: Path, read_everything: bool) -> tuple[object, ...]:
    report: Report = run_check([str(path)], Config(read_everything=read_everything)).report
    # What could not be judged differs: a file that cannot matter is not parsed, so it is not named.
    return report.diagnostics


@pytest.mark.parametrize("folder", sorted(p.name for p in (ROOT / "fixtures" / "projects").iterdir()))
def test_on_the_sample_projects(folder: str) -> None:
    path = ROOT / "fixtures" / "projects" / folder
    quick = findings(path, read_everything=False)
    assert quick == findings(path, read_everything=True)
    assert quick


@pytest.mark.parametrize("package", PACKAGES)
def test_on_the_installed_packages(package: str) -> None:
    assert findings(SITE / package, read_everything=False) == findings(SITE / package, read_everything=True)
