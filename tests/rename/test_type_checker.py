"""A type checker as a second opinion: what it knows to be the attribute, the rename has proven too."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import pytest

from sqla_guard.project.symbols import ProjectClass
from sqla_guard.read.python.references import read_references
from sqla_guard.read.python.summaries import read_summary
from sqla_guard.rename.uses import find_uses
from tests.support import missing
from tests.support.language_server import language_server
from tests.support.memory import project
from tests.support.projects import ROOT

SAMPLE = ROOT / "fixtures" / "typed"
NAME = "details"
Place = tuple[str, int, int]


@pytest.fixture(scope="module")
def known_to_pyrefly(tmp_path_factory: pytest.TempPathFactory) -> set[Place]:
    command = Path(sys.executable).with_name("pyrefly")
    if not command.exists():
        missing("no pyrefly beside this Python")
    root = tmp_path_factory.mktemp("typed").resolve()
    shutil.copytree(SAMPLE, root, dirs_exist_ok=True)
    (root / "pyrefly.toml").write_text(f'python-interpreter-path = "{sys.executable}"\nsearch-path = ["."]\n')
    models = root / "desk" / "models.py"
    lines = models.read_text(encoding="utf-8").splitlines()
    line = next(n for n, text in enumerate(lines) if text.lstrip().startswith(f"{NAME}: Mapped"))
    with language_server([str(command), "lsp"], root) as server:
        for path in sorted(root.rglob("*.py")):
            server.open(path)
        found = server.references(models, line, lines[line].index(NAME))
    return found - {("desk/models.py", line, lines[line].index(NAME))}


def proven() -> set[Place]:
    files = {path.relative_to(SAMPLE).as_posix(): path.read_text("utf-8") for path in sorted(SAMPLE.rglob("*.py"))}
    found = project(files)
    outline = found.outline("desk/models.py")
    assert outline is not None
    references = {path: read_references(found.source(path), frozenset({NAME})) for path in files}
    uses = find_uses(found, ProjectClass("desk/models.py", outline.classes["Event"]), NAME, references, read_summary)
    places = ((path, found.source(path).position(r.span.start)) for path, r, _ in uses.proven)
    return {(path, line - 1, column - 1) for path, (line, column) in places}


def test_the_type_checker_finds_many(known_to_pyrefly: set[Place]) -> None:
    assert len(known_to_pyrefly) >= 30


def test_all_that_the_type_checker_finds_is_proven(known_to_pyrefly: set[Place]) -> None:
    lines = {path: (SAMPLE / path).read_text("utf-8").splitlines() for path, _, _ in known_to_pyrefly}
    missed = sorted(known_to_pyrefly - proven())
    assert [(path, line + 1, lines[path][line].strip()) for path, line, _ in missed] == []


def test_nothing_is_proven_of_the_other_class() -> None:
    text = (SAMPLE / "desk" / "service.py").read_text("utf-8").splitlines()
    others = [n for n, line in enumerate(text) if line.strip() == "print(either.details)"][1:]
    others += [n for n, line in enumerate(text) if line.strip() == "print(thing.details)"]
    assert len(others) == 2
    assert not {place for place in proven() if place[0] == "desk/service.py" and place[1] in others}
