"""Fixture projects: a copy to change, and whole trees to compare."""

from __future__ import annotations

import shutil
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PROJECTS = ROOT / "fixtures" / "projects"

# What running a sample leaves in it.
LITTER = ("__pycache__", "*.pyc", "*.db", "instance")


def copy_project(name: str, destination: Path) -> Path:
    """Copy `fixtures/projects/<name>` into a folder, under its own name; return the copy."""
    copy = destination / name
    shutil.copytree(PROJECTS / name, copy, ignore=shutil.ignore_patterns(*LITTER))
    return copy


def read_tree(root: Path) -> dict[str, bytes]:
    """Return every file's bytes by its path below the root, with slashes on every system."""
    return {
        path.relative_to(root).as_posix(): path.read_bytes()
        for path in sorted(root.rglob("*"))
        if path.is_file() and "__pycache__" not in path.parts
    }
