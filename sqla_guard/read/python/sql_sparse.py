"""Which functions of a module can have a certain word in a string: the rest of them need not be parsed.

A word gets into a string of a function from a literal in it, from the module or a class around it, or from another
function that it calls by its name.
"""

from __future__ import annotations

import ast
import re
from bisect import bisect_right
from collections.abc import Iterator

from sqla_guard.core.source import SourceFile
from sqla_guard.read.python.bodies import Bodies, Body, bodies_of
from sqla_guard.read.python.nodes import Nodes, nodes_in, nodes_of
from sqla_guard.read.python.parse import kept_tree
from sqla_guard.read.python.sparse import parse_bodies
from sqla_guard.read.python.spoken import documents
from sqla_guard.read.sql_marker import may_be_spelled

_DEFINED = re.compile(r"def +(\w+)")
_WORDS = re.compile(r"\w+|[.(]")
# What is bound as far as it is a string, with all that may stand between strings side by side and before them.
_BOUND = re.compile(r'=[\s\\("rRuUbBfF]*')
_MOST_NAMES = 30


def literals_with(source: SourceFile, word: str) -> list[int] | None:
    """Return where ``word``, in lower case, stands in strings; ``None`` where it is in doubt what is a string.

    What is documentation does not count.
    """
    code, lowered = bodies_of(source).code, source.lowered
    if len(code) != len(lowered):
        return None
    places = [found.start() for found in re.finditer(re.escape(word), lowered) if code[found.start()] == '"']
    silent = sorted(documents(bodies_of(source))) if places else []
    return [place for place in places if not _is_within(place, silent, code)]


def _is_within(place: int, starts: list[int], code: str) -> bool:
    """Tell whether ``place``, in a string, is in one that begins at one of ``starts``."""
    at = bisect_right(starts, place) - 1
    return at >= 0 and not code[starts[at] : place].lstrip("rRuU").strip('"')


def nodes_saying(source: SourceFile, word: str) -> Nodes:
    """Return the nodes of ``source`` with every function whose strings may have ``word``, in lower case, in them.

    Raises:
        UnparsableFile: The file is no Python.
    """
    places = literals_with(source, word)
    if places is None or kept_tree(source) is not None or may_be_spelled(word, _lowered(source)):
        return nodes_of(source)
    code = bodies_of(source).code
    outer = list(_outermost(bodies_of(source)))
    said = {_around(place, outer) for place in places}
    saying = _with_callers({body for body in said if body is not None}, outer, code)
    if None in said or saying is None:
        return nodes_of(source)
    wanted = _with_callees(saying, outer, code)
    nodes = Nodes(parse_bodies(source, lambda body: body in wanted))
    lines = {line for body in saying for line in range(_line(source, body.start), _line(source, body.end) + 1)}
    # An attribute is a constant where no function sets it.
    unseen = (code[body.start : body.end] for body in outer if body not in wanted)
    constants = [f".{name}" for name in _constants(nodes, lines)]
    return nodes_of(source) if constants and any(name in text for text in unseen for name in constants) else nodes


def may_keep(source: SourceFile, words: frozenset[str]) -> bool:
    """Tell whether a module, or a class in it, may bind a name to a string with one of ``words``, in lower case."""
    bodies = bodies_of(source)
    code = bodies.code
    if len(code) != len(source.text.lower()):
        return True  # in doubt what is a string
    pieces: list[slice] = []
    done = 0
    for body in _outermost(bodies):
        if code.find("class", body.start, body.end) < 0:
            pieces.append(slice(done, body.start))
            done = body.end
    pieces.append(slice(done, None))
    text = "".join(source.text[piece] for piece in pieces).lower()
    code = "".join(code[piece] for piece in pieces)
    kept = "\n".join(text[bound.start() : bound.end()] for bound in _BOUND.finditer(code))
    spelled = kept.encode("utf-8", "surrogatepass")
    return any(word in kept or may_be_spelled(word, spelled) for word in sorted(words))


def _lowered(source: SourceFile) -> bytes:
    return source.lowered.encode("utf-8", "surrogatepass")


def _outermost(bodies: Bodies) -> Iterator[Body]:
    done = 0
    for body in bodies.found:
        if body.start >= done:
            yield body
            done = body.end


def _around(place: int, outer: list[Body]) -> Body | None:
    at = bisect_right(outer, place, key=lambda body: body.start) - 1
    return outer[at] if at >= 0 and place < outer[at].end else None


def _with_callers(saying: set[Body], outer: list[Body], code: str) -> set[Body] | None:
    """Return ``saying`` with the functions that call them by their bare names, and may get the word from them.

    ``None`` where that are many: to leave out the rest would save little.
    """
    new = saying
    asked: set[str] = set()
    while new:
        names = {_name(body, code) for body in new} - asked
        asked |= names
        if len(asked) > _MOST_NAMES:
            return None
        calls = {_around(at, outer) for name in names for at in _calls_of(name, code)}
        new = {body for body in calls if body is not None} - saying
        saying = saying | new
    return saying


def _with_callees(wanted: set[Body], outer: list[Body], code: str) -> set[Body]:
    """Return ``wanted`` with the functions that they call by their bare names, and so on."""
    named: dict[str, list[Body]] = {}
    for body in outer:
        named.setdefault(_name(body, code), []).append(body)
    found = set(wanted)
    pending = list(wanted)
    while pending:
        body = pending.pop()
        for name in _called(_WORDS.findall(code, body.start, body.end)):
            new = [callee for callee in named.pop(name, ()) if callee not in found]
            found.update(new)
            pending += new
    return found


def _name(body: Body, code: str) -> str:
    found = _DEFINED.match(code, code.rfind("def ", 0, body.start))
    return found[1] if found else ""


def _called(words: list[str]) -> set[str]:
    """Return what is called by a bare name, or seems to be."""
    threes = zip(["", *words], words, words[1:], strict=False)
    return {name for before, name, after in threes if after == "(" and before != "."}


def _calls_of(name: str, code: str) -> Iterator[int]:
    if name:
        yield from (call.start() for call in re.finditer(rf"{name}(?<![\w.]{name}) *\(", code))


def _line(source: SourceFile, place: int) -> int:
    return source.position(place)[0]


def _constants(nodes: Nodes, lines: set[int]) -> set[str]:
    """Return the attributes put into strings on ``lines`` that a class of the module may give a string."""
    strings = (node for node in nodes.of(ast.JoinedStr) if isinstance(node, ast.JoinedStr) and node.lineno in lines)
    fields = (part.value for node in strings for part in node.values if isinstance(part, ast.FormattedValue))
    put_in = {field.attr for field in fields if isinstance(field, ast.Attribute)}
    return put_in.intersection(
        part.id
        for node in nodes.of(ast.Assign, ast.AnnAssign)
        if isinstance(nodes.parents.get(node), ast.ClassDef) and _may_be_string(getattr(node, "value", None))
        for part in nodes_in(node)
        if isinstance(part, ast.Name)
    )


def _may_be_string(node: ast.expr | None) -> bool:
    return node is not None and not (isinstance(node, ast.Constant) and not isinstance(node.value, (str, bytes)))
