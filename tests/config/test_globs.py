"""Globs, with git as the judge of what ``.gitignore`` would mean."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from sqla_guard.core.globs import Globs, matches

FILES = (
    "a.py",
    "b.sql",
    "gen/a.py",
    "gen/deep/b.py",
    "src/gen/a.py",
    "src/gen/x/y/a.py",
    "src/a.py",
    "src/models/[x].py",
    "x/y/z/a.py",
    "tests/test_a.py",
    "versions/0001_a.py",
)
PATTERNS: tuple[tuple[str, ...], ...] = (
    ("a.py",),
    ("/a.py",),
    ("*.py",),
    ("gen",),
    ("gen/",),
    ("/gen/",),
    ("a.py/",),
    ("src/*.py",),
    ("src/**",),
    ("src/m*/[[]x].py", "src/gen/x/*/a.py", "!src/gen/x/z/*"),
    ("src/**/a.py",),
    ("**/gen",),
    ("**/a.py",),
    ("x/**/a.py",),
    ("x/*/a.py",),
    ("x/*/*/a.py",),
    ("**/y/**/a.py",),
    ("**/y/**",),
    ("**",),
    ("?.py",),
    ("[ab].py",),
    ("[!a].*",),
    ("test_*", "!test_a.py"),
    ("*.py", "!/a.py"),
    ("gen/", "!gen/a.py"),
    ("!a.py", "a.py"),
    ("000[0-9]_*.py",),
    ("*", "!*.py", "test_*", "!src/**/a.py"),
    ("*]", "[x]", "*.sql"),
    ("/src/gen", "x/y", "!x/y"),
    ("src/a.py/", "/b.sql", "tests/"),
    ("**/[xg]*/*", "!*/[x]/**/a.*"),
    ("src/*/**/?", "*/y*/", "[x]*/**/[a-c].py"),
)


@pytest.mark.parametrize("patterns", PATTERNS, ids=" ".join)
def test_a_pattern_means_what_it_means_to_git(patterns: tuple[str, ...], tmp_path: Path) -> None:
    (tmp_path / ".gitignore").write_text("\n".join(patterns) + "\n")
    environment = {k: v for k, v in os.environ.items() if not k.startswith("GIT_")} | {"GIT_CONFIG_GLOBAL": os.devnull}
    subprocess.run(["git", "init", "-q", "."], cwd=tmp_path, check=True, env=environment)
    for name in FILES:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    asked = subprocess.run(
        ["git", "check-ignore", "--no-index", "--stdin"],
        input="\n".join(FILES),
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env=environment,
        check=False,
    )
    globs = Globs(patterns)
    assert [name for name in FILES if globs.covers(name)] == asked.stdout.splitlines()


def test_many_stars_take_no_longer_than_few() -> None:
    # With backtracking this would not end in a lifetime.
    assert not Globs(["**/a" * 40 + "/b"]).covers("a/" * 200 + "c")
    assert not Globs(["*a" * 40 + "b"]).covers("a" * 5000)


def test_a_pattern_starts_at_the_folder_of_its_configuration() -> None:
    assert matches("/srv/app", "models/*.py", "/srv/app/models/a.py")
    assert not matches("/srv/app", "models/*.py", "/srv/other/models/a.py")
    assert not matches("/srv/app", "*.py", "/srv/other/a.py")
    assert matches("/srv/app", "!tests", "/srv/app/a.py")
    assert not matches("/srv/app", "!tests", "/srv/app/tests/a.py")
