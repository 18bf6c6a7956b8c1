"""A comment that silences rules, as it stands in a file."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from sqla_guard.core.source import Span

DirectiveKind = Literal["statement", "file", "noqa"]
"""``ignore[...]``, ``ignore-file[...]`` and ``noqa: SG101``."""


class Selector(Struct, frozen=True):
    """A rule's name, code or prefix of codes, as a directive names it.

    Attributes:
        text: As written.
        span: Where it stands.
        foreign: Whether it is a code of another tool, in a ``noqa``.
    """

    text: str
    span: Span
    foreign: bool = False


class Directive(Struct, frozen=True):
    """One directive.

    Attributes:
        path: The file.
        kind: What it is.
        span: From the sign that opens the comment, or its own part of one, to its end.
        lines: The first and the last line that it takes, from 1.
        alone: Whether nothing but comments stands on its lines.
        selectors: The rules that it names.
        until: The last day that it holds, ``YYYY-MM-DD``; empty where it holds for good.
        reason: Why; empty where it does not say.
        fault: Why it cannot be understood; empty where it can.
        string: The content of the Python string that it stands in as a comment of SQL, if it does.
        fixed: Whether it stands in a migration whose checksum tools remember, so that it has to stay.
    """

    path: str
    kind: DirectiveKind
    span: Span
    lines: tuple[int, int]
    alone: bool
    selectors: tuple[Selector, ...] = ()
    until: str = ""
    reason: str = ""
    fault: str = ""
    string: Span | None = None
    fixed: bool = False


class Reach(Struct, frozen=True):
    """The lines from which a directive speaks for a place: those of its statement, and the comment above it.

    Attributes:
        above: First line of the comments directly above the statement; ``first`` where there are none.
        first: First line of the statement, from 1.
        last: Its last line.
    """

    above: int
    first: int
    last: int

    def holds(self, directive: Directive) -> bool:
        """Tell whether ``directive`` stands in reach."""
        start, end = directive.lines
        if start <= self.last and self.first <= end:
            return True
        return directive.alone and directive.kind != "noqa" and self.above <= start and end < self.first


class JudgedDirective(Struct, frozen=True):
    """A directive, with what came of it once all other rules had run.

    Attributes:
        directive: The directive.
        unused: Selectors that silence nothing, although their rules ran and everything could be judged.
        unknown: Selectors that mean no rule, each with the name that was probably meant, or an empty text.
        expired: Whether its last day has passed.
        lacks_reason: Whether it has to say why, and does not.
    """

    directive: Directive
    unused: tuple[Selector, ...] = ()
    unknown: tuple[tuple[Selector, str], ...] = ()
    expired: bool = False
    lacks_reason: bool = False

    @property
    def symbol(self) -> str:
        """What findings about it are known by."""
        names = ", ".join(s.text for s in self.directive.selectors)
        return f"{self.directive.kind} ignore of {names or 'nothing'}"
