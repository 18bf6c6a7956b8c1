"""The process ``sqla-guard``: it ends at once, and all that it has to say has been said."""

from __future__ import annotations

import gc
import subprocess
import sys
from pathlib import Path

import pytest

from sqla_guard.core.memory import rare_collections

MODEL = "from sqlalchemy.orm import DeclarativeBase\nclass B(DeclarativeBase): pass\n"
CASES = {
    "nothing found": (MODEL, 0),
    "findings": (MODEL + "class M(B):\n    metadata = 1\n" * 300, 1),
    "broken": ("x = (", 2),
}


def command(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "sqla_guard", *arguments]


@pytest.mark.parametrize("case", CASES)
def test_the_exit_code_and_all_of_the_output_arrive(tmp_path: Path, case: str) -> None:
    text, code = CASES[case]
    (tmp_path / "models.py").write_text(text, encoding="utf-8")
    ways = ["--no-cache", "--output-format", "json"]
    piped = subprocess.run(command("check", *ways, "."), cwd=tmp_path, capture_output=True, check=False)
    assert piped.returncode == code
    subprocess.run(command("check", *ways, "--output-file", "all", "."), cwd=tmp_path, check=False)
    assert piped.stdout == (tmp_path / "all").read_bytes()
    assert piped.stdout.rstrip().endswith(b"}")


def test_a_reader_that_has_gone_is_no_crash(tmp_path: Path) -> None:
    (tmp_path / "models.py").write_text(CASES["findings"][0], encoding="utf-8")
    started = command("check", "--no-cache", ".")
    with subprocess.Popen(started, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        said = process.stderr.read()
    assert process.returncode != 0
    assert b"Traceback" not in said


def test_a_wrong_option_is_one_line_and_exit_code_2(tmp_path: Path) -> None:
    wrong = subprocess.run(command("check", "--nope"), cwd=tmp_path, capture_output=True, text=True, check=False)
    assert wrong.returncode == 2
    assert "No such option" in wrong.stderr


@pytest.mark.parametrize("before", [True, False])
def test_garbage_is_looked_for_while_a_check_runs_whatever_is_set_around_it(before: bool) -> None:
    was_on, threshold = gc.isenabled(), gc.get_threshold()
    try:
        gc.enable() if before else gc.disable()
        with rare_collections():
            assert gc.isenabled()
            assert gc.get_threshold() > threshold
        assert gc.isenabled() is before
        assert gc.get_threshold() == threshold
    finally:
        gc.enable() if was_on else gc.disable()
