"""The functions of a module that may make shared objects lazily; the rest is read where a question goes beyond them."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Container, Iterable, Iterator
from functools import cached_property, lru_cache, partial
from weakref import proxy

from sqla_guard.core.source import SourceFile
from sqla_guard.read.python.bodies import Body, bodies_of
from sqla_guard.read.python.lazy_functions import FunctionInfo
from sqla_guard.read.python.lazy_module import ModuleIndex
from sqla_guard.read.python.lazy_parts import are_beside, parse_parts
from sqla_guard.read.python.lazy_places import assignment
from sqla_guard.read.python.lazy_sparse import Lazy, find_lazy, parse_lazy
from sqla_guard.read.python.lazy_text import DEFINITIONS, has_only_one, is_balanced, only_booleans
from sqla_guard.read.python.lazy_trees import statements_below
from sqla_guard.read.python.lock_words import LOCK_CONSTRUCTORS

# Methods that work on new instances, of which each has something to tell about the others.
_MAKERS = frozenset({"__new__", "__init__"})
_MAKER = re.compile(r"def[\s\\]+__(?:new|init)__\b")
_CLASS = re.compile(r"class(?<!\wclass)[\s\\]+(\w+)")
# Each begins with plain text: that is found faster.
_SENTINELS = (re.compile(r"object(?<!\wobject)[\s\\]*\("), re.compile(r"entinel[\s\\]*\("))
_CONTAINER = re.compile(
    r"=[\s\\(]*(?:[\[{]|(?:\w+[\s\\]*\.[\s\\]*)*(?:dict|list|OrderedDict|WeakValueDictionary|defaultdict)\b)"
)


def index_of(source: SourceFile, lazy: Lazy) -> ModuleIndex:
    """Return the functions of ``source`` that may make shared objects, with the rest of the module at hand.

    Raises:
        UnparsableFile: What had to be parsed of the text is not Python.
    """
    makers = _makers(source, lazy)
    tree = parse_parts(source, lazy.chosen.union(makers or ())) if lazy.is_certain else None
    if tree is None:
        return rest_of(source, None)
    index = PartIndex(source, tree)
    index.has_makers = makers is not None
    return index


def _makers(source: SourceFile, lazy: Lazy) -> list[Body] | None:
    """Return the bodies of what makes instances of the same classes; ``None`` where one of them is in doubt."""
    chosen = [body for body in lazy.chosen if body.name in _MAKERS]
    if not chosen:
        return []
    code = bodies_of(source).code
    makers = [body for body in bodies_of(source).found if body.name in _MAKERS]
    if len(makers) != len(_MAKER.findall(code)):
        return None
    return [maker for maker in makers if any(are_beside(code, maker, body) for body in chosen)]


def words_of(places: Iterable[str], called: Iterable[str]) -> frozenset[str] | None:
    """Return the words of statements that matter, given those of the places and the names of the functions."""
    words = frozenset({*places, *called})
    return None if "" in words else words


@lru_cache(maxsize=2)
def rest_of(source: SourceFile, bodies: frozenset[Body] | None) -> ModuleIndex:
    """Return the module as far as it can matter to the functions with ``bodies``, or to all that are asked about.

    Raises:
        UnparsableFile: What had to be parsed of the text is not Python.
    """
    lazy = find_lazy(source)
    assert lazy is not None
    lazy = lazy if bodies is None else lazy.among(bodies)
    index = ModuleIndex(source, parse_lazy(source, lazy), words_of(lazy.places, lazy.called))
    index.again = partial(rest_of, bodies=bodies)
    return index


class PartIndex(ModuleIndex):
    """Some functions of a module, with the headers of their classes.

    Attributes:
        has_makers: Whether what makes instances is among them if one of them does.
    """

    has_makers = False

    def __post_init__(self) -> None:
        """Find the functions."""
        super().__post_init__()
        self.again = partial(rest_of, bodies=None)
        self._flags: dict[str, bool] = {}

    def narrow(self, bodies: frozenset[Body]) -> None:
        """Let the rest of the module be read only for the functions with ``bodies``, if it is not yet."""
        if "_rest" not in self.__dict__:
            self.again = partial(rest_of, bodies=bodies)

    @cached_property
    def _rest(self) -> ModuleIndex:
        return self.again(self.source)

    @cached_property
    def _code(self) -> str:
        return bodies_of(self.source).code

    @cached_property
    def class_names(self) -> frozenset[str]:
        """Classes of the module."""
        return frozenset(_CLASS.findall(self._code))

    @cached_property
    def containers(self) -> Container[str]:
        """Module-level names bound to a dict or list."""
        me = proxy(self)  # a cycle would keep the tree
        return _Names(lambda name: me._is_container(name), lambda: me._rest.containers)

    def _is_container(self, name: str) -> bool | None:
        """Tell whether a line at the top of the module binds ``name`` to a container."""
        code = self._code
        for match in re.finditer(rf"{name}(?<!\w{name})\b", code):  # begins with the name: that is found faster
            line = code.rfind("\n", 0, match.start()) + 1
            if not code[line].isspace() and not code.startswith(DEFINITIONS, line):
                end = code.find("\n", match.end())
                behind = code[match.end() : end if end >= 0 else len(code)].rstrip()
                if _CONTAINER.search(behind) or behind.endswith(("=", "\\")) or not is_balanced(behind, 0, len(behind)):
                    return None
        return False

    @cached_property
    def singletons(self) -> Container[str]:
        """Classes of which the module makes one instance for itself, and nothing in it makes another."""
        me = proxy(self)
        return _Names(lambda name: has_only_one(name, me._code, me.source.text), lambda: me._rest.singletons)

    @cached_property
    def sentinels(self) -> Container[str]:
        """Module-level names bound to an object that means "nothing yet"."""
        me = proxy(self)
        said = None if any(pattern.search(self._code) for pattern in _SENTINELS) else False
        return _Names(lambda _: said, lambda: me._rest.sentinels)

    @cached_property
    def guards(self) -> Container[str]:
        """Lock names, and functions of the module that give a locked block or lock what they decorate."""
        me = proxy(self)
        return _Names(lambda name: me._is_guard(name), lambda: me._rest.guards)

    def _is_guard(self, name: str) -> bool | None:
        code = self._code
        if re.search(rf"def[\s\\]+{re.escape(name)}\b", code) is not None:
            return None
        # A plain name has to be bound here: no decorator of Python's own is a lock.
        is_bound = not name.isidentifier() or re.search(rf"{name}(?<!\w{name})[\s\\)]*[=:]", code) is not None
        return None if is_bound and any(word in code for word in LOCK_CONSTRUCTORS) else False

    def only_booleans(self, name: str) -> bool:
        """Tell whether every assignment to the place ``name`` in the module is ``True`` or ``False``."""
        if name not in self._flags:
            self._flags[name] = self._only_booleans(name)
        return self._flags[name]

    def _only_booleans(self, name: str) -> bool:
        word = name.partition("[")[0].rpartition(".")[2]
        said = only_booleans(word, self._code)
        if said is False:
            return False
        holding = (f for f in self.functions if self.holds(f.node, frozenset({word})))
        known = {is_boolean for f in holding for place, is_boolean in _written(f) if place == name}
        if False in known:
            return False
        return bool(said and known) or self._rest.only_booleans(name)

    def reads(self, function_name: str, name: str) -> bool:
        """Tell whether a function of the module called ``function_name`` mentions ``name``."""
        defined = name.isidentifier() and re.search(rf"def[\s\\]+{function_name}\b", self._code)
        return bool(defined) and self._rest.reads(function_name, name)

    def class_of(self, function: FunctionInfo) -> ast.ClassDef | None:
        """Return the class that ``function`` is a method of, with what else of it matters to that one."""
        if self.has_makers or function.class_node is None or function.node.name not in _MAKERS:
            return function.class_node
        at = function.node.lineno, function.qualname
        return next(f.class_node for f in self._rest.functions if (f.node.lineno, f.qualname) == at)


class _Names:
    """Names of a module, which is read for those only of which its text leaves open whether they are among them."""

    def __init__(self, said: Callable[[str], bool | None], read: Callable[[], Container[str]]) -> None:
        self._said = said
        self._read = read
        self._known: dict[object, bool] = {}

    def __contains__(self, name: object) -> bool:
        if name not in self._known:
            said = self._said(str(name))
            self._known[name] = name in self._read() if said is None else said
        return self._known[name]


def _written(function: FunctionInfo) -> Iterator[tuple[str, bool]]:
    """Yield the places that a function assigns something to, and whether that is a boolean."""
    for node in statements_below(function.node, nested=False):
        targets, value = assignment(node)
        is_boolean = isinstance(value, ast.Constant) and isinstance(value.value, bool)
        for target in (n for t in targets for n in ast.walk(t)):
            if isinstance(target, (ast.Name, ast.Attribute, ast.Subscript)) and not isinstance(target.ctx, ast.Load):
                place = function.slots.of(target)
                if place is not None:
                    yield place, is_boolean
