"""``sqla-guard config``."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import tomli
from click.testing import CliRunner, Result

from sqla_guard.check.config_schema import config_schema
from sqla_guard.cli import main
from sqla_guard.core.config import Config
from sqla_guard.core.keys import KEYS
from sqla_guard.read.config import convert, load_config
from tests.config.test_load import EVERYTHING
from tests.config.test_projects import write


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main, ("config", *arguments))


def test_each_setting_is_shown_with_where_it_comes_from(folder: Path) -> None:
    write(folder, {"sqla-guard.toml": 'rename = "column"\njobs = 2\n', "app/sqla-guard.toml": '\nignore = ["SG1"]\n'})
    top = run("--select", "SG2").stdout.splitlines()
    assert top[0] == f"# {folder}/sqla-guard.toml"
    assert f'rename = "column"  # {folder}/sqla-guard.toml:1' in top
    assert 'select = ["SG2"]  # command line' in top
    assert "ignore = []" in top
    assert "# sqlalchemy-version is not set" in top
    for path in ("app", "app/new.py"):
        inner = run(path).stdout.splitlines()
        assert f'ignore = ["SG1"]  # {folder}/app/sqla-guard.toml:2' in inner
        assert 'rename = "auto"' in inner


def test_what_is_shown_could_stand_in_a_configuration(folder: Path) -> None:
    plain = EVERYTHING.replace('plugins = ["acme"]', "")
    write(folder, {"pyproject.toml": plain.replace('"gen/"', "'g\\x \u00fc\"/'")})
    shown = run().stdout
    config = load_config(str(folder / "pyproject.toml"))
    assert config.exclude == ('g\\x \u00fc"/',)
    assert Config(**convert(tomli.loads(shown)), root=config.root, file=config.file) == config


def test_without_a_configuration_the_defaults_are_shown(folder: Path) -> None:
    shown = run().stdout
    assert shown.startswith("# No configuration was found")
    assert Config(**convert(tomli.loads(shown))) == Config()


def test_programs_get_the_same_as_json(folder: Path) -> None:
    write(folder, {"sqla-guard.toml": "jobs = 2\n"})
    document = json.loads(run("--output-format", "json").stdout)
    assert (document["path"], document["file"]) == (".", f"{folder}/sqla-guard.toml")
    assert list(document["settings"]) == [key.name for key in KEYS]
    assert document["settings"]["jobs"] == {"value": 2, "from": f"{folder}/sqla-guard.toml:1"}
    assert document["settings"]["rename"] == {"value": "auto", "from": "default"}


def test_a_named_file_is_shown(folder: Path) -> None:
    write(folder, {"ci/strict.toml": 'select = ["ALL"]\n'})
    assert 'select = ["ALL"]  # ci/strict.toml:1' in run("--config", "ci/strict.toml").stdout


@pytest.mark.parametrize("text", ["jbs = 2\n", "jobs = 0\n", 'select = ["SG999"]\n'])
def test_a_wrong_configuration_is_an_error_here_too(text: str, folder: Path) -> None:
    write(folder, {"sqla-guard.toml": text})
    result = run()
    assert (result.exit_code, result.stdout) == (2, "")
    assert f"{folder}/sqla-guard.toml:1: " in result.stderr


def test_a_configuration_that_is_not_there_is_an_error(folder: Path) -> None:
    result = run("--config", "nowhere.toml")
    assert (result.exit_code, result.stderr) == (
        2,
        "error: nowhere.toml: cannot be read: No such file or directory\n",
    )


def test_the_schema_can_be_printed() -> None:
    assert json.loads(run("--schema").stdout) == config_schema()
