"""The rooms and what they may know of each other, and what a clean run may load."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from pathlib import Path

import pytest

import sqla_guard

PACKAGE = Path(sqla_guard.__file__).parent
ROOMS = {
    "core": set(),
    "facts": {"core"},
    "read": {"core", "facts"},
    "project": {"core", "facts"},
    "rename": {"core", "facts", "project"},
    "fix": {"core", "facts"},
    "rules": {"core", "facts", "project", "rename", "fix"},
    "check": {"core", "facts", "read", "project", "rules"},
    "report": {"core"},
    "adopt": {"core", "read"},
    "cache": {"core"},
    "lsp": {"core", "read", "check", "fix", "adopt"},
    "cli": {"core", "check", "fix", "report", "lsp", "cache"},
}
PARSERS = {"ast", "libcst", "sqlglot", "tokenize"}


def modules() -> list[Path]:
    return sorted(PACKAGE.rglob("*.py"))


def room_of(path: Path) -> str:
    parts = path.relative_to(PACKAGE).parts
    return parts[0] if len(parts) > 1 else ""


def imported(path: Path) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: imports are absolute"
            names.add(node.module or "")
            names.update(f"{node.module}.{alias.name}" for alias in node.names)
    return names


def rooms_imported(path: Path) -> set[str]:
    own = [name.split(".") for name in imported(path) if name.startswith("sqla_guard.")]
    return {parts[1] for parts in own if parts[1] in ROOMS}


@pytest.mark.parametrize("path", [p for p in modules() if room_of(p)], ids=lambda p: str(p.relative_to(PACKAGE)))
def test_a_room_imports_only_what_it_may(path: Path) -> None:
    room = room_of(path)
    assert rooms_imported(path) - {room} <= ROOMS[room]


@pytest.mark.parametrize("path", modules(), ids=lambda p: str(p.relative_to(PACKAGE)))
def test_only_the_read_room_knows_parsers(path: Path) -> None:
    if room_of(path) != "read":
        assert not {name.split(".")[0] for name in imported(path)} & PARSERS


def test_only_the_command_line_prints() -> None:
    printing = {
        path.relative_to(PACKAGE).as_posix()
        for path in modules()
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and ast.unparse(node.func) in ("print", "click.echo")
    }
    assert {name.split("/")[0] for name in printing} <= {"cli"}


def test_no_module_is_too_long() -> None:
    assert {p.name: n for p in modules() if (n := len(p.read_text(encoding="utf-8").splitlines())) > 500} == {}


def loaded_by(tmp_path: Path, *arguments: str) -> set[str]:
    """Return the modules that a run of the command line has loaded when it ends."""
    script = (
        "import atexit, json, sys\n"
        f"atexit.register(lambda: open({str(tmp_path / 'loaded.json')!r}, 'w').write(json.dumps(list(sys.modules))))\n"
        "from sqla_guard.cli import main\n"
        f"main({list(arguments)!r}, prog_name='sqla-guard')\n"
    )
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, cwd=tmp_path, check=False)
    assert run.returncode == 0, run.stderr + run.stdout
    return set(json.loads((tmp_path / "loaded.json").read_text()))


HEAVY = {"libcst", "sqlglot", "sqlalchemy"}


def test_the_version_loads_nothing_heavy(tmp_path: Path) -> None:
    assert not loaded_by(tmp_path, "--version") & HEAVY


CLEAN_FILES = {
    "nothing.py": "def add(a, b):\n    return a + b\n",
    "model.py": (
        "from sqlalchemy import Column, Integer\n"
        "from base import Base\n\n\nclass Event(Base):\n"
        '    __tablename__ = "events"\n    id = Column(Integer, primary_key=True)\n'
    ),
    "query.sql": "SELECT id FROM events;\n",
}


def test_a_clean_commit_loads_no_parser_and_no_rule(tmp_path: Path) -> None:
    for name, text in CLEAN_FILES.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    loaded = loaded_by(tmp_path, "check", *CLEAN_FILES)
    assert not loaded & HEAVY
    assert not {name for name in loaded if name.startswith(("sqla_guard.rules", "sqla_guard.project"))}
