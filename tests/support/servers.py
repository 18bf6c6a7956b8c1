"""What every throw-away server needs: a user who is not root, a short folder, a process with a log."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_MEMORY = Path("/dev/shm")
_ENOUGH = 500_000_000  # bytes


def unprivileged_user(*names: str) -> pwd.struct_passwd | None:
    """Return whom to be: None for oneself; never root, as database servers refuse to run as root."""
    if os.geteuid() != 0:
        return None
    for name in (*names, "nobody"):
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    raise RuntimeError("a database server does not run as root, and there is no other user to run it as")


@contextmanager
def temporary_folder(user: pwd.struct_passwd | None, prefix: str) -> Iterator[Path]:
    """Yield a folder that belongs to the user.

    Not pytest's own: below root's that user may not enter, and a socket's path must be short. In memory where that
    is possible, as these servers write many small files.
    """
    parent = None if user is None else "/tmp"  # TMPDIR may be a folder of root's alone
    if os.access(_MEMORY, os.W_OK | os.X_OK) and shutil.disk_usage(_MEMORY).free > _ENOUGH:
        parent = str(_MEMORY)
    folder = Path(tempfile.mkdtemp(prefix=prefix, dir=parent))
    try:
        if user is not None:
            os.chown(folder, user.pw_uid, user.pw_gid)
        yield folder
    finally:
        shutil.rmtree(folder)


def run_as(user: pwd.struct_passwd | None, command: list[str], log: Path) -> None:
    """Run a command to its end as the user; raise with its log where it failed."""
    if start_as(user, command, log).wait() != 0:
        raise RuntimeError(f"{command[0]} failed:\n{log.read_text(errors='replace')}")


def start_as(user: pwd.struct_passwd | None, command: list[str], log: Path) -> subprocess.Popen[bytes]:
    """Start a command as the user, its output going to the log beside its data."""
    # PG* and MYSQL_* variables of the shell, such as PGDATA or MYSQL_HOME, are meant for another server.
    env = {name: value for name, value in os.environ.items() if not name.startswith(("PG", "MYSQL_", "MARIADB_"))}
    with log.open("ab") as output:
        return subprocess.Popen(
            command,
            cwd=log.parent,
            env={**env, "LC_ALL": "C"},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            user=None if user is None else user.pw_uid,
            group=None if user is None else user.pw_gid,
            extra_groups=None if user is None else [],
        )
