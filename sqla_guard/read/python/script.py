"""The manner in which a home-made migration script does a step."""

from __future__ import annotations

import ast
import re
from collections.abc import Sequence

from sqla_guard.core.source import SourceFile, Span
from sqla_guard.facts.operations import AddColumn, CreateTable, Operation, RenameColumn
from sqla_guard.facts.script import Layer, Manner, NoManner, Record, ScriptManner
from sqla_guard.read.python.parse import UnparsableFile
from sqla_guard.read.python.script_checks import Checks
from sqla_guard.read.python.script_fresh import is_stale
from sqla_guard.read.python.script_names import unbound
from sqla_guard.read.python.script_order import reach, unreached
from sqla_guard.read.python.script_tree import Tree, bound_by, called, is_string, names_in, tree_of
from sqla_guard.read.python.script_voice import voice

# "# 023: title", "# Migration 69: title", "# 016", but not "# 3 tables for billing"
NUMBERED_COMMENT = re.compile(r"#+\s*((?:[A-Za-z]+\s+)?[#vV]?(\d+[a-z]?))\s*(?:[:.)\u2013\u2014-]|$)")
_NUMBERED_LABEL = re.compile(r"[A-Za-z]{0,2}(\d+[a-z]?)(?=[^0-9A-Za-z]|$)")
_RULED = re.compile(r"#[\s#=*_~\u2500\u2550-]*$|#\s*[-=\u2500\u2550#*]{4,}")
_RUNS = re.compile(r"execute|run|exec_", re.IGNORECASE)
_CLOSES = frozenset({"commit", "flush"})
_LINE_LIMITS = (100, 120)


class _No(Exception):
    """The step has no manner that can be repeated."""


def read_manner(
    source: SourceFile,
    target: CreateTable | AddColumn | RenameColumn,
    operations: Sequence[Operation],
) -> ScriptManner:
    """Return how ``source`` does the step that runs ``target``.

    Args:
        source: The script.
        target: The operation; its SQL stands in ``source``.
        operations: All operations of the script: its checks are proven by what they guard.
    """
    try:
        return _Reader(tree_of(source), target, operations).manner()
    except UnparsableFile as error:
        return NoManner(str(error))
    except _No as error:
        return NoManner(str(error))


class _Reader:
    def __init__(
        self,
        tree: Tree,
        target: CreateTable | AddColumn | RenameColumn,
        operations: Sequence[Operation],
    ) -> None:
        self._tree = tree
        self._target = target
        here = [op for op in operations if op.carrier.path == tree.source.path]
        self._operations = [op for op in here if op.carrier.direction == "up"]

    def manner(self) -> Manner:
        sql, run_statement, run = self._run()
        step, guarded = self._step(run_statement)
        early = self._early()
        if early:
            step, guarded = early, False
        why = unreached(self._tree, step)
        if why:
            raise _No(why)
        step_span = self._tree.span(step)
        text = self._tree.source.text
        run_span, sql_span = self._tree.span(run), self._tree.span(sql)
        layers: tuple[Layer, ...] = (Layer(""),)
        if guarded or early:
            layers = self._layers(step, run_statement, sql, run)
        guard_columns, asked_at = self._guard_columns(step)
        before, after = text[run_span.start : sql_span.start], text[sql_span.end : run_span.end]
        missing = unbound(self._tree, asked_at, before + after, layers)
        if missing:
            raise _No(f"`{missing}` is bound too late for the rename")
        block, comment = self._above(asked_at)
        indent = self._tree.source.indent_at(step_span.start)
        suite = self._tree.suite(step)
        checks = Checks(self._tree, self._operations, step)
        column_check = checks.column()
        ask_table = column_check is not None and not checks.asks_first(column_check)
        return Manner(
            anchor=Span(block, step_span.end),
            guarded=guarded,
            first=early is not None or isinstance(self._target, AddColumn),
            suite=Span(self._tree.span(suite[0]).start, self._tree.span(suite[-1]).end),
            indent=indent,
            unit=self._unit(step, indent),
            number=self._number(comment, layers),
            comment=comment,
            run_before=before,
            run_after=after,
            quote=self._quote(),
            layers=layers,
            column_check=column_check,
            table_check=checks.table() if ask_table else None,
            inspection=checks.inspection(run),
            warn=voice(self._tree, asked_at),
            guard_columns=guard_columns,
            labels=frozenset(text for text in self._tree.strings if len(text) < 200),
            names=self._tree.names,
            width=self._width(),
            reach=reach(self._tree, step),
        )

    # -- the call that runs the SQL

    def _run(self) -> tuple[ast.expr, ast.stmt, ast.expr]:
        """Return the SQL (or the name it is bound to), the statement that runs it, and its call."""
        sql = self._elsewhere() if self._target.carrier.runs_in else self._literal()
        if sql is None:
            raise _No("the SQL is not found in a string of the script")
        statement = self._tree.statement(sql)
        if isinstance(statement, (ast.Assign, ast.AnnAssign)) and statement.value is sql:
            sql, statement = self._use(statement)
        if not isinstance(statement, (ast.Expr, ast.Assign, ast.AnnAssign)) or statement.value is None:
            raise _No("the SQL does not run in a statement of its own")
        self._must_be_repeatable(sql, statement.value, statement)
        return sql, statement, statement.value

    def _literal(self) -> ast.expr | None:
        return self._tree.literal_at(self._target.carrier.statement)

    def _elsewhere(self) -> ast.expr | None:
        """Return what the script calls the SQL of another module, in the statement that runs it."""
        carrier = self._target.carrier
        for node in self._tree.nodes.of(ast.Name, ast.Attribute):
            named = isinstance(node, ast.expr) and self._tree.text(node) == carrier.runs_as
            if named and self._tree.span(self._tree.statement(node)).start == carrier.runs_at:
                return node if isinstance(node, ast.expr) else None
        return None

    def _must_be_repeatable(self, sql: ast.expr, run: ast.expr, statement: ast.stmt) -> None:
        """Refuse a call into which another SQL cannot simply be put.

        Raises:
            _No: The SQL goes through something else first, or the call takes more that belongs
                to this one step.
        """
        for around in self._tree.ancestors(sql):
            if around is statement:
                break
            if not isinstance(around, (ast.Call, ast.Await, ast.keyword, ast.Attribute)):
                raise _No("the SQL is not given directly to the call that runs it")
        if run is sql or not any(isinstance(node, ast.Call) for node in ast.walk(run)):
            raise _No("no call that runs the SQL is in sight")
        values = [n.value for n in _outside(run, sql) if isinstance(n, ast.Constant)]
        if any(isinstance(v, (str, int)) and not isinstance(v, bool) for v in values):
            raise _No("the call that runs the SQL takes further values of this step")

    def _use(self, assignment: ast.Assign | ast.AnnAssign) -> tuple[ast.expr, ast.stmt]:
        targets = assignment.targets if isinstance(assignment, ast.Assign) else [assignment.target]
        name = targets[0].id if len(targets) == 1 and isinstance(targets[0], ast.Name) else None
        suite = self._tree.suite(assignment)
        for statement in suite[suite.index(assignment) + 1 :]:
            uses = [n for n in ast.walk(statement) if isinstance(n, ast.Name) and n.id == name]
            if uses:
                return uses[0], self._tree.statement(uses[0])
        raise _No("the SQL is kept in a name that is used elsewhere")

    # -- the statement that asks first

    def _step(self, run: ast.stmt) -> tuple[ast.stmt, bool]:
        """Return the step's whole statement, and whether it is an ``if`` that asks first."""
        chosen: ast.If | None = None
        outside: ast.stmt = run
        inner: ast.AST = run
        for around in self._tree.ancestors(run):
            if isinstance(around, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
                break
            if isinstance(around, ast.If):
                # The outermost one that asks for the table, or for another that was made together
                # with it: inside, a rename would never reach a table that exists.
                asks = self._asks(around) or _asks_absent(around, inner)
                chosen = around if asks or (chosen is None and self._is_guard(around)) else chosen
            if isinstance(around, ast.Try) and not any(inner is s for s in around.body):
                outside = around  # an ``except`` runs only after a failure, a rename always must
            inner = around
        if chosen is None:
            return outside, False
        return self._first_of_chain(chosen), True

    def _asks(self, node: ast.If) -> bool:
        """Tell whether the test names the table, or the column that is added."""
        words = {self._target.table.name.lower()}
        if isinstance(self._target, AddColumn):
            words.add(self._target.column.name.lower())
        return any(_word(n).split(".")[-1] in words for n in ast.walk(node.test) if is_string(n))

    def _is_guard(self, node: ast.If) -> bool:
        guard = self._target.carrier.guard
        return guard is not None and guard.statement == self._tree.span(node)

    def _first_of_chain(self, node: ast.If) -> ast.If:
        parent = self._tree.parent(node)
        while isinstance(parent, ast.If) and parent.orelse == [node]:
            start = self._tree.span(node).start
            if not self._tree.source.text.startswith("elif", start):
                break
            node, parent = parent, self._tree.parent(parent)
        return node

    def _early(self) -> ast.If | None:
        """Return ``if table_exists(...): return``, which keeps older databases from what stands behind it.

        Raises:
            _No: It skips a turn of a loop instead.
        """
        guard = self._target.carrier.guard
        if guard is None or guard.around:
            return None
        for node in self._tree.nodes.of(ast.If):
            if isinstance(node, ast.If) and self._is_guard(node):
                if isinstance(node.body[-1], ast.Continue):
                    raise _No("the SQL runs in a turn of a loop that may be skipped")
                return node
        return None

    def _guard_columns(self, step: ast.stmt) -> tuple[tuple[Span, ...], ast.stmt]:
        """Return where the added column is named to ask for it, and the first statement that asks.

        Raises:
            _No: The name is not a plain string, or it is asked for too far away.
        """
        if not isinstance(self._target, AddColumn):
            return (), step
        found: set[Span] = set()
        if isinstance(step, ast.If):
            words = [n for n in ast.walk(step.test) if isinstance(n, ast.expr)]
            name = self._target.column.name.lower()
            found = {self._inside(n) for n in words if _word(n) == name}
        asked = self._target.carrier.guard.column if self._target.carrier.guard else None
        if asked is None or asked.span in found:
            self._must_ask_afresh(step, step.test if isinstance(step, ast.If) else None)
            return tuple(sorted(found)), step
        if asked.span is None:
            raise _No("the guard's column name is not a plain string")
        for statement in self._tree.suite(step):
            if self._tree.span(statement).contains(asked.span):
                value = statement.value if isinstance(statement, (ast.Assign, ast.AnnAssign)) else None
                self._must_ask_afresh(statement, value)
                return tuple(sorted({*found, asked.span})), statement
        raise _No("the script asks for the column far from where it adds it")

    def _must_ask_afresh(self, statement: ast.stmt, asked: ast.expr | None) -> None:
        """Refuse a guard that would not see the renamed column, and so add another.

        Raises:
            _No: What it looks at was asked before.
        """
        if asked is not None and is_stale(self._tree, asked):
            line = self._tree.source.position(self._tree.span(statement).start)[0]
            raise _No(f"line {line} looks at columns that were read before the rename can run")

    def _inside(self, node: ast.expr) -> Span:
        span = self._tree.span(node)
        inner = Span(span.start + 1, span.end - 1)
        if self._tree.source.text[inner.start : inner.end].lower() != _word(node):
            raise _No("the guard's column name is not a plain string")
        return inner

    # -- the blocks between the two

    def _layers(self, step: ast.stmt, run: ast.stmt, sql: ast.expr, call: ast.expr) -> tuple[Layer, ...]:
        beside = step if not self._tree.span(step).contains(self._tree.span(run)) else None
        path: list[ast.stmt] = [run]
        for around in self._tree.ancestors(run):
            if around is step or (beside and path[-1] in self._tree.suite(beside)):
                break
            if isinstance(around, ast.stmt):
                path.append(around)
        needed = {n.id for n in _outside(call, sql) if isinstance(n, ast.Name)}
        layers: list[Layer] = []
        pending: tuple[tuple[str, ...], tuple[Record, ...]] = ((), ())
        for inner, around in zip(path, [*path[1:], step], strict=True):
            lead, records = self._beside(inner, needed, beside)
            lead, records = (*lead, *pending[0]), (*pending[1], *records)
            pending = ((), ())
            header, tail = self._block(inner, around, step)
            if isinstance(around, (ast.For, ast.AsyncFor)) and names_in(around.target) & needed:
                raise _No("the SQL runs in a loop over connections")
            if header is None:
                pending = (lead, records)
                continue
            if isinstance(around, (ast.With, ast.AsyncWith)):
                needed |= names_in(*(item.context_expr for item in around.items))
            layers.append(Layer(header, lead, records, tail))
        return tuple(reversed(layers))

    def _block(self, inner: ast.stmt, around: ast.stmt, step: ast.stmt) -> tuple[str | None, tuple[str, ...]]:
        """Return header and tail of a block; no header for one that the rename does not need."""
        if around is step:
            return "", ()
        if isinstance(around, (ast.With, ast.AsyncWith)):
            start = self._tree.span(around).start
            header = self._tree.source.text[start : self._tree.span(around.body[0]).start]
            header = header.rstrip()
            if "\n" in header:
                raise _No("the block around the SQL begins with several lines")
            return header, ()
        if isinstance(around, ast.Try) and inner in around.body:
            end = self._tree.span(around).end
            start = self._tree.span(around.body[-1]).end
            lines = self._tree.source.text[start:end].splitlines()
            indent = self._tree.source.indent_at(self._tree.span(around).start)
            return "try:", tuple(line.removeprefix(indent) for line in lines[1:])
        return None, ()

    def _beside(
        self, inner: ast.stmt, needed: set[str], behind: ast.stmt | None
    ) -> tuple[tuple[str, ...], tuple[Record, ...]]:
        """Return what the rename needs of what stands before and after a statement in its block."""
        suite = self._tree.suite(inner)
        at = suite.index(inner)
        start = suite.index(behind) + 1 if behind in suite else 0
        lead: list[str] = []
        for statement in reversed(suite[start:at]):
            binds = isinstance(statement, (ast.Import, ast.ImportFrom, ast.Assign))
            if binds and bound_by(statement) & needed:
                lead.insert(0, self._tree.text(statement))
                needed |= names_in(statement)
        records = [r for s in suite[at + 1 :] for r in self._record(s)]
        return tuple(lead), tuple(records)

    def _record(self, statement: ast.stmt) -> tuple[Record, ...]:
        if not isinstance(statement, ast.Expr):
            return ()
        call = statement.value.value if isinstance(statement.value, ast.Await) else statement.value
        if not isinstance(call, ast.Call) or call.keywords:
            return ()
        text = self._tree.text(statement)
        if not call.args and called(call) in _CLOSES:
            return (Record(text),)
        if len(call.args) != 1 or not is_string(call.args[0]) or _RUNS.search(called(call)):
            return ()
        start = self._tree.span(statement).start
        literal = self._tree.span(call.args[0])
        value = _word(call.args[0], folded=False)
        if self._tree.source.text[literal.start + 1 : literal.end - 1] != value:
            return ()  # prefixes, escapes, triple quotes: nothing a label is written with
        before = text[: literal.start + 1 - start]
        return (Record(before, value, text[literal.end - 1 - start :]),)

    # -- what stands above

    def _above(self, step: ast.stmt) -> tuple[int, str]:
        """Return where the step begins with its comment, and the comment's telling line."""
        source = self._tree.source
        number = source.position(self._tree.span(step).start)[0]
        suite = self._tree.suite(step)
        at = suite.index(step)
        if at and self._announces(suite[at - 1]) and suite[at - 1].end_lineno == number - 1:
            number = suite[at - 1].lineno
        indent = source.indent_at(self._tree.span(step).start)
        first = number
        while first > 1 and source.line(first - 1).startswith(indent + "#"):
            first -= 1
        block = [(n, source.line(n).strip()) for n in range(first, number)]
        telling = [(n, c) for n, c in block if NUMBERED_COMMENT.match(c)]
        telling = telling or [(n, c) for n, c in block if not _RULED.match(c)]
        if not telling:
            return source.line_starts[number - 1], ""
        return source.line_starts[telling[0][0] - 1], telling[0][1]

    def _announces(self, statement: ast.stmt) -> bool:
        if not isinstance(statement, ast.Expr) or not isinstance(statement.value, ast.Call):
            return False
        call = statement.value
        told = [a for a in call.args if is_string(a) or isinstance(a, ast.JoinedStr)]
        return len(call.args) == 1 == len(told) and not _RUNS.search(called(call))

    def _number(self, comment: str, layers: tuple[Layer, ...]) -> str:
        match = NUMBERED_COMMENT.match(comment)
        if match:
            return match[2]
        for layer in layers:
            for record in layer.records:
                found = _NUMBERED_LABEL.match(record.label or "")
                if found:
                    return found[1]
        return ""

    # -- layout

    def _unit(self, step: ast.stmt, indent: str) -> str:
        inner = step.body[0] if isinstance(step, (ast.If, ast.With, ast.For)) else None
        if inner is None:
            function = self._tree.function(step)
            inner = function.body[0] if function else None
            indent = self._tree.source.indent_at(self._tree.span(function).start) if function else ""
        if inner is not None:
            deeper = self._tree.source.indent_at(self._tree.span(inner).start)
            if deeper.startswith(indent) and deeper != indent:
                return deeper[len(indent) :]
        return "    "

    def _quote(self) -> str:
        """Return the quote around the SQL, even where only a name of it is given to the call."""
        sql = (None if self._target.carrier.runs_in else self._literal()) or self._tree.module
        literal = next((n for n in ast.walk(sql) if is_string(n) or isinstance(n, ast.JoinedStr)), None)
        text = self._tree.text(literal) if isinstance(literal, ast.expr) else '"'
        return "'" if text.endswith("'") else '"'

    def _width(self) -> int:
        source = self._tree.source
        longest = max(len(source.line(n)) for n in range(1, len(source.line_starts) + 1))
        return min(max(longest, _LINE_LIMITS[0]), _LINE_LIMITS[1])


def _asks_absent(node: ast.If, inner: ast.AST) -> bool:
    """Tell whether ``inner`` runs only where something with a literal name is not there yet."""
    otherwise = any(inner is s for s in node.orelse)
    tests = node.test.values if isinstance(node.test, ast.BoolOp) else [node.test]
    for test in tests:
        negated = isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not)
        asked = test.operand if isinstance(test, ast.UnaryOp) else test
        if isinstance(asked, ast.Compare) and isinstance(asked.ops[0], (ast.In, ast.NotIn)):
            negated = negated != isinstance(asked.ops[0], ast.NotIn)
        elif not isinstance(asked, (ast.Call, ast.Await)):
            continue
        if negated != otherwise and any(is_string(n) for n in ast.walk(asked)):
            return True
    return False


def _outside(whole: ast.expr, part: ast.expr) -> list[ast.AST]:
    """Return the nodes of ``whole`` that are not in ``part``."""
    inside = set(ast.walk(part))
    return [node for node in ast.walk(whole) if node not in inside]


def _word(node: ast.AST, folded: bool = True) -> str:
    value = node.value if isinstance(node, ast.Constant) else None
    if not isinstance(value, str):
        return ""
    return value.lower() if folded else value
