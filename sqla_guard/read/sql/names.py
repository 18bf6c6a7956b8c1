"""Names in a stream of tokens: tables, columns, and the context in which they are read."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from msgspec import Struct, field

from sqla_guard.core.source import Span
from sqla_guard.facts.operations import Carrier, ColumnReference, Identifier, SqlFact, TableName, kept
from sqla_guard.read.sql.script import HOLE
from sqla_guard.read.sql.tokens import Token

# Quoted names compare without regard to case here.
_CASELESS = frozenset(("mysql", "sqlite", "tsql", "bigquery", "databricks", "spark"))
_FOLDS_UP = frozenset(("oracle", "snowflake"))


class Reading(Struct):
    """What the readers of one text share.

    Attributes:
        dialect: The dialect of the text.
        wanted: Names whose references are reported, in lower case.
        facts: What was found so far; spans are offsets into the text.
        path: The schemas that a name without one is looked for in; empty where nothing tells.
        outside: What ``path`` is again behind the transaction at hand, if that changed it for itself.
    """

    dialect: str | None
    wanted: frozenset[str]
    facts: list[SqlFact] = field(default_factory=list)
    path: tuple[str, ...] = ()
    outside: tuple[str, ...] | None = None

    @contextmanager
    def inside(self, path: tuple[str, ...] | None) -> Iterator[None]:
        """Look in ``path``, if there is one, while the block runs."""
        usual = self.path
        self.path = path or usual
        yield
        self.path = usual

    def name(self, token: Token) -> str:
        """Return the folded name of ``token``, cut where the dialect cuts it."""
        return kept(self._whole(token)) if self.dialect == "postgres" else self._whole(token)

    def _whole(self, token: Token) -> str:
        if token.kind == "quoted":
            name = token.name
            if self.dialect in _CASELESS or (self.dialect in _FOLDS_UP and name == name.upper()):
                return name.lower()
            return name
        return token.name.lower() if token.kind == "string" and self.dialect in _CASELESS else token.name

    def identifier(self, token: Token) -> Identifier:
        """Return ``token`` as a column name."""
        return Identifier(self.name(token), token.content, token.kind in ("quoted", "string"))

    def is_wanted(self, token: Token) -> bool:
        """Tell whether ``token`` is a name of interest."""
        return token.kind in ("word", "quoted") and self.name(token) in self.wanted

    def table(self, parts: Sequence[Token]) -> TableName:
        """Return a dotted name as a table."""
        names = [self.name(part) for part in parts]
        if len(names) == 1 and parts[0].kind == "quoted" and self.dialect == "bigquery":
            names = names[0].split(".")
        if len(names) < 2 or (self.path and names[:-1] == ["dbo"]):
            return self.placed(names[-1])
        # A schema that is put in at run time may be any, also the one that goes without saying.
        return TableName(names[-1], names[-2] if HOLE not in names[-2] and names[-2] else None)

    def placed(self, name: str) -> TableName:
        """Return the table that ``name`` without a schema is."""
        return TableName(name, self.path[0], self.path) if self.path else TableName(name)


class Cursor(Struct):
    """A position in the tokens of one statement."""

    tokens: Sequence[Token]
    at: int = 0
    stop: int = -1

    def __post_init__(self) -> None:
        if self.stop < 0:
            self.stop = len(self.tokens)

    def peek(self, ahead: int = 0) -> Token | None:
        """Return a token without moving, ``None`` behind the end."""
        index = self.at + ahead
        return self.tokens[index] if index < self.stop else None

    def upper(self, ahead: int = 0) -> str:
        """Return the upper-case text of a word or mark without moving."""
        token = self.peek(ahead)
        return token.upper if token is not None else ""

    def take(self, *words: str) -> bool:
        """Move past ``words`` if they come next."""
        if any(self.upper(i) != word for i, word in enumerate(words)):
            return False
        self.at += len(words)
        return True

    def take_any(self, words: frozenset[str]) -> bool:
        """Move past the next token if it is one of ``words``."""
        if self.upper() not in words:
            return False
        self.at += 1
        return True

    def name(self, strings: bool = False) -> Token | None:
        """Move past one name and return it."""
        token = self.peek()
        if token is None or token.kind not in (("word", "quoted", "string") if strings else ("word", "quoted")):
            return None
        self.at += 1
        return token

    def dotted(self) -> list[Token]:
        """Move past ``a.b.c`` and return its parts; empty where none comes next."""
        self.take("#")
        self.take("#")
        first = self.name(strings=True) or self._placeholder()
        if first is None:
            return []
        parts = [first]
        while self.upper() == ".":
            self.at += 1
            if self.upper() == ".":
                continue
            part = self.name(strings=True)
            if part is None:
                break
            parts.append(part)
        return parts

    def _placeholder(self) -> Token | None:
        """Move past ``:schema`` or ``%s`` before a dot: a name that is put in at run time."""
        token = self.peek()
        if token is None or token.kind != "parameter" or self.upper(1) != ".":
            return None
        self.at += 1
        return Token("word", HOLE, HOLE, token.start, token.end, token.raw)

    def parenthesised(self) -> Cursor | None:
        """Move past a parenthesis and return what is inside; an unclosed one ends with the statement."""
        if self.upper() != "(":
            return None
        start = self.at + 1
        self.skip_group()
        closed = self.tokens[self.at - 1].upper == ")" and self.at - 1 >= start
        return Cursor(self.tokens, start, self.at - 1 if closed else self.at)

    def skip_group(self) -> None:
        """Move past the parenthesis that opens here."""
        depth = 0
        while self.at < self.stop:
            word = self.tokens[self.at].upper
            depth += (word == "(") - (word == ")")
            self.at += 1
            if depth <= 0:
                return

    def items(self) -> list[Cursor]:
        """Return the items between commas from here to the end; ``STRUCT<a, b>`` stays whole."""
        found: list[Cursor] = []
        start, depth, angles = self.at, 0, 0
        for index in range(self.at, self.stop):
            word = self.tokens[index].upper
            if word in ("(", "["):
                depth += 1
            elif word in (")", "]"):
                depth = max(0, depth - 1)
            elif word == "<" and (angles or self.tokens[index - 1].upper in ("STRUCT", "ARRAY", "MAP")):
                angles += 1
            elif word in (">", ">>") and angles:
                angles = max(0, angles - len(word))
            elif word == "," and not depth and not angles:
                found.append(Cursor(self.tokens, start, index))
                start = index + 1
        if start < self.stop:
            found.append(Cursor(self.tokens, start, self.stop))
        return [item for item in found if item.at < item.stop]


class Scope(Struct):
    """One statement being read: its context, its carrier and the table it is about."""

    reading: Reading
    carrier: Carrier
    table: TableName

    def refer(self, token: Token, table: TableName | None = None, candidates: tuple[TableName, ...] = ()) -> None:
        """Report ``token`` as a name of a column of ``table``, by default the statement's own."""
        owner = None if candidates else table or self.table
        self.reading.facts.append(
            ColumnReference(owner, self.reading.identifier(token), "plain", self.carrier, candidates)
        )


def without_hole(parts: Sequence[Token]) -> bool:
    """Tell whether a dotted name is known in full: one part at least, and no part put in at run time."""
    return bool(parts) and not parts[-1].has_hole


def whole(tokens: Sequence[Token]) -> Span:
    """Return the range from the first to the last of ``tokens``."""
    return Span(tokens[0].start, tokens[-1].end)
