"""The command line as its users meet it: exit codes, bad input, output formats."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from click.testing import CliRunner, Result

from sqla_guard.cli import main
from tests.support.projects import ROOT
from tests.support.schemas import strict_report_schema

MODEL = (
    "from sqlalchemy import JSON, Column, Integer\n"
    "from sqlalchemy.orm import declarative_base\n\n"
    "Base = declarative_base()\n\n\n"
    "class Event(Base):\n"
    '    __tablename__ = "events"\n'
    "    id = Column(Integer, primary_key=True)\n"
    "    metadata = Column(JSON)\n"
)
CLEAN = "def add(a, b):\n    return a + b\n"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main, arguments)


def write(folder: Path, **files: str | bytes) -> None:
    for name, content in files.items():
        data = content.encode() if isinstance(content, str) else content
        (folder / f"{name}.py").write_bytes(data)


def test_check_exits_with_what_it_found(folder: Path) -> None:
    write(folder, clean=CLEAN)
    assert run("check", ".").exit_code == 0
    write(folder, model=MODEL)
    result = run("check")
    assert result.exit_code == 1
    assert "model.py:10:5: error[SG101] reserved-attribute" in result.stdout
    assert "    metadata = Column(JSON)\n   |     ^^^^^^^^\n" in result.stdout


def test_fix_exits_with_what_it_would_change_and_with_what_remains(folder: Path) -> None:
    write(folder, clean=CLEAN)
    assert run("fix").exit_code == 0
    write(folder, model=MODEL)
    assert run("fix").exit_code == 1
    assert (folder / "model.py").read_text() == MODEL
    assert run("fix", "--write").exit_code == 0
    assert run("fix", "--write").exit_code == 0
    assert 'event_metadata = Column("metadata", JSON)' in (folder / "model.py").read_text()


# A lock held across ``yield`` would be a cure worse than the disease, so there is no fix.
UNREPAIRABLE = (
    "app = None\n\n\nclass App:\n    def __init__(self):\n        self.log = open('log')\n\n\n"
    "def get():\n    global app\n    if app is None:\n        app = App()\n        yield app\n"
)


def test_fix_exits_with_1_where_a_finding_remains(folder: Path) -> None:
    write(folder, app=UNREPAIRABLE, model=MODEL)
    result = run("fix", "--write")
    assert result.exit_code == 1
    assert "SG201" in result.stdout
    assert (folder / "app.py").read_text() == UNREPAIRABLE
    assert "event_metadata" in (folder / "model.py").read_text()


BAD = {
    "missing": (None, "does not exist"),
    "syntax": (b"def broken(:\n", "syntax error"),
    "latin": ("x = 'ü'\n".encode("latin-1"), "is not utf-8"),
    "binary": (b"\x7fELF\0\0\1class metadata", "is a binary file"),
    "cookie": (b"# coding: klingon\nx = 1\n", "encoding"),
}


@pytest.mark.parametrize("name", BAD)
def test_a_bad_file_gives_one_line_and_the_others_are_checked(name: str, folder: Path) -> None:
    content, words = BAD[name]
    if content is not None:
        write(folder, **{name: content})
    write(folder, model=MODEL)
    for paths in ([f"{name}.py", "model.py"], ["model.py", f"{name}.py"]):
        result = run("check", *paths)
        assert result.exit_code == 2
        (line,) = result.stderr.splitlines()
        assert line.startswith(f"error: {name}.py")
        assert words in line
        assert "SG101" in result.stdout


def test_a_bad_file_in_a_folder_is_named_too(folder: Path) -> None:
    write(folder, syntax=b"def broken(:\n", model=MODEL)
    result = run("check", ".")
    assert (result.exit_code, result.stderr) == (2, "error: syntax.py:1: syntax error: invalid syntax\n")
    assert "SG101" in result.stdout
    fixed = run("fix", "--write", ".")
    assert fixed.exit_code == 2
    assert "event_metadata" in (folder / "model.py").read_text()


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_that_may_not_be_read_is_named(folder: Path) -> None:
    write(folder, secret=MODEL)
    (folder / "secret.py").chmod(0)
    result = run("check", ".")
    assert (result.exit_code, "secret.py: cannot be read" in result.stderr) == (2, True)


def test_a_broken_link_is_named(folder: Path) -> None:
    (folder / "gone.py").symlink_to("nowhere.py")
    result = run("check", "gone.py")
    assert (result.exit_code, "gone.py: cannot be read" in result.stderr) == (2, True)


def test_an_empty_folder_gives_a_warning(folder: Path) -> None:
    (folder / "empty").mkdir()
    result = run("check", "empty")
    assert (result.exit_code, result.stderr.count("\n")) == (0, 1)
    assert result.stderr.startswith("warning: empty: holds no .py or .sql file")


def report(*arguments: str) -> Any:
    document = json.loads(run(*arguments, "--output-format", "json").stdout)
    jsonschema.validate(document, strict_report_schema())
    return document


def test_json_has_the_documented_shape_also_with_bad_input(folder: Path) -> None:
    assert report("check") == {
        "schema_version": 1,
        "version": document_version(),
        "diagnostics": [],
        "to_look_at": [],
        "not_analysed": [],
        "files": 0,
    }
    write(folder, model=MODEL, syntax=b"def broken(:\n")
    document = report("check", ".", "missing.py")
    assert [(note["path"], note["line"]) for note in document["not_analysed"]] == [("missing.py", 0), ("syntax.py", 1)]
    assert document["files"] == 2


def document_version() -> str:
    return run("--version").stdout.split()[-1]


@pytest.mark.parametrize(("bom", "newline"), [("", "\n"), ("\ufeff", "\r\n"), ("", "\r\n")])
def test_json_edits_made_by_hand_are_what_fix_writes(bom: str, newline: str, folder: Path) -> None:
    text = ("# ünïcode €\n" + MODEL).replace("\n", newline)
    (folder / "model.py").write_bytes((bom + text).encode())
    (finding,) = report("check")["diagnostics"]
    lines = text.split(newline)
    assert lines[finding["line"] - 1][finding["column"] - 1 : finding["end_column"] - 1] == "metadata"
    changed = text
    for edit in sorted(finding["fix"]["edits"], key=lambda e: e["start"], reverse=True):
        changed = changed[: edit["start"]] + edit["text"] + changed[edit["end"] :]
    assert run("fix", "--write").exit_code == 0
    assert (folder / "model.py").read_bytes() == (bom + changed).encode()


def git_apply(diff: bytes, folder: Path) -> None:
    subprocess.run(["git", "apply", "-"], input=diff, cwd=folder, check=True, env={**os.environ, "GIT_DIR": "none"})


@pytest.mark.parametrize(
    "content",
    [
        MODEL.encode(),
        MODEL.replace("\n", "\r\n").rstrip().encode(),
        ("\ufeff" + MODEL).encode(),
        ("# coding: latin-1\n# ä\n" + MODEL + "# ö\n").encode("latin-1"),
        MODEL.replace("    ", "\t").encode(),
    ],
    ids=["plain", "CRLF, no line end at the end", "BOM", "latin-1", "tabs"],
)
def test_the_diff_can_be_applied(content: bytes, folder: Path) -> None:
    write(folder, model=content)
    git_apply(run("fix").stdout_bytes, folder)
    assert run("check").exit_code == 0
    applied = (folder / "model.py").read_bytes()
    write(folder, model=content)
    assert run("fix", "--write").exit_code == 0
    assert (folder / "model.py").read_bytes() == applied


LAZY = (
    "import os\n\n_pool = None\n\n\nclass Pool:\n    def __init__(self):\n        self.file = open(os.devnull)\n\n\n"
    "def pool():\n    global _pool\n    if _pool is None:\n        _pool = Pool()\n    return _pool\n"
)


def test_json_edits_are_all_that_a_fix_changes(folder: Path) -> None:
    write(folder, lazy=LAZY)
    (finding,) = report("check")["diagnostics"]
    changed = LAZY
    for edit in sorted(finding["fix"]["edits"], key=lambda e: e["start"], reverse=True):
        changed = changed[: edit["start"]] + edit["text"] + changed[edit["end"] :]
    assert "import threading\n" in changed
    assert run("fix", "--write").exit_code == 0
    assert (folder / "lazy.py").read_text() == changed


def test_a_pipe_is_named_and_not_waited_for(folder: Path) -> None:
    os.mkfifo(folder / "pipe.py")
    result = run("check", "pipe.py")
    assert (result.exit_code, result.stderr) == (2, "error: pipe.py: is no regular file\n")


def test_a_file_that_is_there_twice_by_a_link_is_reported_once(folder: Path) -> None:
    write(folder, model=MODEL)
    (folder / "link.py").symlink_to("model.py")
    assert run("check", ".").stdout.count("error[SG101]") == 1


def test_a_name_with_a_line_end_stays_on_one_line(folder: Path) -> None:
    (folder / "a\nb.py:1:1: error[SG101] forged").write_text("def broken(:\n")
    (folder / "c\nd.py").write_text("def broken(:\n")
    assert run("check", ".").stderr.count("\n") == 1


def test_source_and_names_are_printed_without_control_characters(folder: Path) -> None:
    (folder / "a\x1b[31m.py").write_text(MODEL.replace("Column(JSON)", "Column(JSON)  # \x1b[2J"), encoding="utf-8")
    check = run("check")
    assert "SG101" in check.stdout
    assert "\x1b" not in check.stdout
    fixed = run("fix", "--write")
    assert "fixed a\\x1b[31m.py" in fixed.stdout
    assert "\x1b" not in fixed.stdout + fixed.stderr


def test_settings_come_from_the_project_and_the_command_line_wins(folder: Path) -> None:
    write(folder, model=MODEL)
    (folder / "pyproject.toml").write_text('[tool.sqla-guard]\nignore = ["SG101"]\nsqlalchemy-version = "2.1"\n')
    assert run("check").exit_code == 0
    assert run("check", "--ignore", "SG2").exit_code == 1
    assert run("check", "--extend-select", "reserved-attribute").exit_code == 0
    (folder / "pyproject.toml").write_text('[tool.sqla-guard]\nsqlalchemy-version = "2.1"\n')
    assert "SAWarning" in run("check").stdout
    assert "InvalidRequestError" in run("check", "--sqlalchemy-version", "2.0").stdout


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("renam = 'auto'", "unknown key `renam`; did you mean `rename`?"),
        ("rename = 'atribute'", "`rename` is 'atribute'; it must be one of auto, attribute, column"),
        ("select = 'SG101'", "`select` must be a list of strings"),
        ("select = ['SG999']", "there is no rule `SG999`"),
        ("sqlalchemy-version = 2", "`sqlalchemy-version` must be a version"),
        ("rename = ", "Invalid value"),
    ],
)
def test_a_wrong_setting_is_an_error_that_says_what_would_be_right(text: str, words: str, folder: Path) -> None:
    (folder / "sqla-guard.toml").write_text(text + "\n")
    result = run("check")
    assert result.exit_code == 2
    (line,) = result.stderr.splitlines()
    assert "sqla-guard.toml" in line
    assert words in line


def test_the_module_can_be_run() -> None:
    done = subprocess.run([sys.executable, "-m", "sqla_guard", "--version"], capture_output=True, text=True, cwd=ROOT)
    assert done.stdout.startswith("sqla-guard, version ")


def test_a_neighbouring_project_that_imports_the_model_changes_too(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for project in ("backend", "worker"):
        (folder / project).mkdir()
        (folder / project / "requirements.txt").write_text("sqlalchemy\n")
    (folder / ".git").mkdir()
    (folder / "backend" / "models.py").write_text(MODEL)
    use = "from backend.models import Event\n\nevent = Event(metadata={})\nprint(event.metadata)\n"
    (folder / "worker" / "run.py").write_text(use)
    monkeypatch.chdir(folder / "backend")
    fixed = run("fix", "--write", "models.py")
    assert (fixed.exit_code, fixed.stdout.count("fixed ")) == (0, 2)
    assert (folder / "worker" / "run.py").read_text() == use.replace("metadata", "event_metadata")


def test_an_output_that_cannot_be_written_is_one_line(folder: Path) -> None:
    write(folder, model=MODEL)
    with Path("/dev/full").open("wb") as full:
        command = [sys.executable, "-m", "sqla_guard", "check", str(folder)]
        done = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True, cwd=ROOT, check=False)
    assert (done.returncode, done.stderr) == (2, "error: the output could not be written: No space left on device\n")


def test_fix_says_what_it_did(folder: Path) -> None:
    write(folder, model=MODEL)
    shown = run("fix").stderr
    assert (
        "1 finding would be repaired; run again with --write:\n  Rename `Event.metadata` to `event_metadata`" in shown
    )
    written = run("fix", "--write").stdout
    assert "fixed model.py\n" in written
    assert "1 finding repaired:\n  Rename `Event.metadata`" in written


def test_a_mistyped_command_is_guessed(folder: Path) -> None:
    done = run("chek")
    assert done.exit_code == 2
    assert "No such command 'chek'. Did you mean 'check'?" in done.stderr
    assert "There are check, fix" in run("audit").stderr


def test_several_rules_may_stand_in_one_option(folder: Path) -> None:
    write(folder, model=MODEL)
    assert run("check", "--select", "SG2,SG301").exit_code == 0
    assert run("check", "--select", "SG2, reserved-attribute").exit_code == 1


def test_tables_of_pyproject_in_our_own_file_are_explained(folder: Path) -> None:
    (folder / "sqla-guard.toml").write_text('[tool.sqla-guard]\nignore = ["SG101"]\n')
    done = run("check")
    assert done.exit_code == 2
    assert "the keys of sqla-guard.toml stand at its top, without `[tool.sqla-guard]`" in done.stderr


def test_writing_a_baseline_says_what_it_holds(folder: Path) -> None:
    write(folder, model=MODEL)
    assert run("check", "--write-baseline", "known.json").stderr == "note: known.json holds 1 known finding now\n"
