"""JUnit's XML, which most build servers show as test results."""

from __future__ import annotations

import re
from xml.sax.saxutils import escape, quoteattr

from sqla_guard.core.diagnostic import Diagnostic, NotAnalysed
from sqla_guard.report.excerpt import excerpt
from sqla_guard.report.material import Load, Material
from sqla_guard.report.sanitize import printable

# What `printable` leaves and XML 1.0 cannot hold, not even escaped.
_NOT_XML = re.compile("[\ufffe\uffff]")


def render(material: Material, /) -> str:
    """Return a suite in which each finding is a failed test and each file that could not be checked an error.

    What could not be judged is a skipped test; a run without any of these has one test that passed.
    """
    report = material.report
    cases = [_finding(d, material.load) for d in report.diagnostics]
    cases += [_note(note) for note in report.not_analysed]
    if not cases:
        cases = [f"<testcase {_attributes(name='no findings', classname='sqla-guard')}/>"]
    fatal = sum(1 for note in report.not_analysed if note.fatal)
    counts = _attributes(
        name="sqla-guard",
        tests=str(len(cases)),
        failures=str(len(report.diagnostics)),
        errors=str(fatal),
        skipped=str(len(report.not_analysed) - fatal),
    )
    suite = "\n".join([f"<testsuite {counts}>", *cases, "</testsuite>"])
    return f'<?xml version="1.0" encoding="utf-8"?>\n<testsuites>\n{suite}\n</testsuites>\n'


def _finding(diagnostic: Diagnostic, load: Load) -> str:
    source = load(diagnostic.path)
    line, column = source.position(diagnostic.span.start)
    place = f"{printable(diagnostic.path)}:{line}:{column}"
    case = _attributes(
        name=f"{diagnostic.code} {diagnostic.name} ({place})",
        classname=diagnostic.path,
        file=diagnostic.path,
        line=str(line),
    )
    failure = _attributes(type=diagnostic.severity, message=diagnostic.message)
    text = "\n".join([place, *excerpt(source, diagnostic.span), f"help: {printable(diagnostic.help)}"])
    return f"<testcase {case}><failure {failure}>{_text(text)}</failure></testcase>"


def _note(note: NotAnalysed) -> str:
    case = _attributes(name="checked", classname=note.path, file=note.path, line=str(max(note.line, 1)))
    tag = "error" if note.fatal else "skipped"
    return f"<testcase {case}><{tag} {_attributes(message=note.reason)}/></testcase>"


def _attributes(**values: str) -> str:
    return " ".join(f"{name}={quoteattr(_xml(printable(value)))}" for name, value in values.items())


def _text(text: str) -> str:
    return escape(_xml(text))


def _xml(text: str) -> str:
    return _NOT_XML.sub(lambda match: match.group().encode("unicode_escape").decode("ascii"), text)
