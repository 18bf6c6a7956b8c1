"""Reserved names in class bodies, read from the statements that bind them."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator

from sqla_guard.core.source import SourceFile, Span
from sqla_guard.facts.outline import Class
from sqla_guard.facts.reserved import Constructor, ReservedName
from sqla_guard.facts.reserved_words import Form, is_marked
from sqla_guard.read.python.expressions import Expressions
from sqla_guard.read.python.outline import inner_blocks, name_span
from sqla_guard.read.python.parse import UnparsableFile, parse, parse_text, span_of
from sqla_guard.read.python.reserved import may_be_marked

_Function = (ast.FunctionDef, ast.AsyncFunctionDef)
_Definition = (*_Function, ast.ClassDef)

# What can stand before the parenthesis of a call's arguments, between it and the first of them, and behind the last.
_COMMENT = r"#[^\r\n]*(?![^\r\n])"
_OPENING = re.compile(rf"(?:[\s\\)]|{_COMMENT})*\((?:[\s\\]|{_COMMENT})*")
_CLOSING = re.compile(rf"(?:[\s\\]|{_COMMENT})*\)")


def read_class_body(source: SourceFile, definition: Class) -> tuple[ReservedName, ...]:
    """Return every binding of a reserved name in the body of ``definition`` itself.

    Raises:
        UnparsableFile: The file is not Python, which whoever read its outline alone may not know.
    """
    wanted = (a.statement for a in definition.attributes if may_be_marked(definition, a))
    statements = [_read_statement(source, span) for span in dict.fromkeys(wanted)]
    return tuple(_Reader(source, definition.qualname, _is_table(definition)).found(statements))


def read_constructor(source: SourceFile, call: ast.Call) -> Constructor:
    """Return a call as what may make a column."""
    return _Reader(source, "", is_table=False).constructor(call)


def read_every_class(source: SourceFile) -> tuple[ReservedName, ...]:
    """Return every binding of a reserved name in any class body, found without the outline's help.

    Slow, and the measure of the quick way, which must find the same.

    Raises:
        UnparsableFile: The text is not Python.
    """
    return tuple(_in_classes(source, parse(source), ""))


def _in_classes(source: SourceFile, node: ast.AST, scope: str) -> Iterator[ReservedName]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.ClassDef):
            owner = scope + child.name
            is_table = any(k.arg == "table" and getattr(k.value, "value", None) is True for k in child.keywords)
            yield from _Reader(source, owner, is_table).found(_flat(child.body))
            yield from _in_classes(source, child, f"{owner}.")
        else:
            inside = f"{scope}{child.name}.<locals>." if isinstance(child, _Function) else scope
            yield from _in_classes(source, child, inside)


def _flat(body: Iterable[ast.stmt]) -> Iterator[ast.stmt]:
    """Yield the statements of a class body, those inside of compound ones too."""
    for node in body:
        yield node
        if not isinstance(node, _Definition):
            for block in inner_blocks(node):
                yield from _flat(block)


def _read_statement(source: SourceFile, span: Span) -> ast.stmt:
    """Return the statement at ``span``, at any depth of indentation, read without the rest of its module."""
    line = source.position(span.start)[0]
    before = source.text[source.line_starts[line - 1] : span.start]
    # Something to be indented under, and as many bytes before it as it has in the file.
    indent = " " * len(before.encode("utf-8", "surrogatepass")) if before.strip() else before
    try:
        tree = parse_text(f"if 1:\n{indent}{source.text[span.start : span.end]}\n")
    except UnparsableFile:
        whole = parse(source)  # which says why, or knows newer syntax
        return next(n for n in ast.walk(whole) if isinstance(n, ast.stmt) and _begins_at(source, n, span.start))
    ast.increment_lineno(tree, line - 2)
    node = tree.body[0]
    assert isinstance(node, ast.If)
    return node.body[0]


def _begins_at(source: SourceFile, node: ast.stmt, start: int) -> bool:
    decorators = getattr(node, "decorator_list", None)
    if decorators:
        return source.text.rindex("@", 0, span_of(source, decorators[0]).start) == start
    return span_of(source, node).start == start


def _is_table(definition: Class) -> bool:
    return getattr(dict(definition.keywords).get("table"), "value", None) is True


class _Reader:
    """Reads assignments, annotations, methods and nested classes of one class; never looks inside of functions."""

    def __init__(self, source: SourceFile, owner: str, is_table: bool) -> None:
        self._source = source
        self._owner = owner
        self._is_table = is_table
        self._expressions = Expressions()

    def found(self, statements: Iterable[ast.stmt]) -> Iterator[ReservedName]:
        """Yield what ``statements`` bind themselves."""
        for node in statements:
            match node:
                case ast.FunctionDef() | ast.AsyncFunctionDef() if self._is_marked(node.name, "method"):
                    yield self._method(node)
                case ast.ClassDef() if self._is_marked(node.name, "class"):
                    yield ReservedName(
                        self._source.path, self._owner, node.name, name_span(self._source, node), "class"
                    )
                case ast.AnnAssign(target=ast.Name() as name):
                    yield from self._annotated(node, name)
                case ast.Assign(targets=targets, value=value):
                    for target in targets:
                        yield from self._assigned(target, value)

    def _method(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> ReservedName:
        decorators = tuple(self._expressions.value(d) for d in node.decorator_list)
        returned = tuple(self.constructor(v) if isinstance(v, ast.Call) else None for v in _returned(node.body))
        span = name_span(self._source, node)
        return ReservedName(
            self._source.path, self._owner, node.name, span, "method", decorators=decorators, returned=returned
        )

    def _annotated(self, node: ast.AnnAssign, target: ast.Name) -> Iterator[ReservedName]:
        form: Form = "assignment" if node.value else "annotation"
        if self._is_marked(target.id, form):
            # Parentheses around it belong to the annotation.
            end = span_of(self._source, node.annotation if node.value else node).end
            yield self._bound(target, form, node.value, node.annotation, end)

    def _assigned(self, target: ast.expr, value: ast.expr) -> Iterator[ReservedName]:
        match target:
            case ast.Name(id=name) if self._is_marked(name, "assignment"):
                yield self._bound(target, "assignment", value)
            case ast.Tuple(elts=elements) | ast.List(elts=elements):
                values = value.elts if isinstance(value, (ast.Tuple, ast.List)) else ()
                for position, element in enumerate(elements):
                    inner = element.value if isinstance(element, ast.Starred) else element
                    given = values[position] if position < len(values) else value
                    yield from self._assigned(inner, given.value if isinstance(given, ast.Starred) else given)

    def _bound(
        self,
        target: ast.Name,
        form: Form,
        value: ast.expr | None,
        annotation: ast.expr | None = None,
        annotation_end: int = 0,
    ) -> ReservedName:
        return ReservedName(
            self._source.path,
            self._owner,
            target.id,
            span_of(self._source, target),
            form,
            self._expressions.value(value) if value else None,
            self._expressions.annotation(annotation) if annotation else None,
            annotation_end,
            constructor=self.constructor(value) if isinstance(value, ast.Call) else None,
            value_span=span_of(self._source, value) if value else None,
        )

    def _is_marked(self, name: str, form: Form) -> bool:
        return is_marked(name, form, self._is_table)

    def constructor(self, call: ast.Call) -> Constructor:
        """Return a call with the places of its arguments, and the calls among those."""
        arguments = _arguments(call)
        first = arguments[0][1] if arguments and arguments[0][0] == 0 else None
        named = next((value for key, value in arguments if key == "name"), None)
        return Constructor(
            self._expressions.value(call.func),
            self._before_arguments(call),
            not arguments,
            self._expressions.value(first) if first else None,
            span_of(self._source, first) if first else None,
            span_of(self._source, named) if named else None,
            any(key == "*" for key, _ in arguments),
            self._behind_arguments(call, arguments[-1][1]) if arguments else self._before_arguments(call),
            tuple((key, self.constructor(v)) for key, v in arguments if isinstance(v, ast.Call) and key != "*"),
        )

    def _before_arguments(self, call: ast.Call) -> int:
        """Return where the first argument of a call begins, or its closing parenthesis where there is none."""
        opening = _OPENING.match(self._source.text, span_of(self._source, call.func).end)
        assert opening is not None
        return opening.end()

    def _behind_arguments(self, call: ast.Call, last: ast.expr) -> int:
        # The parentheses of a call are those of a generator too.
        inside = span_of(self._source, call).end - 1
        end = min(span_of(self._source, last).end, inside)
        while (closing := _CLOSING.match(self._source.text, end, inside)) is not None:
            end = closing.end()
        return end


def _arguments(call: ast.Call) -> list[tuple[int | str, ast.expr]]:
    """Return the arguments of a call as they stand, by position or keyword; ``*`` for what is unpacked."""
    given: list[ast.expr | ast.keyword] = [*call.args, *call.keywords]
    given.sort(key=lambda argument: (argument.lineno, argument.col_offset))
    found: list[tuple[int | str, ast.expr]] = []
    for position, argument in enumerate(given):
        if isinstance(argument, ast.keyword):
            found.append((argument.arg or "*", argument.value))
        elif isinstance(argument, ast.Starred):
            found.append(("*", argument.value))
        else:
            found.append((position, argument))
    return found


def _returned(body: Iterable[ast.stmt]) -> Iterator[ast.expr | None]:
    """Yield what a function returns; functions and classes inside of it return for themselves."""
    for node in body:
        if isinstance(node, ast.Return):
            yield node.value
        elif not isinstance(node, _Definition):
            for block in inner_blocks(node):
                yield from _returned(block)
