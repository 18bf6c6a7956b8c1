"""Which packages a project asks for: lock files, requirements, and the tables of build tools."""

from __future__ import annotations

import posixpath
import re
import sys
from collections.abc import Iterator
from typing import Any

from sqla_guard.facts.requirements import Requirement

# ``SQLAlchemy[asyncio]>=2.0.1,<3; python_version > "3.8"``
_REQUIREMENT = re.compile(r"\s*([A-Za-z0-9][\w.-]*)\s*(?:\[[^\]]*\])?\s*\(?\s*([<>=!~][^;#]*)?")
_SPECIFIER = re.compile(r"(?:(===|==|~=|>=|<=|!=|>|<|\^|~|=)\s*)?v?(\d+(?:\.\d+)*)(\.\*)?")
# How the programs that write lock files begin the entry of a package.
_PACKAGE = re.compile(r'\nname = "([^"\\\n]*)"(?:\nversion = "([^"\\\n]*)")?')
_LOWER = ("==", "===", "~=", ">=", ">", "^", "~", "=")


def read_requirements(path: str, data: bytes) -> tuple[Requirement, ...]:
    """Return what a file of requirements asks for; nothing where it cannot be read."""
    text = data.decode("utf-8-sig", "replace")
    name = posixpath.basename(path)
    try:
        if name in ("uv.lock", "poetry.lock", "pdm.lock"):
            return tuple(_locked(text))
        if name == "pyproject.toml":
            return tuple(_pyproject(_toml(text)))
        if name == "Pipfile.lock":
            import json

            return tuple(_pipfile_lock(json.loads(text)))
        if name == "setup.cfg":
            return tuple(_setup_cfg(text))
        if name == "setup.py":
            return tuple(_setup_py(text))
        return tuple(_lines(text.splitlines()))
    except (ValueError, SyntaxError, RecursionError):
        return ()


def _toml(text: str) -> dict[str, Any]:
    if sys.version_info >= (3, 11):
        import tomllib
    else:
        import tomli as tomllib

    return tomllib.loads(text)


def _locked(text: str) -> Iterator[Requirement]:
    text = text.replace("\r\n", "\n")
    entries = f"\n{text}".split("\n[[package]]")[1:]
    found = [_PACKAGE.match(entry) for entry in entries]
    if entries and None not in found:
        for match in found:
            if match is not None:
                yield from _exact(match[1], match[2] or "")
        return
    # Whatever else has written it, a parser reads it, in a hundred times as long.
    packages = _toml(text).get("package")
    for package in packages if isinstance(packages, list) else ():
        if isinstance(package, dict):
            yield from _exact(str(package.get("name", "")), str(package.get("version", "")))


def _exact(name: str, version: str) -> Iterator[Requirement]:
    match = re.match(r"\d+(?:\.\d+)*", version)
    if name and match:
        yield Requirement(_normal(name), _numbers(match.group()), exact=True)


def _pipfile_lock(table: object) -> Iterator[Requirement]:
    for section in ("default", "develop"):
        packages = table.get(section) if isinstance(table, dict) else None
        for name, entry in packages.items() if isinstance(packages, dict) else ():
            if isinstance(entry, dict):
                yield from _exact(name, str(entry.get("version", "")).lstrip("="))


def _pyproject(table: dict[str, object]) -> Iterator[Requirement]:
    project = _table(table, "project")
    yield from _specified("python", str(project.get("requires-python", "")))
    yield from _lines(_strings(project.get("dependencies")))
    for extra in _table(project, "optional-dependencies").values():
        yield from _lines(_strings(extra))
    poetry = _table(_table(table, "tool"), "poetry")
    groups = [group for group in _table(poetry, "group").values() if isinstance(group, dict)]
    for dependencies in (poetry.get("dependencies"), *(group.get("dependencies") for group in groups)):
        for name, wanted in dependencies.items() if isinstance(dependencies, dict) else ():
            version = wanted.get("version", "") if isinstance(wanted, dict) else wanted
            yield from _specified(name, str(version), bare_is="^")
    for group in _table(table, "dependency-groups").values():
        yield from _lines(_strings(group))


def _setup_cfg(text: str) -> Iterator[Requirement]:
    import configparser

    parser = configparser.ConfigParser(interpolation=None, strict=False)
    try:
        parser.read_string(text)
    except configparser.Error:
        return
    yield from _specified("python", parser.get("options", "python_requires", fallback=""))
    yield from _lines(parser.get("options", "install_requires", fallback="").splitlines())


def _setup_py(text: str) -> Iterator[Requirement]:
    import ast

    nodes = list(ast.walk(ast.parse(text)))
    lists = {
        target.id: node.value
        for node in nodes
        if isinstance(node, ast.Assign)
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    for node in nodes:
        if isinstance(node, ast.keyword) and node.arg == "python_requires" and isinstance(node.value, ast.Constant):
            yield from _specified("python", str(node.value.value))
        if isinstance(node, ast.keyword) and node.arg == "install_requires":
            value = lists.get(node.value.id) if isinstance(node.value, ast.Name) else node.value
            for element in value.elts if isinstance(value, (ast.List, ast.Tuple)) else ():
                if isinstance(element, ast.Constant) and isinstance(element.value, str):
                    yield from _lines([element.value])


def _lines(lines: list[str]) -> Iterator[Requirement]:
    for line in lines:
        match = _REQUIREMENT.match(line)
        if match and not line.lstrip().startswith(("#", "-")):
            yield from _specified(match.group(1), match.group(2) or "")


def _specified(name: str, wanted: str, bare_is: str = "==") -> Iterator[Requirement]:
    """Yield the lower bound of ``>=1.4,<2.1``, or the exact version of ``==2.0.1``."""
    for operator, version, _ in _SPECIFIER.findall(wanted):
        operator = operator or bare_is
        if operator in _LOWER:
            yield Requirement(_normal(name), _numbers(version), exact=operator in ("==", "===", "="))
            return


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split("."))


def _table(table: object, key: str) -> dict[str, object]:
    found = table.get(key) if isinstance(table, dict) else None
    return found if isinstance(found, dict) else {}


def _strings(value: object) -> list[str]:
    return [item for item in value if isinstance(item, str)] if isinstance(value, list) else []
