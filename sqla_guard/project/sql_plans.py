"""The order that a tool's own files give SQL scripts: Sqitch's plan, the ``depends`` of yoyo."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Mapping

from sqla_guard.project.project import Project

_DEPENDS = re.compile(r"^[ \t]*--[ \t]*depends:(.*)$", re.MULTILINE)
# A line of the plan that is a change: not a comment, a pragma or a tag.
_CHANGE = re.compile(r"^[ \t]*([^\s#%@\[]\S*)", re.MULTILINE)
_SQITCH = ("deploy", "revert", "verify")


def ranks(project: Project, paths: Iterable[str]) -> Mapping[str, int]:
    """Return the place in its tool's order of each script that has one; the order counts within a folder."""
    found: dict[str, int] = {}
    folders: dict[str, list[str]] = {}
    for path in paths:
        if path.endswith(".sql"):
            folders.setdefault(posixpath.dirname(path), []).append(path)
    for folder, files in folders.items():
        plan = _plan(project, folder)
        if plan is not None:
            names = {posixpath.join(folder, f"{change}.sql"): i for i, change in enumerate(plan)}
            found.update({path: names[path] for path in files if path in names})
        else:
            found.update(_by_dependence(project, files))
    return found


def is_deployed(project: Project, path: str) -> bool:
    """Tell whether Sqitch runs a script to build the database; always true outside of a Sqitch project."""
    folder = posixpath.dirname(path)
    if posixpath.basename(folder) not in _SQITCH[1:]:
        return True
    return _plan(project, posixpath.join(posixpath.dirname(folder), _SQITCH[0])) is None


def _plan(project: Project, folder: str) -> list[str] | None:
    if posixpath.basename(folder) != _SQITCH[0]:
        return None
    plan = posixpath.join(posixpath.dirname(folder), "sqitch.plan")
    if not project.workspace.exists(plan):
        return None
    return _CHANGE.findall(project.workspace.raw(plan).decode("utf-8", "replace"))


def _by_dependence(project: Project, files: list[str]) -> dict[str, int]:
    wanted: dict[str, set[str]] = {}
    for path in sorted(files):
        name = posixpath.basename(path).removesuffix(".sql")
        text = project.workspace.raw(path).decode("utf-8", "replace")
        wanted[name] = {word for line in _DEPENDS.findall(text) for word in re.split(r"[,\s]+", line) if word}
    if not any(wanted.values()):
        return {}
    done: list[str] = []
    while len(done) < len(wanted):
        ready = [n for n in wanted if n not in done and not (wanted[n] & wanted.keys()) - set(done)]
        done += ready[:1] or [n for n in wanted if n not in done]
    folder = posixpath.dirname(files[0])
    return {posixpath.join(folder, f"{name}.sql"): i for i, name in enumerate(done)}
