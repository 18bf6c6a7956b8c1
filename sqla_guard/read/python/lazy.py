"""Finding lazily made shared objects: a cheap look at the bytes, ``ast`` for candidates, then close reading."""

from __future__ import annotations

from collections.abc import Iterable

from sqla_guard.core.source import SourceFile
from sqla_guard.facts.lazy import LazyInit
from sqla_guard.read.python.bodies import bodies_of
from sqla_guard.read.python.lazy_functions import FunctionInfo
from sqla_guard.read.python.lazy_marker import may_hold_lazy_init
from sqla_guard.read.python.lazy_module import ModuleIndex
from sqla_guard.read.python.lazy_part import PartIndex, index_of, words_of
from sqla_guard.read.python.lazy_sparse import find_lazy
from sqla_guard.read.python.parse import UnparsableFile, parse

__all__ = ["may_hold_lazy_init", "read_lazy_inits"]


def read_lazy_inits(source: SourceFile) -> tuple[LazyInit, ...]:
    """Return the lazy initialisations in ``source``, in source order.

    Raises:
        UnparsableFile: What had to be parsed of the text is not Python.
    """
    lazy = find_lazy(source)
    if lazy is None:
        return ()
    index = index_of(source, lazy)
    names, chosen = {info.node.name for info in index.functions}, lazy.chosen
    bodies = (body for body in bodies_of(source).found if body.name in names)
    known = {(body.name, source.position(body.end)[0]): body for body in bodies}
    asked = ((info, known.get((info.node.name, info.node.end_lineno or 0))) for info in index.functions)
    candidates = {info: body for info, body in asked if (body is None or body in chosen) and info.is_candidate()}
    if not candidates:
        return ()
    index.words = words_of(lazy.places, (info.node.name for info in candidates))
    if isinstance(index, PartIndex):
        index.narrow(frozenset(body for body in candidates.values() if body is not None))
    return _read_all(index, candidates)


def read_every_function(source: SourceFile) -> tuple[LazyInit, ...]:
    """Return the same as :func:`read_lazy_inits` by reading every function closely; slow, for tests."""
    index = ModuleIndex(source, parse(source))
    return _read_all(index, index.functions)


def _read_all(index: ModuleIndex, functions: Iterable[FunctionInfo]) -> tuple[LazyInit, ...]:
    from sqla_guard.read.python.lazy_close import FunctionReader  # most files hold nothing to read closely

    try:
        found = (fact for info in functions for fact in FunctionReader(index, info).facts())
        return tuple(sorted(found, key=lambda fact: fact.test))
    except RecursionError as error:
        raise UnparsableFile("nested too deeply to be read") from error
