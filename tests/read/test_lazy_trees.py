"""Statements are found without a look at expressions, in the order of the source."""

from __future__ import annotations

import ast

from sqla_guard.read.python.lazy_trees import below, statements_below

TEXT = """
def f(a, b=lambda: 1):
    global X
    if a:
        x = [y := i for i in a]
    elif b:
        del x
    else:
        for i in a:
            break
        else:
            i += 1
    try:
        with a as b, c:
            pass
    except E as e:
        raise
    else:
        return
    finally:
        while a:
            yield b
    match a:
        case [1, *_]:
            class A(B):
                def g(self):
                    nonlocal a
                    a.b = 1
        case {"x": y}:
            async def h():
                async for i in a:
                    await b
                async with c:
                    import d
"""
KINDS = (ast.stmt, ast.excepthandler, ast.match_case)


def test_statements_come_as_a_walk_over_everything_finds_them() -> None:
    node = ast.parse(TEXT).body[0]
    assert list(statements_below(node)) == [n for n in below(node) if isinstance(n, KINDS)]


def test_functions_and_classes_inside_are_told_but_not_looked_into() -> None:
    node = ast.parse(TEXT).body[0]
    own = list(statements_below(node, nested=False))
    inside = {n for n in own[1:] if isinstance(n, (ast.ClassDef, ast.AsyncFunctionDef))}
    assert {n.name for n in inside} == {"A", "h"}
    assert [n for n in statements_below(node) if not any(n in ast.walk(i) and n is not i for i in inside)] == own
