from __future__ import annotations

import pytest

from sqla_guard.core.config import Config
from sqla_guard.project.versions import flask_sqlalchemy_major, sqlalchemy_version
from tests.support.memory import project

FILES = {
    "uv.lock": ('[[package]]\nname = "sqlalchemy"\nversion = "1.4.54"\n', (1, 4)),
    "poetry.lock": ('[[package]]\nname = "SQLAlchemy"\nversion = "2.1.0b3"\n', (2, 1)),
    "pdm.lock": ('[[package]]\nname = "sqlalchemy"\nversion = "1.3.24"\n', (1, 3)),
    "Pipfile.lock": ('{"default": {"sqlalchemy": {"version": "==1.4.1"}}}', (1, 4)),
    "requirements.txt": ("flask==3.0\nSQLAlchemy[asyncio]==1.4.54 ; python_version > '3.8'\n", (1, 4)),
    "requirements/base.txt": ("sqlalchemy>=2.1,<3\n", (2, 1)),
    "pyproject.toml": ('[project]\nname = "x"\ndependencies = ["sqlalchemy>=1.4,<2.1"]\n', (1, 4)),
    "setup.cfg": ("[options]\ninstall_requires =\n    sqlalchemy ~= 1.4\n", (1, 4)),
    "setup.py": ("from setuptools import setup\nsetup(install_requires=['sqlalchemy>=1.3.5'])\n", (1, 3)),
}


@pytest.mark.parametrize("name", FILES)
def test_each_file_is_read(name: str) -> None:
    text, version = FILES[name]
    assert sqlalchemy_version(project({name: text, "app/m.py": ""}), "app/m.py") == version


LOCKED = {
    "behind other entries": '[[package]]\nname = "a"\nversion = "9"\n\n'
    '[[package]]\nname = "sqlalchemy"\nversion = "1.3.1"\n',
    "line ends of Windows": '[[package]]\r\nname = "sqlalchemy"\r\nversion = "1.3.1"\r\n',
    "without a version before it": '[[package]]\nname = "a"\n[[package]]\nname = "sqlalchemy"\nversion = "1.3.1"\n',
    "another order": '[[package]]\nversion = "1.3.1"\nname = "sqlalchemy"\n',
    "other quotes": "[[package]]\nname = 'a'\n[[package]]\nname = 'sqlalchemy'\nversion = '1.3.1'\n",
    "other spaces": '[[ package ]]\nname="sqlalchemy"\nversion="1.3.1"\n',
    "a list of tables": 'package = [{name = "sqlalchemy", version = "1.3.1"}]\n',
}


@pytest.mark.parametrize("case", LOCKED)
def test_a_lock_file_is_read_however_it_is_written(case: str) -> None:
    assert sqlalchemy_version(project({"uv.lock": LOCKED[case], "m.py": ""}), "m.py") == (1, 3)


@pytest.mark.parametrize("wanted", ['"^1.4"', '{version = "^1.4", extras = ["asyncio"]}'])
def test_poetry_has_a_table_of_its_own(wanted: str) -> None:
    text = f"[tool.poetry.dependencies]\nsqlalchemy = {wanted}\n"
    assert sqlalchemy_version(project({"pyproject.toml": text, "m.py": ""}), "m.py") == (1, 4)


def test_what_is_locked_wins_over_a_range() -> None:
    files = {"pyproject.toml": FILES["pyproject.toml"][0], "requirements.txt": "sqlalchemy==2.1.9\n", "m.py": ""}
    assert sqlalchemy_version(project(files), "m.py") == (2, 1)


def test_the_nearest_file_wins() -> None:
    files = {"requirements.txt": "sqlalchemy==1.3.0\n", "api/requirements.txt": "sqlalchemy==2.1.0\n", "api/m.py": ""}
    assert sqlalchemy_version(project(files), "api/m.py") == (2, 1)


def test_without_a_word_it_is_2_0_and_the_configuration_has_the_last() -> None:
    assert sqlalchemy_version(project({"m.py": ""}), "m.py") == (2, 0)
    files = {"m.py": "", "requirements.txt": "sqlalchemy==1.4\n"}
    assert sqlalchemy_version(project(files, Config(sqlalchemy_version=(2, 1))), "m.py") == (2, 1)


@pytest.mark.parametrize("text", ["sqlalchemy<2\n", "# sqlalchemy==1.4\n", "-r sqlalchemy==1.4\n", "sqlalchemy\n"])
def test_what_gives_no_lower_bound_says_nothing(text: str) -> None:
    files = {"requirements.txt": text, "m.py": ""}
    assert sqlalchemy_version(project(files, Config(sqlalchemy_version=None)), "m.py") == (2, 0)


def test_a_broken_file_says_nothing() -> None:
    files = {"uv.lock": "[[", "Pipfile.lock": "{", "setup.py": "(", "m.py": ""}
    assert sqlalchemy_version(project(files, Config(sqlalchemy_version=None)), "m.py") == (2, 0)


def test_flask_sqlalchemy_2_is_known() -> None:
    files = {"requirements.txt": "Flask-SQLAlchemy==2.5.1\nSQLAlchemy==1.4.54\n", "m.py": ""}
    assert flask_sqlalchemy_major(project(files), "m.py") == 2
    assert flask_sqlalchemy_major(project({"m.py": ""}), "m.py") == 3
