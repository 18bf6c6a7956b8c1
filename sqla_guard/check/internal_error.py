"""A rule raised an exception where it should have judged, or the reader of its facts did.

## What it finds

A defect of sqla-guard itself: a rule, or what reads the code for it, met code it was not made for. The finding names
the rule or rules, the exception and where it was raised; it stands at the code that was being judged, or at the start
of the file that was being read.

## Why it hurts

That piece of code was not judged by that rule, so a finding may be missing there. All other rules and all other code
were judged as ever.

## What to do

Report it, with the message and, as far as you may share it, the code that it stands at. Until it is mended, `ignore`
(or `--ignore`) with the name of the rule that raised leaves that rule out; the others go on.

## Fix

None.

## Fix safety

Nothing is changed.
"""

from __future__ import annotations

from collections.abc import Iterable

from sqla_guard.core.diagnostic import Diagnostic
from sqla_guard.core.source import Span
from sqla_guard.rules.rule import Rule

# No fact leads to it, so it is not among the rules that run.
RULE = Rule("internal-error", "SG900", "error", ())


def internal_error(path: str, rule: Rule, fact: object, error: Exception) -> Diagnostic:
    """Return the finding that says that ``rule`` failed on ``fact``."""
    span = getattr(fact, "span", None)
    symbol = f"{rule.name} {getattr(fact, 'symbol', '')}".strip()
    return _failed(
        path, span if isinstance(span, Span) else Span(0, 0), f"{rule.code} could not judge this", symbol, error
    )


def reader_failed(path: str, rules: Iterable[Rule], error: Exception) -> Diagnostic:
    """Return the finding that says that what ``rules`` judge could not be read in a file."""
    rules = list(rules)
    said = f"{', '.join(rule.code for rule in rules)} could not judge this file"
    return _failed(path, Span(0, 0), said, " ".join(rule.name for rule in rules), error)


def _failed(path: str, span: Span, said: str, symbol: str, error: Exception) -> Diagnostic:
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    where = f" ({trace.tb_frame.f_code.co_name}, line {trace.tb_lineno})" if trace else ""
    return Diagnostic(
        RULE.code,
        RULE.name,
        RULE.severity,
        path,
        span,
        f"{said}: {type(error).__name__}: {error}{where}.",
        "This is a defect of sqla-guard; please report it with the code shown here.",
        symbol=symbol,
    )
