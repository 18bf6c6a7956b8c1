"""SQL text to facts: the entry of this folder."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence

from msgspec.structs import replace

from sqla_guard.core.source import Span
from sqla_guard.facts.operations import (
    AddColumn,
    Carrier,
    ColumnReference,
    CreateTable,
    DropColumn,
    DropTable,
    Identifier,
    RenameColumn,
    RenameTable,
    SetType,
    SqlFact,
    TableName,
    UnreadSql,
)
from sqla_guard.read.sql import definitions
from sqla_guard.read.sql.columns import read_references as read_parentheses
from sqla_guard.read.sql.names import Cursor, Reading, Scope, without_hole
from sqla_guard.read.sql.references import mentioned_tables, read_references
from sqla_guard.read.sql.script import HOLE, mask
from sqla_guard.read.sql.session import follow, schema_around
from sqla_guard.read.sql.statements import Statement, heading, split
from sqla_guard.read.sql.tokens import Lexed, Token, guess_dialect, tokenize

_QUERIES = frozenset(["SELECT", "INSERT", "UPDATE", "DELETE", "WITH", "MERGE", "REPLACE", "VALUES", "EXPLAIN"])
_COMMANDS = _QUERIES | frozenset(
    [
        "CREATE",
        "ALTER",
        "DROP",
        "RENAME",
        "COMMENT",
        "EXEC",
        "EXECUTE",
        "COPY",
        "GRANT",
        "REVOKE",
        "TRUNCATE",
        "ANALYZE",
        "VACUUM",
    ]
)
# Behind these words another command may begin inside one statement of a procedural language.
_BEFORE_COMMAND = frozenset(["THEN", "ELSE", "BEGIN", "LOOP", "DO", ";", "AS", "END"])
_PROCEDURAL = frozenset(
    ["IF", "BEGIN", "DECLARE", "ELSE", "ELSIF", "ELSEIF", "DO", "WHILE", "FOR", "END", "LOOP", "EXCEPTION"]
)
_NO_REFERENCES = frozenset(["TYPE", "DOMAIN", "SCHEMA", "DATABASE", "SEQUENCE", "EXTENSION", "ROLE", "USER"])
_CALLS = frozenset(["CALL", "EXEC", "EXECUTE", "PERFORM", "SELECT", "FROM"])
_DEEPEST = 4
# What format() puts in.
_FORMAT = re.compile(r"%(?:\d+\$)?-?\d*[sIL]")
_DEFINES = re.compile(r"create|alter|drop|rename", re.IGNORECASE)
_STRING_SQL = re.compile(r"\s*(?:CREATE|ALTER|DROP|INSERT|UPDATE|DELETE|SELECT|WITH|MERGE)\b", re.IGNORECASE)


def read_sql(text: str, dialect: str | None, wanted: frozenset[str], likely: str | None = None) -> list[SqlFact]:
    """Return what ``text`` says about tables and columns.

    Args:
        text: One or more statements; characters of :data:`~sqla_guard.read.sql.script.HOLE` stand for parts that are
            not known.
        dialect: sqlglot's name of the dialect; ``None`` to take what the text looks like.
        wanted: Names, in lower case, whose references are reported.
        likely: The dialect to take where ``text`` looks like none.

    Returns:
        Facts in the order of the text. Spans are offsets into ``text``; carriers have no path, the kind ``sql-file``
        and the span of the SQL statement, ``rerunnable`` where the SQL itself says so. Nothing is raised on bad SQL.
    """
    if not _DEFINES.search(text) and not any(name in text.lower() for name in wanted):
        return []  # a definition needs one of these words, all else a wanted name
    return _read(mask(text), dialect or guess_dialect(text) or likely, wanted, 0)


def statement_spans(text: str, dialect: str | None) -> tuple[Span, ...]:
    """Return the range of each statement of ``text``, without its separator."""
    masked = mask(text)
    lexed = tokenize(masked, dialect or guess_dialect(text))
    return tuple(statement.span for statement in split(lexed.tokens, masked))


def literal_spans(text: str) -> tuple[Span, ...]:
    """Return the ranges of the strings and quoted names of ``text``."""
    masked = mask(text)
    tokens = tokenize(masked, guess_dialect(text)).tokens
    return tuple(Span(token.start, token.end) for token in tokens if token.kind in ("string", "quoted"))


def moved(fact: SqlFact, place: Callable[[Span], Span | None], carrier: Callable[[Carrier], Carrier]) -> SqlFact:
    """Return ``fact`` with every identifier's span and its carrier replaced."""

    def put(name: Identifier) -> Identifier:
        return replace(name, span=place(name.span)) if name.span is not None else name

    home = carrier(fact.carrier)
    if isinstance(fact, CreateTable):
        return replace(fact, columns=tuple(put(c) for c in fact.columns), carrier=home)
    if isinstance(fact, (AddColumn, DropColumn, ColumnReference)):
        return replace(fact, column=put(fact.column), carrier=home)
    if isinstance(fact, RenameColumn):
        return replace(fact, old=put(fact.old), new=put(fact.new), carrier=home)
    if isinstance(fact, (DropTable, RenameTable, SetType, UnreadSql)):
        return replace(fact, carrier=home)
    raise TypeError(fact)


def _read(
    text: str, dialect: str | None, wanted: frozenset[str], depth: int, path: tuple[str, ...] = ()
) -> list[SqlFact]:
    lexed = tokenize(text, dialect)
    reading = Reading(dialect, wanted, path=path)
    for span in lexed.lost:
        piece = text[span.start : span.end].lower()
        if any(name in piece for name in wanted):
            carrier = Carrier("", "sql-file", span)
            reading.facts.append(UnreadSql("a quote or comment is not closed", carrier))
    before: Statement | None = None
    around: tuple[str, ...] | None = None
    for statement in split(lexed.tokens, text):
        between = text[before.span.end : statement.span.start] if before is not None else ""
        around = schema_around(before, between, reading) or (around if not between.strip() else None)
        with reading.inside(around):
            _Statement(statement, lexed, reading, text, depth).read()
        follow(statement.tokens, reading)
        before = statement
    return sorted(reading.facts, key=_place)


def _place(fact: SqlFact) -> tuple[int, int]:
    """Order by statement, then by place; a table is made before its own columns are named."""
    names = [] if isinstance(fact, CreateTable) else [n.span.start for n in _identifiers(fact) if n.span]
    return fact.carrier.statement.start, min(names, default=-1)


class _Statement:
    """Reads one statement."""

    def __init__(self, statement: Statement, lexed: Lexed, reading: Reading, text: str, depth: int) -> None:
        self._tokens = statement.tokens
        self._body = statement.body
        self._lexed = lexed
        self._reading = reading
        self._text = text
        self._depth = depth
        self._carrier = Carrier("", "sql-file", statement.span)

    def read(self) -> None:
        """Report the facts of the statement."""
        before = len(self._reading.facts)
        if self._body:
            self._read_body()
            return
        first = self._tokens[0].upper
        procedural = first in _PROCEDURAL
        if procedural and self._guarded():
            self._carrier = replace(self._carrier, rerunnable=True)
        for start, end in self._commands(procedural):
            self._command(self._tokens[start:end])
        if first not in ("COMMENT", "INSERT"):
            self._inner_texts(first)
        if procedural and self._asks_by_literal():
            # Renaming the column would leave the question about the old name behind.
            self._reading.facts[before:] = _as_history(self._reading.facts[before:])

    def _guarded(self) -> bool:
        words = [token.upper for token in self._tokens]
        return "EXISTS" in words or "COL_LENGTH" in words or "OBJECT_ID" in words

    def _asks_by_literal(self) -> bool:
        return any(token.kind == "string" and token.name.lower() in self._reading.wanted for token in self._tokens)

    def _commands(self, procedural: bool) -> Iterable[tuple[int, int]]:
        """Yield the ranges of the commands inside the statement."""
        starts = [0]
        if procedural:
            for index, token in enumerate(self._tokens[1:], 1):
                before = self._tokens[index - 1]
                apart = self._text[before.end : token.start].strip(" \t") != ""
                follows = before.upper in _BEFORE_COMMAND or (apart and before.upper == ")")
                conditional = self._tokens[0].upper == "IF" and heading(self._tokens, index)[1] == "TABLE"
                if (token.upper in _COMMANDS and follows) or conditional:
                    starts.append(index)
        return zip(starts, [*starts[1:], len(self._tokens)], strict=True)

    def _command(self, tokens: Sequence[Token]) -> None:
        first = tokens[0].upper
        verb, kind, behind = heading(tokens)
        cursor = Cursor(tokens, behind)
        if verb:
            self._object(verb, kind, cursor, tokens)
        elif first == "RENAME" and cursor.take("RENAME", "TABLE"):
            definitions.read_rename_table(cursor, self._reading, self._carrier)
        elif first == "COMMENT":
            self._comment(Cursor(tokens))
        elif first in ("EXEC", "EXECUTE"):
            self._procedure_call(Cursor(tokens, 1))
        elif first == "COPY":
            self._copy(Cursor(tokens, 1))
        elif first in ("ANALYZE", "VACUUM"):
            self._analyze(Cursor(tokens, 1))
        elif first in _QUERIES or first == "(":
            start = self._behind_explain(tokens)
            if self._depth == 0 and self._tokens[0].upper in ("SELECT", "WITH") and start == 0:
                definitions.read_select_into(Cursor(tokens), self._reading, self._carrier)
            read_references(tokens[start:], self._lexed, self._reading, self._carrier, self._text)
        elif first in _PROCEDURAL or first == "GRANT":
            self._fixed(tokens)

    def _object(self, verb: str, kind: str, cursor: Cursor, tokens: Sequence[Token]) -> None:
        if kind == "TABLE":
            self._table(verb, cursor, tokens)
        elif kind == "VIEW":
            self._view(verb, cursor, tokens)
        elif verb == "CREATE" and kind == "INDEX":
            self._index(cursor)
        elif kind == "SCHEMA" and verb == "ALTER":
            self._alter_schema(cursor)
        elif kind == "TYPE":
            definitions.read_type(verb, cursor, self._reading, self._carrier)
        elif kind == "SEQUENCE":
            self._owned_by(tokens)
        elif kind == "STATISTICS" and verb == "CREATE":
            self._statistics(cursor)
        elif verb != "DROP" and kind not in (_NO_REFERENCES | {"INDEX"}):
            self._fixed(tokens)

    def _view(self, verb: str, cursor: Cursor, tokens: Sequence[Token]) -> None:
        if verb == "CREATE":
            start = definitions.read_create_view(cursor, self._reading, self._carrier)
            query = _without_data(tokens[start:])
            read_references(query, self._lexed, self._reading, self._carrier, self._text)
        elif verb == "DROP":
            definitions.read_drop_table(cursor, self._reading, self._carrier)
        elif any(token.upper in ("RENAME", "SCHEMA") for token in tokens):
            definitions.read_alter_table(cursor, self._reading, self._carrier)

    def _table(self, verb: str, cursor: Cursor, tokens: Sequence[Token]) -> None:
        if verb == "ALTER":
            definitions.read_alter_table(cursor, self._reading, self._carrier)
        elif verb == "DROP":
            definitions.read_drop_table(cursor, self._reading, self._carrier)
        else:
            start = definitions.read_create_table(cursor, self._reading, self._carrier)
            if start is not None:
                query = _without_data(tokens[start:])
                read_references(query, self._lexed, self._reading, self._carrier, self._text)

    def _index(self, cursor: Cursor) -> None:
        while cursor.peek() is not None and not cursor.take("ON"):
            cursor.at += 1
        cursor.take("ONLY")
        parts = cursor.dotted()
        if not without_hole(parts):
            return
        scope = Scope(self._reading, self._carrier, self._reading.table(parts))
        where = next((i for i in range(cursor.at, cursor.stop) if cursor.tokens[i].upper == "WHERE"), cursor.stop)
        read_parentheses(Cursor(cursor.tokens, cursor.at, where), scope)
        read_parentheses(Cursor(cursor.tokens, where, cursor.stop), scope, everywhere=True)

    def _comment(self, cursor: Cursor) -> None:
        if not cursor.take("COMMENT", "ON", "COLUMN"):
            return
        parts = cursor.dotted()
        if len(parts) > 1 and self._reading.is_wanted(parts[-1]) and without_hole(parts[:-1]):
            Scope(self._reading, self._carrier, self._reading.table(parts[:-1])).refer(parts[-1])

    def _copy(self, cursor: Cursor) -> None:
        parts = cursor.dotted()
        inside = cursor.parenthesised()
        if inside is None or not without_hole(parts):
            return
        scope = Scope(self._reading, self._carrier, self._reading.table(parts))
        for token in inside.tokens[inside.at : inside.stop]:
            if self._reading.is_wanted(token):
                scope.refer(token)

    def _analyze(self, cursor: Cursor) -> None:
        if cursor.upper() == "(":
            cursor.skip_group()
        cursor.take_any(frozenset(("FULL", "VERBOSE", "ANALYZE")))
        self._copy(cursor)

    def _alter_schema(self, cursor: Cursor) -> None:
        """Read ``ALTER SCHEMA s TRANSFER dbo.t`` of SQL Server."""
        schema = cursor.dotted()
        if not cursor.take("TRANSFER"):
            return
        if cursor.take("OBJECT"):
            cursor.take(":", ":")
            cursor.take("::")
        parts = cursor.dotted()
        if without_hole(schema) and without_hole(parts):
            table = self._reading.table(parts)
            there = TableName(table.name, self._reading.name(schema[-1]), table.path)
            self._reading.facts.append(RenameTable(table, there, self._carrier))

    def _owned_by(self, tokens: Sequence[Token]) -> None:
        """Read ``ALTER SEQUENCE s OWNED BY t.metadata``."""
        at = next((i for i, t in enumerate(tokens[:-1]) if t.upper == "OWNED" and tokens[i + 1].upper == "BY"), None)
        parts = Cursor(tokens, at + 2).dotted() if at is not None else []
        if len(parts) > 1 and self._reading.is_wanted(parts[-1]) and without_hole(parts[:-1]):
            Scope(self._reading, self._carrier, self._reading.table(parts[:-1])).refer(parts[-1])

    def _statistics(self, cursor: Cursor) -> None:
        """Read ``CREATE STATISTICS s ON metadata, kind FROM t``."""
        while cursor.peek() is not None and not cursor.take("ON"):
            cursor.at += 1
        start = cursor.at
        while cursor.peek() is not None and not cursor.take("FROM"):
            cursor.at += 1
        stop, parts = cursor.at, cursor.dotted()
        if without_hole(parts):
            scope = Scope(self._reading, self._carrier, self._reading.table(parts))
            for token in cursor.tokens[start:stop]:
                if self._reading.is_wanted(token):
                    scope.refer(token)

    def _procedure_call(self, cursor: Cursor) -> None:
        """Read ``EXEC sp_rename 'dbo.t.old', 'new', 'COLUMN'``."""
        parts = cursor.dotted()
        if not parts or parts[-1].name.lower() != "sp_rename":
            return
        given = [t for t in cursor.tokens[cursor.at : cursor.stop] if t.kind == "string"]
        if len(given) < 2:
            return
        names = tokenize(given[0].name, "tsql").tokens
        path = [replace(t, start=t.start + given[0].content.start, end=t.end + given[0].content.start) for t in names]
        path = [t for t in path if t.kind in ("word", "quoted")]
        new = Identifier(given[1].name, given[1].content)
        if len(given) > 2 and given[2].name.upper() == "COLUMN" and len(path) > 1:
            table, old = self._reading.table(path[:-1]), self._reading.identifier(path[-1])
            self._reading.facts.append(RenameColumn(table, old, replace(new, name=new.name.lower()), self._carrier))
        elif len(given) == 2 and path:
            table = self._reading.table(path)
            self._reading.facts.append(
                RenameTable(table, TableName(new.name.lower(), table.schema, table.path), self._carrier)
            )

    def _behind_explain(self, tokens: Sequence[Token]) -> int:
        if tokens[0].upper != "EXPLAIN":
            return 0
        return next((i for i, t in enumerate(tokens) if t.upper in _QUERIES and t.upper != "EXPLAIN"), 0)

    def _fixed(self, tokens: Sequence[Token], within: Sequence[Token] | None = None) -> None:
        """Report every wanted name as one that cannot be edited, of the tables that are named around it."""
        tables = mentioned_tables(within or tokens, self._reading)
        for index, token in enumerate(tokens):
            if not tables or not self._reading.is_wanted(token):
                continue
            if index + 1 < len(tokens) and tokens[index + 1].upper in ("(", "."):
                continue
            if index and tokens[index - 1].upper in ("::", "TABLE", "INTO", "FROM", "JOIN"):
                continue
            table = tables[0] if len(tables) == 1 else None
            candidates = () if table else tables
            column = self._reading.identifier(token)
            self._reading.facts.append(ColumnReference(table, column, "fixed", self._carrier, candidates))

    def _read_body(self) -> None:
        """Read a trigger, function or procedure: definitions as such, all other names as fixed."""
        before = len(self._reading.facts)
        self._read_routine()
        if not self._is_called():
            self._reading.facts[before:] = [_as_unread(fact) for fact in self._reading.facts[before:]]

    def _is_called(self) -> bool:
        """Tell whether the script itself runs the routine that this statement makes."""
        _, kind, behind = heading(self._tokens)
        cursor = Cursor(self._tokens, behind)
        cursor.take("IF", "NOT", "EXISTS")
        parts = cursor.dotted() if kind not in ("TRIGGER", "EVENT") else []
        own = self._carrier.statement
        for index in self._lexed.places.get(parts[-1].name.lower(), ()) if parts else ():
            if own.start <= self._lexed.tokens[index].start < own.end:
                continue
            before = [t.upper for t in self._lexed.tokens[max(0, index - 3) : index]]
            if before[-1:] == ["."]:
                before = before[:-2]
            if before[-1:] and before[-1] in _CALLS:
                return True
        return False

    def _read_routine(self) -> None:
        kind = heading(self._tokens)[1]
        start = 0
        if kind != "TRIGGER":
            start = next((i for i, t in enumerate(self._tokens) if t.upper in ("AS", "BEGIN")), len(self._tokens))
        self._body_commands(self._tokens[start:])
        self._inner_texts("CREATE", fixed=True)

    def _body_commands(self, tokens: Sequence[Token]) -> None:
        first = len(self._reading.facts)
        for index, token in enumerate(tokens):
            if token.upper not in ("CREATE", "ALTER") or (
                index and tokens[index - 1].upper not in _BEFORE_COMMAND and tokens[index - 1].upper != ")"
            ):
                continue
            verb, kind, behind = heading(tokens, index)
            end = next((i for i in range(behind, len(tokens)) if tokens[i].upper == ";"), len(tokens))
            if kind == "TABLE":
                self._table(verb, Cursor(tokens, behind, end), tokens[index:end])
        known = {name.span.start for fact in self._reading.facts[first:] for name in _identifiers(fact) if name.span}
        self._fixed([t for t in tokens if t.start not in known], within=tokens)

    def _inner_texts(self, first: str, fixed: bool = False) -> None:
        """Scan SQL again that stands in texts: ``DO $$ … $$``, function bodies, ``EXECUTE '…'``."""
        if self._depth >= _DEEPEST:
            return
        for index, token in enumerate(self._tokens):
            if token.kind == "heredoc":
                lead = token.text.index("$", 1) + 1  # behind the tag
                inner = token.text[lead : len(token.text) - lead]
                self._scan_inside(inner, token.start + lead, fixed and first != "DO")
            elif token.kind == "string" and self._runs_text(index) and _STRING_SQL.match(token.name):
                # A doubled quote is one quote of the inner text; the length must stay.
                inner = token.name.replace("''", " '")
                if "FORMAT" in (t.upper for t in self._tokens[max(0, index - 2) : index]):
                    inner = _FORMAT.sub(lambda match: HOLE * len(match.group()), inner)
                self._scan_inside(inner, token.content.start, True)

    def _runs_text(self, index: int) -> bool:
        before = [t.upper for t in self._tokens[max(0, index - 3) : index]]
        if self._tokens[0].upper == "SET" and any(
            self._lexed.tokens[i].upper == "PREPARE" for i in self._lexed.places.get("prepare", ())
        ):
            return True
        return bool({"EXECUTE", "EXEC", "IMMEDIATE", "FROM"} & set(before)) and not {"FUNCTION", "SELECT"} & set(before)

    def _scan_inside(self, inner: str, at: int, fixed: bool) -> None:
        facts = _read(inner, self._lexed.dialect, self._reading.wanted, self._depth + 1, self._reading.path)
        for fact in facts:
            if isinstance(fact, ColumnReference) and fixed:
                fact = replace(fact, role="fixed")
            self._reading.facts.append(moved(fact, lambda span: span.shifted(at), self._around))

    def _around(self, inner: Carrier) -> Carrier:
        return replace(self._carrier, rerunnable=inner.rerunnable)


def _without_data(tokens: Sequence[Token]) -> Sequence[Token]:
    """Return a query without ``WITH [NO] DATA`` at its end, which is no part of it."""
    words = [token.upper for token in tokens[-3:]]
    if words[-1:] != ["DATA"]:
        return tokens
    return tokens[:-3] if words == ["WITH", "NO", "DATA"] else tokens[:-2] if words[-2:-1] == ["WITH"] else tokens


def _identifiers(fact: SqlFact) -> list[Identifier]:
    if isinstance(fact, CreateTable):
        return list(fact.columns)
    if isinstance(fact, (AddColumn, DropColumn, ColumnReference)):
        return [fact.column]
    return [fact.old, fact.new] if isinstance(fact, RenameColumn) else []


def _as_unread(fact: SqlFact) -> SqlFact:
    """Return what a routine does that something out of sight may call, or nothing."""
    if isinstance(fact, (ColumnReference, UnreadSql)):
        return fact
    return UnreadSql("it stands in a routine that is not called here", fact.carrier, (fact.table,))


def _as_history(facts: list[SqlFact]) -> list[SqlFact]:
    return [moved(fact, lambda span: span, lambda home: replace(home, rerunnable=False)) for fact in facts]
