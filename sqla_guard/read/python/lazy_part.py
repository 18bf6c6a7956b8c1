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
from sqla_guard.read.python.lazy_parts import are_beside, is_balanced, parse_parts
from sqla_guard.read.python.lazy_places import assignment, own_nodes
from sqla_guard.read.python.lazy_sparse import Lazy, find_lazy, may_be_only_one, parse_lazy
from sqla_guard.read.python.lock_words import LOCK_CONSTRUCTORS

# Methods that work on new instances, of which each has something to tell about the others.
_MAKERS = frozenset({"__new__", "__init__"})
_MAKER = re.compile(r"def[\s\\]+__(?:new|init)__\b")
_CLASS = re.compile(r"class(?<!\wclass)[\s\\]+(\w+)")
_SENTINEL = re.compile(r"\b(?:object|[Ss]entinel)[\s\\]*\(")
_CONTAINER = re.compile(
    r"=[\s\\(]*(?:[\[{]|(?:\w+[\s\\]*\.[\s\\]*)*(?:dict|list|OrderedDict|WeakValueDictionary|defaultdict)\b)"
)
# A call at the top of a module whose result is kept.
_INSTANCE = re.compile(r"(?:\n[\w()][^\n(]{0,400}|[\]\\]\s{0,100})=[\s\\(]{0,100}(\w+)\s*\(")
# Values that are no booleans, of a name at the top of the module; what begins with plain text is found faster.
_NO_BOOLEAN = r"\n%s[ \t]*(?::[^\n=]*)?=[ \t]*(?:None\b|[\"'{\d])"


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
    chosen = [body for body in lazy.chosen if lazy.names[body] in _MAKERS]
    if not chosen:
        return []
    code = bodies_of(source).code
    makers = [body for body, name in lazy.names.items() if name in _MAKERS]
    if len(makers) != len(_MAKER.findall(code)):
        return None
    return [maker for maker in makers if any(are_beside(code, maker, body) for body in chosen)]


def words_of(places: Iterable[str], called: Iterable[str]) -> re.Pattern[str] | None:
    """Return what finds the statements that matter, given the words of the places and the names of the functions."""
    words = {*places, *called}
    return None if "" in words else re.compile(rf"\b(?:{'|'.join(map(re.escape, sorted(words)))})\b")


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
        self._known: dict[FunctionInfo, frozenset[str]] = {}

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
        return _Names(lambda name: me._may_be_container(name), lambda: me._rest.containers)

    def _may_be_container(self, name: str) -> bool:
        """Tell whether a line at the top of the module may bind ``name`` to a container."""
        code = self._code
        for match in re.finditer(rf"{name}(?<!\w{name})\b", code):  # begins with the name: that is found faster
            if not code[code.rfind("\n", 0, match.start()) + 1].isspace():
                end = code.find("\n", match.end())
                behind = code[match.end() : end if end >= 0 else len(code)].rstrip()
                if _CONTAINER.search(behind) or behind.endswith(("=", "\\")) or not is_balanced(behind, 0, len(behind)):
                    return True
        return False

    @cached_property
    def singletons(self) -> Container[str]:
        """Classes of which the module makes one instance for itself, and nothing in it makes another."""
        me, code = proxy(self), self._code
        made = frozenset(_INSTANCE.findall("\n" + code))
        return _Names(lambda name: name in made and may_be_only_one(name, code), lambda: me._rest.singletons)

    @cached_property
    def sentinels(self) -> Container[str]:
        """Module-level names bound to an object that means "nothing yet"."""
        me, code = proxy(self), self._code
        return _Names(lambda _: _SENTINEL.search(code) is not None, lambda: me._rest.sentinels)

    @cached_property
    def guards(self) -> Container[str]:
        """Lock names, and functions of the module that give a locked block or lock what they decorate."""
        me = proxy(self)
        return _Names(lambda name: me._may_guard(name), lambda: me._rest.guards)

    def _may_guard(self, name: str) -> bool:
        code = self._code
        if re.search(rf"def[\s\\]+{re.escape(name)}\b", code) is not None:
            return True
        # A plain name has to be bound here: no decorator of Python's own is a lock.
        is_bound = not name.isidentifier() or re.search(rf"{name}(?<!\w{name})[\s\\)]*[=:]", code) is not None
        return is_bound and any(word in code for word in LOCK_CONSTRUCTORS)

    def only_booleans(self, name: str) -> bool:
        """Tell whether every assignment to the place ``name`` in the module is ``True`` or ``False``."""
        if name.isidentifier() and re.search(_NO_BOOLEAN % name, f"\n{self._code}"):
            return False
        word = re.compile(name.partition("[")[0].rpartition(".")[2])
        if any(name in self._written(function) for function in self.functions if self.holds(function.node, word)):
            return False
        return self._rest.only_booleans(name)

    def _written(self, function: FunctionInfo) -> frozenset[str]:
        if function not in self._known:
            self._known[function] = frozenset(_written(function))
        return self._known[function]

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
    """Names of a module, which is read for those only that may be among them."""

    def __init__(self, may_be: Callable[[str], bool], read: Callable[[], Container[str]]) -> None:
        self._may_be = may_be
        self._read = read
        self._known: dict[object, bool] = {}

    def __contains__(self, name: object) -> bool:
        if name not in self._known:
            self._known[name] = self._may_be(str(name)) and name in self._read()
        return self._known[name]


def _written(function: FunctionInfo) -> Iterator[str]:
    """Yield the places that a function sets to something else than a boolean."""
    for node in own_nodes(function.node):
        targets, value = assignment(node)
        if isinstance(value, ast.Constant) and isinstance(value.value, bool):
            continue
        for target in (n for t in targets for n in ast.walk(t)):
            if isinstance(target, (ast.Name, ast.Attribute, ast.Subscript)) and not isinstance(target.ctx, ast.Load):
                yield from filter(None, (function.slots.of(target),))
