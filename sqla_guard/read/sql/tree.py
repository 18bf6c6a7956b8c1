"""One statement as sqlglot's syntax tree, with marks that lead from a name in the tree back to its token."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from sqla_guard.read.sql.names import Reading
from sqla_guard.read.sql.tokens import Lexed, Token, sqlglot_dialect

# A private-use character: a marked name is this and the index of its token, whatever position data a release keeps.
MARK = "\ue002"

# sqlglot's parser backtracks; longer or deeper statements are not handed to it.
_MOST_TOKENS = 6000
_DEEPEST = 60


class Unparsed(Exception):
    """There is no tree for a statement; the message says why."""


def parse(tokens: Sequence[Token], lexed: Lexed, reading: Reading, text: str) -> Any:
    """Return sqlglot's tree of one statement in which each wanted name reads ``MARK + index in tokens``.

    Raises:
        Unparsed: sqlglot has no tree for it.
    """
    if len(tokens) > _MOST_TOKENS or _depth(tokens) > _DEEPEST:
        raise Unparsed("the statement is too long or too deeply nested")
    # Holes first as names; where that does not parse, a hole may stand for whole clauses or for nothing.
    attempts = [list(enumerate(tokens))]
    if any(token.has_hole for token in tokens):
        attempts.append([(i, token) for i, token in attempts[0] if not token.has_hole])
    for attempt in attempts:
        tree = _try(attempt, lexed, reading, text)
        if tree is not None:
            return tree
    raise Unparsed("its syntax is not understood")


def marked(name: str) -> int | None:
    """Return the token index that a name in the tree leads to."""
    return int(name[1:]) if name[:1] == MARK and name[1:].isdecimal() else None


def _try(tokens: list[tuple[int, Token]], lexed: Lexed, reading: Reading, text: str) -> Any | None:
    dialect = sqlglot_dialect(lexed.dialect)
    with _silence():
        try:
            trees = dialect.parser().parse(list(_raw(tokens, lexed, reading)), text)
        except Exception:
            # ParseError mostly, but UnboundLocalError and RecursionError have been seen as well.
            return None
    if len(trees) != 1 or trees[0] is None or type(trees[0]).__name__ == "Command":
        return None
    return trees[0]


def _raw(tokens: list[tuple[int, Token]], lexed: Lexed, reading: Reading) -> Iterator[Any]:
    from sqlglot import tokens as sqlglot_tokens

    # Looked up at run time: newer releases keep the classes elsewhere and only pass the names on.
    make: Any = vars(sqlglot_tokens)["Token"]
    kinds: Any = vars(sqlglot_tokens)["TokenType"]

    done = -1
    for index, token in tokens:
        if token.raw == done:
            continue
        done = token.raw
        raw = lexed.raw[token.raw]
        if token.kind == "parameter":
            yield make(kinds.PLACEHOLDER, "?", raw.line, raw.col, token.start, token.end - 1)
        elif reading.is_wanted(token):
            kind = kinds.IDENTIFIER if token.kind == "quoted" else kinds.VAR
            yield make(kind, f"{MARK}{index}", raw.line, raw.col, token.start, token.end - 1)
        elif token.has_hole and token.kind == "word":
            yield make(kinds.VAR, token.text, raw.line, raw.col, token.start, token.end - 1)
        else:
            yield raw


def _depth(tokens: Sequence[Token]) -> int:
    depth = deepest = 0
    for token in tokens:
        if token.upper in ("(", "[", "CASE"):
            depth += 1
            deepest = max(deepest, depth)
        elif token.upper in (")", "]", "END"):
            depth -= 1
    return deepest


@contextmanager
def _silence() -> Iterator[None]:
    """Keep sqlglot from logging what it does not understand."""
    logger = logging.getLogger("sqlglot")
    before, logger.disabled = logger.disabled, True
    try:
        yield
    finally:
        logger.disabled = before
