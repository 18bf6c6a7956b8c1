"""The libcst visitor that finds reserved names in a class body."""

from __future__ import annotations

from collections.abc import Iterator

import libcst as cst

from sqla_guard.core.source import SourceFile, Span
from sqla_guard.facts.outline import Class
from sqla_guard.facts.reserved import Constructor, ReservedName
from sqla_guard.facts.reserved_words import Form, is_marked
from sqla_guard.facts.values import Value
from sqla_guard.read.python.expressions import Expressions
from sqla_guard.read.python.reserved import may_be_marked
from sqla_guard.read.python.statements import Statement, read_module, read_statement


def read_class_body(source: SourceFile, definition: Class) -> tuple[ReservedName, ...]:
    """Return every binding of a reserved name in the body of ``definition`` itself."""
    statement = read_statement(source, definition.span, _not_asked_for(definition))
    visitor = _ClassBodyVisitor(statement, definition.qualname, statement.node)
    assert isinstance(statement.node, cst.ClassDef)
    statement.node.body.visit(visitor)
    return tuple(visitor.found)


def _not_asked_for(definition: Class) -> list[Span]:
    """Return the statements of a class body that bind no marked name: a large class is read in no time without."""
    wanted = [a.statement for a in definition.attributes if may_be_marked(definition, a.name, a.kind)]
    return [
        attribute.statement
        for attribute in definition.attributes
        if not any(attribute.statement.start < w.end and w.start < attribute.statement.end for w in wanted)
    ]


def read_constructor(source: SourceFile, statement: Span, call: Span) -> Constructor | None:
    """Return the call at ``call`` inside of ``statement``; ``None`` where the statement's line cannot be read alone."""
    try:
        read = read_statement(source, statement)
    except cst.ParserSyntaxError:
        return None
    finder = _CallFinder(read, call)
    read.node.visit(finder)
    return finder.found


def read_every_class(source: SourceFile) -> tuple[ReservedName, ...]:
    """Return every binding of a reserved name in any class body, found without the outline's help.

    Slow, and the measure of the quick way, which must find the same.

    Raises:
        libcst.ParserSyntaxError: The text is not Python.
    """
    finder = _ClassFinder(read_module(source))
    finder.module.node.visit(finder)
    return tuple(finder.found)


class _CallFinder(cst.CSTVisitor):
    """Reads the one call that stands at a given place."""

    def __init__(self, statement: Statement, wanted: Span) -> None:
        super().__init__()
        self.statement = statement
        self.wanted = wanted
        self.found: Constructor | None = None

    def visit_Call(self, node: cst.Call) -> None:
        if self.statement.span(node) == self.wanted:
            self.found = _ClassBodyVisitor(self.statement, "", node)._constructor(node)


class _ClassFinder(cst.CSTVisitor):
    """Reads the body of every class, however deep in functions and other classes it stands."""

    def __init__(self, module: Statement) -> None:
        super().__init__()
        self.module = module
        self.scopes: list[str] = []
        self.found: list[ReservedName] = []

    def visit_FunctionDef(self, node: cst.FunctionDef) -> None:
        self.scopes.append(f"{node.name.value}.<locals>")

    def leave_FunctionDef(self, original_node: cst.FunctionDef) -> None:
        self.scopes.pop()

    def visit_ClassDef(self, node: cst.ClassDef) -> None:
        self.scopes.append(node.name.value)
        body = _ClassBodyVisitor(self.module, ".".join(self.scopes), node)
        node.body.visit(body)
        self.found += body.found

    def leave_ClassDef(self, original_node: cst.ClassDef) -> None:
        self.scopes.pop()


class _ClassBodyVisitor(cst.CSTVisitor):
    """Flags assignments, annotations, methods and nested classes; never looks inside of functions."""

    def __init__(self, statement: Statement, owner: str, definition: cst.CSTNode) -> None:
        super().__init__()
        self.statement = statement
        self.owner = owner
        self.is_table = isinstance(definition, cst.ClassDef) and any(map(_says_table, definition.keywords))
        self.expressions = Expressions()
        self.found: list[ReservedName] = []

    def visit_FunctionDef(self, node: cst.FunctionDef) -> bool:
        if self._is_marked(node.name, "method"):
            decorators = tuple(self._value(d.decorator) for d in node.decorators)
            self._flag(node.name, "method", decorators=decorators, returned=self._returned(node))
        return False

    def visit_ClassDef(self, node: cst.ClassDef) -> bool:
        if self._is_marked(node.name, "class"):
            self._flag(node.name, "class")
        return False

    def visit_Lambda(self, node: cst.Lambda) -> bool:
        return False

    def visit_AnnAssign(self, node: cst.AnnAssign) -> None:
        form: Form = "assignment" if node.value else "annotation"
        if isinstance(node.target, cst.Name) and self._is_marked(node.target, form):
            annotation_span = self.statement.span(node.annotation.annotation)
            self._flag(
                node.target,
                form,
                value=node.value,
                annotation=self.expressions.annotation(self.statement.expression(node.annotation.annotation)),
                annotation_end=annotation_span.end,
            )

    def visit_Assign(self, node: cst.Assign) -> None:
        for target in node.targets:
            self._flag_target(target.target, node.value)

    def _flag_target(self, target: cst.BaseExpression, value: cst.BaseExpression) -> None:
        if isinstance(target, cst.Name) and self._is_marked(target, "assignment"):
            self._flag(target, "assignment", value=value)
        elif isinstance(target, (cst.Tuple, cst.List)):
            values = value.elements if isinstance(value, (cst.Tuple, cst.List)) else ()
            for position, element in enumerate(target.elements):
                self._flag_target(element.value, values[position].value if position < len(values) else value)

    def _flag(  # noqa: PLR0913 - one argument a part of the fact
        self,
        name: cst.Name,
        form: Form,
        *,
        value: cst.BaseExpression | None = None,
        annotation: Value | None = None,
        annotation_end: int = 0,
        decorators: tuple[Value, ...] = (),
        returned: tuple[Constructor | None, ...] = (),
    ) -> None:
        self.found.append(
            ReservedName(
                self.statement.source.path,
                self.owner,
                name.value,
                self.statement.span(name),
                form,
                self._value(value) if value else None,
                annotation,
                annotation_end,
                decorators,
                self._constructor(value) if isinstance(value, cst.Call) else None,
                self.statement.span(value) if value else None,
                returned,
            )
        )

    def _is_marked(self, name: cst.Name, form: Form) -> bool:
        return is_marked(name.value, form, self.is_table)

    def _returned(self, node: cst.FunctionDef) -> tuple[Constructor | None, ...]:
        returns = _Returns()
        node.body.visit(returns)
        return tuple(self._constructor(v) if isinstance(v, cst.Call) else None for v in returns.found)

    def _constructor(self, call: cst.Call) -> Constructor:
        positional = [arg for arg in call.args if arg.keyword is None and arg.star == ""]
        first = positional[0].value if positional and call.args[0] is positional[0] else None
        named = next((arg.value for arg in call.args if arg.keyword and arg.keyword.value == "name"), None)
        return Constructor(
            self._value(call.func),
            self._first_argument(call),
            not call.args,
            self._value(first) if first else None,
            self.statement.span(first) if first else None,
            self.statement.span(named) if named else None,
            any(arg.star for arg in call.args),
            self.statement.span(call.args[-1]).end if call.args else self._first_argument(call),
            tuple(self._inner(call)),
        )

    def _inner(self, call: cst.Call) -> Iterator[tuple[int | str, Constructor]]:
        for position, argument in enumerate(call.args):
            if isinstance(argument.value, cst.Call) and not argument.star:
                key = argument.keyword.value if argument.keyword else position
                yield key, self._constructor(argument.value)

    def _first_argument(self, call: cst.Call) -> int:
        if call.args:
            return self.statement.span(call.args[0]).start
        return self.statement.span(call).end - 1

    def _value(self, node: cst.BaseExpression) -> Value:
        return self.expressions.value(self.statement.expression(node))


def _says_table(keyword: cst.Arg) -> bool:
    value = keyword.value
    named = keyword.keyword is not None and keyword.keyword.value == "table"
    return named and isinstance(value, cst.Name) and value.value == "True"


class _Returns(cst.CSTVisitor):
    """Collects what a function returns; functions and classes inside of it return for themselves."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[cst.BaseExpression | None] = []

    def visit_Return(self, node: cst.Return) -> None:
        self.found.append(node.value)

    def visit_FunctionDef(self, node: cst.FunctionDef) -> bool:
        return False

    def visit_ClassDef(self, node: cst.ClassDef) -> bool:
        return False

    def visit_Lambda(self, node: cst.Lambda) -> bool:
        return False
