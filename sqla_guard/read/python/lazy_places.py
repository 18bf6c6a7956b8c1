"""Small questions to ``ast`` trees about shared places: what a function reads and binds, what a statement binds."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Sequence

from sqla_guard.core.source import SourceFile
from sqla_guard.read.python.lazy_slots import Slots
from sqla_guard.read.python.nodes import children, nodes_in
from sqla_guard.read.python.parse import span_of

_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
_SCOPES = (*_FUNCTIONS, ast.ClassDef, ast.Lambda)
# What speaks of a place.
_SPEAKING = frozenset({ast.Name, ast.Attribute, ast.Subscript, ast.Compare, ast.Call, ast.alias})
_CONTAINER_CALLS = frozenset({"dict", "list", "OrderedDict", "collections.OrderedDict", "WeakValueDictionary"})
_CONTAINER_CALLS |= {"weakref.WeakValueDictionary", "defaultdict", "collections.defaultdict"}


def own_nodes(function: ast.AST) -> Iterator[ast.AST]:
    """Yield the nodes of a function's own scope, nested functions, classes and lambdas left out."""
    pending = children(function)
    while pending:
        node = pending.pop()
        yield node
        if node.__class__ not in _SCOPES:
            pending += children(node)


def identifiers(node: ast.AST) -> frozenset[str]:
    """Return all names and attribute names read below ``node``."""
    return identifiers_among(nodes_in(node))


def identifiers_among(nodes: Iterable[ast.AST]) -> frozenset[str]:
    """Return all names and attribute names that are read in ``nodes``."""
    found = set()
    for inner in nodes:
        if isinstance(inner, ast.Name) and isinstance(inner.ctx, ast.Load):
            found.add(inner.id)
        elif isinstance(inner, ast.Attribute):
            found.add(inner.attr)
    return frozenset(found)


def is_container(node: ast.expr) -> bool:
    """Tell whether an expression makes a dict or list."""
    if isinstance(node, ast.Call):
        return ast.unparse(node.func) in _CONTAINER_CALLS
    return isinstance(node, (ast.Dict, ast.List, ast.DictComp, ast.ListComp))


def containers_in(body: Sequence[ast.stmt]) -> Iterator[str]:
    """Yield the names that statements bind to a dict or list."""
    for node in body:
        targets, value = assignment(node)
        if value is not None and is_container(value):
            yield from (t.id for t in targets if isinstance(t, ast.Name))


def instance_parameter(node: ast.FunctionDef | ast.AsyncFunctionDef) -> tuple[str, bool]:
    """Return a method's first parameter, and whether it stands for a class."""
    decorators = {d.id for d in node.decorator_list if isinstance(d, ast.Name)}
    arguments = [*node.args.posonlyargs, *node.args.args]
    if "staticmethod" in decorators or not arguments:
        return "", False
    first = arguments[0].arg
    decorated = any(ast.unparse(d).rpartition(".")[2] in _CLASS_DECORATORS for d in node.decorator_list)
    is_class = decorated or node.name in ("__new__", "__init_subclass__", "__class_getitem__") or first in _CLASS_NAMES
    return first, is_class


_CLASS_NAMES = frozenset({"cls", "klass", "class_", "mcs", "mcls"})
_CLASS_DECORATORS = frozenset({"classmethod", "classproperty", "hybrid_classmethod"})


def shared_places(node: ast.AST, slots: Slots) -> tuple[set[str], set[str]]:
    """Return the shared places that a function reads itself, and those that it binds itself."""
    read: set[str] = set()
    bound: set[str] = set()
    for inner in own_nodes(node):
        if inner.__class__ not in _SPEAKING:
            continue
        key: str | None = None
        into = read
        match inner:
            case ast.Name(ctx=context) | ast.Attribute(ctx=context) | ast.Subscript(ctx=context):
                key = slots.of(inner)
                into = read if isinstance(context, ast.Load) else bound
            case ast.alias():
                key, into = slots.name(inner.asname or inner.name.partition(".")[0]), bound
            case ast.Compare(left=left, comparators=comparators):
                members = zip([left, *comparators], inner.ops, comparators, strict=False)
                asked = (slots.member(k, c) for k, op, c in members if isinstance(op, (ast.In, ast.NotIn)))
                read.update(place for place in asked if place is not None)
            case ast.Call(func=ast.Name("setattr"), args=[base, ast.Constant(value=str(attr)), _]):
                key, into = slots.attribute(base, attr), bound
            case ast.Call(func=ast.Name("hasattr"), args=[base, ast.Constant(value=str(attr))]):
                key = slots.attribute(base, attr)
            case ast.Call():
                key = slots.of(inner)
        if key is not None:
            into.add(key)
    return read, bound


def assignment(node: ast.AST) -> tuple[list[ast.expr], ast.expr | None]:
    """Return the targets and the value of an assignment or deletion; nothing for other nodes."""
    match node:
        case ast.Assign(targets=targets, value=value):
            return targets, value
        case ast.AnnAssign(target=target, value=value):
            return [target], value
        case ast.AugAssign(target=target):
            return [target], None
        case ast.Delete(targets=targets):
            return targets, None
        case _:
            return [], None


def bound_names(top: ast.stmt) -> frozenset[str]:
    """Return what a top-level statement binds at module level."""
    if isinstance(top, (*_FUNCTIONS, ast.ClassDef)):
        return frozenset({top.name})
    found: set[str] = set()
    for node in [top, *own_nodes(top)]:
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            found.add(node.id)
        elif isinstance(node, (*_FUNCTIONS, ast.ClassDef)):
            found.add(node.name)
        elif isinstance(node, ast.alias):
            found.add(node.asname or node.name.partition(".")[0])
    return frozenset(found)


def bound_in(function: ast.AST) -> frozenset[str]:
    """Return the names that a function's own scope binds by assignment."""
    nodes = own_nodes(function)
    return frozenset(n.id for n in nodes if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store))


def escapes(inner: ast.FunctionDef | ast.AsyncFunctionDef, outer: ast.AST) -> bool:
    """Tell whether a nested function can be called by others than the call of ``outer`` that made it."""
    if inner.decorator_list:
        return True
    calls, uses = 0, -_mentions(inner, inner.name)
    for node in own_nodes(outer):
        if node.__class__ in _SCOPES:  # the inner one, or the class that it is a method of, is among these
            uses += _mentions(node, inner.name)
        elif isinstance(node, ast.Name):
            uses += node.id == inner.name
        elif isinstance(node, ast.Call):
            calls += isinstance(node.func, ast.Name) and node.func.id == inner.name
    return uses > calls


def _mentions(node: ast.AST, name: str) -> int:
    return sum(1 for n in nodes_in(node) if isinstance(n, ast.Name) and n.id == name)


def threading_names(
    source: SourceFile, imports: Sequence[ast.Import | ast.ImportFrom]
) -> tuple[str | None, tuple[tuple[str, str], ...], tuple[tuple[str, int], ...]]:
    """Return the module's name, names of lock classes, and where each is bound."""
    module_name: str | None = None
    constructors: list[tuple[str, str]] = []
    ends: list[tuple[str, int]] = []
    for node in imports:
        end = span_of(source, node).end
        for alias in node.names:
            local = alias.asname or alias.name
            if isinstance(node, ast.Import) and alias.name == "threading":
                module_name = module_name or local
                ends.append((local, end))
            elif isinstance(node, ast.ImportFrom) and node.module == "threading" and alias.name in ("Lock", "RLock"):
                constructors.append((alias.name, local))
                ends.append((local, end))
    return module_name, tuple(constructors), tuple(ends)
