"""What the path of a file says about it."""

from __future__ import annotations

import pytest

from sqla_guard.core.roles import is_apart, is_test

TESTS = ["tests/a.py", "app/test/a.py", "testing/a.py", "test_a.py", "app/test_a.py", "a_test.py", "conftest.py"]
OTHERS = ["docs/a.py", "app/doc/a.py", "examples/a.py", "app/migrations/a.py", "alembic/env.py", "versions/1_a.py"]
NEITHER = ["app/models.py", "contest/a.py", "latest/a.py", "mytests/a.py", "app/docs.py", "attest_a.py"]


@pytest.mark.parametrize("path", TESTS)
def test_tests_are_told_by_their_paths(path: str) -> None:
    assert is_test(path)
    assert is_apart(path)


@pytest.mark.parametrize("path", OTHERS)
def test_examples_and_migrations_are_apart_and_no_tests(path: str) -> None:
    assert is_apart(path)
    assert not is_test(path)


@pytest.mark.parametrize("path", NEITHER)
def test_other_files_are_neither(path: str) -> None:
    assert not is_apart(path)
    assert not is_test(path)


@pytest.mark.parametrize("path", ["app_tests/a.py", "app/a_tests.py", "tests.py", "app/test.py", "testing.py"])
def test_some_tests_belong_to_a_program(path: str) -> None:
    assert is_test(path)
    assert not is_apart(path)
