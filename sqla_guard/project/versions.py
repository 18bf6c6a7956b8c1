"""The versions that a project runs on, as its lock files and requirements say."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator

from sqla_guard.facts.requirements import Requirement
from sqla_guard.project.project import Project

DEFAULT = (2, 0)

# The surest first: what is locked is what runs.
_FILES = (
    "uv.lock",
    "poetry.lock",
    "pdm.lock",
    "Pipfile.lock",
    "requirements.txt",
    "requirements.lock",
    "requirements/base.txt",
    "requirements/common.txt",
    "requirements/production.txt",
    "requirements/prod.txt",
    "requirements/requirements.txt",
    "requirements-prod.txt",
    "requirements_prod.txt",
    "requirements-base.txt",
    "requirements.in",
    "pyproject.toml",
    "setup.cfg",
    "setup.py",
    "requirements-dev.txt",
    "requirements_dev.txt",
    "requirements/dev.txt",
)


def sqlalchemy_version(project: Project, path: str) -> tuple[int, int]:
    """Return the version of SQLAlchemy that the module at ``path`` runs on: configured, else found, else 2.0."""
    configured = project.config.sqlalchemy_version
    if configured is not None:
        return configured
    found = _version(project, path, "sqlalchemy")
    if found is None and (_version(project, path, "flask-sqlalchemy") or (9,))[0] < 3:
        return (1, 4)  # Flask-SQLAlchemy 2 does not run on anything newer
    return (found[0], found[1] if len(found) > 1 else 0) if found else DEFAULT


def flask_sqlalchemy_major(project: Project, path: str) -> int:
    """Return the major version of Flask-SQLAlchemy; what SQLAlchemy's own version leaves open is 3."""
    found = _version(project, path, "flask-sqlalchemy")
    if found is not None:
        return found[0]
    return 2 if sqlalchemy_version(project, path) < (1, 4) else 3


def python_version(project: Project, path: str) -> tuple[int, int]:
    """Return the oldest Python that the module at ``path`` is to run on, as far as the project says; else 3.10."""
    found = _version(project, path, "python")
    return (found[0], found[1]) if found and len(found) > 1 else (3, 10)


def _version(project: Project, path: str, package: str) -> tuple[int, ...] | None:
    folder = posixpath.dirname(path)
    return project.once(("version", folder, package), lambda: _look(project, folder, package))


def _look(project: Project, folder: str, package: str) -> tuple[int, ...] | None:
    """Ask the folders from the module's own up to the project's root, and the one that is a repository above it."""
    for current in upwards(project, folder):
        bounds: tuple[int, ...] | None = None
        for name in _FILES:
            wanted = [r for r in _requirements(project, posixpath.join(current, name)) if r.package == package]
            exact = next((r.version for r in wanted if r.exact), None)
            if exact is not None:
                return exact
            bounds = bounds or next((r.version for r in wanted), None)
        if bounds is not None:
            return bounds
    return None


def requirement_files() -> tuple[str, ...]:
    """Return the names of the files that say what a project asks for, the surest first."""
    return _FILES


def upwards(project: Project, folder: str) -> Iterator[str]:
    """Yield ``folder`` and those above it, up to the root of its project."""
    root = project.workspace.disk.project_root(posixpath.join(folder, "x.py"))
    root = "" if root == "." else root
    current = folder
    while True:
        yield current
        if current in (root, "", "/"):
            return
        current = posixpath.dirname(current)


def _requirements(project: Project, path: str) -> tuple[Requirement, ...]:
    return project.once(("requirements", path), lambda: _read(project, path))


def _read(project: Project, path: str) -> tuple[Requirement, ...]:
    data = project.workspace.raw(path) if project.workspace.exists(path) else b""
    return project.readers.requirements(path, data) if data else ()
