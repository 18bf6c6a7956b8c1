"""A throw-away PostgreSQL: a new cluster in a temporary folder, on a Unix socket only."""

from __future__ import annotations

import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from itertools import count
from pathlib import Path

import psycopg2

from scripts.find_postgres import find_server
from tests.support.servers import run_as, start_as, temporary_folder, unprivileged_user

OWNER = "postgres"
# Durability is of no use here, and waiting for the disk costs most of the time.
SETTINGS = {
    "fsync": "off",
    "full_page_writes": "off",
    "listen_addresses": "",
    "synchronous_commit": "off",
}


class Server:
    """A running server."""

    def __init__(self, socket_folder: Path, process: subprocess.Popen[bytes]) -> None:
        self.socket_folder = socket_folder
        self.process = process
        self._numbers = count(1)

    def url(self, database: str) -> str:
        """Return SQLAlchemy's URL; it names the driver, as the default is another from 2.1 on."""
        return f"postgresql+psycopg2://{OWNER}@/{database}?host={self.socket_folder}"

    @contextmanager
    def database(self) -> Iterator[str]:
        """Yield the URL of a new, empty database that is dropped afterwards."""
        name = f"test_{next(self._numbers)}"
        self.execute(f"CREATE DATABASE {name} TEMPLATE template0")
        try:
            yield self.url(name)
        finally:
            # A test that failed may have left a connection open.
            self.execute(f"DROP DATABASE {name} WITH (FORCE)")

    def execute(self, statement: str) -> None:
        """Run one statement outside any transaction, which CREATE DATABASE asks for."""
        with closing(self._connect()) as connection:
            connection.autocommit = True
            with connection.cursor() as cursor:
                cursor.execute(statement)

    def wait_until_ready(self, log: Path, patience: float = 60) -> None:
        """Return once a connection succeeds."""
        deadline = time.monotonic() + patience
        while self.process.poll() is None and time.monotonic() < deadline:
            try:
                self._connect().close()
            except psycopg2.OperationalError:
                time.sleep(0.05)
            else:
                return
        raise RuntimeError(f"PostgreSQL did not start:\n{log.read_text(errors='replace')}")

    def stop(self, patience: float = 30) -> None:
        """Stop the server by its own id: at once, not waiting for clients to leave."""
        self.process.send_signal(signal.SIGINT)
        try:
            self.process.wait(patience)
        except subprocess.TimeoutExpired:
            self.process.send_signal(signal.SIGQUIT)
            self.process.wait(patience)

    def _connect(self) -> psycopg2.extensions.connection:
        return psycopg2.connect(host=str(self.socket_folder), user=OWNER, dbname="postgres")


@contextmanager
def running() -> Iterator[Server | None]:
    """Yield a new server with nothing in it, or None where PostgreSQL is not installed."""
    programs = find_server()
    if programs is None:
        yield None
        return
    user = unprivileged_user(OWNER)
    with temporary_folder(user, "sqla-guard-pg-") as folder:
        data, log = folder / "data", folder / "log"
        initdb = [str(programs / "initdb"), "--pgdata", str(data), "--username", OWNER]
        run_as(user, [*initdb, "--auth=trust", "--encoding=UTF8", "--no-locale", "--no-sync"], log)
        command = [str(programs / "postgres"), "-D", str(data), "-k", str(folder)]
        for name, value in SETTINGS.items():
            command += ["-c", f"{name}={value}"]
        server = Server(folder, start_as(user, command, log))
        try:
            server.wait_until_ready(log)
            yield server
        finally:
            server.stop()
