"""Cutting tokens into statements."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct

from sqla_guard.core.source import Span
from sqla_guard.read.sql.tokens import Token

# What may stand between CREATE/ALTER/DROP and the kind of thing it is about.
_MODIFIERS = frozenset(
    [
        "OR",
        "REPLACE",
        "GLOBAL",
        "LOCAL",
        "TEMP",
        "TEMPORARY",
        "UNLOGGED",
        "EXTERNAL",
        "TRANSIENT",
        "VIRTUAL",
        "FOREIGN",
        "VOLATILE",
        "DYNAMIC",
        "HYBRID",
        "ICEBERG",
        "UNIQUE",
        "CLUSTERED",
        "NONCLUSTERED",
        "MATERIALIZED",
        "RECURSIVE",
        "CONSTRAINT",
        "EDITIONABLE",
        "NONEDITIONABLE",
        "PUBLIC",
        "FULLTEXT",
        "SPATIAL",
        "COLUMNSTORE",
        "PRIVATE",
        "SNAPSHOT",
        "AGGREGATE",
        "FORCE",
        "IF",
    ]
)
_OBJECTS = frozenset(
    [
        "TABLE",
        "VIEW",
        "INDEX",
        "TRIGGER",
        "FUNCTION",
        "PROCEDURE",
        "PROC",
        "PACKAGE",
        "EVENT",
        "TYPE",
        "SCHEMA",
        "DATABASE",
        "SEQUENCE",
        "EXTENSION",
        "DOMAIN",
        "ROLE",
        "USER",
        "POLICY",
        "RULE",
        "STATISTICS",
    ]
)
_BODIES = frozenset(["TRIGGER", "FUNCTION", "PROCEDURE", "PROC", "PACKAGE", "EVENT"])
_NOT_CLOSING = frozenset(["IF", "LOOP", "WHILE", "REPEAT", "FOR"])


_STARTS = frozenset(("CREATE", "ALTER", "DROP", "EXEC", "DECLARE"))
# What comes behind these belongs to the condition or block before it.
_OPENERS = frozenset(("THEN", "ELSE", "BEGIN", "LOOP", "DO", "AS"))


def may_define(text: str) -> bool:
    """Tell whether what begins with CREATE, ALTER, DROP or RENAME goes on as SQL does, as far as it goes."""
    if "--" in text or "/*" in text:
        return True
    for word in text.replace("(", " ").upper().split()[1:]:
        if word not in _MODIFIERS:
            return word in _OBJECTS or word == "DEFINER" or not word.strip(".,:;!?").isalpha()
    return True


class Statement(Struct, frozen=True):
    """One statement.

    Attributes:
        tokens: Its tokens, without the separator.
        body: Whether it is a trigger, function or procedure, with its body.
        forced: Whether a batch separator, not a semicolon, ended it.
    """

    tokens: tuple[Token, ...]
    body: bool = False

    @property
    def span(self) -> Span:
        """From its first to its last token."""
        return Span(self.tokens[0].start, self.tokens[-1].end)


def heading(tokens: Sequence[Token], at: int = 0) -> tuple[str, str, int]:
    """Return verb, kind of object and the index behind them, as ``("CREATE", "TABLE", 4)``; empty for anything else."""
    verb = tokens[at].upper if at < len(tokens) else ""
    if verb not in ("CREATE", "ALTER", "DROP"):
        return "", "", at
    for index in range(at + 1, min(at + 12, len(tokens))):
        word = tokens[index].upper
        if word in _OBJECTS:
            return verb, word, index + 1
        if word not in _MODIFIERS and not (tokens[at + 1].upper == "DEFINER" or "DEFINER" in _words(tokens, at, index)):
            break
    return "", "", at


def split(tokens: Sequence[Token], text: str) -> list[Statement]:
    """Return the statements of a script.

    A semicolon, a batch separator, or ``CREATE TABLE`` and its like at the start of a line end a statement (scripts
    for SQL Server have no semicolons, and an unclosed parenthesis hides nothing that way). The semicolons between
    ``BEGIN`` and ``END`` of a trigger or procedure do not.
    """
    statements: list[Statement] = []
    start = 0
    depth = 0
    body = False
    conditional = False
    for index, token in enumerate(tokens):
        if index == start:
            depth, body = 0, heading(tokens, index)[1] in _BODIES and token.upper == "CREATE"
        if body and token.kind == "word":
            depth = max(0, depth + _nesting(tokens, index))
        ends = token.kind == "break" or (token.upper == ";" and depth == 0)
        new_line = index > start and not (body and depth) and _starts_anew(tokens, index, start, text)
        if new_line and not ends and tokens[start].upper == "IF" and not conditional:
            # SQL Server: the command that follows ``IF …`` belongs to it.
            new_line, conditional = False, True
        if ends or new_line:
            conditional = False
            _add(statements, tokens[start:index], body)
            start = index + 1 if ends else index
            depth, body = 0, not ends and heading(tokens, index)[1] in _BODIES and token.upper == "CREATE"
    _add(statements, tokens[start:], body)
    return statements


def _add(statements: list[Statement], tokens: Sequence[Token], body: bool) -> None:
    kept = tuple(token for token in tokens if token.kind != "break")
    if kept:
        statements.append(Statement(kept, body))


def _nesting(tokens: Sequence[Token], index: int) -> int:
    word = tokens[index].upper
    before = tokens[index - 1].upper if index else ""
    if word in ("BEGIN", "CASE"):
        return 0 if before == "END" else 1
    if word == "END":
        after = tokens[index + 1].upper if index + 1 < len(tokens) else ""
        return 0 if after in _NOT_CLOSING else -1
    return 0


def _starts_anew(tokens: Sequence[Token], index: int, start: int, text: str) -> bool:
    if _starts_line(tokens, index, text):
        return True
    # ``CREATE SCHEMA s CREATE TABLE …``, and SQL Server's statements side by side.
    if tokens[index].upper != "CREATE" or heading(tokens, index)[1] != "TABLE":
        return False
    return tokens[index - 1].upper == ")" or heading(tokens, start)[:2] == ("CREATE", "SCHEMA")


def _starts_line(tokens: Sequence[Token], index: int, text: str) -> bool:
    """Tell whether a new CREATE, ALTER or DROP of some object begins a line here."""
    token = tokens[index]
    if token.upper not in _STARTS or tokens[index - 1].upper in _OPENERS:
        return False
    between = text[tokens[index - 1].end : token.start]
    if "\n" not in between and "\r" not in between:
        return False
    if token.upper in ("EXEC", "DECLARE"):
        return True
    kind = heading(tokens, index)[1]
    if token.upper == "DROP":
        # ``ALTER TABLE t`` may go on with ``DROP INDEX x`` on a line of its own.
        return kind in ("TABLE", "VIEW", "FUNCTION", "PROCEDURE", "TRIGGER")
    return bool(kind)


def _words(tokens: Sequence[Token], start: int, end: int) -> set[str]:
    return {token.upper for token in tokens[start:end]}
