"""Alembic operations: ``op.create_table(...)``, ``op.add_column(...)``, ``batch_op.alter_column(...)`` and the like."""

from __future__ import annotations

import ast
from collections.abc import Callable

from msgspec.structs import replace

from sqla_guard.core.source import SourceFile
from sqla_guard.facts.operations import (
    AddColumn,
    Carrier,
    ColumnReference,
    CreateTable,
    Direction,
    DropColumn,
    DropTable,
    Identifier,
    RenameColumn,
    RenameTable,
    SqlFact,
    TableName,
    UnreadSql,
)
from sqla_guard.read.python.literals import Mapped, expression_span
from sqla_guard.read.python.nodes import Nodes
from sqla_guard.read.python.sql_guards import Guards
from sqla_guard.read.python.sql_names import called_name, dotted_name, matched
from sqla_guard.read.python.sql_values import Env, Values
from sqla_guard.read.python.sql_ways import Way, Ways

_KEYS = frozenset(("PrimaryKeyConstraint", "UniqueConstraint", "Index", "ForeignKeyConstraint", "ExcludeConstraint"))
_NO_COLUMNS = frozenset(("CheckConstraint", "Comment", "Computed", "Identity", "FetchedValue"))
_REFLECTING = frozenset(("autoload", "autoload_with"))
_COPIES = frozenset(("copy", "_copy", "deepcopy"))
_COLUMN_LISTS = {
    # Operation: positions of table and columns outside a batch.
    "create_index": (1, 2),
    "create_unique_constraint": (1, 2),
    "create_primary_key": (1, 2),
}


def read_alembic(source: SourceFile, values: Values, wanted: frozenset[str]) -> list[SqlFact]:
    """Return the facts of all Alembic operations of a module.

    Args:
        source: The file.
        values: Its nodes and bindings.
        wanted: Names, in lower case, whose references are reported.
    """
    roots = _roots(values.nodes)
    batches = _batches(values.nodes, roots)
    if not roots:
        return []
    reader = Operations(source, values, wanted)
    for node in values.nodes.of(ast.Call):
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
            continue
        owner = dotted_name(node.func.value)
        batch = reader.batch(owner, batches[owner], node) if owner in batches else None
        if batch is not None or owner in roots:
            reader.read(node, batch)
        elif owner in batches:
            before = [call for call in batches[owner] if call.lineno <= node.lineno]
            reader.read(node, (before or batches[owner])[-1])
    return reader.facts


def _roots(nodes: Nodes) -> set[str]:
    """Return the names that stand for ``alembic.op``."""
    roots: set[str] = set()
    for node in nodes.of(ast.Import, ast.ImportFrom):
        if isinstance(node, ast.ImportFrom) and node.module == "alembic":
            roots |= {a.asname or a.name for a in node.names if a.name == "op"}
        elif isinstance(node, ast.Import):
            for alias in node.names:
                if alias.name == "alembic.op":
                    roots.add(alias.asname or "alembic.op")
                elif alias.name == "alembic":
                    roots.add(f"{alias.asname or 'alembic'}.op")
    return roots


def _batches(nodes: Nodes, roots: set[str]) -> dict[str, list[ast.Call]]:
    """Return the names of batch operations with the calls that opened them."""
    batches: dict[str, list[ast.Call]] = {}
    for node in nodes.of(ast.With, ast.AsyncWith):
        for item in node.items if isinstance(node, (ast.With, ast.AsyncWith)) else ():
            opened, name = item.context_expr, item.optional_vars
            if isinstance(opened, ast.Call) and isinstance(name, ast.Name) and _opens_batch(opened, roots):
                batches.setdefault(name.id, []).append(opened)
    for node in nodes.of(ast.Assign):
        entered = _entered(node.value) if isinstance(node, ast.Assign) and len(node.targets) == 1 else None
        name = node.targets[0] if isinstance(node, ast.Assign) else None
        if entered is not None and isinstance(name, ast.Name) and _opens_batch(entered, roots):
            batches.setdefault(name.id, []).append(entered)
    for found in batches.values():
        found.sort(key=lambda call: (call.lineno, call.col_offset))
    return batches


def _opens_batch(call: ast.Call, roots: set[str]) -> bool:
    named = isinstance(call.func, ast.Attribute) and called_name(call) == "batch_alter_table"
    return named and isinstance(call.func, ast.Attribute) and dotted_name(call.func.value) in roots


def _entered(value: ast.expr) -> ast.Call | None:
    """Return the call whose context ``batch = stack.enter_context(call)`` or ``batch = call.__enter__()`` enters."""
    if not isinstance(value, ast.Call) or not isinstance(value.func, ast.Attribute):
        return None
    given = value.args[0] if called_name(value) == "enter_context" and value.args else None
    given = value.func.value if called_name(value) == "__enter__" else given
    return given if isinstance(given, ast.Call) else None


class Operations:
    """Reads operations one by one into :attr:`facts`."""

    def __init__(self, source: SourceFile, values: Values, wanted: frozenset[str]) -> None:
        """Read from ``source``; ``wanted`` are the names whose references are reported."""
        self.facts: list[SqlFact] = []
        self._source = source
        self._values = values
        self._wanted = wanted
        self._guards = Guards(values)
        self._ways = Ways(values)
        self._env: Env = {}
        self._way = Way(False)
        self._readers: dict[str, Callable[[ast.Call, ast.Call | None], None]] = {
            "create_table": self._create_table,
            "add_column": self._add_column,
            "alter_column": self._alter_column,
            "drop_column": self._drop_column,
            "drop_table": self._drop_table,
            "rename_table": self._rename_table,
            "create_foreign_key": self._foreign_key,
            "bulk_insert": self._bulk_insert,
            **dict.fromkeys(_COLUMN_LISTS, self._column_list),
        }

    def batch(self, name: str, opened: list[ast.Call], node: ast.Call) -> ast.Call | None:
        """Return the ``batch_alter_table`` call whose block holds ``node``, if one does."""
        current: ast.AST | None = node
        while current is not None:
            if isinstance(current, (ast.With, ast.AsyncWith)):
                for item in current.items:
                    entered = item.context_expr
                    named = isinstance(item.optional_vars, ast.Name) and item.optional_vars.id == name
                    if named and isinstance(entered, ast.Call) and entered in opened:
                        return entered
            current = self._values.parents.get(current)
        return None

    def read(self, call: ast.Call, batch: ast.Call | None) -> None:
        """Report the facts of one operation, once for each round of a loop over literals around it."""
        reader = self._readers.get(called_name(call))
        if reader is None:
            return
        used = {n.id for part in (call, batch) if part for n in ast.walk(part) if isinstance(n, ast.Name)}
        for way in self._ways.to(call, used):
            self._way = way
            for env in self._values.rounds(call, used, way.env) or [{}]:
                self._env = {**way.env, **env}
                reader(call, batch)

    def create_core(self, call: ast.Call, made: ast.Call) -> None:
        """Report the table that ``made``, a ``Table(...)``, declares and ``call`` creates."""
        used = {n.id for n in ast.walk(made) if isinstance(n, ast.Name)}
        for way in self._ways.to(call, used):
            self._way, self._env = way, way.env
            name, schema = self._string(made.args[0]), self._string(_given(made, 99, "schema"))
            if name is None:
                continue
            columns: list[Identifier] = []
            kinds = {self._item(argument, columns) for argument in made.args[2:]}
            partial = "unknown" in kinds or any(k.arg in _REFLECTING for k in made.keywords)
            table = TableName(name.text.lower(), schema.text.lower() if schema is not None else None)
            carrier = replace(self._carrier(call, table.name), kind="core", rerunnable=True)
            self.facts.append(CreateTable(table, tuple(columns), carrier, partial))

    # What the operations say

    def _create_table(self, call: ast.Call, batch: ast.Call | None) -> None:
        table = self._table(call, batch, 0)
        if table is None:
            self._unread(call, "the table's name is put in at run time")
            return
        columns: list[Identifier] = []
        partial = False
        carrier = self._carrier(call, table.name)
        for argument in call.args[1:]:
            kind = self._item(argument, columns)
            if kind == "unknown":
                partial = True
                if self._mentions(argument):
                    self._unread(call, "a column is put in at run time", (table,))
        self.facts.append(CreateTable(table, tuple(columns), carrier, partial))
        for argument in call.args[1:]:
            self._references(argument, table, carrier)

    def _item(self, node: ast.expr, columns: list[Identifier]) -> str:
        """Add the column that ``node`` is; tell ``column``, ``other`` or ``unknown``."""
        column = self._column(node)
        if column is not None:
            name = self._string(_given(column, 0, "name"))
            if name is not None:
                columns.append(self._identifier(name))
                return "column"
            return "unknown"
        if isinstance(node, ast.Starred):
            return self._items(self._returned(node.value), columns)
        known = isinstance(node, ast.Call) and called_name(node) in (_KEYS | _NO_COLUMNS)
        return "other" if known else "unknown"

    def _items(self, node: ast.expr, columns: list[Identifier]) -> str:
        """Add the columns that unpacking ``node`` gives; tell as :meth:`_item` does."""
        function = self._values.function(node)
        if isinstance(node, (ast.ListComp, ast.GeneratorExp)) and len(node.generators) == 1:
            loop, outer = node.generators[0], self._env
            rows = [] if loop.ifs else self._values.items(loop.iter, function)
            kinds = set()
            for row in rows:
                self._env = {**outer, **matched(loop.target, row)}
                kinds.add(self._item(node.elt, columns))
            self._env = outer
        else:
            rows = self._values.items(node, function)
            kinds = {self._item(item, columns) for item in rows}
        return "unknown" if not rows or "unknown" in kinds else "column"

    def _returned(self, node: ast.expr) -> ast.expr:
        """Return what a call of a function of the module, or of a copying method, gives; else ``node`` itself."""
        if not isinstance(node, ast.Call):
            return node
        if isinstance(node.func, ast.Attribute) and node.func.attr in _COPIES and isinstance(node.func.value, ast.Name):
            return node.args[0] if node.args else node.func.value
        made = self._values.returned(node)
        return made if made is not None and not node.args and not node.keywords else node

    def _add_column(self, call: ast.Call, batch: ast.Call | None) -> None:
        table = self._table(call, batch, 0)
        column = self._column(_given(call, 0 if batch is not None else 1, "column"))
        name = self._string(_given(column, 0, "name")) if column is not None else None
        if table is None or name is None:
            self._unread(call, "a name is put in at run time", (table,) if table is not None else ())
            return
        identifier = self._identifier(name)
        carrier = self._carrier(call, table.name, identifier.name)
        self.facts.append(AddColumn(table, identifier, carrier))
        if column is not None:
            self._references(column, table, carrier)

    def _alter_column(self, call: ast.Call, batch: ast.Call | None) -> None:
        table = self._table(call, batch, 0)
        old = self._string(_given(call, 0 if batch is not None else 1, "column_name"))
        new_node = _given(call, 99, "new_column_name") or _given(call, 99, "name")
        new = self._string(new_node)
        if table is None or old is None or (new is None and new_node is not None):
            self._unread(call, "a name is put in at run time", (table,) if table is not None else ())
            return
        carrier = self._carrier(call, None)
        if new is not None:
            self.facts.append(RenameColumn(table, self._identifier(old), self._identifier(new), carrier))
        else:
            self._refer(old, table, carrier)

    def _drop_column(self, call: ast.Call, batch: ast.Call | None) -> None:
        table = self._table(call, batch, 0)
        name = self._string(_given(call, 0 if batch is not None else 1, "column_name"))
        if table is None or name is None:
            self._unread(call, "a name is put in at run time", (table,) if table is not None else ())
            return
        self.facts.append(DropColumn(table, self._identifier(name), self._carrier(call, None)))

    def _drop_table(self, call: ast.Call, batch: ast.Call | None) -> None:
        table = self._table(call, batch, 0)
        if table is not None:
            self.facts.append(DropTable(table, self._carrier(call, None)))

    def _rename_table(self, call: ast.Call, batch: ast.Call | None) -> None:
        table = self._table(call, batch, 0)
        new = self._string(_given(call, 1, "new_table_name"))
        if table is not None and new is not None:
            renamed = TableName(new.text.lower(), table.schema)
            self.facts.append(RenameTable(table, renamed, self._carrier(call, None)))

    def _column_list(self, call: ast.Call, batch: ast.Call | None) -> None:
        at_table, at_columns = _COLUMN_LISTS[called_name(call)]
        if batch is not None:
            at_columns -= 1
        table = self._table(call, batch, at_table)
        self._refer_all(_given(call, at_columns, "columns"), table, call)

    def _foreign_key(self, call: ast.Call, batch: ast.Call | None) -> None:
        shift = 0 if batch is not None else 1
        own = self._table(call, batch, 1)
        other = self._string(_given(call, 1 + shift, "referent_table"))
        self._refer_all(_given(call, 2 + shift, "local_cols"), own, call)
        table = TableName(other.text.lower()) if other is not None else None
        self._refer_all(_given(call, 3 + shift, "remote_cols"), table, call)

    def _bulk_insert(self, call: ast.Call, batch: ast.Call | None) -> None:
        """Report the columns that a lightweight ``table("t", column("a"))`` and the rows for it name."""
        function = self._values.function(call)
        made = call.args[0] if call.args else None
        if isinstance(made, ast.Name):
            bound = self._values.bindings(made.id, function, call)
            made = bound[0].value if len(bound) == 1 else None
        if not isinstance(made, ast.Call) or called_name(made) not in ("table", "Table", "create_table"):
            return
        name = self._string(made.args[0]) if made.args else None
        if name is None:
            return
        table, carrier = TableName(name.text.lower()), self._carrier(call, None)
        columns = [
            a.args[0] for a in made.args[1:] if isinstance(a, ast.Call) and called_name(a) == "column" and a.args
        ]
        rows = self._values.items(call.args[1], function) if len(call.args) > 1 else []
        keys = [key for row in rows if isinstance(row, ast.Dict) for key in row.keys if key is not None]
        for node in (*columns, *keys):
            self._names(node, table, carrier)

    # Names

    def _references(self, node: ast.expr, table: TableName, carrier: Carrier) -> None:
        """Report the names in keys (``UniqueConstraint("metadata")``) and in ``ForeignKey("t.metadata")``."""
        for part in ast.walk(node):
            if not isinstance(part, ast.Call):
                continue
            if called_name(part) == "ForeignKey" and part.args:
                self._foreign(part.args[0], carrier)
            elif called_name(part) == "ForeignKeyConstraint" and len(part.args) > 1:
                self._names(part.args[0], table, carrier)
                for target in self._values.items(part.args[1], self._values.function(node)):
                    self._foreign(target, carrier)
            elif called_name(part) in _KEYS:
                for argument in part.args[1:] if called_name(part) == "Index" else part.args:
                    self._names(argument, table, carrier)

    def _foreign(self, node: ast.expr, carrier: Carrier) -> None:
        value = self._string(node)
        if value is None or "." not in value.text:
            return
        path = value.text.split(".")
        table = TableName(path[-2].lower(), path[-3].lower() if len(path) > 2 else None)
        self._refer(value.slice(len(value.text) - len(path[-1]), len(value.text)), table, carrier)

    def _names(self, node: ast.expr, table: TableName | None, carrier: Carrier) -> None:
        items = [node] if isinstance(node, ast.Constant) else self._values.items(node, self._values.function(node))
        for item in items:
            value = self._string(item)
            if value is not None and table is not None:
                self._refer(value, table, carrier)

    def _refer_all(self, node: ast.expr | None, table: TableName | None, call: ast.Call) -> None:
        if node is None:
            return
        if table is None:
            if self._mentions(node):
                self._unread(call, "the table's name is put in at run time")
            return
        self._names(node, table, self._carrier(call, None))
        for part in ast.walk(node):
            if isinstance(part, ast.Call) and called_name(part) == "text" and self._mentions(part):
                self._unread(call, "an expression in an index is not read", (table,))

    def _refer(self, value: Mapped, table: TableName, carrier: Carrier) -> None:
        identifier = self._identifier(value)
        if identifier.name in self._wanted:
            self.facts.append(ColumnReference(table, identifier, "plain", carrier))

    def _identifier(self, value: Mapped) -> Identifier:
        # Alembic quotes names with capitals; they stay as they are then.
        return Identifier(value.text, value.span(0, len(value.text)))

    def _table(self, call: ast.Call, batch: ast.Call | None, position: int) -> TableName | None:
        node = _given(batch, 0, "table_name") if batch is not None else None
        if batch is None:
            node = _given(call, position, "table_name") or _given(call, position, "source_table")
            node = node or _given(call, position, "old_table_name")
        name = self._string(node)
        schema = self._string(_given(batch if batch is not None else call, 99, "schema"))
        if name is None:
            return None
        return TableName(name.text.lower(), schema.text.lower() if schema is not None else None)

    def _column(self, node: ast.expr | None) -> ast.Call | None:
        """Return the ``Column(...)`` call that ``node`` is or is bound to."""
        for _ in range(6):
            if isinstance(node, ast.Call):
                if called_name(node) in ("Column", "mapped_column"):
                    return node
                made = self._returned(node)
                if made is node:
                    return None
                node = made
                continue
            if not isinstance(node, ast.Name):
                return None
            if node.id in self._env:
                node = self._env[node.id]
                continue
            bound = self._values.bindings(node.id, self._values.function(node))
            node = bound[0].value if len(bound) == 1 and not bound[0].element else None
        return None

    def _string(self, node: ast.expr | None) -> Mapped | None:
        """Return the one string that ``node`` is, ``None`` where it is not known in full."""
        if node is None:
            return None
        if isinstance(node, ast.Call) and called_name(node) in ("f", "quoted_name") and node.args:
            node = node.args[0]
        values = self._values.evaluate(node, self._values.function(node), self._env)
        if len(values) != 1 or any(number < 0 and start < 0 for start, _, number in values[0].origins):
            return None
        return None if "\ue000" in values[0].text else values[0]

    # Carriers

    def _carrier(self, call: ast.Call, table: str | None, column: str | None = None) -> Carrier:
        statement = expression_span(self._values.statement(call), self._source)
        guard = self._guards.around(call, self._env, table, column) if table is not None else None
        way, path = self._way, self._source.path
        runs_at = expression_span(way.site, self._source).start if way.site is not None else None
        direction: Direction = "down" if way.down else "up"
        asked = _given(call, 99, "if_not_exists")
        again = guard is not None or (isinstance(asked, ast.Constant) and asked.value is True)
        unsure = self._ways.is_conditional(call, way)
        return Carrier(path, "alembic", statement, direction, again, guard, runs_at, unsure)

    def _mentions(self, node: ast.AST) -> bool:
        texts = [n.value for n in ast.walk(node) if isinstance(n, ast.Constant) and isinstance(n.value, str)]
        return any(name in text.lower() for text in texts for name in self._wanted)

    def _unread(self, call: ast.Call, reason: str, tables: tuple[TableName, ...] = ()) -> None:
        if self._mentions(call):
            self.facts.append(UnreadSql(reason, self._carrier(call, None), tables))


def _given(call: ast.Call | None, position: int, keyword: str) -> ast.expr | None:
    if call is None:
        return None
    for given in call.keywords:
        if given.arg == keyword:
            return given.value
    if position < len(call.args) and not any(isinstance(a, ast.Starred) for a in call.args[: position + 1]):
        return call.args[position]
    return None
