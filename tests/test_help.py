"""`--help`: every command has examples, and each of them works as it stands there."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest

from sqla_guard.cli import COMMANDS
from tests.report.projects import inside, run
from tests.support.repositories import sample_repository

# It serves until its client leaves; `tests/lsp` drives it.
SERVES = {"lsp"}


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The sample, with its code in `src` as most projects have it."""
    repository = sample_repository(tmp_path_factory.mktemp("help"), "src")
    with inside(repository.folder):
        yield repository.folder


def examples(*command: str) -> list[str]:
    shown = run(*command, "--help")
    assert shown.exit_code == 0
    _, heading, rest = shown.stdout.partition("Examples:\n")
    if not heading:
        _, _, rest = shown.stdout.partition("Example")
    return re.findall(r"(?m)^ +(sqla-guard\b.*)$", rest.partition("Options:")[0])


def test_the_main_help_has_examples() -> None:
    assert len(examples()) >= 2


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_an_example_of_itself(command: str) -> None:
    assert examples(command)
    assert all(shlex.split(line)[1] == command for line in examples(command))


PARTS = [*((name,) for name in COMMANDS if name not in SERVES), ()]
ALL = list(dict.fromkeys(line for part in PARTS for line in examples(*part)))


@pytest.mark.parametrize("line", ALL)
def test_an_example_works_as_it_stands(line: str, project: Path) -> None:
    result = run(*shlex.split(line)[1:])
    assert result.exit_code in (0, 1), result.output
    assert "error: " not in result.stderr


def test_short_and_long_help_are_the_same() -> None:
    assert run("-h").stdout == run("--help").stdout


def test_an_unknown_command_or_option_is_one_complaint() -> None:
    for arguments in (["chekc"], ["check", "--formt", "json"], ["check", "--output-format", "sarfi"]):
        result = run(*arguments)
        assert result.exit_code == 2
        assert result.stderr.splitlines()[-1].startswith("Error: ")
