"""Which files a run looks at: what git ignores, virtual environments, excluded paths."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from sqla_guard.cli import main
from sqla_guard.core.config import Config
from sqla_guard.read.discover import FileDisk, discover
from sqla_guard.settings import settings
from tests.config.test_projects import MODEL, codes, write
from tests.support.projects import ROOT

GIT = shutil.which("git") or "git"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    for name in [name for name in os.environ if name.startswith("GIT_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    return tmp_path


def git(*arguments: str, cwd: str = ".") -> None:
    subprocess.run([GIT, *arguments], check=True, cwd=cwd)


def touch(folder: Path, *names: str) -> None:
    write(folder, dict.fromkeys(names, "x = 1\n"))


def checked(*paths: str, force_exclude: bool = False) -> list[str]:
    asked = paths or (".",)
    return list(discover(asked, FileDisk(settings(asked)), force_exclude).files)


def repository(folder: Path) -> None:
    git("init", "-q", ".")
    write(folder, {".gitignore": "gen/\n*_local.py\n!keep_local.py\n/data\n", "app/.gitignore": "secret.py\n"})
    ignored = ("gen/a.py", "app/gen/b.py", "my_local.py", "data/deep/c.py", "app/secret.py", "tracked/t_local.py")
    touch(folder, *ignored, "keep_local.py", "secret.py", "app/a.py", "app/data/d.py", "tracked/u.py")
    git("add", "-f", "tracked/t_local.py")


KEPT = ["app/a.py", "app/data/d.py", "keep_local.py", "secret.py", "tracked/t_local.py", "tracked/u.py"]


def test_what_git_ignores_is_left_out_and_what_it_tracks_is_not(folder: Path) -> None:
    repository(folder)
    assert checked() == KEPT
    assert checked("app") == ["app/a.py", "app/data/d.py"]


@pytest.mark.parametrize("git_answers", [True, False])
def test_what_a_folder_on_the_way_to_the_named_one_ignores_is_left_out(
    git_answers: bool, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    git("init", "-q", ".")
    touch(
        folder,
        "setup.cfg",
        "app/core/made.py",
        "app/core/deep/made.py",
        "app/core/deep/b.py",
        "app/core/a.py",
        "app/made.py",
        "made.py",
    )
    write(folder, {"app/.gitignore": "made.py\n"})
    if not git_answers:
        monkeypatch.setenv("PATH", str(folder))
    kept = ["app/core/a.py", "app/core/deep/b.py"]
    assert checked("app/core") == kept
    assert checked("made.py", "app/core", "app/core/deep") == [*kept, "made.py"]
    assert checked() == [*kept, "made.py"]


def test_what_a_folder_around_an_inner_project_ignores_is_left_out_whatever_is_named_before(folder: Path) -> None:
    git("init", "-q", ".")
    touch(folder, "setup.cfg", "other/o.py", "app/core/setup.cfg", "app/core/made.py", "app/core/a.py")
    write(folder, {"app/.gitignore": "made.py\n"})
    assert checked("other", "app/core") == ["app/core/a.py", "other/o.py"]


@pytest.mark.parametrize("git_answers", [True, False])
def test_a_named_folder_that_ignores_all_that_it_holds_holds_nothing_to_check(
    git_answers: bool, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    git("init", "-q", ".")
    touch(folder, "a.py", "made/b.py", "made/deep/c.py")
    write(folder, {"made/.gitignore": "*\n"})
    if not git_answers:
        monkeypatch.setenv("PATH", str(folder))
    assert checked("made") == []
    assert checked("a.py", "made") == checked() == ["a.py"]


def test_git_is_asked_from_inside_a_hook_too(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    repository(folder)
    monkeypatch.setenv("GIT_DIR", ".git")
    monkeypatch.setenv("GIT_INDEX_FILE", str(folder / ".git" / "no-such-index"))
    monkeypatch.setenv("GIT_PREFIX", "app/")
    monkeypatch.chdir(folder / "app")
    assert checked() == ["a.py", "data/d.py"]


def test_what_is_named_is_looked_at_though_git_ignores_it(folder: Path) -> None:
    repository(folder)
    assert checked("gen", "data/deep", "my_local.py") == ["data/deep/c.py", "gen/a.py", "my_local.py"]


def test_a_repository_in_a_repository_has_its_own_rules(folder: Path) -> None:
    repository(folder)
    touch(folder, "inner/my_local.py", "inner/other.py", "inner/a.py")
    git("init", "-q", "inner")
    write(folder, {"inner/.gitignore": "other.py\n"})
    assert [path for path in checked() if path.startswith("inner")] == ["inner/a.py", "inner/my_local.py"]


def test_patterns_of_the_repository_alone_count(folder: Path) -> None:
    git("init", "-q", ".")
    touch(folder, "a.py", "b.py")
    write(folder, {".git/info/exclude": "# none\nb.py\n"})
    assert checked() == ["a.py"]


def test_a_folder_may_be_called_like_a_file_of_another_kind(folder: Path) -> None:
    write(folder, {"chart.js/a.py": "", "page.html/b.py": "", "page.html/c.js": "", "chart.js/d.txt": "", "e.py": ""})
    disk = FileDisk()
    assert disk.project_files("e.py") == ("chart.js/a.py", "e.py", "page.html/b.py")
    assert disk.other_files("e.py") == ("page.html/c.js",)
    assert disk.templates("e.py") == ("chart.js/d.txt",)


def test_outside_of_a_repository_nothing_is_ignored(folder: Path) -> None:
    write(folder, {".gitignore": "*.py\n"})
    touch(folder, "a.py")
    assert checked() == ["a.py"]


@pytest.fixture
def calls(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a file that gets a line for each time that git is started."""
    place = tmp_path_factory.mktemp("path")
    log = place / "log"
    log.touch()
    (place / "git").write_text(f'#!/bin/sh\necho "$@" >> {log}\nexec {GIT} "$@"\n')
    (place / "git").chmod(0o755)
    monkeypatch.setenv("PATH", f"{place}{os.pathsep}{os.environ['PATH']}")
    return log


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main, arguments)


def test_git_is_asked_once_whatever_a_run_has_to_know(folder: Path, calls: Path) -> None:
    repository(folder)
    write(folder, {"app/model.py": MODEL, "pyproject.toml": ""})
    assert run("fix", "app", "tracked").exit_code == 1
    assert len(calls.read_text().splitlines()) == 1


def test_git_is_not_asked_about_named_files_or_without_a_gitignore(folder: Path, calls: Path) -> None:
    repository(folder)
    assert run("check", "app/a.py", "gen/a.py").exit_code == 0
    assert calls.read_text() == ""
    for file in folder.rglob(".gitignore"):
        file.unlink()
    assert run("check").exit_code == 0
    assert calls.read_text() == ""


def test_git_is_not_asked_about_what_is_no_repository(folder: Path, calls: Path) -> None:
    write(folder, {"app/.gitignore": "secret.py\n", "app/.git/config": ""})
    touch(folder, "app/secret.py", "app/a.py")
    assert checked() == ["app/a.py"]
    assert calls.read_text() == ""


def test_a_repository_around_what_is_none_is_asked(folder: Path) -> None:
    repository(folder)
    write(folder, {"inner/.git/config": "", "inner/.gitignore": "a.py\n"})
    touch(folder, "inner/a.py", "inner/b.py", "inner/my_local.py")
    git("add", "-f", "inner/a.py")
    assert checked("inner") == ["inner/a.py", "inner/b.py"]


def test_an_ignored_folder_is_left_out_on_the_way_down_to_it(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    repository(folder)
    monkeypatch.chdir(folder / "data")
    assert [Path(path).name for path in checked("..")] == [Path(path).name for path in KEPT]


def test_without_git_the_files_are_read_themselves(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    repository(folder)
    monkeypatch.setenv("PATH", "")
    assert checked() == [path for path in KEPT if path != "tracked/t_local.py"]
    assert checked("gen") == ["gen/a.py"]


def test_each_of_many_repositories_is_asked_and_one_that_git_refuses_is_read(folder: Path) -> None:
    for number in range(20):
        touch(folder, f"r{number}/a.py", f"r{number}/b{number}.py", f"r{number}/deep/b{number}.py")
        write(folder, {f"r{number}/.gitignore": f"b{number}.py\n"})
        git("init", "-q", f"r{number}")
    write(folder, {"r7/.git/config": "no configuration"})
    assert checked() == sorted(f"r{number}/a.py" for number in range(20))


def test_a_program_that_a_repository_names_is_not_run(folder: Path) -> None:
    repository(folder)
    write(folder, {"watch.sh": "#!/bin/sh\ntouch ran\n"})
    (folder / "watch.sh").chmod(0o755)
    git("config", "core.fsmonitor", str(folder / "watch.sh"))
    assert checked() == KEPT
    assert not (folder / "ran").exists()


ENVIRONMENTS = {
    "with pyvenv.cfg": ("pyvenv.cfg", "bin/x.py"),
    "POSIX": ("bin/x.py", "lib/python3.12/site-packages/y.py"),
    "Windows": ("Scripts/x.py", "Lib/site-packages/y.py"),
    "conda": ("conda-meta/history", "bin/x.py"),
}


@pytest.mark.parametrize("files", ENVIRONMENTS.values(), ids=ENVIRONMENTS)
def test_virtual_environments_are_left_out_whatever_they_are_called(files: Iterable[str], folder: Path) -> None:
    touch(folder, *(f"backend/my env/{name}" for name in files), "backend/a.py")
    assert checked() == ["backend/a.py"]
    assert checked("backend/my env") == [f"backend/my env/{name}" for name in files if name.endswith("/x.py")]


def test_a_project_with_folders_called_bin_and_lib_is_looked_at(folder: Path) -> None:
    touch(folder, "app/bin/x.py", "app/lib/python_tools/y.py", "app/Scripts/z.py")
    assert checked() == ["app/Scripts/z.py", "app/bin/x.py", "app/lib/python_tools/y.py"]


LEFT_OUT = ("__pycache__", "node_modules", "site-packages", ".venv", ".tox", "a.egg-info", "build", "dist", "venv")


def test_caches_and_what_builds_make_are_left_out(folder: Path) -> None:
    touch(folder, *(f"app/{name}/x.py" for name in LEFT_OUT), "app/a.py")
    assert checked() == ["app/a.py"]


def test_exclude_replaces_the_default_list_and_extend_exclude_adds_to_it(folder: Path) -> None:
    touch(folder, *(f"{name}/x.py" for name in LEFT_OUT), "gen/x.py", "a.py", "a_pb2.py", "src/gen/b.py")
    write(folder, {"sqla-guard.toml": 'extend-exclude = ["/gen", "*_pb2.py"]\n'})
    assert checked() == ["a.py", "src/gen/b.py"]
    write(folder, {"sqla-guard.toml": 'exclude = ["gen"]\n'})
    assert checked() == ["a.py", "a_pb2.py", "build/x.py", "dist/x.py", "venv/x.py"]


def test_each_project_excludes_for_itself(folder: Path) -> None:
    touch(folder, "gen/x.py", "shop/gen/x.py", "shop/old/x.py", "desk/gen/x.py")
    write(folder, {"sqla-guard.toml": 'exclude = ["gen"]\n', "shop/sqla-guard.toml": 'exclude = ["/old"]\n'})
    assert checked() == ["shop/gen/x.py"]
    assert checked("shop", "desk") == ["shop/gen/x.py"]


def test_excluded_files_are_checked_when_named_unless_that_is_forced(folder: Path) -> None:
    touch(folder, "gen/x.py", "a.py", "my env/bin/x.py", "my env/pyvenv.cfg", ".hidden/x.py", "node_modules/m/x.py")
    write(folder, {"sqla-guard.toml": 'exclude = ["gen"]\n'})
    named = ("gen/x.py", "a.py", "my env/bin/x.py", ".hidden/x.py", "node_modules/m/x.py")
    assert checked(*named) == sorted(named)
    assert checked(*named, force_exclude=True) == ["a.py"]
    (folder / "sqla-guard.toml").unlink()
    touch(folder, "build/x.py")
    assert checked("build/x.py", *named, force_exclude=True) == ["a.py", "gen/x.py"]


@pytest.mark.parametrize(
    ("script", "root"),
    [
        ("def setup():\n    pass\n", "."),
        ("from setuptools import setup\n\nsetup()\n", "app/forms"),
        ("from distutils.core import setup\n\nsetup()\n", "app/forms"),
    ],
)
def test_an_ordinary_module_called_setup_starts_no_project(script: str, root: str, folder: Path) -> None:
    write(
        folder, {"pyproject.toml": "", "app/__init__.py": "", "app/forms/__init__.py": "", "app/forms/setup.py": script}
    )
    assert FileDisk().project_root("app/forms/users.py") == root


def test_a_setup_script_beside_no_package_starts_a_project_whatever_it_holds(folder: Path) -> None:
    write(folder, {"pyproject.toml": "", "tool/setup.py": "exec(open('other.py').read())\n"})
    assert FileDisk().project_root("tool/main.py") == "tool"


@pytest.mark.parametrize("installed", [".venv/lib/python3.12/site-packages", "lib/dist-packages"])
def test_what_is_installed_belongs_to_no_project_around_it(
    installed: str, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = f"{installed}/package"
    write(
        folder, {"pyproject.toml": "", f"{package}/__init__.py": "", f"{package}/inner/__init__.py": "", "app.py": ""}
    )
    assert FileDisk().project_root("app.py") == "."
    assert FileDisk().project_root(f"{package}/inner/models.py") == installed
    assert "app.py" not in FileDisk().project_files(f"{package}/inner/models.py")
    write(folder, {f"{package}/inner/pyproject.toml": ""})
    assert FileDisk().project_root(f"{package}/inner/models.py") == f"{package}/inner"
    monkeypatch.chdir(folder / package)
    assert FileDisk().project_files("models.py") == ("__init__.py", "inner/__init__.py")


def test_the_hooks_leave_out_what_is_excluded(folder: Path) -> None:
    write(folder, {"gen/model.py": MODEL, "sqla-guard.toml": 'extend-exclude = ["gen"]\n'})
    hooks = (ROOT / ".pre-commit-hooks.yaml").read_text()
    entries = re.findall(r"(?m)^  entry: sqla-guard (.*)$", hooks)
    assert len(entries) == 2
    for entry in entries:
        assert run(*entry.split(), "gen/model.py").exit_code == 0


def test_a_rename_follows_its_uses_into_excluded_files(folder: Path) -> None:
    use = "from app.model import Event\n\nprint(Event.metadata)\n"
    write(folder, {"app/model.py": MODEL, "tests/use.py": use, "sqla-guard.toml": 'exclude = ["tests"]\n'})
    assert codes() == [("app/model.py", "SG101")]
    assert run("fix", "--write").exit_code == 0
    assert (folder / "tests/use.py").read_text() == use.replace("metadata", "event_metadata")


def test_excluded_migrations_still_count(folder: Path) -> None:
    write(
        folder,
        {
            "app/model.py": MODEL,
            "sql/001_events.sql": "CREATE TABLE events (id int, metadata json);\n",
            "sqla-guard.toml": 'exclude = ["sql"]\n',
        },
    )
    before = run("fix").stdout
    assert 'Column("metadata", JSON)' in before
    assert "sql/001_events.sql" not in before


def test_a_walk_needs_a_configuration_only_where_one_is(folder: Path) -> None:
    touch(folder, "a.py")
    assert list(discover(["."], FileDisk(Config())).files) == ["a.py"]


def test_named_files_load_nothing_that_walks(folder: Path) -> None:
    touch(folder, "a.py")
    script = (
        "import sys, click\nof_click = set(sys.modules)\nfrom sqla_guard.cli import main\n"
        "try:\n    main(['check', '--force-exclude', 'a.py'])\nexcept SystemExit:\n    pass\n"
        "print([m for m in {*sys.modules} - of_click"
        " if m in ('dataclasses', 'subprocess', 'difflib', 'json', 'tomllib', 'fnmatch')"
        " or m.startswith('sqla_guard.') and m.endswith(('.walk', '.gitignore', '.globs', '.keys', '.kinds'))])"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"
