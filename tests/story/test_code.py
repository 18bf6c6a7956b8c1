"""The incident's two bugs, before and after, in fresh interpreters on real SQLAlchemy."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.story import sample
from tests.support.environments import Environment

REFUSED = {
    "1.4": "InvalidRequestError: Attribute name 'metadata' is reserved for the MetaData instance",
    "2.0": "InvalidRequestError: Attribute name 'metadata' is reserved when using the Declarative API.",
    # SQLAlchemy 2.1 itself only warns; Flask-SQLAlchemy 3.1 then reads ``metadata.tables`` of the column.
    "2.1": "has an attribute 'tables'",
}

# Two threads ask for the app. The first call of the factory waits until the other thread has its app. Without a lock
# that thread makes one of its own; with a lock the wait ends by itself and it gets the first one's.
RACE = """
import threading
import asgi, desk.app_factory as factory

def race():
    asgi.flask_app = None
    first_inside, second_served = threading.Event(), threading.Event()
    made, got = [], []

    def create_app(*args, **kwargs):
        app = object()
        made.append(app)
        if len(made) == 1:
            first_inside.set()
            second_served.wait({patience})
        return app

    def second():
        got.append(asgi.get_flask_app())
        second_served.set()

    factory.create_app = create_app
    threads = [threading.Thread(target=lambda: got.append(asgi.get_flask_app())), threading.Thread(target=second)]
    threads[0].start()
    first_inside.wait()
    threads[1].start()
    for thread in threads:
        thread.join()
    return len(made), len(set(map(id, got)))

print({{race() for _ in range({repetitions})}})
"""


def race(environment: Environment, app: Path, repetitions: int, patience: float) -> str:
    code = RACE.format(repetitions=repetitions, patience=patience)
    run = environment.run_code(code, cwd=app, env={"DESK_WARMUP": "0"})
    assert run.returncode == 0, run.stderr
    return run.stdout.strip()


def test_before_the_models_cannot_be_imported(environment: Environment, tmp_path: Path) -> None:
    run = environment.run_code("import desk.models", cwd=sample.broken(tmp_path))
    assert run.returncode == 1
    assert REFUSED[environment.version] in run.stderr


def test_before_two_threads_get_two_apps(environment: Environment, tmp_path: Path) -> None:
    app = sample.mended(tmp_path)
    shutil.copy(sample.broken(tmp_path / "again") / "asgi.py", app / "asgi.py")
    assert race(environment, app, repetitions=3, patience=60) == "{(2, 2)}"


def test_after_the_models_import_and_configure(environment: Environment, tmp_path: Path) -> None:
    code = (
        "import desk.models, sqlalchemy.orm as orm\n"
        "orm.configure_mappers()\n"
        "event = desk.models.SecurityEvent(event_metadata={'reader': 7})\n"
        "print(event.to_dict()['metadata'])\n"
    )
    run = environment.run_code(code, cwd=sample.mended(tmp_path))
    assert (run.returncode, run.stdout.strip()) == (0, "{'reader': 7}"), run.stderr


def test_after_two_threads_get_one_app(environment: Environment, tmp_path: Path) -> None:
    assert race(environment, sample.mended(tmp_path), repetitions=200, patience=0.01) == "{(1, 1)}"


@pytest.mark.parametrize("database", ["sqlite", "postgresql"])
def test_after_the_real_server_is_healthy(
    environment: Environment, database: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    app = sample.mended(tmp_path)
    url = f"sqlite:///{tmp_path}/desk.db" if database == "sqlite" else request.getfixturevalue("fresh_database")
    env = {"DATABASE_URL": url, "DESK_SPOOL": str(tmp_path / "spool.db")}
    from scripts import sample_app

    with environment.serving("./start.sh", cwd=app, log=tmp_path / "server.log", env=env) as address:
        assert sample_app.get(f"{address}/healthz") == (200, "ok")
        status, _ = sample_app.get(f"{address}/events")
        assert status == 200
