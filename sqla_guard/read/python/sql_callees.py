"""What a call calls: through a name for a method, through ``functools.partial``, on an object of a known class."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator

from sqla_guard.read.python.sql_names import Function, dotted_name
from sqla_guard.read.python.sql_values import Values

# Stands between a class and its method in the name of what is called: ``app.Runner().run``.
MADE = "()."
_RENAMED = re.compile(r"\bpartial\s*\(|=\s*[\w.()]+\.(?:exec|run|fetch|raw|scalar)\w*[ \t]*(?:#.*)?$", re.MULTILINE)
_DEEPEST = 3


class Callees:
    """Answers for one module."""

    def __init__(self, values: Values) -> None:
        """Look whether the module gives methods other names at all."""
        self._values = values
        self._assigned: dict[ast.AST, dict[str, list[ast.Assign | ast.AnnAssign]]] = {}
        self._renames = _RENAMED.search(values.source.text) is not None

    def written_out(self, call: ast.Call) -> ast.Call:
        """Return ``call`` with what it calls, and is given, without ``partial`` and names for methods."""
        if not self._renames:
            return call
        made = call
        for _ in range(_DEEPEST):
            inner = self._behind(made.func, call)
            if inner is None:
                return made
            if isinstance(inner, ast.Call):
                keywords = [*inner.keywords, *made.keywords]
                made = ast.copy_location(ast.Call(inner.args[0], [*inner.args[1:], *made.args], keywords), call)
            else:
                made = ast.copy_location(ast.Call(inner, made.args, made.keywords), call)
        return made

    def _behind(self, func: ast.expr, at: ast.AST) -> ast.Call | ast.Attribute | None:
        """Return the ``partial(…)`` or the method that a name, called at ``at``, certainly stands for."""
        value: ast.expr | None = func
        if isinstance(func, ast.Name):
            bound = self._values.bindings(func.id, self._values.function(at), at)
            value = bound[0].value if len(bound) == 1 and not bound[0].element and not bound[0].added else None
        if isinstance(value, ast.Call) and _is_partial(value):
            return value
        return value if isinstance(func, ast.Name) and isinstance(value, ast.Attribute) else None

    def names(self, call: ast.Call) -> tuple[str, ...]:
        """Return the dotted names of what is called; a method of an object has :data:`MADE` behind its class."""
        plain = dotted_name(call.func)
        found = [plain] if plain else []
        if isinstance(call.func, ast.Attribute):
            found += [f"{cls}{MADE}{call.func.attr}" for cls in self._classes(call.func.value, call, 0)]
        return tuple(dict.fromkeys(found))

    def _classes(self, node: ast.expr, at: ast.AST, depth: int) -> Iterator[str]:
        """Yield the class, as the module names it, that an expression is certainly an object of."""
        if depth > _DEEPEST:
            return
        if isinstance(node, ast.Await):
            yield from self._classes(node.value, at, depth + 1)
        elif isinstance(node, ast.Call):
            called = dotted_name(node.func)
            if called == "super":
                yield from self._bases(at)
            elif called.rpartition(".")[2][:1].isupper():
                yield called
        elif isinstance(node, ast.Name) and node.id in ("self", "cls"):
            yield from self._bases(at)
        elif isinstance(node, ast.Name):
            yield from self._of_name(node, at, depth)
        elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "self":
            yield from self._of_attribute(node.attr, at, depth)

    def _bases(self, at: ast.AST) -> Iterator[str]:
        around = self._values.class_around(at)
        if isinstance(around, ast.ClassDef):
            yield from (name for base in around.bases if (name := dotted_name(base)))

    def _of_name(self, node: ast.Name, at: ast.AST, depth: int) -> Iterator[str]:
        function = self._values.function(at)
        bound = self._values.bindings(node.id, function, at)
        if bound:
            yield from _agreed(list(self._classes(b.value, at, depth + 1)) for b in bound if not b.element)
            return
        while isinstance(function, Function):
            arguments = function.args
            for argument in (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs):
                if argument.arg == node.id:
                    yield from _annotated(argument.annotation)
                    return
            function = self._values.function(function)

    def _of_attribute(self, name: str, at: ast.AST, depth: int) -> Iterator[str]:
        """Yield the class of ``self.name``, by all that the class around gives it."""
        around = self._values.class_around(at)
        given: list[list[str]] = []
        for node in self._assignments(around).get(name, ()) if around is not None else ():
            stated = list(_annotated(node.annotation)) if isinstance(node, ast.AnnAssign) else []
            value = node.value
            given.append(stated or (list(self._classes(value, value, depth + 1)) if value is not None else []))
        yield from _agreed(given)

    def _assignments(self, around: ast.AST) -> dict[str, list[ast.Assign | ast.AnnAssign]]:
        """Return the assignments to each attribute of a class; a class is walked through once."""
        if around not in self._assigned:
            found = self._assigned[around] = {}
            for node in ast.walk(around):
                if isinstance(node, (ast.Assign, ast.AnnAssign)):
                    targets = node.targets if isinstance(node, ast.Assign) else [node.target]
                    for name in {n for n in map(_own_name, targets) if n}:
                        found.setdefault(name, []).append(node)
        return self._assigned[around]


def _is_partial(call: ast.Call) -> bool:
    return dotted_name(call.func) in ("partial", "functools.partial") and bool(call.args)


def _own_name(target: ast.expr) -> str:
    """Return ``x`` for ``self.x`` and, in the body of a class, ``x``."""
    match target:
        case ast.Attribute(value=ast.Name("self"), attr=name) | ast.Name(id=name):
            return name
        case _:
            return ""


def _agreed(options: Iterable[list[str]]) -> Iterator[str]:
    """Yield what all of ``options`` say; nothing where one says nothing or something else."""
    kept = list(options)
    if kept and all(option == kept[0] for option in kept):
        yield from kept[0]


def _annotated(annotation: ast.expr | None) -> Iterator[str]:
    """Yield the class that an annotation names: bare, as a string, optional."""
    if isinstance(annotation, ast.Constant) and isinstance(annotation.value, str):
        try:
            annotation = ast.parse(annotation.value, mode="eval").body
        except (SyntaxError, ValueError):
            return
    if isinstance(annotation, ast.BinOp) and isinstance(annotation.right, ast.Constant):
        annotation = annotation.left
    if isinstance(annotation, ast.Subscript) and dotted_name(annotation.value).rpartition(".")[2] == "Optional":
        annotation = annotation.slice
    name = dotted_name(annotation) if annotation is not None else ""
    if name:
        yield name
