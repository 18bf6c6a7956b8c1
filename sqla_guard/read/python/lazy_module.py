"""What the rest of a module says about a lazily made object: other writers, callers, locks, imports, free names.

Read once a module with ``ast``; it flags nothing.
"""

from __future__ import annotations

import ast
import re
from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Container, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from keyword import iskeyword, issoftkeyword
from weakref import proxy

from sqla_guard.core.source import SourceFile, Span
from sqla_guard.facts.lazy import Around, Callers, ModuleSite, Reset
from sqla_guard.read.python.bodies import bodies_of
from sqla_guard.read.python.lazy_functions import FunctionInfo, FunctionNode, Use, Write
from sqla_guard.read.python.lazy_places import (
    assignment,
    bound_names,
    containers_in,
    identifiers,
    identifiers_among,
    threading_names,
)
from sqla_guard.read.python.lazy_sites import lock_place
from sqla_guard.read.python.lazy_text import mentioned
from sqla_guard.read.python.lazy_trees import FUNCTIONS, WITHS, text_of
from sqla_guard.read.python.lazy_walk import Walk
from sqla_guard.read.python.lock_words import is_lock_expression, makes_lock
from sqla_guard.read.python.nodes import nodes_in, nodes_of
from sqla_guard.read.python.parse import parse, span_of

_NAMING = frozenset({"id", "attr", "arg", "name", "asname", "rest"})
# A word, but for the name of what is defined.
_NAMED = re.compile(r"(?<!def )(?<!class )\b\w+")
_ENTERS = frozenset({"with"})
_SENTINELS = frozenset({"object", "Sentinel", "sentinel", "mock.sentinel"})


@dataclass
class ModuleIndex:
    """One module, looked at from all its lazily made globals.

    Attributes:
        source: The module.
        tree: Its tree.
        words: What statements hold whose mentions and assignments matter; ``None`` for any.
        again: Makes an index once more, of what the rest of the module has to tell.
        functions: All functions in it.
        classes: All classes.
        assigns: The assignments outside of expressions.
        uses: Mentions of functions.
        writes: Assignments to shared places.
    """

    source: SourceFile
    tree: ast.Module
    words: frozenset[str] | None = None
    again: Callable[[SourceFile], ModuleIndex] = field(default_factory=lambda: _whole)
    functions: list[FunctionInfo] = field(default_factory=list)
    classes: list[ast.ClassDef] = field(default_factory=list)
    assigns: list[ast.Assign] = field(default_factory=list)
    uses: list[Use] = field(default_factory=list)
    writes: list[Write] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Find functions, classes and assignments; everything else is worked out on demand."""
        # Functions know their module without keeping it, or nothing but a search for cycles would free the tree.
        self.seen_from_inside: ModuleIndex = proxy(self)
        self._mentioned: dict[frozenset[str], list[int]] = {}
        for top in self.tree.body:
            self._find_functions([top], "", top, None, None)

    def _find_functions(
        self,
        body: Sequence[ast.AST],
        scope: str,
        top: ast.stmt,
        owner: ast.ClassDef | None,
        outer: FunctionNode | None,
    ) -> None:
        for node in body:
            if isinstance(node, FUNCTIONS):
                qualname = scope + node.name
                self.functions.append(FunctionInfo(self.seen_from_inside, node, qualname, top, owner, outer))
                self._find_functions(node.body, f"{qualname}.<locals>.", top, None, node)
            elif isinstance(node, ast.ClassDef):
                self.classes.append(node)
                self._find_functions(node.body, f"{scope}{node.name}.", top, node, outer)
            elif isinstance(node, ast.Assign):
                self.assigns.append(node)
            else:
                for block in _blocks(node):
                    self._find_functions(block, scope, top, owner, outer)

    def holds(self, node: ast.stmt, words: frozenset[str]) -> bool:
        """Tell whether the lines of a statement, from its decorators on, hold one of ``words``."""
        if words not in self._mentioned:
            text = self.source.text
            self._mentioned[words] = sorted(start for word in words for start, _ in mentioned(word, text))
        found, starts, last = self._mentioned[words], self.source.line_starts, node.end_lineno or node.lineno
        first = min([node.lineno, *(d.lineno for d in getattr(node, "decorator_list", ()))])
        at = bisect_left(found, starts[first - 1])
        return at < len(found) and (last >= len(starts) or found[at] < starts[last])

    def matters(self, node: ast.stmt) -> bool:
        """Tell whether a statement may mention a function or a place that matters."""
        return self.words is None or self.holds(node, self.words)

    def declares(self, node: FunctionNode) -> bool:
        """Tell whether the lines of a function hold the word ``global`` or ``nonlocal``; few do."""
        lines = self._global_lines
        position = bisect_left(lines, node.lineno)
        return position < len(lines) and lines[position] <= (node.end_lineno or 0)

    @cached_property
    def class_names(self) -> frozenset[str]:
        """Classes of the module."""
        return frozenset(n.name for n in self.classes)

    @cached_property
    def containers(self) -> Container[str]:
        """Module-level names bound to a dict or list."""
        return frozenset(containers_in(self.tree.body))

    @cached_property
    def singletons(self) -> Container[str]:
        """Classes of which the module makes one instance for itself, and nothing in it makes another."""
        made = [value for node in self.tree.body for value in [assignment(node)[1]] if isinstance(value, ast.Call)]
        names = {m.func.id for m in made if isinstance(m.func, ast.Name)} & self.class_names
        return _Singles(names, self.tree)

    @cached_property
    def sentinels(self) -> Container[str]:
        """Module-level names bound to an object that means "nothing yet"."""
        return frozenset(
            t.id
            for node in self.tree.body
            for targets, value in [assignment(node)]
            for t in targets
            if isinstance(t, ast.Name) and isinstance(value, ast.Call) and ast.unparse(value.func) in _SENTINELS
        )

    @cached_property
    def _global_lines(self) -> list[int]:
        """Lines that hold the word ``global`` or ``nonlocal``, in order."""
        text = self.source.text
        found = (match.start() for word in ("global", "nonlocal") for match in re.finditer(word, text))
        return sorted(self.source.position(at)[0] for at in found)

    @cached_property
    def locks(self) -> tuple[tuple[str, int], ...]:
        """Module-level names bound to a lock, with the end of the binding statement."""
        found: list[tuple[str, int]] = []
        for node in self.tree.body:
            targets, value = assignment(node)
            if isinstance(value, ast.Call) and makes_lock(text_of(self.source, value)):
                found.extend((t.id, span_of(self.source, node).end) for t in targets if isinstance(t, ast.Name))
        return tuple(found)

    @cached_property
    def guards(self) -> Container[str]:
        """Lock names, and functions of the module that give a locked block or lock what they decorate."""
        names = {name for name, _ in self.locks} | self._lock_attributes
        for function in self.functions:
            if not self.holds(function.node, _ENTERS):
                continue
            nodes = nodes_in(function.node)
            entered = [i.context_expr for n in nodes if isinstance(n, WITHS) for i in n.items]
            if not any(is_lock_expression(text_of(self.source, e), frozenset(names)) for e in entered):
                continue
            if any(isinstance(n, (ast.Yield, ast.YieldFrom, *FUNCTIONS)) for n in nodes[1:]):
                names.add(function.node.name)
        return frozenset(names)

    @cached_property
    def _lock_attributes(self) -> frozenset[str]:
        """Attributes and globals bound to a lock somewhere, as functions write them, whatever they are called."""
        found: set[str] = set()
        for node in self.assigns:
            if not isinstance(node.value, ast.Call) or not makes_lock(text_of(self.source, node.value)):
                continue
            for target in node.targets:
                name = target.attr if isinstance(target, ast.Attribute) else getattr(target, "id", "")
                found.update(f"{owner}.{name}" for owner in ("self", "cls", *self.class_names))
                if isinstance(target, ast.Name) and self.initial(name):
                    found.add(name)
        return frozenset(found)

    @cached_property
    def _walked(self) -> bool:
        Walk(self).run()
        return True

    def class_of(self, function: FunctionInfo) -> ast.ClassDef | None:
        """Return the class that ``function`` is a method of, with what else of it matters to that one."""
        return function.class_node

    def around(self, function: FunctionInfo, names: frozenset[str], name: str, before: Span) -> Around:
        """Return what the module says about ``names``, the places that ``function`` tests in front of ``before``.

        Args:
            function: The function.
            names: The places.
            name: The one that a fixer goes by.
            before: What tests them.
        """
        function.is_candidate()  # which tells the kinds of its places
        return Around(
            self._resets(names, function.qualname),
            self._callers(function),
            self._reaches_itself(function),
            self._site(function, name),
            self._own_reset(function, names, before),
        )

    def _resets(self, names: frozenset[str], besides: str) -> tuple[Reset, ...]:
        """Return the places outside function ``besides`` that empty one of ``names``."""
        assert self._walked
        return tuple(
            Reset(w.name, w.function, span_of(self.source, w.statement), w.lock, self._stands_alone(w.statement))
            for w in self.writes
            if w.name in names and w.empties and w.function != besides and not w.function.endswith(".__init__")
        )

    def _own_reset(self, function: FunctionInfo, names: frozenset[str], before: Span) -> Span | None:
        """Return the statement of the function's body, ahead of ``before``, that may empty one of ``names``."""
        assert self._walked
        for write in self.writes:
            if write.name in names and write.empties and write.function == function.qualname:
                at = span_of(self.source, write.statement).start
                around = (span_of(self.source, n) for n in function.node.body)
                found = next((s for s in around if s.start <= at < s.end), None)
                if found is not None and found.end <= before.start:
                    return found
        return None

    @cached_property
    def _writes_by_name(self) -> dict[str, list[Write]]:
        found: dict[str, list[Write]] = {}
        for write in self.writes:
            found.setdefault(write.name, []).append(write)
        return found

    def only_booleans(self, name: str) -> bool:
        """Tell whether every assignment to the place ``name`` in the module is ``True`` or ``False``."""
        assert self._walked
        values = [assignment(w.statement)[1] for w in self._writes_by_name.get(name, [])]
        values.extend(self.initial_values(name))
        return bool(values) and all(isinstance(v, ast.Constant) and isinstance(v.value, bool) for v in values)

    def initial_values(self, name: str) -> list[ast.expr | None]:
        """Return what a place is bound to at the top of the module or in the body of its class."""
        return [assignment(node)[1] for node in self.initial(name)]

    def initial(self, name: str) -> list[ast.stmt]:
        """Return the statements that bind a place at the top of the module or in the body of its class."""
        return self._bound.get(name, [])

    @cached_property
    def _bound(self) -> dict[str, list[ast.stmt]]:
        """The statements at the top of the module and of its classes, by the places that they bind."""
        found: dict[str, list[ast.stmt]] = {}
        blocks = [("", self.tree.body), *((f"{n.name}.", n.body) for n in self.classes)]
        for owner, body in blocks:
            for node in body:
                for name in {t.id for t in assignment(node)[0] if isinstance(t, ast.Name)}:
                    found.setdefault(owner + name, []).append(node)
        return found

    def _callers(self, function: FunctionInfo) -> Callers:
        """Return who uses ``function`` in the module."""
        assert self._walked
        uses = [u for u in self.uses if u.name == function.node.name and u.function != function.qualname]
        return Callers(
            any(not u.function for u in uses),
            tuple(dict.fromkeys(u.function for u in uses if u.function and u.lock)),
            tuple(dict.fromkeys(u.function for u in uses if u.function and not u.lock)),
        )

    def _reaches_itself(self, function: FunctionInfo) -> Callable[[], bool]:
        """Return what tells whether what ``function`` calls in this module can come back to it."""
        # The words of a text are more than its names, and those of all functions are at hand.
        may = self.comes_back(function, self._words)
        return _ComesBack(self.source, function.node.lineno, function.qualname, may)

    def comes_back(self, function: FunctionInfo, named: Callable[[ast.stmt], frozenset[str]]) -> bool:
        """Tell whether one leads to another from ``function`` to itself by what is ``named`` in each."""
        functions, classes = self._defined
        seen: set[str] = set()
        # ``super().__new__(cls)`` is another one.
        pending = set(named(function.node)) - ({"__new__"} & {function.node.name})
        while pending:
            name = pending.pop()
            if name == function.node.name:
                return True
            if name not in seen:
                beside = (node for node in reversed(classes.get(name, ())) if node is not function.top)
                node = next(beside, None) or functions.get(name)
                pending |= named(node) if node is not None else frozenset()
            seen.add(name)
        return False

    @cached_property
    def _defined(self) -> tuple[dict[str, ast.stmt], dict[str, list[ast.stmt]]]:
        """The functions of the module, the last of each name, and the classes at its top."""
        classes: dict[str, list[ast.stmt]] = {}
        for node in self.tree.body:
            if isinstance(node, ast.ClassDef):
                classes.setdefault(node.name, []).append(node)
        return {f.node.name: f.node for f in self.functions}, classes

    def _words(self, node: ast.stmt) -> frozenset[str]:
        """Return the words in a definition but the names of what it defines."""
        span = self.whole(node)
        return frozenset(_NAMED.findall(self.source.text, span.start, span.end))

    def reads(self, function_name: str, name: str) -> bool:
        """Tell whether a function of the module called ``function_name`` mentions ``name``."""
        return any(f.node.name == function_name and name in f.identifiers for f in self.functions)

    def _site(self, function: FunctionInfo, name: str) -> ModuleSite:
        """Return what a fixer of ``name`` in ``function`` needs to know."""
        plain = re.split(r"[.\[]", name)[0]
        bound = next((span_of(self.source, n) for n, names in self._bound_at_top if plain in names), None)
        imports = [n for n in self.tree.body if isinstance(n, (ast.Import, ast.ImportFrom))]
        module_name, constructors, ends = threading_names(self.source, imports)
        rebound = any("threading" in names for n, names in self._bound_at_top if n not in imports)
        return ModuleSite(
            bound,
            self.whole(function.top),
            _AllNames(self.source, _all_names),
            self.locks,
            _Names(self.source, _read_names),
            module_name,
            constructors,
            ends,
            tuple(span_of(self.source, n) for n in imports if getattr(n, "module", "") != "__future__"),
            not rebound and (module_name == "threading" or "threading" not in self._imported),
            *lock_place(self, function, name),
        )

    @cached_property
    def _imported(self) -> frozenset[str]:
        nodes = [n for n in self.tree.body if isinstance(n, (ast.Import, ast.ImportFrom))]
        return frozenset(a.asname or a.name.partition(".")[0] for n in nodes for a in n.names)

    @cached_property
    def _bound_at_top(self) -> list[tuple[ast.stmt, frozenset[str]]]:
        return [(node, bound_names(node)) for node in self.tree.body]

    def whole(self, node: ast.stmt) -> Span:
        """Return the span of a statement from its first decorator on."""
        span = span_of(self.source, node)
        decorators = getattr(node, "decorator_list", [])
        if not decorators:
            return span
        first = span_of(self.source, decorators[0]).start
        return Span(self.source.text.rindex("@", 0, first + 1), span.end)

    def _stands_alone(self, node: ast.stmt) -> bool:
        span = span_of(self.source, node)
        line, column = self.source.position(span.start)
        before = self.source.line(line)[: column - 1]
        last, end_column = self.source.position(span.end)
        after = self.source.line(last)[end_column - 1 :].strip()
        return not before.strip() and (not after or after.startswith("#"))


class _Singles:
    """Those of some names that a module calls but once; it is looked through when one of them is asked for."""

    def __init__(self, names: Container[str], tree: ast.Module) -> None:
        self._names = names
        self._tree = tree

    def __contains__(self, name: object) -> bool:
        return name in self._names and self._calls[name] == 1

    @cached_property
    def _calls(self) -> Counter[object]:
        called = (n.func for n in nodes_in(self._tree) if isinstance(n, ast.Call))
        return Counter(func.id for func in called if isinstance(func, ast.Name))


def _blocks(node: ast.AST) -> Iterator[Sequence[ast.AST]]:
    """Yield the statements, handlers and cases inside a compound statement, in source order."""
    for name in ("body", "handlers", "orelse", "finalbody", "cases"):
        block = getattr(node, name, None)
        if block.__class__ is list:
            yield block


def _whole(source: SourceFile) -> ModuleIndex:
    return whole_index(source)


@lru_cache(maxsize=2)
def whole_index(source: SourceFile) -> ModuleIndex:
    """Return the index of a module with all its functions.

    Raises:
        UnparsableFile: The text is not Python.
    """
    return ModuleIndex(source, parse(source))


class _ComesBack:
    """Whether a function can come back to itself: the whole module is parsed when somebody asks."""

    def __init__(self, source: SourceFile, line: int, qualname: str, may: bool) -> None:
        self._at = source, line, qualname
        self._may = may

    def __call__(self) -> bool:
        return self._may and self._does

    @cached_property
    def _does(self) -> bool:
        source, *at = self._at
        whole = whole_index(source)
        same = (f for f in whole.functions if [f.node.lineno, f.qualname] == at)
        return any(whole.comes_back(f, identifiers) for f in same)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _ComesBack) and self() == other()

    def __hash__(self) -> int:
        return hash(self._at[1:])


class _Names:
    """Names of a whole module, which is parsed for those only that stand in its text."""

    def __init__(self, source: SourceFile, find: Callable[[SourceFile], frozenset[str]]) -> None:
        self._source = source
        self._find = find

    def __contains__(self, name: object) -> bool:
        return any(True for _ in mentioned(str(name), self._source.text)) and name in self._find(self._source)


class _AllNames(_Names):
    """All names of a module, which is parsed for those only that nothing but strings and imports hold."""

    def __contains__(self, name: object) -> bool:
        return _is_in_code(str(name), bodies_of(self._source).code) or super().__contains__(name)


def _is_in_code(word: str, code: str) -> bool:
    """Tell whether ``word`` is a name in code for certain: no keyword, no part of a module's, no prefix of a string."""
    if iskeyword(word) or issoftkeyword(word):
        return False
    lines = (
        (code[code.rfind("\n", 0, start) + 1 : start], code[end : end + 1]) for start, end in mentioned(word, code)
    )
    return any("import" not in before and "from" not in before and behind != '"' for before, behind in lines)


@lru_cache(maxsize=2)
def _all_names(source: SourceFile) -> frozenset[str]:
    found: set[str] = set()
    for node in nodes_of(source):
        for key in _NAMING.intersection(node._fields):
            value = getattr(node, key, None)
            if isinstance(value, str):
                found.update(value.split(".") if "." in value else (value,))
        if isinstance(node, (ast.Global, ast.Nonlocal)):
            found.update(node.names)
    return frozenset(found)


@lru_cache(maxsize=2)
def _read_names(source: SourceFile) -> frozenset[str]:
    return identifiers_among(nodes_of(source))
