"""The outline of a module, read with the standard library's ``ast``.

It decides nothing: it says what is imported, bound and declared, so that names can be followed across files.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator, Mapping

from sqla_guard.core.source import SourceFile, Span
from sqla_guard.facts.outline import Attribute, Class, Function, Import, Outline
from sqla_guard.facts.values import Item, Literal, Unknown, Value
from sqla_guard.read.python.expressions import Expressions
from sqla_guard.read.python.parse import UnparsableFile, span_of
from sqla_guard.read.python.sparse import (
    defined_names,
    parse_for_classes,
    parse_for_classes_called,
    parse_for_name,
    parse_for_outline,
)

# The most frequent statements, in which there are none.
_SIMPLE = (ast.Expr, ast.Assign, ast.AnnAssign, ast.Pass)
# Between the keyword and the name only white space and line continuations can stand.
_KEYWORDS = re.compile(r"(?:async[\s\\]+)?(?:def|class)[\s\\]+")


def read_outline(source: SourceFile) -> Outline:
    """Return the outline of a Python file.

    Raises:
        UnparsableFile: The text is not Python that the running interpreter knows.
    """
    return _outline(source, parse_for_outline(source))


def read_outline_of(source: SourceFile, name: str) -> Outline | None:
    """Return an outline of the statements at the top that say ``name``, and of what imports everything.

    Classes and functions in it that are called otherwise may be missing. It is ``None`` where only all of the file
    tells.

    Raises:
        UnparsableFile: The text is not Python that the running interpreter knows.
    """
    tree = parse_for_name(source, name)
    return None if tree is None else _outline(source, tree)


def read_classes_called(source: SourceFile, names: frozenset[str]) -> tuple[Class, ...]:
    """Return the classes that are called like one of ``names``, wherever they stand, as the outline has them.

    Raises:
        UnparsableFile: The text is not Python that the running interpreter knows.
    """
    found = _outline(source, parse_for_classes_called(source, names)).classes
    return tuple(definition for definition in found.values() if definition.name in names)


def read_classes(
    source: SourceFile, may_hold: Callable[[str], bool], is_wanted: Callable[[Class], bool]
) -> Mapping[str, Class]:
    """Return those classes of the outline, by qualified name, that are wanted.

    Args:
        source: The file.
        may_hold: Whether a class that is wanted may stand in a text; is asked of each statement at the top of the
            module, and of the bodies of functions in it.
        is_wanted: Whether a class is.

    Raises:
        UnparsableFile: The text is not Python that the running interpreter knows.
    """
    found = _outline(source, parse_for_classes(source, may_hold)).classes
    wanted = {key: cls for key, cls in found.items() if is_wanted(cls)}
    # Of several classes of one qualified name the last one counts, and where what they stand in has one name as well,
    # it may have been left out.
    times = defined_names(source) if wanted else {}
    again = {key: cls for key, cls in wanted.items() if any(times[name] > 1 for name in _around(key))}
    if not again:
        return wanted
    last = {cls.qualname: cls for cls in read_classes_called(source, frozenset(cls.name for cls in again.values()))}
    return {key: cls for key, cls in wanted.items() if key not in again or last.get(key) == cls}


def _around(qualname: str) -> list[str]:
    """Return the names of what a class stands in; its own where that is nothing."""
    names = qualname.replace(".<locals>", "").split(".")
    return names[:-1] or names


def _outline(source: SourceFile, tree: ast.Module) -> Outline:
    reader = _OutlineReader(source)
    try:
        reader.block(tree.body, "", at_module_level=True)
    except RecursionError as error:
        raise UnparsableFile("nested too deeply to be read") from error
    return Outline(
        source.path,
        tuple(reader.imports),
        {name: tuple(values) for name, values in reader.bindings.items()},
        reader.classes,
        reader.functions,
        tuple(reader.replaced),
    )


class _OutlineReader:
    """Walks statements; expressions are only translated where a name is bound to them."""

    def __init__(self, source: SourceFile) -> None:
        self.source = source
        self.expressions = Expressions()
        self.imports: list[Import] = []
        self.bindings: dict[str, list[Value]] = {}
        self.classes: dict[str, Class] = {}
        self.functions: dict[str, Function] = {}
        self.replaced: list[Class] = []

    def block(self, statements: list[ast.stmt], scope: str, at_module_level: bool) -> None:
        for statement in statements:
            self.statement(statement, scope, at_module_level)

    def statement(self, node: ast.stmt, scope: str, at_module_level: bool) -> None:
        match node:
            case ast.Import() | ast.ImportFrom():
                self.imports.extend(_imports(node))
            case ast.ClassDef():
                self.read_class(node, scope)
            case ast.FunctionDef() | ast.AsyncFunctionDef():
                function = self.read_function(node, scope)
                if at_module_level:
                    self.functions[node.name] = function
                self.block(node.body, f"{function.qualname}.<locals>.", at_module_level=False)
            case _:
                if at_module_level:
                    for name, value in self.bound(node):
                        self.bindings.setdefault(name, []).append(value)
                for body in inner_blocks(node):
                    self.block(body, scope, at_module_level)

    def bound(self, node: ast.stmt) -> Iterator[tuple[str, Value]]:
        """Yield the names that a simple or compound statement binds itself, with their values."""
        match node:
            case ast.Assign(targets=targets, value=value):
                for target in targets:
                    yield from self.unpacked(target, self.expressions.value(value))
            case ast.AnnAssign(target=ast.Name(id=name), annotation=annotation, value=value):
                yield name, self.expressions.value(value) if value else self.expressions.instance(annotation)
            case ast.AugAssign(target=ast.Name(id=name)):
                yield name, Unknown("augmented assignment")
            case ast.For(target=target) | ast.AsyncFor(target=target):
                yield from self.unpacked(target, Unknown("loop variable"))
            case ast.With(items=items) | ast.AsyncWith(items=items):
                for item in items:
                    if item.optional_vars is not None:
                        yield from self.unpacked(item.optional_vars, Unknown("context manager"))

    def unpacked(self, target: ast.expr, value: Value) -> Iterator[tuple[str, Value]]:
        match target:
            case ast.Name(id=name):
                yield name, value
            case ast.Tuple(elts=elts) | ast.List(elts=elts):
                for position, element in enumerate(elts):
                    yield from self.unpacked(element, Item(value, Literal(position)))
            case ast.Starred(value=inner):
                yield from self.unpacked(inner, Unknown("starred target"))

    def read_function(self, node: ast.FunctionDef | ast.AsyncFunctionDef, scope: str) -> Function:
        arguments = node.args
        parameters = [*arguments.posonlyargs, *arguments.args, arguments.vararg, *arguments.kwonlyargs, arguments.kwarg]
        return Function(
            node.name,
            scope + node.name,
            tuple(
                (p.arg, self.expressions.annotation(p.annotation) if p.annotation else None) for p in parameters if p
            ),
            self.expressions.annotation(node.returns) if node.returns else None,
            tuple(self.expressions.value(d) for d in node.decorator_list),
            self.whole(node),
            isinstance(node, ast.AsyncFunctionDef),
        )

    def read_class(self, node: ast.ClassDef, scope: str) -> Class:
        qualname = scope + node.name
        attributes = tuple(self.class_body(node.body, qualname))
        if qualname in self.classes:
            self.replaced.append(self.classes[qualname])
        self.classes[qualname] = definition = Class(
            node.name,
            qualname,
            tuple(self.expressions.value(base) for base in node.bases),
            tuple((k.arg or "**", self.expressions.value(k.value)) for k in node.keywords),
            tuple(self.expressions.value(d) for d in node.decorator_list),
            attributes,
            self.whole(node),
            name_span(self.source, node),
        )
        return definition

    def class_body(self, body: list[ast.stmt], qualname: str) -> Iterator[Attribute]:
        for node in body:
            match node:
                case ast.ClassDef():
                    definition = self.read_class(node, f"{qualname}.")
                    yield Attribute(node.name, None, None, "class", definition.name_span, definition.span)
                case ast.FunctionDef() | ast.AsyncFunctionDef():
                    function = self.read_function(node, f"{qualname}.")
                    self.block(node.body, f"{function.qualname}.<locals>.", at_module_level=False)
                    span = name_span(self.source, node)
                    yield Attribute(node.name, None, None, "method", span, function.span, function)
                case ast.Import() | ast.ImportFrom():
                    self.imports.extend(_imports(node))
                case _:
                    yield from self.assigned(node)
                    for inner in inner_blocks(node):
                        yield from self.class_body(inner, qualname)

    def assigned(self, node: ast.stmt) -> Iterator[Attribute]:
        """Yield what an assignment in a class body binds."""
        match node:
            case ast.Assign(targets=targets, value=value):
                for target in targets:
                    yield from self.targets(target, node, self.expressions.value(value))
            case ast.AnnAssign(target=ast.Name() as target, annotation=annotation, value=value):
                yield Attribute(
                    target.id,
                    self.expressions.value(value) if value else None,
                    self.expressions.annotation(annotation),
                    "assignment" if value else "annotation",
                    span_of(self.source, target),
                    span_of(self.source, node),
                )
            case ast.For(target=target) | ast.AsyncFor(target=target):
                yield from self.targets(target, node, Unknown("loop variable"))

    def targets(self, target: ast.expr, node: ast.stmt, value: Value) -> Iterator[Attribute]:
        match target:
            case ast.Name(id=name):
                span = span_of(self.source, target)
                yield Attribute(name, value, None, "assignment", span, span_of(self.source, node))
            case ast.Tuple(elts=elts) | ast.List(elts=elts):
                for position, element in enumerate(elts):
                    yield from self.targets(element, node, Item(value, Literal(position)))
            case ast.Starred(value=inner):
                yield from self.targets(inner, node, Unknown("starred target"))

    def whole(self, node: ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef) -> Span:
        """Return the span of a definition from its first decorator on."""
        span = span_of(self.source, node)
        if not node.decorator_list:
            return span
        decorator = node.decorator_list[0]
        first = self.source.offset(decorator.lineno, decorator.col_offset)
        return Span(self.source.text.rindex("@", 0, first + 1), span.end)


def name_span(source: SourceFile, node: ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef) -> Span:
    """Return the span of a definition's name, which ``ast`` does not give."""
    match = _KEYWORDS.match(source.text, source.offset(node.lineno, node.col_offset))
    assert match is not None
    return Span(match.end(), match.end() + len(node.name))


def _imports(node: ast.Import | ast.ImportFrom) -> Iterator[Import]:
    always = node.col_offset == 0
    for alias in node.names:
        if isinstance(node, ast.ImportFrom):
            module = node.module or ""
            yield Import(alias.asname or alias.name, module, alias.name, node.level, module, always)
        elif alias.asname:
            yield Import(alias.asname, alias.name, None, 0, alias.name, always)
        else:
            top = alias.name.partition(".")[0]
            yield Import(top, top, None, 0, alias.name, always)


def inner_blocks(node: ast.stmt) -> Iterator[list[ast.stmt]]:
    """Yield the statement lists inside a compound statement that is no definition."""
    if isinstance(node, _SIMPLE):
        return
    yield from filter(None, (getattr(node, "body", None),))
    for handler in getattr(node, "handlers", ()):
        yield handler.body
    yield from filter(None, (getattr(node, field, None) for field in ("orelse", "finalbody")))
    for case in getattr(node, "cases", ()):
        yield case.body
