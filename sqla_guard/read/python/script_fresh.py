"""Whether a test asks the database when it is reached, or only looks at what was asked before."""

from __future__ import annotations

import ast
import re

from sqla_guard.read.python.script_tree import Tree, bound_by, called

_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
_CONNECTS = re.compile(
    r"connect\w{0,99}\(|cursor\(|[sS]ession\w{0,99}\(|create_\w{0,99}engine\(|sessionmaker\(|get_bind\(|begin\(|get_db\(|text\(|"
    r"get_engine\(|environ|getenv|SQLAlchemy\("
)
_ANSWERS = re.compile(
    r"inspect\(|Inspector|get_columns|get_table|MetaData|reflect|PRAGMA|fetch|\bset\(|\bdict\(|\{\}|\[\]"
)
_KEPT = re.compile(r"_{0,9}(?:insp\w*|\w{0,99}columns?|\w{0,99}cache\w*|schema|existing\w*|known\w*)", re.IGNORECASE)


def is_stale(tree: Tree, asked: ast.expr) -> bool:
    """Tell whether ``asked`` may answer from memory: from a variable, an inspector (they remember), a cache."""
    for node in ast.walk(asked):
        among = node.comparators[0] if isinstance(node, ast.Compare) and _is_membership(node) else None
        if among is not None and not any(isinstance(n, ast.Call) for n in ast.walk(among)):
            return True
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load) and _is_answer(tree, node, asked):
            return True
        if isinstance(node, ast.Attribute) and _KEPT.fullmatch(node.attr) and not _is_called(tree, node):
            return True
        if isinstance(node, ast.Call) and any(remembers(tree, f) for f in _defined(tree, called(node))):
            return True
    return not any(isinstance(node, ast.Call) for node in ast.walk(asked))


def _is_membership(test: ast.Compare) -> bool:
    return isinstance(test.ops[0], (ast.In, ast.NotIn))


def remembers(tree: Tree, function: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    """Tell whether a helper may answer from memory."""
    if function not in tree.remembering:
        tree.remembering[function] = _remembers(tree, function)
    return tree.remembering[function]


def _remembers(tree: Tree, function: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    if function.decorator_list and not isinstance(tree.parent(function), ast.ClassDef):
        return True
    own = {a.arg for a in (*function.args.posonlyargs, *function.args.args, *function.args.kwonlyargs)}
    own |= {name for s in function.body for name in bound_by(s)}
    for node in (n for s in function.body for n in ast.walk(s)):
        if (
            isinstance(node, ast.Attribute)
            and _KEPT.fullmatch(node.attr)
            and _is_own(node)
            and not _is_called(tree, node)
        ):
            return True
        if (
            isinstance(node, ast.Name)
            and node.id not in own
            and any(_is_kept(tree.text(v)) for v in _values(tree, node))
        ):
            return True
    return False


def _is_own(node: ast.Attribute) -> bool:
    return isinstance(node.value, ast.Name) and node.value.id in ("self", "cls")


def _is_kept(value: str) -> bool:
    return bool(_ANSWERS.search(value)) and not _CONNECTS.search(value)


def _is_answer(tree: Tree, name: ast.Name, asked: ast.expr) -> bool:
    """Tell whether a name is bound to what something answered before."""
    if _is_called(tree, name):
        return False
    return any(
        any(isinstance(n, (ast.Call, ast.ListComp, ast.SetComp)) for n in ast.walk(value))
        and (bool(_ANSWERS.search(tree.text(value))) or not _CONNECTS.search(tree.text(value)))
        for value in _values(tree, name)
        if not any(value is n for n in ast.walk(asked))
    )


def _values(tree: Tree, name: ast.Name) -> list[ast.expr]:
    """Return what a name is bound to in its function, else in the module."""
    found: dict[bool, list[ast.expr]] = {True: [], False: []}
    here = tree.function(name)
    for node in tree.assigned.get(name.id, ()):
        around = tree.function(node)
        if around in (here, None) and node.value is not None:
            found[around is here].append(node.value)
    return found[True] or found[False]


def _is_called(tree: Tree, node: ast.expr) -> bool:
    parent = tree.parent(node)
    return isinstance(parent, ast.Call) and parent.func is node


def _defined(tree: Tree, name: str) -> list[ast.FunctionDef | ast.AsyncFunctionDef]:
    return [n for n in tree.nodes.of(*_FUNCTIONS) if isinstance(n, _FUNCTIONS) and n.name == name]
