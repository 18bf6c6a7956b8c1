"""A throw-away MariaDB: an empty data folder in a temporary folder, on a Unix socket only."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from itertools import count
from pathlib import Path

import pymysql

from scripts.find_mariadb import find_server
from tests.support.servers import start_as, temporary_folder, unprivileged_user

OWNER = "mysql"
# Durability is of no use here. Without grants the server needs no tables of its own, so the folder starts out
# empty and nothing has to be installed in it first.
SETTINGS = {
    "skip-grant-tables": "",
    "skip-networking": "",
    "skip-log-bin": "",
    "character-set-server": "utf8mb4",
    "innodb-flush-log-at-trx-commit": "0",
    "innodb-log-file-size": "8M",
    "innodb-buffer-pool-size": "32M",
    "innodb-doublewrite": "0",
    "debug-no-sync": "",
}


class Server:
    """A running server."""

    def __init__(self, path: Path, process: subprocess.Popen[bytes]) -> None:
        self.socket = path
        self.process = process
        self._numbers = count(1)

    def url(self, database: str) -> str:
        """Return SQLAlchemy's URL."""
        return f"mysql+pymysql://root@localhost/{database}?unix_socket={self.socket}"

    @contextmanager
    def database(self) -> Iterator[str]:
        """Yield the name of a new, empty database that is dropped afterwards."""
        name = f"test_{next(self._numbers)}"
        self.execute(f"CREATE DATABASE {name}")
        try:
            yield name
        finally:
            self.execute(f"DROP DATABASE {name}")

    def execute(self, statement: str) -> None:
        """Run one statement."""
        with closing(self.connect()) as connection, connection.cursor() as cursor:
            cursor.execute(statement)

    def connect(self, database: str | None = None) -> pymysql.connections.Connection[pymysql.cursors.Cursor]:
        """Return a connection that commits by itself and takes several statements at once."""
        several = pymysql.constants.CLIENT.MULTI_STATEMENTS
        return pymysql.connect(
            unix_socket=str(self.socket), user="root", database=database, autocommit=True, client_flag=several
        )

    def wait_until_ready(self, log: Path, patience: float = 60) -> None:
        """Return once a connection succeeds."""
        deadline = time.monotonic() + patience
        while self.process.poll() is None and time.monotonic() < deadline:
            # Not with the driver, which leaves a socket open where nobody answers.
            with closing(socket.socket(socket.AF_UNIX)) as probe:
                if probe.connect_ex(str(self.socket)) == 0:
                    return
            time.sleep(0.05)
        raise RuntimeError(f"MariaDB did not start:\n{log.read_text(errors='replace')}")

    def stop(self, patience: float = 30) -> None:
        """Stop the server by its own id."""
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(patience)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait(patience)


@contextmanager
def running() -> Iterator[Server | None]:
    """Yield a new server with nothing in it, or None where MariaDB is not installed."""
    program = find_server()
    if program is None:
        yield None
        return
    user = unprivileged_user(OWNER)
    with temporary_folder(user, "sqla-guard-my-") as folder:
        log, path = folder / "log", folder / "socket"
        data = folder / "data"
        data.mkdir()
        if user is not None:
            os.chown(data, user.pw_uid, user.pw_gid)
        options = {"datadir": data, "socket": path, "pid-file": folder / "pid", **SETTINGS}
        # What a user's or the system's configuration says is meant for another server; this comes first, always.
        command = [str(program), "--no-defaults", *(f"--{k}={v}" if v else f"--{k}" for k, v in options.items())]
        server = Server(path, start_as(user, command, log))
        try:
            server.wait_until_ready(log)
            yield server
        finally:
            server.stop()
