"""The outline of a Python module: imports, top-level names, classes, functions."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct

from sqla_guard.core.source import Span
from sqla_guard.facts.values import Value


class Import(Struct, frozen=True):
    """One imported name.

    ``import a.b as c`` is ``Import("c", "a.b", None, 0)``; ``import a.b`` is ``Import("a", "a", None, 0)``;
    ``from ..x import y as z`` is ``Import("z", "x", "y", 2)``; a star import binds ``"*"``.

    Attributes:
        local: The name that is bound.
        module: The module that it comes from, or is.
        name: What is taken from the module; ``None`` for the module itself.
        level: The number of dots.
        runs: The module that is looked for and run: ``a.b`` of ``import a.b``.
        always: Whether it stands at the left margin, so that importing the file does it.
    """

    local: str
    module: str
    name: str | None
    level: int
    runs: str = ""
    always: bool = False


class Attribute(Struct, frozen=True):
    """A name bound in a class body.

    Attributes:
        name: As written (not mangled).
        value: What it is bound to; ``None`` for a bare annotation, a method or a nested class.
        annotation: The annotation, if any.
        kind: ``assignment``, ``annotation`` (no value), ``method`` or ``class``.
        span: The name itself.
        statement: The whole statement, decorators included.
        function: The function behind a method.
    """

    name: str
    value: Value | None
    annotation: Value | None
    kind: str
    span: Span
    statement: Span
    function: Function | None = None


class Class(Struct, frozen=True):
    """A class statement."""

    name: str
    qualname: str
    bases: tuple[Value, ...]
    keywords: tuple[tuple[str, Value], ...]
    decorators: tuple[Value, ...]
    attributes: tuple[Attribute, ...]
    span: Span
    name_span: Span

    def attribute(self, name: str) -> Attribute | None:
        """Return the last binding of ``name`` in the body, if any."""
        return next((a for a in reversed(self.attributes) if a.name == name), None)


class Function(Struct, frozen=True):
    """A function or method.

    Attributes:
        qualname: Dotted, with ``<locals>`` for nested ones.
        parameters: Names with their annotations.
        returns: The return annotation.
        decorators: Decorator expressions.
        span: The whole statement, decorators included.
        is_async: Whether it is a coroutine function.
    """

    name: str
    qualname: str
    parameters: tuple[tuple[str, Value | None], ...]
    returns: Value | None
    decorators: tuple[Value, ...]
    span: Span
    is_async: bool


class Outline(Struct, frozen=True):
    """A module at a glance.

    Attributes:
        path: The file.
        imports: All imports, wherever they stand (conditional, in functions), in source order.
        bindings: Module-level names with every value they are bound to, in source order.
        classes: All classes, nested and function-local ones included, by qualified name.
        functions: Module-level functions, by name.
        replaced: Classes that another one of the same qualified name comes after.
    """

    path: str
    imports: tuple[Import, ...]
    bindings: Mapping[str, tuple[Value, ...]]
    classes: Mapping[str, Class]
    functions: Mapping[str, Function]
    replaced: tuple[Class, ...] = ()

    @property
    def modules(self) -> set[str]:
        """The modules that are imported by their full names."""
        return {item.runs for item in self.imports if not item.level}
