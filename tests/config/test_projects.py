"""Settings as they act on a run: one project, and several in one repository."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from sqla_guard.check.registry import registered_rules
from sqla_guard.check.rule_names import own_names
from sqla_guard.cli import main

MODEL = (
    "from sqlalchemy import JSON, Column, Integer\n"
    "from sqlalchemy.orm import declarative_base\n\n"
    "Base = declarative_base()\n\n\n"
    "class Event(Base):\n"
    '    __tablename__ = "events"\n'
    "    id = Column(Integer, primary_key=True)\n"
    "    metadata = Column(JSON)\n"
)
LAZY = (
    "import os\n\n_pool = None\n\n\nclass Pool:\n    def __init__(self):\n        self.file = open(os.devnull)\n\n\n"
    "def pool():\n    global _pool\n    if _pool is None:\n        _pool = Pool()\n    return _pool\n"
)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def write(folder: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main, arguments)


def findings(*arguments: str) -> list[tuple[str, str, str]]:
    document: Any = json.loads(run("check", *arguments, "--output-format", "json").stdout)
    return [(d["path"], d["code"], d["message"]) for d in document["diagnostics"]]


def codes(*arguments: str) -> list[tuple[str, str]]:
    return [(path, code) for path, code, _ in findings(*arguments)]


MONOREPO = {
    "sqla-guard.toml": 'ignore = ["SG2"]\n',
    "shop/pyproject.toml": '[tool.sqla-guard]\nsqlalchemy-version = "2.1"\n',
    "shop/model.py": MODEL,
    "shop/pool.py": LAZY,
    "desk/sqla-guard.toml": 'select = ["unguarded-lazy-global"]\n',
    "desk/model.py": MODEL,
    "desk/deep/pool.py": LAZY,
    "tools/pyproject.toml": '[project]\nname = "tools"\n',
    "tools/model.py": MODEL,
    "tools/pool.py": LAZY,
}


def test_each_project_of_a_repository_is_judged_by_its_own_settings(folder: Path) -> None:
    write(folder, MONOREPO)
    together = findings(".")
    assert [(path, code) for path, code, _ in together] == [
        ("desk/deep/pool.py", "SG201"),
        ("shop/model.py", "SG101"),
        ("shop/pool.py", "SG201"),
        ("tools/model.py", "SG101"),
    ]
    assert together == sorted(finding for project in ("desk", "shop", "tools") for finding in findings(project))
    assert "SAWarning" in {path: message for path, _, message in together}["shop/model.py"]
    assert "InvalidRequestError" in {path: message for path, _, message in together}["tools/model.py"]


def test_fixing_a_repository_is_fixing_each_project(folder: Path) -> None:
    write(folder, MONOREPO)
    assert run("fix", "--write", ".").exit_code == 0
    names = ("shop/model.py", "shop/pool.py", "desk/model.py", "desk/deep/pool.py", "tools/model.py", "tools/pool.py")
    together = {name: (folder / name).read_text() for name in names}
    write(folder, MONOREPO)
    for project in ("shop", "desk", "tools"):
        assert run("fix", "--write", project).exit_code == 0
    assert together == {name: (folder / name).read_text() for name in names}
    assert together["desk/model.py"] == MODEL
    assert together["shop/model.py"] != MODEL


def test_one_wrong_configuration_in_a_repository_stops_the_run_before_anything_is_written(folder: Path) -> None:
    write(folder, MONOREPO | {"desk/sqla-guard.toml": "\nselct = []\n"})
    result = run("fix", "--write", ".")
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr == f"error: {folder}/desk/sqla-guard.toml:2: unknown key `selct`; did you mean `select`?\n"
    assert (folder / "shop/model.py").read_text() == MODEL


def test_the_command_line_wins_in_every_project(folder: Path) -> None:
    write(folder, MONOREPO)
    assert codes("--select", "SG101", ".") == [
        ("desk/model.py", "SG101"),
        ("shop/model.py", "SG101"),
        ("tools/model.py", "SG101"),
    ]


@pytest.mark.parametrize(
    ("ignored", "options", "found"),
    [
        ("SG2", ["--ignore", "SG101"], ["SG201"]),  # it takes the place of the file's
        ("SG201", ["--select", "SG201"], ["SG201"]),
        ("SG201", ["--select", "unguarded-lazy-global"], ["SG201"]),
        ("unguarded-lazy-global", ["--extend-select", "SG201"], ["SG101"]),
        ("SG201", ["--select", "SG2"], []),  # the file is more exact
        ("SG2", ["--select", "SG2"], ["SG201"]),
        ("SG2", ["--select", "SG2", "--ignore", "SG2"], []),
    ],
)
def test_the_command_line_wins_over_an_equally_exact_ignore(
    ignored: str, options: list[str], found: list[str], folder: Path
) -> None:
    write(folder, {"model.py": MODEL, "pool.py": LAZY, "sqla-guard.toml": f'ignore = ["{ignored}"]\n'})
    assert [code for _, code in codes(*options, ".")] == found


def test_a_named_configuration_holds_for_all_files_from_the_working_directory_on(folder: Path) -> None:
    write(folder, MONOREPO | {"ci/strict.toml": 'per-file-ignores = { "desk/" = ["ALL"] }\nselect = ["SG101"]\n'})
    assert codes("--config", "ci/strict.toml", ".") == [("shop/model.py", "SG101"), ("tools/model.py", "SG101")]


def test_isolated_reads_no_configuration(folder: Path) -> None:
    write(folder, MONOREPO | {"desk/sqla-guard.toml": "this is no TOML\n"})
    assert codes("--isolated", "--select", "SG201", ".") == [
        ("desk/deep/pool.py", "SG201"),
        ("shop/pool.py", "SG201"),
        ("tools/pool.py", "SG201"),
    ]
    both = run("check", "--isolated", "--config", "shop/pyproject.toml")
    assert (both.exit_code, "names one" in both.stderr) == (2, True)


def test_settings_can_be_given_on_the_command_line(folder: Path) -> None:
    write(folder, {"model.py": MODEL})
    assert "+    extra = Column" in run("fix", "--rename-template", "extra", "model.py").stdout
    for option, value, words in (
        ("--dialect", "postgrs", "did you mean `postgres`?"),
        ("--singleton-style", "modul", "did you mean `module`?"),
        ("--rename-template", "a-b", "it must be a name with"),
        ("--sqlalchemy-version", "2", 'it must be a version such as "2.0"'),
    ):
        result = run("check", option, value, "model.py")
        assert (result.exit_code, result.stderr.startswith(f"error: {option} is ")) == (2, True)
        assert words in result.stderr


def test_per_file_ignores_silence_rules_by_name_code_and_prefix(folder: Path) -> None:
    write(folder, {"a/model.py": MODEL, "a/pool.py": LAZY, "b/model.py": MODEL, "b/pool.py": LAZY})
    everything = [("a/model.py", "SG101"), ("a/pool.py", "SG201"), ("b/model.py", "SG101"), ("b/pool.py", "SG201")]
    assert codes() == everything
    for text, kept in {
        '"a/**" = ["reserved-attribute"]': everything[1:],
        '"a/" = ["SG1", "SG201"]': everything[2:],
        '"model.py" = ["SG101"]': [everything[1], everything[3]],
        '"!b/" = ["ALL"]': everything[2:],
        '"c/" = ["ALL"]': everything,
    }.items():
        write(folder, {"sqla-guard.toml": f"[per-file-ignores]\n{text}\n"})
        assert codes() == kept, text


def test_globs_start_at_the_configuration_wherever_the_run_starts(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(folder, {"a/model.py": MODEL, "b/model.py": MODEL})
    write(folder, {"sqla-guard.toml": 'per-file-ignores = { "a/model.py" = ["ALL"] }\n'})
    monkeypatch.chdir(folder / "a")
    assert codes() == []
    assert codes("../b") == [(f"{folder}/b/model.py", "SG101")]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('select = ["SG20x"]', "`select`: there is no rule `SG20x`; did you mean `SG20"),
        (
            'ignore = ["reserved-atribute"]',
            "`ignore`: there is no rule `reserved-atribute`; did you mean `reserved-attri",
        ),
        ('per-file-ignores = { "a.py" = ["zzzzz"] }', "`per-file-ignores`: there is no rule `zzzzz`; `sqla-"),
    ],
)
def test_an_unknown_rule_is_an_error_also_where_nothing_is_to_be_found(text: str, words: str, folder: Path) -> None:
    write(folder, {"clean.py": "x = 1\n", "sqla-guard.toml": text + "\n"})
    result = run("check")
    assert result.exit_code == 2
    assert f"error: {folder}/sqla-guard.toml:1: {words}" in result.stderr


def test_an_unknown_rule_on_the_command_line_is_an_error(folder: Path) -> None:
    write(folder, {"clean.py": "x = 1\n"})
    result = run("check", "--extend-select", "SG20x")
    assert result.exit_code == 2
    assert result.stderr.startswith("error: --extend-select: there is no rule `SG20x`; did you mean `SG20")


def test_names_are_known_without_loading_the_rules() -> None:
    assert own_names() == tuple((r.rule.name, r.rule.code) for r in registered_rules())
