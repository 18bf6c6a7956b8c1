"""Fixtures for every test; what they are made of is in `tests/support`."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import settings

from tests.support import environments, mariadb, missing, postgres

# Tests time nothing: a slow machine is no failure.
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")


@pytest.fixture(scope="session", autouse=True)
def _own_cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """A cache for this run of the tests alone."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SQLA_GUARD_CACHE_DIR", str(tmp_path_factory.mktemp("cache")))
        yield


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[postgres.Server]:
    """One real PostgreSQL server for the whole run."""
    with postgres.running() as server:
        if server is None:
            missing("PostgreSQL's server is not installed: run `make services`")
        yield server


@pytest.fixture(scope="session")
def postgres_url(postgres_server: postgres.Server) -> str:
    """The URL of the server's own database, to be connected to and left as it is."""
    return postgres_server.url("postgres")


@pytest.fixture(scope="session")
def mariadb_server() -> Iterator[mariadb.Server]:
    """One real MariaDB server for the whole run."""
    with mariadb.running() as server:
        if server is None:
            missing("MariaDB's server is not installed: run `make services`")
        yield server


@pytest.fixture
def fresh_database(postgres_server: postgres.Server) -> Iterator[str]:
    """The URL of an empty database that is this test's alone."""
    with postgres_server.database() as url:
        yield url


@pytest.fixture(params=environments.VERSIONS)
def environment(request: pytest.FixtureRequest) -> environments.Environment:
    """Each of the environments of `make envs` in turn."""
    return environments.find(request.param)
