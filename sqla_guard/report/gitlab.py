"""GitLab's Code Quality report."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from typing import Any

from sqla_guard.core.diagnostic import Diagnostic, NotAnalysed
from sqla_guard.report.fingerprint import fingerprints
from sqla_guard.report.material import Load, Material
from sqla_guard.report.sanitize import printable

_SEVERITIES = {"error": "critical", "warning": "major"}


def render(material: Material, /) -> str:
    """Return a JSON list of issues: the findings, and the files that could not be checked."""
    return json.dumps(list(_issues(material)), indent=2, ensure_ascii=True) + "\n"


def _issues(material: Material) -> Iterator[dict[str, Any]]:
    for diagnostic, fingerprint in zip(material.report.diagnostics, fingerprints(material), strict=True):
        yield _finding(diagnostic, fingerprint, material.load)
    for note in material.report.not_analysed:
        if note.fatal:
            yield _note(note)


def _finding(diagnostic: Diagnostic, fingerprint: str, load: Load) -> dict[str, Any]:
    source = load(diagnostic.path)
    lines = {
        "begin": source.position(diagnostic.span.start)[0],
        "end": source.position(diagnostic.span.end)[0],
    }
    return {
        "description": f"{diagnostic.name}: {printable(diagnostic.message)}",
        "check_name": diagnostic.code,
        "fingerprint": fingerprint,
        "severity": _SEVERITIES[diagnostic.severity],
        "location": {"path": printable(diagnostic.path), "lines": lines},
    }


def _note(note: NotAnalysed) -> dict[str, Any]:
    words = f"{note.path}\0{note.reason}".encode("utf-8", "surrogatepass")
    return {
        "description": f"could not be checked: {printable(note.reason)}",
        "check_name": "not-analysed",
        "fingerprint": hashlib.sha256(words).hexdigest()[:32],
        "severity": "blocker",
        "location": {"path": printable(note.path), "lines": {"begin": max(note.line, 1)}},
    }
