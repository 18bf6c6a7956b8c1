"""Workflow commands that GitHub Actions turns into annotations of the changed lines."""

from __future__ import annotations

from collections.abc import Iterator

from sqla_guard.core.diagnostic import Diagnostic, NotAnalysed
from sqla_guard.report.material import Load, Material
from sqla_guard.report.sanitize import printable


def render(material: Material, /) -> str:
    """Return one command for each finding and for each file that could not be checked."""
    return "".join(f"{line}\n" for line in _commands(material))


def _commands(material: Material) -> Iterator[str]:
    for diagnostic in material.report.diagnostics:
        yield _finding(diagnostic, material.load)
    for note in material.report.not_analysed:
        yield _note(note)


def _finding(diagnostic: Diagnostic, load: Load) -> str:
    source = load(diagnostic.path)
    line, column = source.position(diagnostic.span.start)
    end_line, end_column = source.position(diagnostic.span.end)
    place = {"file": diagnostic.path, "line": str(line), "endLine": str(end_line)}
    if line == end_line:  # columns of a range over several lines are refused
        place |= {"col": str(column), "endColumn": str(end_column)}
    text = f"{printable(diagnostic.message)}\n{printable(diagnostic.help)}"
    return _command(diagnostic.severity, place | {"title": f"{diagnostic.code} {diagnostic.name}"}, text)


def _note(note: NotAnalysed) -> str:
    place = {"file": note.path, "title": "sqla-guard"} | ({"line": str(note.line)} if note.line else {})
    text = printable(note.reason)
    return _command("error", place, text) if note.fatal else _command("notice", place, f"not analysed: {text}")


def _command(kind: str, properties: dict[str, str], text: str) -> str:
    listed = ",".join(f"{name}={_property(printable(value))}" for name, value in properties.items())
    return f"::{kind} {listed}::{_data(text)}"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
