"""A rule that raises becomes a finding of its own (SG900); the other rules go on."""

from __future__ import annotations

from sqla_guard.core.diagnostic import Diagnostic
from sqla_guard.core.source import Span
from sqla_guard.rules.rule import Rule


def internal_error(path: str, rule: Rule, fact: object, error: Exception) -> Diagnostic:
    """Return the finding that says that ``rule`` failed on ``fact``."""
    span = getattr(fact, "span", None)
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    where = f" ({trace.tb_frame.f_code.co_name}, line {trace.tb_lineno})" if trace else ""
    return Diagnostic(
        "SG900",
        "internal-error",
        "error",
        path,
        span if isinstance(span, Span) else Span(0, 0),
        f"{rule.code} could not judge this: {type(error).__name__}: {error}{where}.",
        "This is a defect of sqla-guard; please report it with the code shown here.",
        symbol=f"{rule.name} {getattr(fact, 'symbol', '')}".strip(),
    )
