"""What a person's terminal gets, and what files, pipes and CI get instead."""

from __future__ import annotations

import contextlib
import io
import os
import pty
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from sqla_guard.cli.progress import is_wanted, picture
from sqla_guard.core.progress import Progress
from tests.report.projects import inside, model, run
from tests.support.projects import ROOT

QUIET = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), "TERM": "xterm"}
COLOUR = b"\x1b["


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "model.py").write_text(model("events"), encoding="utf-8")
    return tmp_path


class Terminal:
    """A process whose input and output are a terminal of its own."""

    def __init__(self, script: str, folder: Path, environment: Mapping[str, str]) -> None:
        self._screen, inside = pty.openpty()
        command = [sys.executable, "-c", script]
        self._process = subprocess.Popen(
            command, stdin=inside, stdout=inside, stderr=inside, cwd=folder, env=environment
        )
        os.close(inside)
        self.seen = b""

    def read_until(self, words: bytes) -> None:
        """Read until ``words`` are on the screen."""
        while words not in self.seen:
            data = self._read()
            assert data, self.seen
            self.seen += data

    def type(self, text: bytes) -> None:
        """Press keys."""
        os.write(self._screen, text)

    def finish(self) -> bytes:
        """Read to the end; return all that was on the screen."""
        while data := self._read():
            self.seen += data
        self._process.wait()
        os.close(self._screen)
        return self.seen

    def _read(self) -> bytes:
        with contextlib.suppress(OSError):  # how Linux tells the end
            return os.read(self._screen, 1 << 16)
        return b""


def main_with(*arguments: str, before: str = "") -> str:
    return f"{before}\nfrom sqla_guard.cli import main\nmain({list(arguments)!r}, prog_name='sqla-guard')"


CHECK = main_with("check", "model.py")


def test_a_terminal_gets_colours_and_the_same_words(project: Path) -> None:
    shown = Terminal(CHECK, project, {**QUIET, "CI": "true"}).finish()
    plain = Terminal(CHECK, project, {**QUIET, "CI": "true", "NO_COLOR": "1"}).finish()
    assert b"\x1b[1;31merror[SG101]\x1b[0m" in shown
    assert b"\x1b[1;31m^^^^^^^^\x1b[0m" in shown
    assert COLOUR not in plain
    assert b"error[SG101]" in plain
    uncoloured = b"".join(part.partition(b"m")[2] if n else part for n, part in enumerate(shown.split(COLOUR)))
    assert uncoloured == plain


@pytest.mark.parametrize("environment", [{"NO_COLOR": "1"}, {"TERM": "dumb"}])
def test_colours_can_be_declined(environment: dict[str, str], project: Path) -> None:
    assert COLOUR not in Terminal(CHECK, project, {**QUIET, "CI": "true", **environment}).finish()


def test_a_pipe_and_a_file_get_no_colours(project: Path) -> None:
    piped = subprocess.run([sys.executable, "-c", CHECK], capture_output=True, cwd=project, env=QUIET, check=False)
    assert COLOUR not in piped.stdout + piped.stderr
    script = main_with("check", "--output-file", "report.txt", "model.py")
    assert b"\x1b[1mSG101" in Terminal(script, project, {**QUIET, "CI": "true"}).finish()
    assert COLOUR not in (project / "report.txt").read_bytes()


# The check waits for a key; the bar is to be seen first, without anybody measuring time.
WAITING = """
import sys, threading
import sqla_guard.cli.progress as progress
import sqla_guard.run as run
progress.AFTER = progress.EVERY = 0.001
check = run.run_check
def waiting(*given):
    (done,) = (one for one in given if isinstance(one, progress.Progress))
    done.expect(2)
    done.advance()
    sys.stdin.readline()
    return check(*given)
run.run_check = waiting
"""


def test_a_long_run_has_a_bar_that_goes_again(project: Path) -> None:
    terminal = Terminal(main_with("check", "model.py", before=WAITING), project, QUIET)
    terminal.read_until(b"Checking [############............] 1/2")
    terminal.type(b"\n")
    bar, _, report = terminal.finish().rpartition(b"\r\x1b[K")
    assert b"1/2" in bar
    assert b"Checking" not in report
    assert b"error[SG101]" in report


THREADS = """
import threading
import sqla_guard.run as run
check = run.run_check
def counting(*given):
    print("threads:", threading.active_count())
    return check(*given)
run.run_check = counting
"""


def test_nothing_paints_in_ci_or_into_a_pipe(project: Path) -> None:
    script = main_with("check", "model.py", before=THREADS)
    assert b"threads: 2" in Terminal(script, project, QUIET).finish()
    assert b"threads: 1" in Terminal(script, project, {**QUIET, "CI": "true"}).finish()
    piped = subprocess.run([sys.executable, "-c", script], capture_output=True, cwd=project, env=QUIET, check=False)
    assert b"threads: 1" in piped.stdout
    assert piped.stderr == b""


class Tty(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(
    ("stream", "environment", "wanted"),
    [
        (Tty(), {}, True),
        (Tty(), {"CI": ""}, True),
        (Tty(), {"CI": "true"}, False),
        (Tty(), {"TERM": "dumb"}, False),
        (io.StringIO(), {}, False),
    ],
)
def test_a_bar_is_for_persons(stream: io.StringIO, environment: dict[str, str], wanted: bool) -> None:
    assert is_wanted(stream, environment) is wanted


def test_the_bar_says_how_far_it_is() -> None:
    progress = Progress()
    assert picture(progress) == "Reading files"
    progress.expect(1200)
    assert picture(progress) == f"Checking [{'.' * 24}] 0/1,200"
    for _ in range(1200):
        progress.advance()
    assert picture(progress) == f"Checking [{'#' * 24}] 1,200/1,200"


def test_the_report_goes_to_a_file_and_the_summary_to_the_terminal(project: Path) -> None:
    with inside(project):
        whole = run("check", "--output-format", "json").stdout
        result = run("check", "--output-format", "json", "--output-file", "out.json")
        assert result.exit_code == 1
        assert result.stdout.startswith("2 findings; 1 file checked.\n")
        assert (project / "out.json").read_text("utf-8") == whole
        assert {path.name for path in project.iterdir()} == {"model.py", "out.json"}


def test_an_output_file_keeps_its_mode_and_its_link(project: Path) -> None:
    (project / "real.txt").write_text("before")
    (project / "real.txt").chmod(0o640)
    (project / "link.txt").symlink_to("real.txt")
    with inside(project):
        run("check", "--output-file", "link.txt")
    assert (project / "link.txt").is_symlink()
    assert "SG101" in (project / "real.txt").read_text("utf-8")
    assert (project / "real.txt").stat().st_mode & 0o777 == 0o640


@pytest.mark.parametrize(
    ("path", "reason"),
    [("nowhere/out.txt", "No such file or directory"), (".", "Is a directory"), ("", "Is a directory")],
)
def test_an_output_file_that_cannot_be_written_is_one_line(path: str, reason: str, project: Path) -> None:
    with inside(project):
        result = run("check", "--output-file", path)
    assert result.exit_code == 2
    (line,) = result.stderr.splitlines()
    assert line.startswith(f"error: the output could not be written: {path}")
    assert reason in line


def test_a_failed_write_leaves_the_old_file(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (project / "out.txt").write_text("before")

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", full)
    with inside(project):
        assert run("check", "--output-file", "out.txt").exit_code == 2
    assert (project / "out.txt").read_text() == "before"
    assert {path.name for path in project.iterdir()} == {"model.py", "out.txt"}


def test_an_output_file_may_be_a_device(project: Path) -> None:
    with inside(project):
        assert run("check", "--output-file", os.devnull).exit_code == 1


def test_statistics_count_the_rules(project: Path) -> None:
    with inside(project):
        table = run("check", "--statistics").stdout
        assert "       1         1           0  SG101 reserved-attribute\n" in table
        assert "       1         0           0  SG110 duplicate-table\n" in table
        counted = run("check", "--statistics", "--output-format", "json")
        refused = run("check", "--statistics", "--output-format", "sarif")
    assert '"code": "SG110"' in counted.stdout
    assert counted.exit_code == 1
    assert (refused.exit_code, refused.stderr.count("\n")) == (2, 1)


def test_show_files_lists_and_checks_nothing(project: Path) -> None:
    (project / "sub").mkdir()
    (project / "sub" / "a\nb.sql").write_text("SELECT 1;\n")
    with inside(project):
        result = run("check", "--show-files")
    assert (result.exit_code, result.stdout) == (0, "model.py\nsub/a\\nb.sql\n")
