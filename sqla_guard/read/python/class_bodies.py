"""The libcst visitor that finds reserved names in a class body."""

from __future__ import annotations

from typing import Literal

import libcst as cst

from sqla_guard.core.source import SourceFile
from sqla_guard.facts.outline import Class
from sqla_guard.facts.reserved import Constructor, ReservedName
from sqla_guard.facts.values import Value
from sqla_guard.read.python.expressions import Expressions
from sqla_guard.read.python.statements import Statement, read_module, read_statement


def read_class_body(source: SourceFile, definition: Class, names: frozenset[str]) -> tuple[ReservedName, ...]:
    """Return every binding of one of ``names`` in the body of ``definition`` itself."""
    statement = read_statement(source, definition.span)
    visitor = _ClassBodyVisitor(statement, definition.qualname, names)
    assert isinstance(statement.node, cst.ClassDef)
    statement.node.body.visit(visitor)
    return tuple(visitor.found)


def read_every_class(source: SourceFile, names: frozenset[str]) -> tuple[ReservedName, ...]:
    """Return every binding of one of ``names`` in any class body, found without the outline's help.

    Slow, and the measure of the quick way, which must find the same.

    Raises:
        libcst.ParserSyntaxError: The text is not Python.
    """
    finder = _ClassFinder(read_module(source), names)
    finder.module.node.visit(finder)
    return tuple(finder.found)


class _ClassFinder(cst.CSTVisitor):
    """Reads the body of every class, however deep in functions and other classes it stands."""

    def __init__(self, module: Statement, names: frozenset[str]) -> None:
        super().__init__()
        self.module = module
        self.names = names
        self.scopes: list[str] = []
        self.found: list[ReservedName] = []

    def visit_FunctionDef(self, node: cst.FunctionDef) -> None:
        self.scopes.append(f"{node.name.value}.<locals>")

    def leave_FunctionDef(self, original_node: cst.FunctionDef) -> None:
        self.scopes.pop()

    def visit_ClassDef(self, node: cst.ClassDef) -> None:
        self.scopes.append(node.name.value)
        body = _ClassBodyVisitor(self.module, ".".join(self.scopes), self.names)
        node.body.visit(body)
        self.found += body.found

    def leave_ClassDef(self, original_node: cst.ClassDef) -> None:
        self.scopes.pop()


class _ClassBodyVisitor(cst.CSTVisitor):
    """Flags assignments, annotations, methods and nested classes; never looks inside of functions."""

    def __init__(self, statement: Statement, owner: str, names: frozenset[str]) -> None:
        super().__init__()
        self.statement = statement
        self.owner = owner
        self.names = names
        self.expressions = Expressions()
        self.found: list[ReservedName] = []

    def visit_FunctionDef(self, node: cst.FunctionDef) -> bool:
        if node.name.value in self.names:
            decorators = tuple(self._value(d.decorator) for d in node.decorators)
            self._flag(node.name, "method", decorators=decorators)
        return False

    def visit_ClassDef(self, node: cst.ClassDef) -> bool:
        if node.name.value in self.names:
            self._flag(node.name, "class")
        return False

    def visit_Lambda(self, node: cst.Lambda) -> bool:
        return False

    def visit_AnnAssign(self, node: cst.AnnAssign) -> None:
        if isinstance(node.target, cst.Name) and node.target.value in self.names:
            annotation_span = self.statement.span(node.annotation.annotation)
            self._flag(
                node.target,
                "assignment" if node.value else "annotation",
                value=node.value,
                annotation=self.expressions.annotation(self.statement.expression(node.annotation.annotation)),
                annotation_end=annotation_span.end,
            )

    def visit_Assign(self, node: cst.Assign) -> None:
        for target in node.targets:
            self._flag_target(target.target, node.value)

    def _flag_target(self, target: cst.BaseExpression, value: cst.BaseExpression) -> None:
        if isinstance(target, cst.Name) and target.value in self.names:
            self._flag(target, "assignment", value=value)
        elif isinstance(target, (cst.Tuple, cst.List)):
            values = value.elements if isinstance(value, (cst.Tuple, cst.List)) else ()
            for position, element in enumerate(target.elements):
                self._flag_target(element.value, values[position].value if position < len(values) else value)

    def _flag(
        self,
        name: cst.Name,
        form: Literal["assignment", "annotation", "method", "class"],
        *,
        value: cst.BaseExpression | None = None,
        annotation: Value | None = None,
        annotation_end: int = 0,
        decorators: tuple[Value, ...] = (),
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
            )
        )

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
        )

    def _first_argument(self, call: cst.Call) -> int:
        if call.args:
            return self.statement.span(call.args[0]).start
        return self.statement.span(call).end - 1

    def _value(self, node: cst.BaseExpression) -> Value:
        return self.expressions.value(self.statement.expression(node))
