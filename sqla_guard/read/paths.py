"""Folders and the names that files go by."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable

# What a project starts beside.
_ROOT_MARKERS = frozenset(
    {
        ".git",
        ".hg",
        "Pipfile",
        "pyproject.toml",
        "requirements.txt",
        "setup.cfg",
        "setup.py",
        "sqla-guard.toml",
    }
)

# Names that tell whether a project starts beside them.
ROOT_MARKS = _ROOT_MARKERS | {"__init__.py"}

# Folders that hold no source of a project, whatever its settings say.
_INSTALLED = ("site-packages", "dist-packages")
_SKIPPED = frozenset({"__pycache__", "__pypackages__", "node_modules", *_INSTALLED})

# What a `setup.py` is made of that is no ordinary module of its package.
_SETUP_TOOLS = (b"setuptools", b"distutils", b"skbuild")


def shown(path: str) -> str:
    """Return ``path`` as it is shown and remembered: relative to the working directory if inside it, with ``/``."""
    absolute = os.path.abspath(path)
    here = os.getcwd()
    if absolute == here:
        return "."
    if absolute.startswith(here.rstrip(os.sep) + os.sep):
        absolute = absolute[len(here.rstrip(os.sep)) + 1 :]
    return absolute.replace(os.sep, "/")


def inside_of(folder: str) -> str:
    """Return what the paths of what lies in ``folder``, as shown, begin with."""
    return "" if folder == "." else f"{folder}/"


def listing(folder: str) -> list[str]:
    """Return the names in ``folder``; none where it cannot be read."""
    try:
        return os.listdir(folder)
    except OSError:
        return []


def climb(folder: str, accept: Callable[[str], bool]) -> str | None:
    """Return ``folder`` or the nearest folder above it that is accepted, as an absolute path."""
    current = os.path.abspath(folder)
    while not accept(current):
        parent = os.path.dirname(current)
        if parent == current:
            return None
        current = parent
    return current


def starts_project(folder: str, names: Iterable[str] | None = None) -> bool:
    """Tell whether a file stands in ``folder`` that says that a project starts here; ``names`` is what it holds."""
    if names is None:
        names = listing(folder)
    markers = _ROOT_MARKERS.intersection(names)
    if markers == {"setup.py"} and "__init__.py" in names:
        return _is_setup_script(os.path.join(folder, "setup.py"))
    return bool(markers)


def _is_setup_script(path: str) -> bool:
    try:
        with open(path, "rb") as file:
            data = file.read()
    except OSError:
        return False
    return any(tool in data for tool in _SETUP_TOOLS)


def holds_installed(folder: str) -> bool:
    """Tell whether packages are installed in ``folder``: they belong to no project around them."""
    return os.path.basename(folder) in _INSTALLED


def repository_of(folder: str) -> str | None:
    """Return the folder of the git repository around ``folder``, absolute."""
    return climb(folder, lambda current: os.path.exists(os.path.join(current, ".git")))


def is_skipped(name: str) -> bool:
    """Tell whether a folder called ``name`` holds no source of a project."""
    return name.startswith(".") or name in _SKIPPED or name.endswith(".egg-info")


def is_environment(folder: str, names: set[str]) -> bool:
    """Tell whether a folder that holds ``names`` is a virtual environment, also one that lost its ``pyvenv.cfg``."""
    if "pyvenv.cfg" in names or "conda-meta" in names:
        return True
    if {"Scripts", "Lib"} <= names:
        return os.path.isdir(os.path.join(folder, "Lib", "site-packages"))
    if {"bin", "lib"} <= names:
        library = os.path.join(folder, "lib")
        versions = [name for name in listing(library) if name.startswith(("python", "pypy"))]
        return any(os.path.isdir(os.path.join(library, version, "site-packages")) for version in versions)
    return False
