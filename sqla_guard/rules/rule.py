"""What a rule module has to offer: a ``RULE`` and a function ``check(fact, project)``."""

from __future__ import annotations

from msgspec import Struct

from sqla_guard.core.diagnostic import Diagnostic, Severity
from sqla_guard.core.fix import Fix, Place
from sqla_guard.core.source import Span


class Rule(Struct, frozen=True):
    """A rule's identity.

    Attributes:
        name: What it finds, in kebab case; the identity users write.
        code: Its short alias.
        severity: ``error`` where the program fails, ``warning`` where it may.
        reads: The fact type, or types, that ``check`` takes.
        on_by_default: Whether it runs without being selected.
        looks_for: For rules of plugins that read :class:`~sqla_guard.core.source.SourceFile`: bytes, one of which a
            file must hold for the rule to be asked; empty for all files.
    """

    name: str
    code: str
    severity: Severity
    reads: type | tuple[type, ...]
    on_by_default: bool = True
    looks_for: tuple[bytes, ...] = ()

    def report(
        self, path: str, span: Span, message: str, help: str, fix: Fix | None = None, related: tuple[Place, ...] = ()
    ) -> Diagnostic:
        """Return a finding of this rule."""
        return Diagnostic(self.code, self.name, self.severity, path, span, message, help, fix, related)
