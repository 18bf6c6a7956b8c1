"""The manner of a home-made migration script around one of its steps, as pieces of its own text."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from sqla_guard.core.source import Span


class Check(Struct, frozen=True):
    """How the script asks whether a table or a column exists: its own call, with holes for names.

    Attributes:
        pieces: Text around the holes; one more than ``holes``.
        holes: What goes into each hole.
        positive: Whether the call is true where the thing exists.
        quote: The quote the script writes around names.
    """

    pieces: tuple[str, ...]
    holes: tuple[Literal["table", "column"], ...]
    positive: bool = True
    quote: str = '"'

    def asked(self, table: str, column: str = "", present: bool = True) -> str:
        """Return a condition: the thing exists or, without ``present``, it does not."""
        words = {"table": table, "column": column}
        text = self.pieces[0]
        for hole, piece in zip(self.holes, self.pieces[1:], strict=True):
            text += self.quote + words[hole] + self.quote + piece
        return text if present == self.positive else "not " + text


class Inspection(Struct, frozen=True):
    """How SQLAlchemy can be asked instead, where the script has no check of its own.

    Attributes:
        connection: Expression for the connection or engine.
        inspect: How ``sqlalchemy.inspect`` is called in this place.
        module: A module that must be imported for that; empty where it is.
    """

    connection: str
    inspect: str
    module: str = ""


class Record(Struct, frozen=True):
    """A statement that keeps the books after the SQL ran.

    Attributes:
        before: Its text up to the label's first character.
        label: The label; ``None`` for a statement that is repeated as it is (``session.commit()``).
        after: Its text after the label.
    """

    before: str
    label: str | None = None
    after: str = ""


class Layer(Struct, frozen=True):
    """One block around the SQL, outermost first.

    Attributes:
        header: ``try:`` or ``with engine.begin() as conn:``; empty for the body of the ``if``
            itself.
        lead: Statements before the SQL that it needs, such as imports.
        records: The books kept after it.
        tail: What ends the block (``except ...``), as lines without the block's indentation.
    """

    header: str
    lead: tuple[str, ...] = ()
    records: tuple[Record, ...] = ()
    tail: tuple[str, ...] = ()


class Reach(Struct, frozen=True):
    """How a step is reached, and what of its script runs before it.

    Attributes:
        function: The function that the step stands in; empty at module level.
        method: Whether that is a method.
        body: All of that function, or of the file.
        functions: The other functions of the file.
        later: Those of them that only ever run behind the step.
        tails: What stands behind the calls that reach the step, in the functions (or the module) of those calls.
        earlier: The names that are read or called before it.
    """

    function: str
    method: bool
    body: Span
    functions: tuple[Span, ...]
    later: tuple[Span, ...]
    tails: tuple[Span, ...]
    earlier: frozenset[str]

    def is_later(self, at: Span) -> bool:
        """Tell whether what stands at ``at``, outside of the step's own block, only runs behind the step."""
        around = [f for f in self.functions if f.contains(at)]
        if any(f in self.later for f in around):
            return True
        return any(t.contains(at) and not any(t.start <= f.start for f in around) for t in self.tails)


class Manner(Struct, frozen=True):
    """How a script does one step.

    Attributes:
        anchor: The step: the guarding ``if`` statement (around the SQL, or an early way out before it), or the
            statement that runs the SQL; with the comments and the announcement directly above it.
        guarded: Whether the anchor is such an ``if``: nothing in it runs on older databases.
        first: Whether a rename has to stand before the anchor, as it would come too late, or never, behind it.
        suite: All statements of the block that holds the anchor.
        indent: White space before the anchor.
        unit: One more level of indentation.
        number: The step's number as written in its comment or label; empty where it has none.
        comment: First line of the comment above the step, without white space; empty where
            there is none.
        run_before: Text from the call to the SQL literal.
        run_after: Text from the end of the SQL literal to the end of the call.
        quote: One quote character, as the SQL literal uses it.
        layers: The blocks from the ``if`` inwards to the SQL.
        column_check: How the script asks for a column.
        table_check: How it asks for a table, where a column must not be asked for before.
        inspection: What to do without a column check.
        warn: What the script calls to warn somebody, such as ``log.warning``.
        guard_columns: Where the guard itself names the column, without quotes.
        labels: All words and labels that the script has as strings.
        names: All names in the script.
        width: Columns a line may have.
        reach: How the step is reached.
    """

    anchor: Span
    guarded: bool
    first: bool
    suite: Span
    indent: str
    unit: str
    number: str
    comment: str
    run_before: str
    run_after: str
    quote: str
    layers: tuple[Layer, ...]
    column_check: Check | None
    table_check: Check | None
    inspection: Inspection | None
    warn: str
    guard_columns: tuple[Span, ...]
    labels: frozenset[str]
    names: frozenset[str]
    width: int
    reach: Reach


class NoManner(Struct, frozen=True):
    """The step cannot be repeated in its manner; ``reason`` in a few words."""

    reason: str


ScriptManner = Manner | NoManner
