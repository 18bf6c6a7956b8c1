"""Finding lazily made shared objects: a cheap look at the bytes, ``ast`` for candidates, then close reading."""

from __future__ import annotations

from collections.abc import Iterable

from sqla_guard.core.source import SourceFile
from sqla_guard.facts.lazy import CachedFactory, LazyInit
from sqla_guard.read.python.lazy_cached import read_cached_factories
from sqla_guard.read.python.lazy_functions import FunctionInfo
from sqla_guard.read.python.lazy_marker import may_hold_lazy_init
from sqla_guard.read.python.lazy_module import ModuleIndex
from sqla_guard.read.python.parse import UnparsableFile, parse

__all__ = ["may_hold_lazy_init", "read_lazy_inits"]


def read_lazy_inits(source: SourceFile) -> tuple[LazyInit | CachedFactory, ...]:
    """Return the lazy initialisations and cached factories in ``source``, in source order.

    Raises:
        UnparsableFile: The text is not Python.
    """
    index = ModuleIndex(source, parse(source))
    return _read_all(source, index, [info for info in index.functions if info.is_candidate()])


def read_every_function(source: SourceFile) -> tuple[LazyInit | CachedFactory, ...]:
    """Return the same as :func:`read_lazy_inits` by reading every function closely; slow, for tests."""
    index = ModuleIndex(source, parse(source))
    return _read_all(source, index, index.functions)


def _read_all(
    source: SourceFile, index: ModuleIndex, functions: Iterable[FunctionInfo]
) -> tuple[LazyInit | CachedFactory, ...]:
    found = sorted((fact for info in functions for fact in _read_closely(source, index, info)), key=lambda f: f.test)
    return (*found, *read_cached_factories(source, index.functions))


def _read_closely(source: SourceFile, index: ModuleIndex, info: FunctionInfo) -> tuple[LazyInit, ...]:
    import libcst

    from sqla_guard.read.python.lazy_close import read_function

    try:
        return read_function(source, index, info, index.whole(info.node))
    except libcst.ParserSyntaxError as error:
        raise UnparsableFile(f"not understood: {error.message}", error.raw_line) from error
