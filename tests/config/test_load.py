"""One configuration file: its keys, and what is said of a wrong one."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sqla_guard.core.config import Config, ConfigError
from sqla_guard.core.keys import KEYS, Key
from sqla_guard.read.config import find_config, load_config

EVERYTHING = """
[tool.sqla-guard]
select = ["SG1", "unguarded-lazy-global"]
extend-select = ["cached-factory"]
ignore = ["SG110"]
per-file-ignores = { "tests/**" = ["SG2"] }
exclude = ["gen/"]
extend-exclude = ["*_pb2.py"]
src = ["backend"]
sqlalchemy-version = "1.4.54"
declarative-bases = ["company.db.Base"]
rename = "column"
rename-template = "{name}_"
singleton-style = "module"
migrations = ["db/changes"]
baseline = "known.json"
require-reason = true
jobs = 3
output-format = "concise"
plugins = ["acme"]

[tool.sqla-guard.dialect]
"**" = "postgresql"
"mysql/*.sql" = "mysql"
"""


def load(folder: Path, text: str, name: str = "pyproject.toml") -> Config:
    (folder / name).write_text(text)
    return load_config(str(folder / name))


def test_every_setting_is_a_key_and_every_key_a_setting() -> None:
    internal = {"root", "file", "read_everything"}
    assert [key.field for key in KEYS] == [name for name in Config._fields if name not in internal]


def test_every_key_can_be_set(tmp_path: Path) -> None:
    config = load(tmp_path, EVERYTHING)
    unchanged = [key.name for key in KEYS if getattr(config, key.field) == getattr(Config(), key.field)]
    assert unchanged == []
    assert config.sqlalchemy_version == (1, 4)
    assert config.per_file_ignores == (("tests/**", frozenset({"SG2"})),)
    assert config.dialect_for(str(tmp_path / "a.sql")) == "postgresql"
    assert config.dialect_for(str(tmp_path / "mysql" / "a.sql")) == "mysql"
    assert config.ignored_in(str(tmp_path / "tests" / "a.py")) == {"SG2"}
    assert config.ignored_in(str(tmp_path / "a.py")) == set()
    assert config.is_migration(str(tmp_path / "db" / "changes" / "1.sql"))
    assert not config.is_migration(str(tmp_path / "db" / "1.sql"))


@pytest.mark.parametrize("key", KEYS, ids=lambda key: key.name)
def test_the_example_of_a_key_sets_it(key: Key, tmp_path: Path) -> None:
    config = load(tmp_path, key.example, "sqla-guard.toml")
    assert getattr(config, key.field) != getattr(Config(), key.field)


WRONG = [
    ("renam = 'auto'", "unknown key `renam`; did you mean `rename`?"),
    ("zzz = 1", "unknown key `zzz`; known are baseline,"),
    ("rename = 'atribute'", "`rename` is 'atribute'; it must be one of auto, attribute, column; did you mean"),
    ("select = 'SG101'", "`select` must be a list of strings"),
    ("select = ['SG 101']", "`select` has an item that is 'SG 101'; it must be a rule's name"),
    ("per-file-ignores = ['SG1']", "`per-file-ignores` must be a table of globs"),
    ("per-file-ignores = { 'a.py' = 'SG1' }", "`per-file-ignores` for 'a.py' must be a list of strings"),
    ("per-file-ignores = { '' = ['SG1'] }", "`per-file-ignores` has the glob '', which matches nothing"),
    ("dialect = 'postgrs'", "`dialect` is 'postgrs'; it must be one of postgresql, "),
    ("dialect = { 'a/*' = 'mysq' }", "`dialect` for 'a/*' is 'mysq'"),
    ("dialect = 'postgrs'", "did you mean `postgres`?"),
    ("sqlalchemy-version = 2", "`sqlalchemy-version` must be a version"),
    ("sqlalchemy-version = '2'", "`sqlalchemy-version` is '2'; it must be a version such as \"2.0\""),
    ("rename-template = '{nam}_'", "`rename-template` is '{nam}_'; it must be a name with `{name}`"),
    ("jobs = 0", '`jobs` must be a whole number from 1, or "auto"'),
    ("jobs = true", "`jobs` must be a whole number"),
    ("require-reason = 'yes'", "`require-reason` must be true or false"),
    ("output-format = 'jsn'", "did you mean `json`?"),
    ("plugins = ['a b']", "`plugins` has an item that is 'a b'"),
]


@pytest.mark.parametrize(("text", "words"), WRONG, ids=[text for text, _ in WRONG])
def test_what_is_wrong_is_said_with_file_line_key_and_what_is_right(text: str, words: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as error:
        load(tmp_path, "# a comment\n\n" + text + "\n", "sqla-guard.toml")
    assert str(error.value).startswith(f"{tmp_path / 'sqla-guard.toml'}:3: ")
    assert words in str(error.value)


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("[project]\nrename = 3\n[tool.sqla-guard]\nrename = 3\n", 4),
        ('[tool.sqla-guard]\nignore = []\n[tool.sqla-guard.dialect]\n"*" = "x"\n', 3),
        ('[tool]\nsqla-guard = { rename = "x" }\n', 0),
    ],
)
def test_the_line_is_that_of_our_own_key(text: str, line: int, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=rf"pyproject\.toml:{line}: " if line else r"pyproject\.toml: "):
        load(tmp_path, text)


@pytest.mark.parametrize("text", ["rename = ", "\x00", "tool = 3", "[tool]\nsqla-guard = 3", "[" * 100_000])
def test_a_file_that_is_no_configuration_is_an_error_of_its_own(text: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"pyproject\.toml: "):
        load(tmp_path, text)


def test_bytes_that_are_no_text_are_an_error_of_their_own(tmp_path: Path) -> None:
    (tmp_path / "sqla-guard.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(ConfigError, match=r"sqla-guard\.toml: "):
        load_config(str(tmp_path / "sqla-guard.toml"))


def test_the_nearest_file_that_configures_us_is_found(tmp_path: Path) -> None:
    inner = tmp_path / "app" / "models"
    inner.mkdir(parents=True)
    (tmp_path / "pyproject.toml").write_text("[tool . 'sqla-guard']\n")
    assert find_config(str(inner)) == str(tmp_path / "pyproject.toml")
    (tmp_path / "app" / "pyproject.toml").write_text('[dependency-groups]\ndev = ["sqla-guard>=0.1"]\n')
    assert find_config(str(inner)) == str(tmp_path / "pyproject.toml")
    (tmp_path / "app" / "sqla-guard.toml").write_text("")
    assert find_config(str(inner)) == str(tmp_path / "app" / "sqla-guard.toml")


@pytest.mark.parametrize(
    "text",
    [
        '[tool.poetry.group.dev.dependencies]\nsqla-guard = "^0.1"\n',
        '[project.entry-points."sqla_guard.rules"]\nacme = "acme_rules"\n',
        '[tool.pixi.tasks]\nsqla-guard = { cmd = "sqla-guard check" }\n',
        "[tool.sqla-guardian]\n",
    ],
)
def test_a_file_that_only_depends_on_us_is_passed_over(text: str, tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text("[tool.sqla-guard]\n")
    (tmp_path / "app").mkdir()
    (tmp_path / "app" / "pyproject.toml").write_text(text)
    assert find_config(str(tmp_path / "app")) == str(tmp_path / "pyproject.toml")


@pytest.mark.parametrize("name", ["sqla_guard", "sqlaguard"])
@pytest.mark.parametrize(
    "text", ['[tool.{}]\nselect = ["SG1"]\n', "[tool]\n{} = {{ jobs = 2 }}\n", "tool.{}.jobs = 2\n"]
)
def test_a_misspelt_table_is_an_error_and_not_passed_over(name: str, text: str, tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text(text.format(name))
    assert find_config(str(tmp_path)) == str(tmp_path / "pyproject.toml")
    with pytest.raises(ConfigError, match=rf"pyproject\.toml(:\d)?: unknown table `tool\.{name}`; did you mean"):
        load_config(str(tmp_path / "pyproject.toml"))


WORDS = "[tool.sqla-guard] [tool] sqla-guard = select dialect { } [ ] , . # 1 1e999 inf nan 2026-01-01 true jobs \u00fc"
PIECES = st.sampled_from([*re.split(" ", WORDS), "\n", " ", '"', "'", '"""', "\\", "\0", "9" * 400])


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("anything")


@given(data=st.one_of(st.binary(max_size=60), st.lists(PIECES, max_size=25).map(lambda parts: "".join(parts).encode())))
def test_whatever_a_file_holds_it_is_read_or_refused(place: Path, data: bytes) -> None:
    for name in ("sqla-guard.toml", "pyproject.toml"):
        file = place / name
        file.write_bytes(data)
        refused = ""
        try:
            load_config(str(file))
        except ConfigError as error:
            refused = str(error)
        assert not refused or refused.startswith(str(file))
