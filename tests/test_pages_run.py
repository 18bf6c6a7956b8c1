"""What the pages show in a terminal is what happens, in this order, in a copy of the sample project."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from tests.report.projects import inside, run
from tests.support.pages import DOCS
from tests.support.projects import copy_project

# A line of one ellipsis stands for any lines; one at the end of a line for the rest of it.
ANY_LINES, ANY_REST = "…", " …"


def sessions(page: str) -> list[str]:
    """Return the blocks of a page that show a terminal."""
    return re.findall(r"(?ms)^```console\n(.*?)^```$", (DOCS / page).read_text(encoding="utf-8"))


def commands(session: str) -> list[tuple[str, list[str]]]:
    """Return the commands of a session, each with the lines that it is shown to print."""
    parts = re.split(r"(?m)^\$ ", session)
    assert parts[0] == "", "a session starts with a command"
    return [(lines[0], lines[1:]) for part in parts[1:] if (lines := part.rstrip("\n").split("\n"))]


def pattern(shown: list[str]) -> str:
    """Return a regular expression for the output that the lines of a page stand for."""
    text = ""
    for line in shown:
        if line == ANY_LINES:
            text += r"(?:.*\n)*?"
        elif line.endswith(ANY_REST):
            text += re.escape(line.removesuffix(ANY_REST[1:])) + r".*\n"
        else:
            text += re.escape(line) + r"\n"
    return text


def shows_output(page: str) -> bool:
    """Tell whether a page shows what commands print; of others, tests of their own run the commands."""
    return any(shown for session in sessions(page) for _, shown in commands(session))


PAGES = sorted(path.name for path in DOCS.glob("*.md") if shows_output(path.name))


@pytest.mark.parametrize("page", PAGES)
def test_every_session_goes_as_shown(page: str, tmp_path: Path) -> None:
    with inside(copy_project("security_desk", tmp_path)):
        for session in sessions(page):
            for command, shown in commands(session):
                program, *arguments = shlex.split(command)
                assert program == "sqla-guard", command
                output = run(*arguments).output
                assert re.fullmatch(pattern(shown), output), f"{command}\n{output}"


@pytest.mark.parametrize("page", sorted(path.name for path in DOCS.glob("*.md")))
def test_every_command_in_a_sentence_exists(page: str) -> None:
    text = re.sub(r"(?ms)^```.*?^```$", "", (DOCS / page).read_text(encoding="utf-8"))
    for line in re.findall(r"`sqla-guard ([^`]+)`", text):
        command, *options = shlex.split(line)
        shown = run(command, "--help")
        assert shown.exit_code == 0, line
        assert all(option in shown.stdout for option in options if option.startswith("-")), line
