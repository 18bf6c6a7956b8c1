"""Run a sample app the way its operator would: its own environment, a real server, a free port."""

from __future__ import annotations

import os
import re
import subprocess
import time
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

# What the surrounding shell may have set for other work, and what would steer the sample.
FOREIGN = re.compile(r"PYTHON.*|VIRTUAL_ENV|DATABASE_URL|DESK_.*|FLASK_.*|PORT|SQLALCHEMY_.*")
ADDRESS = re.compile(r"running on (http://127\.0\.0\.1:\d+)")


def variables(python: Path, extra: Mapping[str, str] | None = None) -> dict[str, str]:
    """Return the process environment for one of `.envs`, as its `activate` would make it.

    No bytecode is written: tests compare whole trees before and after.
    """
    kept = {name: value for name, value in os.environ.items() if not FOREIGN.fullmatch(name)}
    return {
        **kept,
        "PATH": f"{python.parent}{os.pathsep}{os.environ.get('PATH', os.defpath)}",
        "PYTHONDONTWRITEBYTECODE": "1",
        "VIRTUAL_ENV": str(python.parent.parent),
        **(extra or {}),
    }


@contextmanager
def serving(
    command: Sequence[str], *, cwd: Path, env: Mapping[str, str], log: Path, patience: float = 60
) -> Iterator[str]:
    """Run a command that ends up as uvicorn; yield its address, then stop it by its own id.

    It is given port 0, so the system picks a free one and uvicorn says which in its log.
    """
    with log.open("wb") as output:
        process = subprocess.Popen(
            command,
            cwd=cwd,
            env={**env, "PORT": "0"},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    try:
        yield _address(process, log, patience)
    finally:
        stop(process)


def stop(process: subprocess.Popen[bytes], patience: float = 10) -> None:
    """Ask a process to end, and end it where it does not listen."""
    process.terminate()
    try:
        process.wait(patience)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def get(url: str, patience: float = 60) -> tuple[int, str]:
    """Return status and body of a GET, past any proxy that the shell is set up with."""
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with direct.open(url, timeout=patience) as response:
        return response.status, response.read().decode()


def _address(process: subprocess.Popen[bytes], log: Path, patience: float) -> str:
    deadline = time.monotonic() + patience
    while time.monotonic() < deadline:
        found = ADDRESS.search(log.read_text(errors="replace"))
        if found:
            return found[1]
        if process.poll() is not None:
            break
        time.sleep(0.05)
    raise RuntimeError(f"the server did not come up:\n{log.read_text(errors='replace')}")
