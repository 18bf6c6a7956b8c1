"""The tool as functions, as `docs/api.md` shows it."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

import sqla_guard
from sqla_guard.cli import main
from tests.config.test_projects import LAZY, MODEL, write
from tests.support.projects import ROOT

PAGE = ROOT / "docs" / "api.md"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_check_says_what_the_command_says(folder: Path) -> None:
    write(folder, {"app/model.py": MODEL, "app/pool.py": LAZY})
    report = sqla_guard.check([Path("app"), "gone.py"])
    assert [(f.code, f.location.path, f.location.line, f.location.column) for f in report.findings] == [
        ("SG101", "app/model.py", 10, 5),
        ("SG201", "app/pool.py", 13, 8),
    ]
    assert [(note.path, note.fatal) for note in report.not_analysed] == [("gone.py", True)]
    assert (report.files, report.exit_code) == (2, 2)
    assert sqla_guard.check("app/pool.py").exit_code == 1
    (finding,) = sqla_guard.check("app/model.py").findings
    assert finding.fix is not None
    assert finding.fix.applicability == "safe"
    assert {edit.path for edit in finding.fix.edits} == {"app/model.py"}


def test_each_file_has_its_own_settings_unless_some_are_given(folder: Path) -> None:
    write(folder, {"app/model.py": MODEL, "app/sqla-guard.toml": 'ignore = ["SG1"]\n', "pool.py": LAZY})
    assert [f.code for f in sqla_guard.check(".").findings] == ["SG201"]
    config = sqla_guard.Config(select=frozenset({"SG101"}))
    assert [f.code for f in sqla_guard.check(".", config).findings] == ["SG101"]
    loaded = sqla_guard.load_config("app/sqla-guard.toml")
    assert loaded.ignore == {"SG1"}


def test_what_a_baseline_knows_is_left_out(folder: Path) -> None:
    write(folder, {"model.py": MODEL, "sqla-guard.toml": 'baseline = "known.json"\n'})
    assert CliRunner().invoke(main, ["check", "--write-baseline", "known.json"]).exit_code == 0
    write(folder, {"pool.py": LAZY})
    assert [f.code for f in sqla_guard.check(".").findings] == ["SG201"]
    assert list(sqla_guard.fix(".").texts) == ["pool.py"]


def test_fix_writes_only_when_it_is_told_to(folder: Path) -> None:
    write(folder, {"model.py": MODEL, "use.py": "from model import Event\n\n\ndef show(e):\n    return e.metadata\n"})
    result = sqla_guard.fix(".", sqla_guard.Config(rename_template="extra"))
    assert not result.written
    assert (folder / "model.py").read_text() == MODEL
    assert 'extra = Column("metadata", JSON)' in result.texts["model.py"]
    assert [fix.title.partition(";")[0] for fix in result.made] == ["Rename `Event.metadata` to `extra`"]
    assert [f.code for f in result.before.findings] == ["SG101"]
    assert result.after.findings == ()
    assert sqla_guard.fix(".", write=True).written
    assert "event_metadata" in (folder / "model.py").read_text()
    assert sqla_guard.check(".").exit_code == 0


def test_a_wrong_configuration_is_an_exception_that_names_it(folder: Path) -> None:
    write(folder, {"model.py": MODEL, "sqla-guard.toml": "selct = []\n"})
    with pytest.raises(sqla_guard.ConfigError, match=r"sqla-guard\.toml:1: unknown key `selct`"):
        sqla_guard.check(".")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"select": frozenset({"SG10x"})}, "`select`: there is no rule `SG10x`; did you mean `SG1"),
        ({"per_file_ignores": (("*.py", frozenset({"zzzzz"})),)}, "`per-file-ignores`: there is no rule `zzzzz`"),
        ({"select": "SG1"}, "`select` is 'SG1'; it must be a collection of strings; in a file"),
        ({"sqlalchemy_version": "2.0"}, "`sqlalchemy_version` is '2"),
        ({"sqlalchemy_version": 2}, "`sqlalchemy_version` is 2"),
        ({"rename": "both"}, "`rename` is 'both'; it must be one of auto, attribute, column"),
        ({"jobs": -1}, "`jobs` must be a whole number"),
    ],
)
def test_wrong_settings_of_a_program_are_an_exception_and_no_clean_report(
    folder: Path, changes: dict[str, Any], message: str
) -> None:
    write(folder, {"model.py": MODEL})
    for function in (sqla_guard.check, sqla_guard.fix):
        with pytest.raises(sqla_guard.ConfigError) as caught:
            function(".", sqla_guard.Config(**changes))
        assert str(caught.value).startswith(message)


def test_settings_of_another_type_are_an_exception(folder: Path) -> None:
    with pytest.raises(sqla_guard.ConfigError, match=r"is a dict; it must be a `sqla_guard\.Config`"):
        sqla_guard.check(".", {"select": ["SG1"]})  # type: ignore[arg-type]


def test_what_cannot_be_written_is_an_exception_and_changes_nothing(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(folder, {"model.py": MODEL})

    def refuse(*_: object) -> None:
        raise sqla_guard.WriteError("model.py: no")

    monkeypatch.setattr("sqla_guard.fix.write.write_all", refuse)
    with pytest.raises(sqla_guard.WriteError):
        sqla_guard.fix(".", write=True)
    assert (folder / "model.py").read_text() == MODEL


def test_importing_the_package_loads_nothing_and_its_functions_stay_functions() -> None:
    script = (
        "import sys\nbefore = set(sys.modules)\nimport sqla_guard\n"
        "print(sorted(set(sys.modules) - before - {'__future__'}))\n"
        "import sqla_guard.check.engine, sqla_guard.fix.loop\n"
        "print(sqla_guard.check([]).exit_code, sqla_guard.fix([]).texts)\n"
        "print(hasattr(sqla_guard, 'nothing'))\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, cwd=ROOT)
    assert done.stdout.splitlines() == ["['sqla_guard']", "0 {}", "False"]


@pytest.mark.parametrize("block", re.findall(r"(?s)```python\n(.*?)```", PAGE.read_text(encoding="utf-8")))
def test_the_examples_of_the_page_run(block: str, folder: Path) -> None:
    write(folder, {"src/model.py": MODEL, "migrations/001.sql": "CREATE TABLE events (id int);\n"})
    exec(compile(block, str(PAGE), "exec"), {})
    assert (folder / "src/model.py").read_text() == MODEL


def test_the_page_names_everything_that_is_public() -> None:
    from sqla_guard import api

    text = PAGE.read_text(encoding="utf-8")
    assert [name for name in api.__all__ if not re.search(rf"\b{name}\b", text) and name != "NotAnalysed"] == []
