"""What ``__init__`` does to an object that ``__new__`` keeps for all callers."""

from __future__ import annotations

import ast

from sqla_guard.read.python.lazy_functions import FunctionNode
from sqla_guard.read.python.lazy_sets import Locks


def works_after_new(owner: ast.ClassDef | None, new: FunctionNode, locks: Locks) -> bool:
    """Tell whether ``__init__`` works on what ``new``, the class's ``__new__``, has handed out, with no lock."""
    inits = _inits(owner) if owner is not None and new.name == "__new__" else []
    if not inits or _calls_init(new):
        return False
    for node in (n for init in inits for n in ast.walk(init)):
        if isinstance(node, ast.With) and any(locks.held(ast.unparse(i.context_expr)) for i in node.items):
            return False
    return any(
        isinstance(n, (ast.Assign, ast.AnnAssign, ast.For, ast.With, ast.If)) for init in inits for n in init.body
    )


def made_whole(owner: ast.ClassDef | None, init: FunctionNode, locks: Locks) -> bool:
    """Tell whether ``__new__`` of the class runs ``init``, its ``__init__``, while it holds a lock."""
    if owner is None or init.name != "__init__":
        return False
    news = [n for n in owner.body if isinstance(n, ast.FunctionDef) and n.name == "__new__"]
    withs = [n for new in news for n in ast.walk(new) if isinstance(n, ast.With)]
    return any(_calls_init(w) and any(locks.held(ast.unparse(i.context_expr)) for i in w.items) for w in withs)


def init_call(owner: ast.ClassDef | None, new: FunctionNode) -> str | None:
    """Return the arguments that ``new`` can call ``__init__`` with where that does its work only once.

    Python calls ``__init__`` again when ``__new__`` returns; a flag of the instance makes that call do nothing.
    """
    inits = _inits(owner) if owner is not None and new.name == "__new__" else []
    if len(inits) != 1 or not _works_once(inits[0]):
        return None
    mine, wanted = new.args, inits[0].args
    if len(mine.args) == 1 and mine.vararg and mine.kwarg and not mine.kwonlyargs:
        return f", *{mine.vararg.arg}, **{mine.kwarg.arg}"
    if ast.unparse(mine).partition(",")[2] != ast.unparse(wanted).partition(",")[2] or mine.posonlyargs:
        return None
    passed = [a.arg for a in mine.args[1:]]
    passed += [f"*{mine.vararg.arg}"] if mine.vararg else []
    passed += [f"{a.arg}={a.arg}" for a in mine.kwonlyargs]
    passed += [f"**{mine.kwarg.arg}"] if mine.kwarg else []
    return "".join(f", {name}" for name in passed)


def _inits(owner: ast.ClassDef) -> list[ast.FunctionDef]:
    return [n for n in owner.body if isinstance(n, ast.FunctionDef) and n.name == "__init__"]


def _calls_init(node: ast.AST) -> bool:
    return any(isinstance(n, ast.Attribute) and n.attr == "__init__" for n in ast.walk(node))


def _works_once(init: ast.FunctionDef) -> bool:
    """Tell whether ``__init__`` begins by asking a flag of the instance, which it sets."""
    body = [n for n in init.body if not (isinstance(n, ast.Expr) and isinstance(n.value, ast.Constant))]
    first = _asked_in_a_try(body[0]) if body else None
    if not isinstance(first, ast.If) or first.orelse or not init.args.args:
        return False
    leaves = len(first.body) == 1 and isinstance(first.body[0], ast.Return) and first.body[0].value is None
    negated = isinstance(first.test, ast.UnaryOp) and isinstance(first.test.op, ast.Not)
    if leaves == negated or (negated and len(body) > 1):
        return False
    me = init.args.args[0].arg
    asked = first.test.operand if isinstance(first.test, ast.UnaryOp) else first.test
    flag: object = None
    match asked:
        case ast.Attribute(value=ast.Name(id=name), attr=attr) if name == me:
            flag = attr
        case ast.Call(func=ast.Name("hasattr" | "getattr"), args=[ast.Name(id=name), ast.Constant(value=attr), *_]):
            flag = attr if name == me else None
    return any(isinstance(n, ast.Attribute) and n.attr == flag and isinstance(n.ctx, ast.Store) for n in ast.walk(init))


def _asked_in_a_try(node: ast.stmt) -> ast.stmt:
    """Return the statement that a ``try`` is about if that only minds a missing attribute, else ``node`` itself."""
    match node:
        case ast.Try(
            body=[inner],
            handlers=[ast.ExceptHandler(type=ast.Name("AttributeError"), body=[ast.Pass()])],
            orelse=[],
            finalbody=[],
        ):
            return inner
        case _:
            return node
