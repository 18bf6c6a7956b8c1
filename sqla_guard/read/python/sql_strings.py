"""SQL in Python strings that reach a database call."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from msgspec.structs import replace

from sqla_guard.core.source import SourceFile
from sqla_guard.facts.operations import (
    AddColumn,
    Carrier,
    CreateTable,
    Direction,
    DropColumn,
    DropTable,
    RenameColumn,
    SqlFact,
    TableName,
    UnreadSql,
)
from sqla_guard.facts.passed_on import Helper
from sqla_guard.read.python.literals import HOLE, Mapped, expression_span
from sqla_guard.read.python.sql_calls import SqlCall, find_sql_calls, passed_name
from sqla_guard.read.python.sql_guards import Guards
from sqla_guard.read.python.sql_names import VERBS, parameter_names
from sqla_guard.read.python.sql_values import Env, Values
from sqla_guard.read.python.sql_ways import Way, Ways
from sqla_guard.read.sql import moved, read_sql
from sqla_guard.read.sql.dialect import Dialect

_COMMENT = r"(?:\s|--[^\n]*(?:\n|\Z)|/\*(?:[^*]|\*(?!/))*\*/|\()*"
STATEMENT = re.compile(rf"{_COMMENT}(?:{VERBS})\b", re.IGNORECASE)


def read_sql_strings(
    source: SourceFile,
    values: Values,
    wanted: frozenset[str],
    dialect: Dialect,
    helpers: tuple[Helper, ...] = (),
) -> list[SqlFact]:
    """Return the facts of all SQL in strings of a module that reach a database call.

    Args:
        source: The file.
        values: Its nodes and bindings.
        wanted: Names, in lower case, whose references are reported.
        dialect: What is known of the dialect.
        helpers: Functions of other modules that hand their argument to a database.
    """
    reader = _Strings(source, values, wanted, dialect)
    for call in find_sql_calls(values, helpers):
        reader.read(call)
    return reader.facts


class _Strings:
    def __init__(self, source: SourceFile, values: Values, wanted: frozenset[str], dialect: Dialect) -> None:
        self.facts: list[SqlFact] = []
        self._source = source
        self._values = values
        self._wanted = wanted
        self._dialect = dialect
        self._guards = Guards(values)
        self._ways = Ways(values)
        self._way = Way(False)
        self._done: set[tuple[str, int, bool]] = set()
        self._word = re.compile(r"\b(?:" + "|".join(map(re.escape, sorted(wanted))) + r")\b", re.IGNORECASE)

    def read(self, call: SqlCall) -> None:
        """Report the facts of the strings that ``call`` can be given."""
        for value, env in self._strings(call):
            known = next((start for start, _, number in value.origins if number >= 0), -1)
            if (value.text, known, self._way.down or call.down) in self._done or _is_elsewhere(value):
                continue
            self._done.add((value.text, known, self._way.down or call.down))
            if STATEMENT.match(value.text) or value.text[:1] == HOLE:
                self._read_value(value, call, env)
            elif call.certain and self._word.search(value.text):
                self._read_fragment(value, call)

    def _strings(self, call: SqlCall) -> Iterator[tuple[Mapped, Env]]:
        function = self._values.function(call.call)
        used = {n.id for n in ast.walk(call.argument) if isinstance(n, ast.Name)}
        for name in sorted(used):
            # ``sql = f"… {column} …"`` in the loop: what it is made of varies as well.
            for binding in self._values.bindings(name, function, call.argument):
                used |= {n.id for n in ast.walk(binding.value) if isinstance(n, ast.Name)}
        some = False
        if self._is_passed_on(call):
            return  # each call of the function around it is read on its own
        for way in self._ways.to(call.call, used):
            self._way = way
            rounds = self._values.rounds(call.call, used, way.env) or [{}]
            if self._values.exhausted:
                self._values.exhausted = False
                self.facts.append(UnreadSql("a loop over too many rows", self._carrier(call)))
            for env in ({**way.env, **e} for e in rounds):
                for value in self._values.evaluate(call.argument, function, env):
                    some = True
                    yield value, env
        if not some and self._is_put_together(call.argument):
            self.facts.append(UnreadSql("the SQL is put together at run time", self._carrier(call)))

    def _is_passed_on(self, call: SqlCall) -> bool:
        name, function = passed_name(call.argument), self._values.function(call.call)
        if name is None or function is None or name not in parameter_names(function):
            return False
        return not self._values.bindings(name, function)

    def _is_put_together(self, argument: ast.expr) -> bool:
        """Tell whether an unknown string is made of literals one of which holds a wanted name."""
        made = isinstance(argument, ast.Call) and isinstance(argument.func, ast.Attribute)
        if not made or argument.func.attr not in ("join", "replace"):  # type: ignore[attr-defined]
            return False
        texts = [n.value for n in ast.walk(argument) if isinstance(n, ast.Constant) and isinstance(n.value, str)]
        return any(self._word.search(text) for text in texts)

    def _carrier(self, call: SqlCall) -> Carrier:
        statement = expression_span(self._values.statement(call.call), self._source)
        way = self._way
        runs_at = expression_span(way.site, self._source).start if way.site is not None else None
        direction: Direction = "down" if way.down or call.down else "up"
        unsure = self._ways.is_conditional(call.call, way)
        return Carrier(
            self._source.path,
            "python-sql",
            statement,
            direction,
            runs_at=runs_at,
            conditional=unsure,
            through=call.through,
        )

    def _read_fragment(self, value: Mapped, call: SqlCall) -> None:
        """Report a clause on its own, such as ``order_by(text("metadata"))``, where it names something wanted."""
        # As a condition of a table nobody knows, the reader tells names from strings and bind parameters.
        facts = read_sql(f"SELECT 1 FROM {HOLE} WHERE {value.text}", None, self._wanted)
        if any(isinstance(fact, UnreadSql) for fact in facts):
            self.facts.append(UnreadSql("a piece of SQL whose table is not known here", self._carrier(call)))

    def _read_value(self, value: Mapped, call: SqlCall, env: Env) -> None:
        home = self._carrier(call)
        # What a helper makes of its arguments is put together here and there: nothing to rewrite in place.
        helper = bool(self._way.env)
        for fact in read_sql(value.text, self._dialect.certain, self._wanted, self._dialect.likely):
            fact = moved(fact, value.place, lambda inner: replace(home, rerunnable=inner.rerunnable and not helper))
            self.facts.append(fact if helper else self._guarded(fact, call, env))

    def _guarded(self, fact: SqlFact, call: SqlCall, env: Env) -> SqlFact:
        table = _table(fact)
        if table is None or isinstance(fact, (DropColumn, DropTable, RenameColumn)):
            return fact
        column = fact.column.name if isinstance(fact, AddColumn) else None
        guard = self._guards.around(call.call, env, table.name, column)
        if guard is None:
            return fact
        makes = isinstance(fact, (CreateTable, AddColumn))
        rerunnable = fact.carrier.rerunnable or makes
        carrier = replace(fact.carrier, guard=guard, rerunnable=rerunnable)
        return moved(fact, lambda span: span, lambda _: carrier)


def _is_elsewhere(value: Mapped) -> bool:
    """Tell whether all of a string stands in another module, where it is read as well."""
    return HOLE not in value.text and all(number < 0 for _, _, number in value.origins)


def _table(fact: SqlFact) -> TableName | None:
    return None if isinstance(fact, UnreadSql) else fact.table
