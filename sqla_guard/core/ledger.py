"""What a check says of each file, and what that was made from: what still holds need not be found again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from sqla_guard.core.memo import Uses

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from sqla_guard.core.diagnostic import Diagnostic, NotAnalysed
    from sqla_guard.core.fix import Edit
    from sqla_guard.core.packages import Looks


class Judged:
    """What the rules say of one file.

    Attributes:
        said: Findings, and what could not be judged.
        used: What that was made from, as :class:`~sqla_guard.core.memo.Uses` counts it.
        directed: Whether the file may hold a directive.
    """

    __slots__ = ("directed", "said", "used")

    def __init__(self, said: tuple[Diagnostic | NotAnalysed, ...], used: int, directed: bool) -> None:
        """Keep what is said."""
        self.said = said
        self.used = used
        self.directed = directed


class Turns(Protocol):
    """Who judges which files, where several checks share them."""

    def of(self, matter: Sequence[str]) -> Iterator[str]:
        """Yield the files that a check which found that ``matter`` may hold a finding has to judge."""


class Ledger:
    """What a check has found, file by file.

    Attributes:
        uses: Counts what is used.
        judged: The files that may hold a finding; ``None`` for one that has to be judged again.
        unread: What is said of other files, which cannot be read.
        reserving: The files that may bind a reserved name.
        always: What it was made from which files may hold a finding, and so everything.
        imports: The edits that import what fixes need, by file, module and names.
        sizes: The number of bytes of each file that was looked at before and has not changed since.
        changed: The files that have; ``None`` where nothing is known of any.
        looks: Keeps what files look like, if several checks look at them.
        turns: Says which files this check judges, if several share them.
    """

    def __init__(self, uses: Uses | None = None) -> None:
        """Start with nothing found."""
        self.uses = uses or Uses()
        self.judged: dict[str, Judged | None] = {}
        self.unread: list[NotAnalysed] = []
        self.reserving: set[str] = set()
        self.always = 0
        self.imports: dict[tuple[str, str, tuple[str, ...]], tuple[Edit, ...]] = {}
        self.sizes: dict[str, int] = {}
        self.changed: frozenset[str] | None = None
        self.looks: Looks | None = None
        self.turns: Turns | None = None

    def forget(self, paths: Iterable[str]) -> None:
        """Drop what is known of files that have changed."""
        self.changed = frozenset(paths)
        for path in self.changed:
            self.judged.pop(path, None)
        self.unread = [note for note in self.unread if note.path not in self.changed]
        self.imports = {key: edits for key, edits in self.imports.items() if key[0] not in self.changed}

    def reserve(self, reported: Iterable[str], reserving: Iterable[str]) -> None:
        """Note which of those files of ``reported`` that were looked at may bind a reserved name.

        All of ``reported`` were judged by that, so that they are judged again where it is not as before.
        """
        files, now = frozenset(reported), frozenset(reserving)
        before = self.reserving & (self.changed or frozenset()) & files
        if before != now and self.changed is not None:
            self.judged.update(dict.fromkeys(self.judged.keys() & files))
        self.reserving = (self.reserving - before) | now

    def join(self, other: Ledger) -> None:
        """Add what is found of files that are not among these."""
        shift = self.uses.join(other.uses)
        for path, one in other.judged.items():
            self.judged[path] = one and Judged(one.said, one.used << shift, one.directed)
        self.unread += other.unread
        self.reserving |= other.reserving
        self.always |= other.always << shift
        self.imports.update(other.imports)

    def met(self, paths: Iterable[str]) -> Iterator[NotAnalysed]:
        """Yield what could not be read while ``paths`` were judged, as far as they need not be judged again."""
        from sqla_guard.core.diagnostic import NotAnalysed

        used = 0
        for path in paths:
            if (known := self.judged.get(path)) is not None:
                used |= known.used
        for thing, bit in self.uses.bits.items():
            if bit & used and isinstance(thing, NotAnalysed):
                yield thing
