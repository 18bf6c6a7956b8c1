"""A real file system that is nearly full, gone with the process that works on it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

# The mount belongs to a name space of its own, so nothing is left of it whatever happens.
_UNSHARE = ["unshare", "--mount", "--map-root-user"]


def run_on_small_disk(folder: Path, size: str, code: str, *arguments: str) -> str:
    """Run Python ``code`` in ``folder``, an empty file system of ``size`` (such as ``64k``); return what it prints."""
    mount = f'mount -t tmpfs -o size={size} none "$0" && cd "$0" && exec "$@"'
    command = [*_unshare(), "sh", "-c", mount, str(folder), sys.executable, "-c", code, *arguments]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
    assert done.returncode == 0, done.stderr
    return done.stdout


def _unshare() -> list[str]:
    if shutil.which("unshare") is None or shutil.which("mount") is None:
        pytest.skip("no unshare or mount here")
    for words in (_UNSHARE[:2], _UNSHARE):
        if subprocess.run([*words, "true"], capture_output=True, check=False).returncode == 0:
            return words
    pytest.skip("a file system may not be mounted here")
