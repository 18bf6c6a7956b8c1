"""`check --add-ignores`: a directive at each finding, nothing else, and silence afterwards."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from sqla_guard.adopt.directives import ignoring
from sqla_guard.cli import main
from sqla_guard.core.config import Config
from sqla_guard.core.workspace import Workspace
from sqla_guard.fix.loop import fix
from tests.ignore.cases import GETTER, MODEL, SCRIPT, STRING
from tests.support.memory import check_files, workspace
from tests.support.projects import copy_project, read_tree


def ignored(files: dict[str, str], reason: str = "known", config: Config | None = None) -> dict[str, str]:
    """Return the files with a directive at each finding; a second run has nothing to do."""
    settings = config or Config()
    ws = workspace(files)
    result = fix(ws, lambda w: ignoring(check_files(texts_of(w), config=settings), w.load, reason))
    assert result.put_back == ()
    texts = texts_of(result.workspace)
    assert check_files(texts, config=settings).diagnostics == ()
    return texts


def texts_of(ws: Workspace) -> dict[str, str]:
    return {path: ws.load(path).text for path in ws.reported}


def added(before: str, after: str) -> list[str]:
    """Return the lines that ``after`` has more; all others are the same."""
    lines = before.splitlines()
    new = [line for line in after.splitlines() if "sqla-guard: ignore" in line]
    assert [line for line in after.splitlines() if "sqla-guard: ignore" not in line] == lines
    return new


def test_a_line_above_the_statement_with_its_indentation() -> None:
    files = {"models.py": MODEL, "engine.py": GETTER, "schema.sql": SCRIPT}
    after = ignored(files)
    assert added(MODEL, after["models.py"]) == ["    # sqla-guard: ignore[reserved-attribute] -- known"]
    assert added(GETTER, after["engine.py"]) == ["    # sqla-guard: ignore[unguarded-lazy-global] -- known"]
    assert added(SCRIPT, after["schema.sql"]) == ["-- sqla-guard: ignore[reserved-column] -- known"]


def test_inside_a_string_the_sql_form() -> None:
    after = ignored({"models.py": MODEL, "migrate.py": STRING})
    assert added(STRING, after["migrate.py"]) == ["        -- sqla-guard: ignore[reserved-column] -- known"]


@pytest.mark.parametrize("reason", ["see :ticket", "100 % known", "it's known", "{known}"])
def test_what_a_database_call_would_take_for_a_parameter_stays_out_of_the_string(reason: str) -> None:
    after = ignored({"models.py": MODEL, "migrate.py": STRING}, reason)
    assert added(STRING, after["migrate.py"]) == [f"    # sqla-guard: ignore[reserved-column] -- {reason}"]


def test_a_string_on_one_line_gets_it_outside() -> None:
    code = "def upgrade(op):\n    op.execute('ALTER TABLE events ADD COLUMN metadata JSON')\n"
    after = ignored({"models.py": MODEL, "migrate.py": code})
    assert added(code, after["migrate.py"]) == ["    # sqla-guard: ignore[reserved-column] -- known"]


def test_findings_of_one_statement_share_a_directive() -> None:
    both = SCRIPT.replace("metadata JSON", "metadata JSON, registry JSON")
    models = MODEL + "    registry = Column(JSON)\n"
    after = ignored({"models.py": models, "schema.sql": both})
    assert len(added(both, after["schema.sql"])) == 1
    assert len(added(models, after["models.py"])) == 2


@pytest.mark.parametrize(
    "text",
    [
        MODEL.replace("class Event(Base):\n    __tablename__", "class Event(Base):\n    metadata = 1; __tablename__"),
        MODEL.replace("metadata = Column(JSON)", "metadata = (\n        Column(\n            JSON))"),
        MODEL.replace("    metadata", "    # why\n    metadata"),
        MODEL.replace("    metadata", "    x = 1; metadata"),
        MODEL.replace("    ", "\t"),
        MODEL.replace("\n", "\r\n"),
        MODEL.rstrip("\n"),
        "# -*- coding: latin-1 -*-\n" + MODEL,
    ],
)
def test_layout_of_every_kind_stays(text: str) -> None:
    after = ignored({"models.py": text})["models.py"]
    assert re.sub(r"[ \t]*# sqla-guard: ignore[^\r\n]*(\r\n|\n)", "", after) == text


def test_without_a_reason() -> None:
    assert added(MODEL, ignored({"models.py": MODEL}, "")["models.py"]) == [
        "    # sqla-guard: ignore[reserved-attribute]"
    ]


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main, arguments)


def test_the_whole_sample_is_silent_afterwards(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = copy_project("security_desk", tmp_path)
    monkeypatch.chdir(root)
    before = read_tree(root)
    result = run("check", "--add-ignores", "known since the start")
    assert (result.exit_code, result.stdout.splitlines()[-1]) == (0, "No findings; 40 files checked.")
    assert result.stderr.splitlines() == [
        "wrote directives to asgi.py",
        "wrote directives to desk/migrate.py",
        "wrote directives to desk/models/security.py",
    ]
    after = read_tree(root)
    for path in before:
        kept = [line for line in after[path].splitlines(True) if b"sqla-guard: ignore" not in line]
        assert kept == before[path].splitlines(True)
    again = run("check", "--add-ignores", "again")
    assert (again.exit_code, again.stderr) == (0, "")
    assert read_tree(root) == after


def test_a_script_whose_checksum_is_kept_is_left_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "models.py").write_text(MODEL)
    (tmp_path / "V1__events.sql").write_text(SCRIPT)
    result = run("check", "--add-ignores", "known")
    assert result.exit_code == 1
    assert "V1__events.sql:3:5: error[SG301]" in result.stdout
    assert (tmp_path / "V1__events.sql").read_text() == SCRIPT
    assert "ignore[reserved-attribute]" in (tmp_path / "models.py").read_text()


def test_a_reason_of_two_lines_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "models.py").write_text(MODEL)
    result = run("check", "--add-ignores", "known\nimport os")
    assert (result.exit_code, result.stderr) == (2, "error: the reason of --add-ignores must be one line\n")
    assert (tmp_path / "models.py").read_text() == MODEL


@pytest.mark.parametrize("reason", ["", " "])
def test_an_empty_reason_is_refused_and_nothing_is_written(
    reason: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "models.py").write_text(MODEL)
    result = CliRunner().invoke(main, ["check", "--add-ignores", reason])
    assert (result.exit_code, "--add-ignores needs a reason" in result.stderr) == (2, True)
    assert (tmp_path / "models.py").read_text() == MODEL
