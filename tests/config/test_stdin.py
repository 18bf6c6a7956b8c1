"""A text on standard input, as editors and hooks pass it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from sqla_guard.cli import main
from tests.config.test_projects import LAZY, MODEL, write


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(data: str | bytes, *arguments: str) -> Result:
    return CliRunner().invoke(main, arguments, input=data)


def test_a_text_is_checked_in_place_of_what_is_stored(folder: Path) -> None:
    write(folder, {"app/model.py": "x = 1\n"})
    result = run(MODEL, "check", "--stdin-filename", "app/model.py", "-")
    assert (result.exit_code, "app/model.py:10:5: error[SG101]" in result.stdout) == (1, True)
    assert run(MODEL, "check", "--stdin-filename", "app/model.py").exit_code == 1
    write(folder, {"app/model.py": MODEL})
    assert run("x = 1\n", "check", "--stdin-filename", "app/model.py", "-").exit_code == 0


def test_the_project_around_the_name_is_its_context(folder: Path) -> None:
    base, model = MODEL.split("Base = declarative_base()\n")
    write(folder, {"app/base.py": "from sqlalchemy.orm import declarative_base\n\nBase = declarative_base()\n"})
    text = base + "from app.base import Base\n" + model
    found = json.loads(run(text, "check", "--stdin-filename", "app/new.py", "-", "--output-format", "json").stdout)
    assert [(d["path"], d["code"]) for d in found["diagnostics"]] == [("app/new.py", "SG101")]


def test_the_settings_are_those_of_the_name(folder: Path) -> None:
    write(folder, {"app/sqla-guard.toml": 'ignore = ["SG101"]\nextend-exclude = ["gen"]\n'})
    assert run(MODEL, "check", "--stdin-filename", "app/model.py", "-").exit_code == 0
    assert run(MODEL, "check", "-").exit_code == 1
    assert run(LAZY, "check", "--stdin-filename", "app/gen/pool.py", "-").exit_code == 1
    assert run(LAZY, "check", "--force-exclude", "--stdin-filename", "app/gen/pool.py", "-").exit_code == 0


def test_sql_is_known_by_its_name(folder: Path) -> None:
    write(folder, {"app/model.py": MODEL})
    ddl = "CREATE TABLE IF NOT EXISTS events (id int, metadata json);\n"
    assert "SG301" in run(ddl, "check", "--stdin-filename", "schema.sql", "-").stdout


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_fix_prints_the_repaired_text_byte_for_byte(newline: str, folder: Path) -> None:
    text = ("# coding: latin-1\n# \u00fc\n" + LAZY).replace("\n", newline)
    (folder / "pool.py").write_bytes(text.encode("latin-1"))
    repaired = run(text.encode("latin-1"), "fix", "--stdin-filename", "pool.py", "-")
    assert repaired.exit_code == 0
    assert "1 finding repaired" in repaired.stderr
    assert (folder / "pool.py").read_bytes() == text.encode("latin-1")
    assert run("", "fix", "--write", "pool.py").exit_code == 0
    assert repaired.stdout_bytes == (folder / "pool.py").read_bytes()


def test_fix_prints_a_clean_text_as_it_is() -> None:
    result = run(b"\xef\xbb\xbfx = 1", "fix", "-")
    assert (result.exit_code, result.stdout_bytes) == (0, b"\xef\xbb\xbfx = 1")


def test_fix_makes_no_repair_that_would_need_other_files_too(folder: Path) -> None:
    use = "from model import Event\n\nprint(Event.metadata)\n"
    write(folder, {"model.py": MODEL, "use.py": use})
    result = run(MODEL, "fix", "--stdin-filename", "model.py", "-")
    assert (result.exit_code, result.stdout) == (1, MODEL)
    assert (folder / "use.py").read_text() == use
    assert "other files" in run(MODEL, "fix", "--output-format", "json", "--stdin-filename", "model.py", "-").stdout


def test_a_text_that_is_no_python_is_printed_as_it_is_with_an_error() -> None:
    result = run("def broken(:\n", "fix", "--stdin-filename", "broken.py", "-")
    assert (result.exit_code, result.stdout) == (2, "def broken(:\n")
    assert "error: broken.py:1: syntax error" in result.stderr


@pytest.mark.parametrize("paths", [("-", "a.py"), ("--stdin-filename", "a.py", "b.py")])
def test_standard_input_stands_alone(paths: tuple[str, ...]) -> None:
    result = run("", "check", *paths)
    assert (result.exit_code, "stands for one file alone" in result.stderr) == (2, True)


def test_nothing_is_written_where_standard_input_is_read(folder: Path) -> None:
    write(folder, {"model.py": "x = 1\n"})
    result = run(MODEL, "fix", "--write", "--stdin-filename", "model.py", "-")
    assert (result.exit_code, (folder / "model.py").read_text()) == (2, "x = 1\n")
