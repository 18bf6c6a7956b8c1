"""Where a function reads its lazily made globals, and where it changes what is in them."""

from __future__ import annotations

import ast
from collections.abc import Callable, Collection, Iterator
from copy import deepcopy
from typing import Literal

from msgspec import Struct

from sqla_guard.core.source import SourceFile, Span
from sqla_guard.facts.lazy import Load
from sqla_guard.read.python.fstrings import ARE_WRONG, mend_positions
from sqla_guard.read.python.lazy_slots import Slots
from sqla_guard.read.python.lazy_trees import FUNCTIONS, in_order, statements_below, text_of
from sqla_guard.read.python.parse import span_of

LOG_METHODS = frozenset(
    {"debug", "info", "warning", "warn", "error", "exception", "critical", "log", "notice", "print", "echo"}
)
_READYING = frozenset(
    {"reload", "load", "open", "connect", "init", "initialize", "initialise", "start", "setup", "configure", "prepare"}
)
_LOOKUPS = frozenset({"get", "keys", "values", "items", "copy", "isinstance", "len"})
_PLACES = (ast.Name, ast.Attribute, ast.Subscript)


def is_log(call: ast.Call) -> bool:
    """Tell whether a call only writes a message, by the method's name."""
    return getattr(call.func, "attr", getattr(call.func, "id", "")) in LOG_METHODS


class Read(Struct, frozen=True):
    """One place of a function that reads a shared place, before it is known which one matters.

    Attributes:
        name: The place.
        span: Where it stands.
        around: What it stands in that tells its role, the one that tells most.
    """

    name: str
    span: Span
    around: Literal["nested", "return", "log", ""]

    def load(self, guarded: Span, test: Span) -> Load:
        """Return it with its role, given the statements that are guarded and the test."""
        if self.around != "nested" and test.contains(self.span):
            return Load(self.name, self.span, "test")
        return Load(self.name, self.span, self.around or ("guarded" if guarded.contains(self.span) else "other"))


def read_places(
    source: SourceFile,
    function: ast.FunctionDef | ast.AsyncFunctionDef,
    slots: Slots,
    matters: Callable[[ast.stmt], bool],
) -> list[Read]:
    """Return every read of a shared place in those statements of ``function`` that matter, in source order."""
    found: list[Read] = []
    pending: list[tuple[ast.AST, Literal["nested", "return", "log", ""]]] = [(n, "") for n in function.body]
    while pending:
        node, around = pending.pop()
        if isinstance(node, ast.stmt) and not matters(node):
            continue
        key = slots.of(node) if isinstance(node, (*_PLACES, ast.Call)) else None
        if key is not None:
            assert isinstance(node, ast.expr)
            found.append(Read(key, span_of(source, node), around))
        if isinstance(node, ast.Return) and isinstance(node.value, _PLACES) and around != "nested":
            around = "return"
        elif isinstance(node, (*FUNCTIONS, ast.Lambda)):
            around = "nested"
        elif isinstance(node, ast.Call) and is_log(node) and not around:
            around = "log"
        elif around == "return":
            around = ""
        pending += [(n, around) for n in _readers_in(node, source, slots)]
    return sorted(found, key=lambda read: (read.span.start, -read.span.end))


def _readers_in(node: ast.AST, source: SourceFile, slots: Slots) -> Iterator[ast.AST]:
    """Yield the nodes directly in ``node`` that can read something: no targets that are places, no annotations."""
    match node:
        case ast.Delete() | ast.arg():
            return
        case ast.AnnAssign(value=value):
            yield from [value] if value is not None else []
        case ast.Assign(targets=targets, value=value):
            yield value
            for target in targets:
                elements = target.elts if isinstance(target, (ast.Tuple, ast.List)) else [target]
                for element in elements:
                    inner = element.value if isinstance(element, ast.Starred) else element
                    if isinstance(inner, (ast.Attribute, ast.Subscript)):
                        yield from [inner] if slots.of(inner) is None else in_order(inner)
        case ast.JoinedStr() if ARE_WRONG and any(slots.of(n) for n in ast.walk(node) if isinstance(n, ast.expr)):
            mended = deepcopy(node)  # other readers share the tree
            mend_positions(mended, source, lambda _: True)
            yield from in_order(mended)
        case _:
            yield from in_order(node)


def mutations(source: SourceFile, node: ast.AST, names: Collection[str], slots: Slots) -> Iterator[tuple[Span, str]]:
    """Yield what changes or sets up the value in one of the places ``names``, with its text.

    A method call that stands as a statement, an assignment to an attribute or element, the value handed to a call
    that stands as a statement. Reading it in an expression is none.
    """
    for small in statements_below(node):
        match small:
            case ast.Expr(value=value):
                call = value.value if isinstance(value, ast.Await) else value
                if isinstance(call, ast.Call) and not is_log(call) and _touches(call, names, slots):
                    yield span_of(source, small), _shown(source, call)
            case ast.Assign(targets=targets, value=value):
                call = value.value if isinstance(value, ast.Await) else value
                if isinstance(call, ast.Call) and _sets_up(call, names, slots):
                    yield span_of(source, small), _shown(source, call)
                for target in targets:
                    if _is_part_of(target, names, slots):
                        yield span_of(source, small), text_of(source, target)
            case ast.AugAssign(target=target) if _is_part_of(target, names, slots):
                yield span_of(source, small), text_of(source, target)


def _names(node: ast.expr, names: Collection[str], slots: Slots) -> bool:
    """Tell whether ``node`` itself is one of ``names``: a place, or a local name."""
    if isinstance(node, ast.Name) and node.id in names:
        return True
    return isinstance(node, _PLACES) and slots.of(node) in names


def _is_part_of(target: ast.expr, names: Collection[str], slots: Slots) -> bool:
    node = target
    while isinstance(node, (ast.Attribute, ast.Subscript)):
        if _names(node, names, slots):
            return node is not target
        node = node.value
    return node is not target and _names(node, names, slots)


def _touches(call: ast.Call, names: Collection[str], slots: Slots) -> bool:
    match call.func:
        case ast.Attribute(attr=attr) if attr not in _LOOKUPS and _is_part_of(call.func, names, slots):
            return True
        case ast.Name(id=name) if name in _LOOKUPS or name in ("setattr", "hasattr"):
            return False
    passed = (*call.args, *(keyword.value for keyword in call.keywords))
    return any(_names(n.value if isinstance(n, ast.Starred) else n, names, slots) for n in passed)


def _sets_up(call: ast.Call, names: Collection[str], slots: Slots) -> bool:
    """Tell whether a call whose result is kept makes the value ready, by the method's name: ``ok = X.load()``."""
    func = call.func
    verb = func.attr.lstrip("_").partition("_")[0] if isinstance(func, ast.Attribute) else ""
    return verb in _READYING and _is_part_of(func, names, slots)


def _shown(source: SourceFile, call: ast.Call) -> str:
    """Return a call short enough for a message."""
    return " ".join(text_of(source, call.func).split()) + ("(...)" if call.args or call.keywords else "()")
