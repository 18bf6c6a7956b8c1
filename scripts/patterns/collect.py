"""Find every regular expression in the package's code, those that are put together at run time included."""

from __future__ import annotations

import ast
import builtins
import re
import string
from collections.abc import Iterator, Mapping
from importlib import import_module
from pathlib import Path
from typing import Any, NamedTuple

ROOT = Path(__file__).resolve().parents[2]

_FUNCTIONS = {"compile", "match", "fullmatch", "search", "sub", "subn", "split", "findall", "finditer"}
_ANCHORED = {"match", "fullmatch"}


class Found(NamedTuple):
    """A regular expression.

    Attributes:
        place: File and line.
        pattern: What is compiled.
        flags: Its flags.
        uses: ``match`` and ``fullmatch``, which try one place, or ``search`` for all that look all over a text.
    """

    place: str
    pattern: str | bytes
    flags: int
    uses: tuple[str, ...]


class _Sample(str):
    """Stands for a value that is only known at run time: a name, whatever is asked of it."""

    def __getattr__(self, name: str) -> _Sample:
        return self

    def __getitem__(self, _: object) -> _Sample:
        return self

    def __call__(self, *_: object, **__: object) -> _Sample:
        return self


_NAME = _Sample("metadata")


class _Names(dict[str, Any]):
    """The names of a module, and samples for all others."""

    def __missing__(self, name: str) -> Any:
        return getattr(builtins, name, _NAME)


def patterns() -> list[Found]:
    """Return every regular expression once for each place that it stands at."""
    files = sorted((ROOT / "sqla_guard").rglob("*.py"))
    trees = {path: ast.parse(path.read_bytes()) for path in files}
    methods = _methods(trees)
    return sorted({found for path, tree in trees.items() for found in _in_module(path, tree, methods)}, key=str)


def _methods(trees: Mapping[Path, ast.Module]) -> dict[tuple[Path | None, str], set[str]]:
    """Return the methods that are called on each name; a public one may be used by any module."""
    called: dict[tuple[Path | None, str], set[str]] = {}
    for path, tree in trees.items():
        for node in ast.walk(tree):
            if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
                name = node.value.id
                for where in (path, None):
                    called.setdefault((where, name), set()).add(node.attr)
    return called


def _in_module(path: Path, tree: ast.Module, methods: Mapping[tuple[Path | None, str], set[str]]) -> Iterator[Found]:
    if not any(isinstance(n, ast.Import) and any(a.name == "re" for a in n.names) for n in ast.walk(tree)):
        return
    module = import_module(".".join(path.relative_to(ROOT).with_suffix("").parts))
    where = path.relative_to(ROOT).as_posix()
    compiled_here: set[Any] = set()
    handed_on: set[str] = set()
    for scope, call, target in _calls(tree):
        function = call.func.attr if isinstance(call.func, ast.Attribute) else "compile"
        value = _value(call.args[0], scope, vars(module))
        flags = _value(call.args[-1], scope, vars(module)) if len(call.args) > 1 else 0
        flags = next((_value(k.value, scope, vars(module)) for k in call.keywords if k.arg == "flags"), flags)
        if isinstance(value, (str, bytes)):
            own = target.startswith("_") or scope is not tree
            known = methods.get((path if own else None, target), set())
            uses = _uses(function, target, known)
            compiled_here.add(value)
            if value is _NAME:
                handed_on |= set(uses)
            text = str(value) if isinstance(value, str) else value
            if _is_whole(text):
                yield Found(f"{where}:{call.lineno}", text, int(flags) if isinstance(flags, int) else 0, uses)
    # What is handed to another function as text and compiled there.
    uses = tuple(sorted(handed_on)) or ("search",)
    for node in tree.body:
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            for value in _texts(getattr(module, node.targets[0].id, None)):
                within: list[Any] = [text for text in compiled_here if isinstance(text, type(value))]
                if _looks_like_one(value) and not any(value in text for text in within):
                    yield Found(f"{where}:{node.lineno}", value, 0, uses)


def _uses(function: str, target: str, known: set[str]) -> tuple[str, ...]:
    """Return how an expression is used that ``function`` is given and whose result goes by the name ``target``."""
    called = {target[1:]} if target.startswith(".") else known  # called on at once, or through its name
    used = called if function == "compile" else {function}
    return tuple(sorted({name if name in _ANCHORED else "search" for name in used & _FUNCTIONS})) or ("search",)


def _texts(value: object) -> Iterator[str | bytes]:
    """Yield the texts in a value: itself, or those in a tuple of tuples."""
    if isinstance(value, (str, bytes)):
        yield value
    for inner in value if isinstance(value, (tuple, list)) else ():
        yield from _texts(inner)


def _looks_like_one(value: str | bytes) -> bool:
    text = value if isinstance(value, str) else value.decode("latin-1")
    return "\\" in text and all(c in string.printable for c in text) and _is_whole(value)


def _is_whole(value: str | bytes) -> bool:
    try:
        re.compile(value)
    except re.error:  # the beginning of one
        return False
    return True


def _calls(tree: ast.Module) -> Iterator[tuple[ast.AST, ast.Call, str]]:
    """Yield the calls of ``re`` with the function around each and the name that its result gets."""
    pending: list[tuple[ast.AST, ast.AST, str]] = [(tree, tree, "")]
    while pending:
        scope, node, target = pending.pop()
        if isinstance(node, ast.Call) and _is_re(node.func) and node.args:
            yield scope, node, target
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            scope = node
        named = node.targets[0] if isinstance(node, ast.Assign) else None
        attribute = named.attr if isinstance(named, ast.Attribute) else ""
        target = named.id if isinstance(named, ast.Name) else attribute
        if isinstance(node, ast.Attribute):
            target = f".{node.attr}"
        pending += [(scope, child, target) for child in ast.iter_child_nodes(node)]


def _is_re(function: ast.expr) -> bool:
    return (isinstance(function, ast.Name) and function.id == "compiled") or (
        isinstance(function, ast.Attribute)
        and isinstance(function.value, ast.Name)
        and function.value.id == "re"
        and function.attr in _FUNCTIONS
    )


def _value(node: ast.expr, scope: ast.AST, names: Mapping[str, object]) -> object:
    """Return what ``node`` is, with samples in place of what is only known at run time."""
    known = _Names(names)
    for assigned in ast.walk(scope) if isinstance(scope, (ast.FunctionDef, ast.AsyncFunctionDef)) else ():
        if isinstance(assigned, ast.Assign) and isinstance(assigned.targets[0], ast.Name):
            name = assigned.targets[0].id
            if name not in known:
                value = _evaluated(assigned.value, known)
                known[name] = value if isinstance(value, (str, bytes)) else _NAME
    return _evaluated(node, known)


def _evaluated(node: ast.expr, names: _Names) -> object:
    try:
        return eval(compile(ast.Expression(node), "<pattern>", "eval"), names)
    except Exception:  # needs more than names
        return _NAME


def main() -> None:
    """Print them."""
    for found in patterns():
        print(found.place, *found.uses, repr(found.pattern), re.RegexFlag(found.flags))


if __name__ == "__main__":
    main()
