"""SARIF 2.1.0, which code scanning services and editors read.

Columns count Unicode characters (``unicodeCodePoints``). Paths inside the working directory are relative to
``%SRCROOT%``, so a report reads the same on every machine.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any
from urllib.parse import quote

from sqla_guard import __version__
from sqla_guard.core.diagnostic import Diagnostic, NotAnalysed
from sqla_guard.core.fix import Applicability, Edit, Fix, Place
from sqla_guard.core.source import SourceFile, Span
from sqla_guard.core.workspace import UnreadableFile
from sqla_guard.report.fingerprint import fingerprints
from sqla_guard.report.material import Load, Material, RulePage
from sqla_guard.report.sanitize import printable

_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"


def render(material: Material, /) -> str:
    """Return the report as a SARIF log with one run."""
    report, rules = material.report, _described(material)
    numbers = {rule["id"]: number for number, rule in enumerate(rules)}
    results = [
        {
            "ruleId": diagnostic.code,
            "ruleIndex": numbers[diagnostic.code],
            **_result(diagnostic, material.load),
            "partialFingerprints": {"sqlaGuard/v1": fingerprint},
        }
        for diagnostic, fingerprint in zip(report.diagnostics, fingerprints(material), strict=True)
    ]
    run = {
        "tool": {
            "driver": {"name": "sqla-guard", "version": __version__, "semanticVersion": __version__, "rules": rules}
        },
        "invocations": [
            {
                "executionSuccessful": not report.failed,
                "toolExecutionNotifications": [_notification(note) for note in report.not_analysed],
            }
        ],
        "columnKind": "unicodeCodePoints",
        "originalUriBaseIds": {"%SRCROOT%": {"description": {"text": "The folder that sqla-guard was run in."}}},
        "results": results,
    }
    return json.dumps({"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}, indent=2, ensure_ascii=True) + "\n"


def _described(material: Material) -> list[dict[str, Any]]:
    """Return the metadata of the rules with findings, by code."""
    broken = {d.code: d for d in material.report.diagnostics}
    pages = {page.code: page for page in material.rules()} if broken else {}
    return [_rule(broken[code], pages.get(code)) for code in sorted(broken)]


def _rule(diagnostic: Diagnostic, page: RulePage | None) -> dict[str, Any]:
    described: dict[str, Any] = {"id": diagnostic.code, "name": diagnostic.name}
    if page is None:
        return described
    return described | {
        "shortDescription": {"text": page.summary},
        "fullDescription": {"text": page.summary},
        "help": {"text": page.page, "markdown": page.page},
        "defaultConfiguration": {"level": page.severity, "enabled": page.on_by_default},
    }


def _result(diagnostic: Diagnostic, load: Load) -> dict[str, Any]:
    result: dict[str, Any] = {
        "level": diagnostic.severity,
        "message": {"text": f"{_message(diagnostic.message)}\n{_message(diagnostic.help)}"},
        "locations": [_location(diagnostic.path, load(diagnostic.path), diagnostic.span)],
    }
    if diagnostic.related:
        result["relatedLocations"] = [_related(n, place, load) for n, place in enumerate(diagnostic.related, 1)]
    if diagnostic.fix is not None and diagnostic.fix.applicability is not Applicability.DISPLAY:
        result["fixes"] = [_fix(diagnostic.fix, load)]
    return result


def _related(number: int, place: Place, load: Load) -> dict[str, Any]:
    location = _location(place.path, load(place.path), place.span)
    return {"id": number, **location, "message": {"text": _message(place.message)}}


def _location(path: str, source: SourceFile, span: Span) -> dict[str, Any]:
    return {"physicalLocation": {"artifactLocation": _artifact(path), "region": _region(source, span)}}


def _message(text: str) -> str:
    """Return ``text`` with no control character and with nothing that SARIF takes for a link."""
    return printable(text).replace("](", "] (")


def _artifact(path: str) -> dict[str, str]:
    """Return where a file is; one outside of the working directory has its full address."""
    if path.startswith("/"):
        return {"uri": f"file://{_quoted(path)}"}
    if path[1:2] == ":":  # a Windows drive
        return {"uri": f"file:///{_quoted(path)}"}
    return {"uri": _quoted(path), "uriBaseId": "%SRCROOT%"}


def _quoted(path: str) -> str:
    return quote(path.encode("utf-8", "surrogateescape"))


def _region(source: SourceFile, span: Span) -> dict[str, int]:
    line, column = source.position(span.start)
    end_line, end_column = source.position(span.end)
    start, end = _byte_offset(source, span.start), _byte_offset(source, span.end)
    return {
        "startLine": line,
        "startColumn": column,
        "endLine": end_line,
        "endColumn": end_column,
        "charOffset": span.start,
        "charLength": span.end - span.start,
        "byteOffset": start,
        "byteLength": end - start,
    }


def _byte_offset(source: SourceFile, offset: int) -> int:
    return len(source.bom) + len(source.text[:offset].encode(source.encoding, "surrogatepass"))


def _fix(fix: Fix, load: Load) -> dict[str, Any]:
    title = f"{_message(fix.title)} ({fix.applicability.value})"
    paths = sorted({edit.path for edit in fix.edits})
    changes = [_change(path, [e for e in sorted(fix.edits) if e.path == path], load) for path in paths]
    return {
        "description": {"text": title},
        "artifactChanges": changes,
        "properties": {"applicability": fix.applicability.value},
    }


def _change(path: str, edits: Sequence[Edit], load: Load) -> dict[str, Any]:
    try:
        source = load(path)
    except UnreadableFile:  # the fix creates it
        source = SourceFile(path, "")
    replacements = [
        {"deletedRegion": _region(source, Span(e.start, e.end)), "insertedContent": {"text": e.text}} for e in edits
    ]
    return {"artifactLocation": _artifact(path), "replacements": replacements}


def _notification(note: NotAnalysed) -> dict[str, Any]:
    location: dict[str, Any] = {"artifactLocation": _artifact(note.path)}
    if note.line:
        location["region"] = {"startLine": note.line}
    return {
        "level": "error" if note.fatal else "note",
        "message": {"text": _message(note.reason)},
        "locations": [{"physicalLocation": location}],
    }
