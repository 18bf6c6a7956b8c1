"""The environments of `make envs`: run code on SQLAlchemy 1.4, 2.0 and 2.1."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from scripts import sample_app
from tests.support import missing
from tests.support.projects import ROOT

VERSIONS = ("1.4", "2.0", "2.1")


@dataclass(frozen=True)
class Environment:
    """One of `.envs`: its interpreter, and how to run things in it."""

    version: str
    python: Path

    def run(
        self,
        *arguments: str,
        cwd: Path,
        env: Mapping[str, str] | None = None,
        timeout: float = 120,
    ) -> subprocess.CompletedProcess[str]:
        """Run the interpreter with these arguments and capture what it says."""
        return subprocess.run(
            [str(self.python), *arguments],
            cwd=cwd,
            env=sample_app.variables(self.python, env),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            encoding="utf-8",
            timeout=timeout,
            check=False,
        )

    def run_code(
        self, code: str, *, cwd: Path, env: Mapping[str, str] | None = None, timeout: float = 120
    ) -> subprocess.CompletedProcess[str]:
        """Run a snippet in a fresh interpreter."""
        return self.run("-c", code, cwd=cwd, env=env, timeout=timeout)

    def run_module(
        self,
        module: str,
        *arguments: str,
        cwd: Path,
        env: Mapping[str, str] | None = None,
        timeout: float = 120,
    ) -> subprocess.CompletedProcess[str]:
        """Run a module as `python -m` does."""
        return self.run("-m", module, *arguments, cwd=cwd, env=env, timeout=timeout)

    @contextmanager
    def serving(self, *command: str, cwd: Path, log: Path, env: Mapping[str, str] | None = None) -> Iterator[str]:
        """Run a start script that ends up as uvicorn; yield its address."""
        variables = sample_app.variables(self.python, env)
        with sample_app.serving(command, cwd=cwd, env=variables, log=log) as address:
            yield address


def find(version: str) -> Environment:
    """Return the environment of a SQLAlchemy version, or end the test where it was not made."""
    python = ROOT / ".envs" / f"sqlalchemy-{version}" / "bin" / "python"
    if not python.exists():
        missing(f"no environment for SQLAlchemy {version}: run `make envs`")
    return Environment(version, python)
