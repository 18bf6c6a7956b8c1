"""What a module says of a table in strings and calls, whether or not a database is known to get it.

The rename of a column asks, so that no query is left behind with the old name. Strings that are read on their own
account (documentation, a bare word) are left out; everything else is told, and the plan has to account for it.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from sqla_guard.core.source import SourceFile, Span
from sqla_guard.facts.loose import Loose, Telling
from sqla_guard.facts.operations import (
    AddColumn,
    ColumnReference,
    CreateTable,
    Identifier,
    RenameColumn,
    SqlFact,
    TableName,
    UnreadSql,
)
from sqla_guard.read.python.literals import HOLE, Mapped, expression_span
from sqla_guard.read.python.nodes import nodes_of
from sqla_guard.read.python.sql_across import embedded_in
from sqla_guard.read.python.sql_names import called_name
from sqla_guard.read.python.sql_sparse import literals_with, nodes_saying
from sqla_guard.read.python.sql_strings import STATEMENT
from sqla_guard.read.python.sql_touched import Touched
from sqla_guard.read.python.sql_values import Values
from sqla_guard.read.sql import read_sql

_MAKING = (ast.Constant, ast.JoinedStr, ast.BinOp)
# Before or behind the name in a piece of SQL; prose has neither.
_VALUE = r"\s*(?::\w|\?|'|\d|null\b|excluded\b|coalesce\b|%\(|\$\d)"
_BEHIND = re.compile(
    rf"\"?\s*(?:->>?\s*['\":$?%\d]|#>|@>|<@|::|(?:!=|<>|<=|>=|=|<|>){_VALUE}|is\s+(?:not\s+)?null\b|(?:not\s+)?in\s*\("
    r"|i?like\s+['%:$?]|asc\b|desc\b|as\s+\w+\s*(?:,|\Z))",
    re.IGNORECASE,
)
_BEFORE = re.compile(
    r"(?:\b(?:by|where|select|distinct|returning)\s+|\b(?:count|min|max|coalesce|lower|length|cast|nullif|ifnull)"
    r"\(\s*|json\w{0,30}\(\s*)[\"`\[]?\Z",
    re.IGNORECASE,
)
_LISTED = re.compile(r"[\s(]*(?:,\s*)?[\w.\"`]+(?:\s*,\s*[\w.\"`]+)+[\s,)]*|\s*,\s*[\w.\"`]+\s*(?:,\s*)?")
# Calls about a table that say nothing of what its columns are called.
_ASKS = frozenset(("has_table", "get_columns", "ForeignKey", "relationship"))
# Calls that write or read rows by the names of their columns, wherever those come from.
_BY_NAME = frozenset(("to_sql", "read_sql_table", "copy_records_to_table"))
_DECLARES = frozenset(("ForeignKey", "ForeignKeyConstraint", "relationship", "synonym", "association_proxy"))
_PATH = re.compile(r"[\w.:]+")
_SHOWN = 30
_QUOTED = re.compile(r"'(?:[^']|'')*'")


def read_loose_sql(
    source: SourceFile,
    telling: Telling,
    dialect: tuple[str | None, str | None],
    imported: Callable[[Sequence[tuple[str, ...]]], Mapping[str, str]],
) -> tuple[Loose, ...]:
    """Return what ``source`` says of a column, known to be run or not.

    Args:
        source: The file.
        telling: The column.
        dialect: sqlglot's name of the dialect, where it is certain, and of the one to read SQL in that looks like none.
        imported: Gives strings of other modules, of the names in the file that it is given.

    Raises:
        UnparsableFile: The file is no Python.
    """
    about = _speaks_of_table(source, telling)
    if not about and literals_with(source, telling.column) == []:
        return ()
    nodes = nodes_of(source) if about else nodes_saying(source, telling.column)
    outside = imported(embedded_in(nodes))
    values = Values(source, nodes, outside)
    matter = [name for name, text in outside.items() if STATEMENT.match(text) or telling.column in text.lower()]
    touched = Touched(values, telling.column, matter)
    return tuple(dict.fromkeys(_Loose(values, telling, dialect, touched).read()))


def _speaks_of_table(source: SourceFile, telling: Telling) -> bool:
    """Tell whether a file names the table, a class that maps it, or a string of another module that names one."""
    names = telling.classes | telling.kept
    return _holds_word(telling.table.name, source.lowered) or any(_holds_word(name, source.text) for name in names)


def _holds_word(word: str, text: str) -> bool:
    """Tell whether ``text`` holds ``word`` as a whole one."""
    escaped = re.escape(word)
    return word in text and re.search(rf"{escaped}(?<!\w{escaped})(?!\w)", text) is not None


class _Loose:
    def __init__(
        self,
        values: Values,
        telling: Telling,
        dialect: tuple[str | None, str | None],
        touched: Touched,
    ) -> None:
        table, column, classes = telling.table, telling.column, telling.classes
        self._values = values
        self._touched = touched
        self._table = table
        self._column = column
        self._dialect = dialect
        self._word = re.compile(rf"(?<![\w:$%]){re.escape(column)}(?!\w)", re.IGNORECASE)
        name = rf"(?:\w+\.)?[\"`\[]?{re.escape(table.name)}[\"`\]]?(?!\w)"
        self._about = re.compile(rf"(?<![\w.]){name}", re.IGNORECASE)
        self._telling = re.compile(rf"{re.escape(table.name)}|{re.escape(column)}|{HOLE}", re.IGNORECASE)
        text = values.source.text
        self._names_table = table.name in values.source.lowered
        # A table that is put in at run time may be this one, where the file speaks of it at all.
        self._related = bool(self._names_table and self._about.search(text)) or any(
            c in text and re.search(rf"\b{c}\b", text) for c in classes
        )
        whole = rf"(?:only\s+)?(?:{name}|{HOLE})" if self._related else rf"(?:only\s+)?{name}"
        star = r"\bselect\s+(?:[^;()]{0,400}?,\s*|distinct\s+|all\s+)?(?:\w+\.)?\*"
        self._rows = re.compile(
            rf"(?<!exists\()(?<!exists \(){star}[^;]{{0,400}}?\b(?:from|join)\s+{whole}"
            rf"|\b(?:into|update|from)\s+{name}[^;]{{0,400}}?\breturning\s+(?:\w+\.)?\*",
            re.IGNORECASE,
        )
        listed = rf"[^;()]{{0,400}}{HOLE}"
        set_before = rf"\bupdate\s+{name}(?:\s+(?:as\s+)?\w+)?\s+set\s+(?:[^;=]{{1,99}}=[^;,]{{1,200}},){{0,50}}\s*"
        self._open = re.compile(
            rf"\b(?:into|copy)\s+{name}\s*\({listed}|{set_before}{HOLE}(?!\s*\.)|\bselect\s+{listed}[^;]{{0,400}}?\bfrom\s+{name}",
            re.IGNORECASE,
        )

    def read(self) -> Iterator[Loose]:
        for node in self._strings():
            function = self._values.function(node)
            for value in self._values.evaluate(node, function, {}):
                yield from self._value(node, value, function)
        constants = self._values.nodes.of(ast.Constant) if self._names_table else ()
        if any(self._is_text(constant, self._table.name) for constant in constants):
            for call in self._values.nodes.of(ast.Call):
                if isinstance(call, ast.Call):
                    yield from self._given(call)

    # Strings

    def _strings(self) -> Iterator[ast.expr]:
        """Yield the outermost expressions that make a string, and the names that strings are added to."""
        for node in self._values.nodes.of(*_MAKING, ast.Call):
            if isinstance(node, ast.Call):
                given = (*node.args, *(k.value for k in node.keywords))
                yield from (
                    part for part in given if isinstance(part, ast.Name) and self._touched(part) and self._grows(part)
                )
            # Most strings are not touched, which takes least to tell.
            if not isinstance(node, ast.expr) or not self._touched(node):
                continue
            if isinstance(node, ast.Constant) and not self._telling.search(str(node.value)):
                continue
            if self._makes_text(node) and not self._is_inside(node):
                yield node

    def _makes_text(self, node: ast.expr) -> bool:
        if isinstance(node, ast.Constant):
            return isinstance(node.value, (str, bytes))
        return not isinstance(node, ast.Call) or (
            isinstance(node.func, ast.Attribute) and node.func.attr in ("format", "join")
        )

    def _is_inside(self, node: ast.expr) -> bool:
        """Tell whether a string is a part of another one, or documentation."""
        around = self._values.parents.get(node)
        formatted = isinstance(around, ast.Attribute) and around.attr == "format"
        return formatted or isinstance(around, (ast.JoinedStr, ast.FormattedValue, ast.BinOp, ast.Expr))

    def _grows(self, name: ast.Name) -> bool:
        bound = self._values.bindings(name.id, self._values.function(name))
        return any(b.added for b in bound) and not any(isinstance(b.value, ast.List) for b in bound)

    def _value(self, node: ast.expr, value: Mapped, function: ast.AST | None) -> Iterator[Loose]:
        span = expression_span(node, self._values.source)
        named = self._word.search(value.text) is not None
        if not STATEMENT.match(value.text):
            if named:
                yield from self._piece(node, value, function is None and self._is_kept(node))
            return
        if self._rows.search(value.text):
            yield Loose("rows", span)
        if HOLE in value.text and self._about.search(value.text):
            yield Loose("open" if self._open.search(value.text) else "filled", span)
        if named:
            yield from self._statement(value, span)

    def _is_kept(self, node: ast.AST) -> bool:
        """Tell whether a string is bound to a name as it is, so that anybody may build on it."""
        around = self._values.parents.get(node)
        while isinstance(around, (ast.List, ast.Tuple, ast.Set, ast.Dict)):
            around = self._values.parents.get(around)
        return isinstance(around, (ast.Assign, ast.AnnAssign, ast.AugAssign))

    def _piece(self, node: ast.expr, value: Mapped, shared: bool) -> Iterator[Loose]:
        text = value.text
        span = expression_span(node, self._values.source)
        found = list(self._word.finditer(_QUOTED.sub(lambda m: " " * len(m[0]), text)))
        places = tuple(s for m in found if (s := value.span(m.start(), m.end())) is not None)
        if text.strip().lower() == self._column:
            yield Loose("word", span, places, shared)
        elif not self._is_declared(node) and self._reads_as_sql(text, found):
            yield Loose("piece" if self._related else "loose piece", span, places, shared)

    def _reads_as_sql(self, text: str, found: Iterable[re.Match[str]]) -> bool:
        if _PATH.fullmatch(text):
            return text.lower().endswith(f"{self._table.name}.{self._column}")
        if re.search(rf"\b(?:set|where|and|or)\s+\W?{self._column}\W?\s*=", text, re.IGNORECASE):
            return True
        return bool(_LISTED.fullmatch(text)) or any(
            _BEHIND.match(text, m.end()) or _before(text, m.start()) for m in found
        )

    def _is_declared(self, node: ast.expr) -> bool:
        """Tell whether a string is an argument of a declaration, which the search for uses of the attribute reads."""
        call = self._values.parents.get(node)
        while isinstance(call, (ast.List, ast.Tuple, ast.keyword)):
            call = self._values.parents.get(call)
        return isinstance(call, ast.Call) and called_name(call) in _DECLARES

    def _statement(self, value: Mapped, span: Span) -> Iterator[Loose]:
        certain, likely = self._dialect
        facts = read_sql(value.text, certain, frozenset({self._column}), likely)
        names = [name for fact in facts for name in self._names(fact)]
        if names:
            spans = tuple(value.place(name.span) for name in names if name.span is not None)
            yield Loose("names", span, tuple(s for s in spans if s is not None) if None not in spans else ())
        elif any(isinstance(f, UnreadSql) and self._may_concern(f.tables) for f in facts):
            yield Loose("names", span)

    def _names(self, fact: SqlFact) -> Iterator[Identifier]:
        """Yield where a fact names the column of this table, or may."""
        if isinstance(fact, ColumnReference):
            if self._may_concern((fact.table,) if fact.table is not None else fact.candidates):
                yield fact.column
        elif isinstance(fact, (CreateTable, AddColumn, RenameColumn)) and self._may_concern((fact.table,)):
            made = fact.columns if isinstance(fact, CreateTable) else ()
            made = (fact.column,) if isinstance(fact, AddColumn) else made
            made = (fact.old, fact.new) if isinstance(fact, RenameColumn) else made
            yield from (name for name in made if name.name == self._column)

    def _may_concern(self, tables: Sequence[TableName]) -> bool:
        return not tables or any(t.name == self._table.name or (HOLE in t.name and self._related) for t in tables)

    # Calls

    def _given(self, call: ast.Call) -> Iterator[Loose]:
        """Yield a call that is given the name of the table and, somewhere in it, that of the column."""
        given = (*call.args, *(k.value for k in call.keywords))
        if called_name(call) in _ASKS or not any(self._is_text(part, self._table.name) for part in given):
            return
        span = expression_span(call, self._values.source)
        if called_name(call) in _BY_NAME:
            yield Loose("given", span)
        reflected = any((k.arg or "").startswith("autoload") for k in call.keywords)
        if called_name(call) == "Table" and reflected and self._word.search(self._values.source.text):
            yield Loose("given", span)
        for part in ast.walk(call):
            if self._is_text(part, self._column) and isinstance(part, ast.Constant):
                value = self._values.evaluate(part, None, {})
                place = value[0].span(0, len(self._column)) if value else None
                yield Loose("given", span, (place,) if place is not None else ())

    def _is_text(self, node: ast.AST, text: str) -> bool:
        return isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value.lower() == text


def _before(text: str, at: int) -> bool:
    return _BEFORE.search(text, max(0, at - _SHOWN), at) is not None
