"""What a step of a thread can read and write of what threads share: never less than it does, rather more.

Most of it is told by the instructions of a line: those that stay within their own frame touch nothing, those that read
or bind a name touch that name, those that look into an object touch the content of objects, and any other one is taken
to touch all there is. Globals, attributes and closures are told apart by their name alone: two things may be the same.

What a call touches is known only when it is made, so ``instrumented`` lets calls and ``with`` pass through functions
of the harness. Code of the module's own that is called runs line by line and tells for itself.
"""

from __future__ import annotations

import ast
import dis
import types
from dataclasses import dataclass
from functools import cache, lru_cache

FILE = "<raced>"
# Of all Pythons from 3.10 on. They move values between the stack, the locals and the constants of one frame, or make
# a call, which tells for itself.
_STAY_INSIDE = """
    BEFORE_WITH BUILD_LIST BUILD_TUPLE CACHE CALL CALL_FUNCTION CALL_FUNCTION_KW CALL_KW COPY COPY_FREE_VARS DELETE_FAST
    DUP_TOP DUP_TOP_TWO IS_OP JUMP_ABSOLUTE JUMP_BACKWARD JUMP_BACKWARD_NO_INTERRUPT JUMP_FORWARD KW_NAMES LOAD_CLOSURE
    LOAD_CONST LOAD_FAST LOAD_FAST_AND_CLEAR LOAD_FAST_BORROW LOAD_FAST_CHECK LOAD_FAST_LOAD_FAST LOAD_SMALL_INT
    MAKE_CELL NOP NOT_TAKEN POP_BLOCK POP_EXCEPT POP_JUMP_BACKWARD_IF_NONE POP_JUMP_BACKWARD_IF_NOT_NONE
    POP_JUMP_FORWARD_IF_NONE POP_JUMP_FORWARD_IF_NOT_NONE POP_JUMP_IF_NONE POP_JUMP_IF_NOT_NONE POP_TOP PRECALL
    PUSH_EXC_INFO PUSH_NULL RERAISE RESUME RETURN_CONST RETURN_VALUE ROT_FOUR ROT_THREE ROT_TWO SETUP_WITH STORE_FAST
    STORE_FAST_LOAD_FAST STORE_FAST_STORE_FAST SWAP WITH_EXCEPT_START
"""
_LOCAL = frozenset(_STAY_INSIDE.split())
_READS = frozenset({"LOAD_ATTR", "LOAD_CLASSDEREF", "LOAD_DEREF", "LOAD_GLOBAL", "LOAD_METHOD"})
_WRITES = frozenset({"DELETE_ATTR", "DELETE_DEREF", "DELETE_GLOBAL", "STORE_ATTR", "STORE_DEREF", "STORE_GLOBAL"})
_LOOKS = frozenset({"BINARY_SUBSCR", "COMPARE_OP", "CONTAINS_OP", "GET_ITER", "TO_BOOL", "UNARY_NOT"})
_BRANCHES = ("POP_JUMP", "JUMP_IF")  # on whether an object is true, until Python 3.12
_FILLS = frozenset({"DELETE_SUBSCR", "FOR_ITER", "STORE_SUBSCR"})
_CONTENT = "<content>"
# With these, names are reached that no instruction tells.
_BY_THE_BACK_DOOR = ("__dict__", "globals(", "locals(", "vars(", "__class__ =")


@dataclass(frozen=True)
class Touched:
    """What of the shared state may be touched: names that are read or bound, or anything at all."""

    reads: frozenset[str] = frozenset()
    writes: frozenset[str] = frozenset()
    anything: bool = False

    def __or__(self, other: Touched) -> Touched:
        return Touched(self.reads | other.reads, self.writes | other.writes, self.anything or other.anything)

    def commutes(self, other: Touched) -> bool:
        """Tell whether it makes no difference which of the two comes first."""
        if self == NOTHING or other == NOTHING:
            return True
        if self.anything or other.anything:
            return False
        return not (self.writes & (other.reads | other.writes) or other.writes & self.reads)


NOTHING = Touched()
ANYTHING = Touched(anything=True)
A_LOCK = Touched(writes=frozenset({"<lock>"}))


@cache
def touched_by_line(code: types.CodeType, line: int) -> Touched:
    """Return what the instructions of one line of ``code`` touch, and those that stand on no line."""
    touched = NOTHING
    lines = {offset: number for start, end, number in code.co_lines() for offset in range(start, end, 2)}
    for instruction in dis.get_instructions(code):
        if lines.get(instruction.offset) in (line, None):
            touched |= _touched_by(instruction.opname, str(instruction.argval))
    return touched


def _touched_by(instruction: str, name: str) -> Touched:
    if instruction in _LOCAL:
        return NOTHING
    if instruction in _READS:
        return Touched(reads=frozenset({name}))
    if instruction in _WRITES and not name.startswith("__"):  # `__getattr__` changes what other names mean
        return Touched(writes=frozenset({name}))
    if instruction in _LOOKS or instruction.startswith(_BRANCHES):
        return Touched(reads=frozenset({_CONTENT}))
    return Touched(writes=frozenset({_CONTENT})) if instruction in _FILLS else ANYTHING


def touched_by_call(function: object, arguments: tuple[object, ...]) -> Touched:
    """Return what a call touches by itself, without the lines of the module that it runs."""
    function = getattr(function, "__func__", function)
    if _is_own(function) or function in (super, isinstance, object.__new__):
        return NOTHING
    if function in (hasattr, getattr) and isinstance(arguments[1], str):
        return Touched(reads=frozenset({arguments[1]}))
    if type(function) is type and function.__module__ == "raced":
        makes = (getattr(function, name) for name in ("__new__", "__init__"))
        return NOTHING if all(_is_own(f) or f in (object.__new__, object.__init__) for f in makes) else ANYTHING
    return ANYTHING


def _is_own(function: object) -> bool:
    return isinstance(function, types.FunctionType) and function.__code__.co_filename == FILE


def least_touched(text: str) -> Touched:
    """Return what each step of a module must be taken to touch."""
    return ANYTHING if any(word in text for word in _BY_THE_BACK_DOOR) else NOTHING


class _Instrument(ast.NodeTransformer):
    """Let calls pass through ``_call_``, and what is entered by ``with`` through ``_enter_``; lines stay."""

    def __init__(self) -> None:
        self.first: list[str] = []

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        self.first.append(next((a.arg for a in (*node.args.posonlyargs, *node.args.args)), ""))
        self.generic_visit(node)
        self.first.pop()
        return node

    def visit_Call(self, node: ast.Call) -> ast.AST:
        self.generic_visit(node)
        # Without arguments it looks into the frame that calls it, which is the harness's now.
        if isinstance(node.func, ast.Name) and node.func.id == "super" and not node.args:
            node.args = [ast.Name("__class__", ast.Load()), ast.Name(self.first[-1], ast.Load())]
        function = ast.copy_location(ast.Name("_call_", ast.Load()), node.func)
        return ast.copy_location(ast.Call(function, [node.func, *node.args], node.keywords), node)

    def visit_withitem(self, node: ast.withitem) -> ast.AST:
        self.generic_visit(node)
        function = ast.copy_location(ast.Name("_enter_", ast.Load()), node.context_expr)
        node.context_expr = ast.copy_location(ast.Call(function, [node.context_expr], []), node.context_expr)
        return node


@lru_cache(maxsize=8)
def instrumented(text: str) -> types.CodeType:
    """Compile a module whose calls pass through ``_call_(function, …)`` and its locks through ``_enter_(lock)``."""
    return compile(ast.fix_missing_locations(_Instrument().visit(ast.parse(text))), FILE, "exec")
