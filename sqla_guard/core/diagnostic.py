"""What a rule reports, and what could not be judged."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from msgspec import Struct

from sqla_guard.core.source import Span

if TYPE_CHECKING:
    from sqla_guard.core.fix import Fix, Place

Severity = Literal["error", "warning"]


class Diagnostic(Struct, frozen=True):
    """One finding.

    Attributes:
        code: Short alias of the rule, such as ``SG101``.
        name: The rule's name, such as ``reserved-attribute``.
        severity: ``error`` where the program fails, ``warning`` where it may.
        path: File of the finding.
        span: The characters to underline.
        message: One sentence on what will happen.
        help: One sentence on what to do.
        fix: The repair, or ``None`` where there is none.
        related: Other places that belong to the finding.
        symbol: What it is about, by a name that outlives edits elsewhere in the file: ``Event.metadata``,
            ``events.metadata``, ``get_engine.engine``. Empty where the rule's fact has none.
    """

    code: str
    name: str
    severity: Severity
    path: str
    span: Span
    message: str
    help: str
    fix: Fix | None = None
    related: tuple[Place, ...] = ()
    symbol: str = ""

    @property
    def key(self) -> tuple[str, str, str]:
        """What the finding is known by from one run to the next: file, rule and symbol, but no line."""
        return self.path, self.name, self.symbol or self.message


class NotAnalysed(Struct, frozen=True, order=True):
    """Something that the tool could not judge; counted in the summary, never guessed.

    Attributes:
        path: The file.
        line: Line from 1; 0 for the file as a whole.
        reason: Why, in a few words.
        fatal: Whether the file itself could not be read or parsed (exit code 2).
    """

    path: str
    line: int
    reason: str
    fatal: bool = False
