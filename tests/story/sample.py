"""The sample app as the tests use it: broken, half mended and mended copies."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tests.support.projects import copy_project

NAME = "security_desk"


def sqla_guard(*arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    """Run the command line in a process of its own."""
    return subprocess.run(
        [sys.executable, "-m", "sqla_guard", *arguments],
        cwd=cwd,
        capture_output=True,
        encoding="utf-8",
        stdin=subprocess.DEVNULL,
        check=False,
    )


def broken(destination: Path) -> Path:
    """Return a copy as it was committed."""
    return copy_project(NAME, destination)


def mended(destination: Path) -> Path:
    """Return a copy that ``fix --write`` ran on."""
    app = broken(destination)
    run = sqla_guard("fix", "--write", ".", cwd=app)
    assert run.returncode == 0, run.stdout + run.stderr
    return app
