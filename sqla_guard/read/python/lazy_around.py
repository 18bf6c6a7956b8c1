"""What the rest of a module says about a lazily made object, read when somebody asks: most facts are judged without."""

from __future__ import annotations

from functools import cached_property

from sqla_guard.core.source import Span
from sqla_guard.facts.lazy import Around
from sqla_guard.read.python.lazy_functions import FunctionInfo
from sqla_guard.read.python.lazy_module import ModuleIndex
from sqla_guard.read.python.parse import UnparsableFile


class Surroundings:
    """Tells what the module says about the places that one function tests; it keeps no tree."""

    def __init__(self, index: ModuleIndex, function: FunctionInfo, names: frozenset[str], name: str, before: Span):
        """Remember what is asked, by what ``function`` tests ahead of ``before``."""
        self._of = names, name, before
        self._at = function.node.lineno, function.qualname
        self._source = index.source
        self._index = index.again

    def __call__(self) -> Around:
        """Return it."""
        return self._read

    @cached_property
    def _read(self) -> Around:
        index = self._index(self._source)
        function = next(f for f in index.functions if (f.node.lineno, f.qualname) == self._at)
        try:
            return index.around(function, *self._of)
        except RecursionError as error:
            raise UnparsableFile("nested too deeply to be read") from error

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Surroundings) and self() == other()

    def __hash__(self) -> int:
        return hash(self._at)
