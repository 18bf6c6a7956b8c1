"""What an Alembic operation says of a column besides its name, for telling another operation of it."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from sqla_guard.core.source import SourceFile, Span
from sqla_guard.read.python.literals import expression_span
from sqla_guard.read.python.nodes import Nodes, nodes_of
from sqla_guard.read.python.sql_names import called_name

_PACKAGE = "sqlalchemy"
# Beside those, a column's options say nothing that a later operation must repeat.
_MORE = frozenset(("autoincrement", "server_onupdate"))
_MADE = frozenset(("Computed", "Identity", "FetchedValue", "Sequence"))


def read_existing(source: SourceFile, name: Span) -> tuple[tuple[str, str], ...]:
    """Return what ``alter_column`` wants to be told of a column that it leaves as it is.

    Args:
        source: An Alembic revision.
        name: Where it names the column, in ``sa.Column("name", ...)`` or behind ``new_column_name=``.

    Returns:
        Keywords with their expressions, in which SQLAlchemy is called ``sa``; empty where not all of it stands there as
        constants, or the type is of one database only.
    """
    nodes = nodes_of(source)
    call = _call(source, nodes, name)
    if call is None or any(k.arg is None for k in call.keywords):
        return ()
    try:
        given = _of_column(call) if called_name(call) == "Column" else _of_alteration(call)
        return tuple((keyword, _Renderer(nodes).render(node)) for keyword, node in given)
    except _NotToldInFull:
        return ()


class _NotToldInFull(Exception):
    """Something that only a run could tell, or that this reader does not know."""


def _call(source: SourceFile, nodes: Nodes, name: Span) -> ast.Call | None:
    """Return the innermost call around the name, if it is of one of the two kinds."""
    places = ((expression_span(c, source), c) for c in nodes.of(ast.Call) if isinstance(c, ast.Call))
    around = [(place.end - place.start, c) for place, c in places if place.contains(name)]
    call = min(around, key=lambda found: found[0])[1] if around else None
    return call if call is not None and called_name(call) in ("Column", "alter_column") else None


def _of_column(call: ast.Call) -> Iterator[tuple[str, ast.expr]]:
    options = {k.arg: k.value for k in call.keywords if k.arg}
    if _MORE & options.keys() or any(isinstance(a, ast.Call) and called_name(a) in _MADE for a in call.args):
        raise _NotToldInFull
    if len(call.args) < 2:
        raise _NotToldInFull
    yield "existing_type", call.args[1]
    keyed = options.get("primary_key")
    if keyed is not None and not (isinstance(keyed, ast.Constant) and keyed.value is False):
        raise _NotToldInFull
    yield "existing_nullable", options.get("nullable") or ast.Constant(True)
    for word in ("server_default", "comment"):
        if word in options:
            yield f"existing_{word}", options[word]


def _of_alteration(call: ast.Call) -> Iterator[tuple[str, ast.expr]]:
    """Yield what an ``alter_column`` leaves behind: on MySQL, all that it does not say is gone."""
    options = {k.arg: k.value for k in call.keywords if k.arg}
    for word in ("type", "nullable", "server_default", "comment"):
        found = options.get("type_" if word == "type" else word) or options.get(f"existing_{word}")
        if found is not None:
            yield f"existing_{word}", found
        elif word == "type":
            raise _NotToldInFull


class _Renderer:
    """Writes an expression for another module."""

    def __init__(self, nodes: Nodes) -> None:
        self._names: dict[str, str] = {}
        for node in nodes.of(ast.Import, ast.ImportFrom):
            if isinstance(node, ast.Import):
                for alias in node.names:
                    if alias.name == _PACKAGE:
                        self._names[alias.asname or _PACKAGE] = "sa"
            elif isinstance(node, ast.ImportFrom) and node.module in (_PACKAGE, f"{_PACKAGE}.types"):
                self._names |= {a.asname or a.name: f"sa.{a.name}" for a in node.names}

    def render(self, node: ast.expr) -> str:
        """Return the expression as text.

        Raises:
            _NotToldInFull: It is made of more than constants and what SQLAlchemy itself has.
        """
        if isinstance(node, ast.Constant) and (node.value is None or isinstance(node.value, (str, int, float))):
            return _text(node.value) if isinstance(node.value, str) else repr(node.value)
        if isinstance(node, (ast.Name, ast.Attribute)):
            return self._name(node)
        if isinstance(node, ast.Call) and not any(isinstance(a, ast.Starred) for a in node.args):
            given = [self.render(argument) for argument in node.args]
            given += [f"{k.arg}={self.render(k.value)}" for k in node.keywords if k.arg]
            return f"{self._name(node.func)}({', '.join(given)})"
        raise _NotToldInFull

    def _name(self, node: ast.expr) -> str:
        if isinstance(node, ast.Name) and self._names.get(node.id, "sa") != "sa":
            return self._names[node.id]
        owner = node.value if isinstance(node, ast.Attribute) else None
        if isinstance(node, ast.Attribute) and isinstance(owner, ast.Name) and self._names.get(owner.id) == "sa":
            return f"sa.{node.attr}"
        raise _NotToldInFull


def _text(value: str) -> str:
    return repr(value) if '"' in value or "\\" in value or not value.isprintable() else f'"{value}"'
