"""Which expressions of a module can hold SQL: told from where its strings go, without evaluating any."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable

from sqla_guard.facts.reserved_words import RESERVED
from sqla_guard.read.python.nodes import Nodes
from sqla_guard.read.python.sql_names import GROWS, called_name, parameter_names
from sqla_guard.read.python.sql_strings import STATEMENT
from sqla_guard.read.sql.statements import may_define

_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)
# Calls that give back what they were given, or are called on, be it in part.
_TRANSPARENT = frozenset(
    [
        *("text", "DDL", "SQL", "str", "literal_column", "Identifier", "quoted_name", "dedent", "cleandoc", "partial"),
        *(
            "list",
            "tuple",
            "dict",
            "sorted",
            "reversed",
            "set",
            "frozenset",
            "iter",
            "filter",
            "map",
            "zip",
            "enumerate",
        ),
        *("bindparams", "execution_options", "columns", "encode", "decode", "as_string", "format", "join", "replace"),
        *("strip", "lstrip", "rstrip", "items", "values", "get", "pop", "copy", "split", "splitlines", "partition"),
        *("upper", "lower"),
    ]
)
# A string that begins with what is put in is SQL only where the rest says that it matters.
_PUT_IN = re.compile(r"\s*[%{]")
# On their own, these words begin no statement that says anything of a table.
_ALONE = re.compile(r"\s*(?:start|go|set|use|lock|commit|values|truncate|pragma)\s*\Z", re.IGNORECASE)
_DEFINES = re.compile(r"\W*(?:create|alter|drop|rename)\b", re.IGNORECASE)
_SENTENCE = re.compile(r"\s*[A-Z][a-z]")
_MATTERS = re.compile("create|alter|drop|rename|" + "|".join(sorted(RESERVED)), re.IGNORECASE)


class Given:
    """The expressions of one module that can hold SQL; in doubt they can."""

    def __init__(self, nodes: Nodes) -> None:
        """Follow the strings of the module to all that may have them."""
        self._nodes = nodes
        self._holding: set[ast.AST] = set()
        pending = [node for node in nodes.of(ast.Constant, ast.JoinedStr) if _may_begin(node, nodes)]
        pending += _constants_elsewhere(nodes)
        if not pending:
            return
        self._parameters: dict[str, list[str]] = {}
        for function in nodes.of(*_FUNCTIONS[:2]):
            assert isinstance(function, (ast.FunctionDef, ast.AsyncFunctionDef))
            given = (name for name in parameter_names(function) if name not in ("self", "cls"))
            self._parameters.setdefault(function.name, []).extend(given)
        words: dict[str, list[ast.AST]] = {}
        for node in nodes.of(ast.Name, ast.Attribute):
            words.setdefault(node.id if isinstance(node, ast.Name) else getattr(node, "attr", ""), []).append(node)
        known: set[str] = set()
        while pending:
            for word in self._up(pending.pop()):
                if word not in known:
                    known.add(word)
                    pending += words.get(word, ())

    def among(self, expressions: Iterable[ast.expr]) -> bool:
        """Tell whether one of ``expressions`` can hold SQL."""
        return any(expression in self._holding for expression in expressions)

    def _up(self, node: ast.AST) -> list[str]:
        """Note all expressions around ``node``; return the names that get what it holds."""
        found: list[str] = []
        while node not in self._holding:
            self._holding.add(node)
            parent = self._nodes.parents.get(node)
            if parent is None:
                break
            found += self._names_given(parent, node)
            if isinstance(parent, ast.stmt) or not _holds_too(parent, node):
                break
            node = parent
        return found

    def _names_given(self, parent: ast.AST, node: ast.AST) -> list[str]:
        if isinstance(parent, ast.Assign):
            return [word for target in parent.targets for word in _words(target)]
        if isinstance(parent, (ast.AnnAssign, ast.AugAssign, ast.NamedExpr, ast.For, ast.AsyncFor, ast.comprehension)):
            return _words(parent.target)
        if isinstance(parent, ast.arguments):
            around = self._nodes.parents.get(parent)
            return parameter_names(around) if around is not None else []
        if isinstance(parent, ast.keyword):
            return [parent.arg] if parent.arg else []
        if isinstance(parent, ast.Call) and parent.func is not node:
            name = called_name(parent)
            grows = name in GROWS and isinstance(parent.func, ast.Attribute)
            owner = _words(parent.func.value) if grows and isinstance(parent.func, ast.Attribute) else []
            return [*owner, *self._parameters.get(name, ())]
        if isinstance(parent, (ast.Return, ast.Yield, ast.YieldFrom)):
            return self._function_around(parent)
        return []

    def _function_around(self, node: ast.AST) -> list[str]:
        current = self._nodes.parents.get(node)
        while current is not None and not isinstance(current, _FUNCTIONS[:2]):
            current = self._nodes.parents.get(current)
        return [current.name] if isinstance(current, (ast.FunctionDef, ast.AsyncFunctionDef)) else []


def _holds_too(parent: ast.AST, node: ast.AST) -> bool:
    """Tell whether the expression ``parent`` may hold what ``node`` in it holds."""
    if isinstance(parent, ast.Subscript):
        return parent.value is node
    if isinstance(parent, ast.Attribute):
        return parent.attr in _TRANSPARENT
    if isinstance(parent, ast.keyword):
        return False
    if isinstance(parent, ast.Call):
        return parent.func is node or called_name(parent) in _TRANSPARENT
    return not isinstance(parent, ast.Compare)


def _words(target: ast.AST) -> list[str]:
    """Return the last words of what is bound: ``x`` for ``x``, ``self.x`` and ``x["y"]``."""
    if isinstance(target, (ast.Tuple, ast.List)):
        return [word for part in target.elts for word in _words(part)]
    if isinstance(target, (ast.Starred, ast.Subscript)):
        return _words(target.value)
    if isinstance(target, ast.expr) and (word := _last(target)):
        return [word]
    return []


def _may_begin(node: ast.AST, nodes: Nodes) -> bool:
    """Tell whether the string ``node`` can begin a statement."""
    if isinstance(node, ast.JoinedStr):
        texts = [str(part.value) for part in node.values if isinstance(part, ast.Constant)]
        begins = bool(node.values) and isinstance(node.values[0], ast.FormattedValue)
        return begins and any(map(_MATTERS.search, texts))
    parent = nodes.parents[node]
    if isinstance(parent, ast.Expr) or (isinstance(parent, ast.JoinedStr) and parent.values[0] is not node):
        return False
    text = node.value if isinstance(node, ast.Constant) else None
    text = text.decode("latin-1") if isinstance(text, bytes) else text
    if not isinstance(text, str):
        return False
    if STATEMENT.match(text) and not _ALONE.match(text):
        if _DEFINES.match(text) and not may_define(text):
            return False  # "Create an account"
        # "Update failed" is given away as it is.
        given = isinstance(parent, (ast.Call, ast.keyword))
        return not (given and _SENTENCE.match(text)) or _MATTERS.search(text) is not None
    return _PUT_IN.match(text) is not None and _MATTERS.search(text) is not None


def _constants_elsewhere(nodes: Nodes) -> list[ast.AST]:
    """Return the constants of other modules with which strings begin here."""
    begins: list[ast.expr] = []
    for node in nodes.of(ast.JoinedStr, ast.BinOp, ast.Call):
        if isinstance(node, ast.JoinedStr):
            first = node.values[0] if node.values else None
            begins += [first.value] if isinstance(first, ast.FormattedValue) else []
        elif isinstance(node, ast.BinOp) and isinstance(node.op, (ast.Add, ast.Mod)):
            begins.append(node.left)
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "format":
            begins.append(node.func.value)
    return [node for node in begins if _last(node).isupper()]


def _last(node: ast.expr) -> str:
    return node.id if isinstance(node, ast.Name) else node.attr if isinstance(node, ast.Attribute) else ""
