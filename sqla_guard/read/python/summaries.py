"""What functions of one name give back, and what methods put on ``self`` under it."""

from __future__ import annotations

import ast
import re
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Mapping

from sqla_guard.core.source import SourceFile
from sqla_guard.core.words import begun
from sqla_guard.facts.summaries import Summary
from sqla_guard.facts.values import ClassRef, Element, InstanceOf, Literal, Value
from sqla_guard.read.python.bodies import bodies_of
from sqla_guard.read.python.flow import Flow
from sqla_guard.read.python.mentions import Lines
from sqla_guard.read.python.parse import UnparsableFile
from sqla_guard.read.python.sparse import parse_bodies

# What may stand between a name and the ``def`` or the dot before it; more of it is taken for either.
_BLANK = " \t\r\n\\"
_LONGEST = 200


def read_summary(source: SourceFile, name: str) -> Summary:
    """Return what the functions of ``source`` called ``name`` return and what its methods put on ``self.<name>``.

    Others may be there too, as far as they were seen on the way.

    Raises:
        UnparsableFile: The text is not Python that the running interpreter knows.
    """
    places = _places(source, name)
    if not places:
        return Summary({}, {}, {})
    tree = parse_bodies(source, lambda b: b.name == name or bisect_left(places, b.start) < bisect_left(places, b.end))
    found = _Insides(source, Lines(source, places))
    try:
        Flow(found, source.text).module(tree)
    except RecursionError as error:
        raise UnparsableFile("nested too deeply to be read") from error
    fields = {owner: _each_once(held) for owner, held in found.fields.items()}
    return Summary(_each_once(found.returns), _each_once(found.yields), fields)


def _each_once(found: Mapping[str, list[Value]]) -> dict[str, tuple[Value, ...]]:
    return {name: tuple(dict.fromkeys(values)) for name, values in found.items()}


def _places(source: SourceFile, name: str) -> list[int]:
    """Return where ``name`` may be a function that is defined, or an attribute."""
    code = bodies_of(source).code
    if not code.isascii() or not code:
        return list(source.line_starts)  # it may be written in several ways, or stand in what seems to be a string
    words = (found.start() for found in re.finditer(begun(rf"{re.escape(name)}(?!\w)"), code))
    return [at for at in words if _is_told(code[max(0, at - _LONGEST) : at])]


def _is_told(before: str) -> bool:
    """Tell whether a name behind ``before`` is defined by it, or an attribute of it."""
    return before.rstrip(_BLANK).endswith((".", "def")) or (len(before) == _LONGEST and not before.strip(_BLANK))


class _Insides:
    """Collects while a :class:`~sqla_guard.read.python.flow.Flow` runs.

    Attributes:
        returns: Values returned, by function.
        yields: Values yielded, by function.
        fields: Values put on ``self``, by class and attribute.
    """

    def __init__(self, source: SourceFile, lines: Lines) -> None:
        """Look at the definitions that hold one of ``lines``."""
        self.returns: dict[str, list[Value]] = defaultdict(list)
        self.yields: dict[str, list[Value]] = defaultdict(list)
        self.fields: dict[str, dict[str, list[Value]]] = defaultdict(lambda: defaultdict(list))
        self._lines = lines
        self._has_any = "yield" in source.text or ":=" in source.text

    def wants(self, node: ast.stmt) -> bool:
        """Tell whether anything in ``node``, a definition, has to be followed."""
        return self._lines.touch(node)

    def expression(self, node: ast.expr, flow: Flow) -> None:
        """Look for what is yielded, and for names that are bound on the way."""
        for inner in ast.walk(node) if self._has_any else ():
            if isinstance(inner, ast.Yield) and inner.value is not None:
                self.yields[flow.scope.qualname].append(flow.evaluate.value(inner.value))
            elif isinstance(inner, ast.YieldFrom):
                self.yields[flow.scope.qualname].append(Element(flow.evaluate.value(inner.value)))
            elif isinstance(inner, ast.NamedExpr):
                flow.assign(inner.target, flow.evaluate.value(inner.value))

    def pattern(self, node: ast.MatchClass, flow: Flow) -> None:
        """Let a class pattern be."""

    def bearing(self, body: list[ast.stmt]) -> None:
        """Let all of a function be followed."""

    def returned(self, node: ast.expr | None, flow: Flow) -> None:
        """Remember what a function returns."""
        self.returns[flow.scope.qualname].append(flow.evaluate.value(node) if node else Literal(None))

    def stored(self, target: ast.Attribute, value: Value, flow: Flow) -> None:
        """Remember what a method puts on ``self``."""
        if not isinstance(target.value, ast.Name):
            return
        match flow.scope.lookup(target.value.id):
            case InstanceOf(annotation=ClassRef(qualname=owner)) | ClassRef(qualname=owner):
                self.fields[owner][target.attr].append(value)
