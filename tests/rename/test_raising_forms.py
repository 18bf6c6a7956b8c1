"""The fixed programs really run: each raising form, with both strategies, on each SQLAlchemy."""

from __future__ import annotations

import ast
import json
from pathlib import Path
from typing import Any

import pytest

from sqla_guard.core.config import Config, RenameStrategy
from tests.rename.raising import Program, programs
from tests.support import environments
from tests.support.memory import fix_files
from tests.support.projects import ROOT

_RUNNER = ROOT / "tests" / "rename" / "run_raising.py"
STRATEGIES: tuple[RenameStrategy, ...] = ("attribute", "column")


def _run(version: str, texts: list[str], folder: Path) -> list[dict[str, Any]]:
    source, target = folder / "programs.json", folder / "outcomes.json"
    source.write_text(json.dumps(texts), encoding="utf-8")
    run = environments.find(version).run(str(_RUNNER), str(source), str(target), cwd=folder)
    assert run.returncode == 0, run.stderr
    outcomes: list[dict[str, Any]] = json.loads(target.read_text(encoding="utf-8"))
    return outcomes


def _known(version: str) -> list[Program]:
    return [p for p in programs() if p.old or version != "1.4"]


def _version(version: str) -> tuple[int, int]:
    major, minor = version.split(".")
    return int(major), int(minor)


def _fixed(program: Program, version: str, strategy: RenameStrategy) -> str:
    config = Config(rename=strategy, sqlalchemy_version=_version(version))
    return fix_files({"m.py": program.text}, config=config).workspace.load("m.py").text


def _is_refused_by(version: str, program: Program) -> bool:
    """Tell whether the program breaks: Flask-SQLAlchemy 3 drops a mixin's column, 2.1 only warns."""
    return version != "2.1" or (program.name.startswith("flask") and program.has_column)


@pytest.mark.parametrize("version", ["1.4", "2.0"])
def test_each_form_is_refused_by_sqlalchemy(version: str, tmp_path: Path) -> None:
    found = _known(version)
    outcomes = _run(version, [p.text for p in found], tmp_path)
    assert [p.name for p, o in zip(found, outcomes, strict=True) if "error" not in o] == []


@pytest.mark.parametrize("strategy", STRATEGIES)
@pytest.mark.parametrize("version", environments.VERSIONS)
def test_each_form_runs_when_fixed(version: str, strategy: RenameStrategy, tmp_path: Path) -> None:
    found = [p for p in _known(version) if version != "2.1" or p.has_column]
    texts = [_fixed(p, version, strategy) for p in found]
    unfixed = [p.name for p, text in zip(found, texts, strict=True) if text == p.text]
    assert unfixed == []
    outcomes = _run(version, texts, tmp_path)
    problems = [
        (program.name, outcome)
        for program, text, outcome in zip(found, texts, outcomes, strict=True)
        if outcome.get("value") != ["value", "value"] or not _has_its_name(program, strategy, text, outcome["columns"])
    ]
    assert problems == []


def _has_its_name(program: Program, strategy: RenameStrategy, text: str, columns: list[str]) -> bool:
    """Tell whether the column is called as the strategy says."""
    if not program.has_column:
        return columns == ["id", "raw"]
    # A mixin has no table of its own to rename the column of.
    kept = strategy == "attribute" or program.name.startswith(("mixin", "abstract"))
    new = {n.attr for n in ast.walk(ast.parse(text)) if isinstance(n, ast.Attribute) and "metadata" in n.attr}
    return ("metadata" in columns) == kept and (kept or len(new & set(columns)) == 1)
