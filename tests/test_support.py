"""The helpers of `tests/support` do what the tests that use them rely on."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import psycopg2
import pymysql
import pytest

from scripts import find_mariadb, find_postgres, sample_app
from tests.support import environments, mariadb, missing, postgres, projects


def connect(url: str) -> psycopg2.extensions.connection:
    return psycopg2.connect(url.replace("postgresql+psycopg2:", "postgresql:"))


def tables(url: str) -> list[str]:
    connection = connect(url)
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
            return [row[0] for row in cursor.fetchall()]
    finally:
        connection.close()


class TestPostgres:
    def test_the_server_has_no_tcp_port_and_is_not_roots(self, postgres_server: postgres.Server) -> None:
        connection = connect(postgres_server.url("postgres"))
        try:
            with connection.cursor() as cursor:
                cursor.execute("SELECT inet_server_addr(), current_setting('listen_addresses')")
                assert cursor.fetchone() == (None, "")
        finally:
            connection.close()
        assert postgres_server.socket_folder.stat().st_uid != 0

    def test_each_database_is_new_and_empty(self, postgres_server: postgres.Server) -> None:
        with postgres_server.database() as first:
            connection = connect(first)
            with connection, connection.cursor() as cursor:
                cursor.execute("CREATE TABLE left_behind (id integer)")
            assert tables(first) == ["left_behind"]
            with postgres_server.database() as second:
                assert second != first
                assert tables(second) == []
            # `connection` is still open here: dropping the database must not wait for it.
        connection.close()
        with pytest.raises(psycopg2.OperationalError, match="does not exist"):
            connect(first)

    def test_sqlalchemy_understands_the_url(
        self, environment: environments.Environment, fresh_database: str, tmp_path: Path
    ) -> None:
        code = (
            "import os; from sqlalchemy import create_engine, text\n"
            "engine = create_engine(os.environ['URL'])\n"
            "print(engine.connect().execute(text('SELECT 6 * 7')).scalar())\n"
        )
        done = environment.run_code(code, cwd=tmp_path, env={"URL": fresh_database})
        assert (done.returncode, done.stdout) == (0, "42\n"), done.stderr

    def test_a_server_stops_and_its_folder_goes(self) -> None:
        with postgres.running() as server:
            if server is None:
                missing("PostgreSQL's server is not installed: run `make services`")
            folder, process = server.socket_folder, server.process
            assert folder.is_dir()
        assert process.returncode == 0
        assert not folder.exists()

    def test_the_newest_server_is_taken(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(find_postgres, "DEBIAN", tmp_path)
        monkeypatch.setenv("PATH", str(tmp_path / "empty"))
        assert find_postgres.find_server() is None
        # 9 comes after 15 as text and is too old; 17 has only a client.
        installed = {"9": ["initdb", "postgres"], "15": ["initdb", "postgres"], "17": ["psql"]}
        for version, programs in installed.items():
            for program in programs:
                path = tmp_path / version / "bin" / program
                path.parent.mkdir(parents=True, exist_ok=True)
                path.touch(mode=0o755)
        assert find_postgres.find_server() == tmp_path / "15" / "bin"


class TestMariaDB:
    def test_the_server_has_no_tcp_port_and_is_not_roots(self, mariadb_server: mariadb.Server) -> None:
        with closing(mariadb_server.connect()) as connection, connection.cursor() as cursor:
            cursor.execute("SELECT @@skip_networking, @@port")
            assert cursor.fetchone() == (1, 0)
        assert mariadb_server.socket.parent.stat().st_uid != 0

    def test_each_database_is_new_and_empty(self, mariadb_server: mariadb.Server) -> None:
        with mariadb_server.database() as first, mariadb_server.database() as second:
            assert first != second
            with closing(mariadb_server.connect(first)) as connection, connection.cursor() as cursor:
                cursor.execute("CREATE TABLE left_behind (id integer); ")
                cursor.execute("SHOW TABLES")
                assert cursor.fetchall() == (("left_behind",),)
            with closing(mariadb_server.connect(second)) as connection, connection.cursor() as cursor:
                cursor.execute("SHOW TABLES")
                assert cursor.fetchall() == ()
        with pytest.raises(pymysql.OperationalError, match="Unknown database"):
            mariadb_server.connect(first)

    def test_a_server_stops_and_its_folder_goes(self) -> None:
        with mariadb.running() as server:
            if server is None:
                missing("MariaDB's server is not installed: run `make services`")
            folder, process = server.socket.parent, server.process
            assert folder.is_dir()
        assert process.returncode == 0
        assert not folder.exists()

    def test_a_server_that_is_not_on_path(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(find_mariadb, "ELSEWHERE", (tmp_path,))
        monkeypatch.setenv("PATH", str(tmp_path / "empty"))
        assert find_mariadb.find_server() is None
        (tmp_path / "mariadbd").touch(mode=0o755)
        assert find_mariadb.find_server() == tmp_path / "mariadbd"


class TestMissing:
    def test_skips_for_a_contributor(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.delenv("CI", raising=False)
        with pytest.raises(pytest.skip.Exception, match="no database"):
            missing("no database")

    def test_fails_under_ci(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("CI", "true")
        with pytest.raises(pytest.fail.Exception, match="no database"):
            missing("no database")

    def test_an_environment_that_was_not_made(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("CI", "true")
        with pytest.raises(pytest.fail.Exception, match=r"SQLAlchemy 0\.1: run `make envs`"):
            environments.find("0.1")


class TestEnvironments:
    def test_each_has_the_sqlalchemy_it_is_named_after(
        self, environment: environments.Environment, tmp_path: Path
    ) -> None:
        done = environment.run_code("import sqlalchemy as s; print(s.__version__)", cwd=tmp_path)
        assert done.stdout.startswith(f"{environment.version}."), done.stderr

    def test_the_shell_does_not_leak_in(
        self,
        environment: environments.Environment,
        tmp_path: Path,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        monkeypatch.setenv("PYTHONPATH", "/elsewhere")
        monkeypatch.setenv("DATABASE_URL", "sqlite:///precious.db")
        (tmp_path / "show.py").write_text(
            "import os, sys\nprint(os.environ.get('DATABASE_URL'), os.environ['GIVEN'], sys.argv[1:])\n"
        )
        done = environment.run_module("show", "x", cwd=tmp_path, env={"GIVEN": "yes"})
        assert done.stdout == "None yes ['x']\n", done.stderr
        assert [path.name for path in tmp_path.iterdir()] == ["show.py"]

    def test_a_real_server_answers_and_stops(self, tmp_path: Path) -> None:
        (tmp_path / "asgi.py").write_text(
            "from a2wsgi import WSGIMiddleware\n"
            "def hello(environ, start_response):\n"
            "    start_response('200 OK', [('Content-Type', 'text/plain')])\n"
            "    return [b'hello']\n"
            "app = WSGIMiddleware(hello)\n"
        )
        (tmp_path / "start.sh").write_text('exec uvicorn asgi:app --host 127.0.0.1 --port "${PORT:-8000}"\n')
        log = tmp_path / "log"
        with environments.find("2.0").serving("sh", "start.sh", cwd=tmp_path, log=log) as address:
            assert sample_app.get(f"{address}/") == (200, "hello")
        with pytest.raises(OSError, match="refused"):
            sample_app.get(f"{address}/")

    def test_a_server_that_dies_says_why(self, tmp_path: Path) -> None:
        environment = environments.find("2.0")
        log = tmp_path / "log"
        with (
            pytest.raises(RuntimeError, match="no such app"),
            environment.serving("sh", "-c", "echo no such app; exit 3", cwd=tmp_path, log=log),
        ):
            pytest.fail("it never came up")


class TestProjects:
    def test_a_copy_equals_its_original_without_litter(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        original = tmp_path / "projects" / "sample"
        (original / "pkg" / "__pycache__").mkdir(parents=True)
        (original / "pkg" / "__pycache__" / "a.cpython-310.pyc").touch()
        (original / "pkg" / "a.py").write_bytes(b"\xef\xbb\xbfx = 1\r\n")
        (original / "app.db").touch()
        monkeypatch.setattr(projects, "PROJECTS", original.parent)

        copy = projects.copy_project("sample", tmp_path / "copies")

        assert copy == tmp_path / "copies" / "sample"
        assert projects.read_tree(copy) == {"pkg/a.py": b"\xef\xbb\xbfx = 1\r\n"}
