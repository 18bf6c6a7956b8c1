"""Findings counted by rule."""

from __future__ import annotations

from collections import Counter

from msgspec import Struct

from sqla_guard.core.diagnostic import Diagnostic
from sqla_guard.core.fix import Applicability
from sqla_guard.core.report import Report


class Count(Struct, frozen=True):
    """How often a rule was broken.

    Attributes:
        code: The rule's code.
        name: Its name.
        findings: Number of findings.
        safe: How many of them `fix` repairs safely.
        unsafe: How many it repairs with something left to judge.
    """

    code: str
    name: str
    findings: int
    safe: int
    unsafe: int


def tally(report: Report) -> tuple[Count, ...]:
    """Return one count for each rule with findings, the most frequent first."""
    total = Counter((d.code, d.name) for d in report.diagnostics)
    safe = Counter(d.code for d in report.diagnostics if _is(d, Applicability.SAFE))
    unsafe = Counter(d.code for d in report.diagnostics if _is(d, Applicability.UNSAFE))
    counts = (Count(code, name, n, safe[code], unsafe[code]) for (code, name), n in total.items())
    return tuple(sorted(counts, key=lambda c: (-c.findings, c.code)))


def repairs(counts: tuple[Count, ...]) -> str:
    """Return what ``fix`` can do about the findings, such as ``2 safe, 1 unsafe``; empty where it can do nothing."""
    kinds = {"safe": sum(c.safe for c in counts), "unsafe": sum(c.unsafe for c in counts)}
    return ", ".join(f"{n:,} {kind}" for kind, n in kinds.items() if n)


def _is(diagnostic: Diagnostic, applicability: Applicability) -> bool:
    return diagnostic.fix is not None and diagnostic.fix.applicability is applicability
