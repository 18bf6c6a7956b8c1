"""Where the lock of a class attribute or of a closure's variable goes; a module's stands beside the global."""

from __future__ import annotations

import ast
import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from sqla_guard.read.python.lazy_places import bound_names

if TYPE_CHECKING:
    from sqla_guard.read.python.lazy_functions import FunctionInfo, FunctionNode
    from sqla_guard.read.python.lazy_module import ModuleIndex

# Classes whose body gives a meaning to every name in it.
_SPECIAL_BASES = re.compile(
    r"Enum$|Flag$|BaseModel$|BaseSettings$|NamedTuple$|TypedDict$|SQLModel$|Structure$|Protocol$"
)


def lock_place(index: ModuleIndex, function: FunctionInfo, name: str) -> tuple[int | None, str, str]:
    """Return where the lock's line goes, its indentation, and what stands before its name where it is taken."""
    kind = function.slots.kinds.get(name, "global")
    if kind in ("class", "keyed", "element") and "." in name.partition("[")[0]:
        owner, _, attribute = name.partition("[")[0].rpartition(".")
        found = [n for n in index.classes if n.name == owner]
        if len(found) != 1 or any(_SPECIAL_BASES.search(ast.unparse(b)) for b in found[0].bases):
            return None, "", ""
        place = _in_body(index, found[0].body, attribute, found[0])
        return (*place, f"{owner}.") if place else (None, "", "")
    if kind == "instance" and function.class_node is not None:
        return _in_init(index, function, name)
    if function.outer is not None and (name in function.nonlocals or kind == "keyed" or kind == "element"):
        plain = name.partition("[")[0]
        place = _in_body(index, function.outer.body, plain, None) or _behind_parameters(index, function.outer, plain)
        return (*place, "") if place else (None, "", "")
    return None, "", ""


def _behind_parameters(index: ModuleIndex, outer: FunctionNode, name: str) -> tuple[int, str] | None:
    """Return the start of the first line in the body of ``outer``, behind the docstring, if ``name`` is a parameter."""
    source, arguments = index.source, outer.args
    known = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs, arguments.vararg, arguments.kwarg]
    said = ast.get_docstring(outer, clean=False) is not None
    if name not in {a.arg for a in known if a is not None} or len(outer.body) == said:
        return None
    first = index.whole(outer.body[said])
    line = source.position(first.start)[0]
    behind = source.text[source.line_starts[line - 1] : first.start].strip()
    while not behind and source.line(line - 1).lstrip().startswith("#"):
        line -= 1
    return None if behind else (source.line_starts[line - 1], source.indent_at(first.start))


def _in_init(index: ModuleIndex, function: FunctionInfo, name: str) -> tuple[int | None, str, str]:
    """Return the place behind the statement of ``__init__`` that binds an attribute of the only instance."""
    first = function.slots.first
    inits = [n for n in getattr(function.class_node, "body", []) if getattr(n, "name", "") == "__init__"]
    for node in (n for init in inits for n in init.body):
        targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
        if any(isinstance(t, ast.Attribute) and ast.unparse(t) == name for t in targets):
            span = index.whole(node)
            number = index.source.position(span.end)[0]
            starts = index.source.line_starts
            at = starts[number] if number < len(starts) else len(index.source.text)
            return at, f"{index.source.indent_at(span.start)}{first}.", f"{first}."
    return None, "", ""


def _in_body(
    index: ModuleIndex, body: Sequence[ast.stmt], name: str, owner: ast.ClassDef | None
) -> tuple[int, str] | None:
    """Return the start of the line behind what binds ``name`` in ``body``; for a class else its first statement."""
    source = index.source
    bound = next(
        (n for n in body if not isinstance(n, (ast.FunctionDef, ast.ClassDef)) and name in bound_names(n)), None
    )
    if bound is None and owner is None:
        return None
    after = bound is not None
    if bound is None:
        rest = [n for n in body if not (isinstance(n, ast.Expr) and isinstance(n.value, ast.Constant))]
        bound = rest[0] if rest else body[0]
    span = index.whole(bound)
    line = source.position(span.end if after else span.start)[0]
    if owner is not None and source.position(span.start)[0] == owner.lineno:
        return None
    number = line if after else line - 1
    starts = source.line_starts
    return (starts[number] if number < len(starts) else len(source.text)), source.indent_at(span.start)
