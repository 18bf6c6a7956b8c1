"""Finding lazily made module globals: a cheap look at the bytes, ``ast`` for candidates, then close reading."""

from __future__ import annotations

from collections.abc import Iterable

from sqla_guard.core.source import SourceFile
from sqla_guard.facts.lazy import LazyInit
from sqla_guard.read.python.lazy_marker import may_hold_lazy_init
from sqla_guard.read.python.lazy_module import FunctionInfo, ModuleIndex
from sqla_guard.read.python.parse import UnparsableFile, parse

__all__ = ["may_hold_lazy_init", "read_lazy_inits"]


def read_lazy_inits(source: SourceFile) -> tuple[LazyInit, ...]:
    """Return the lazy initialisations of module globals in ``source``, in source order.

    Raises:
        UnparsableFile: The text is not Python.
    """
    index = ModuleIndex(source, parse(source))
    return _read_all(source, index, [info for info in index.functions if info.is_candidate()])


def read_every_function(source: SourceFile) -> tuple[LazyInit, ...]:
    """Return the same as :func:`read_lazy_inits` by reading every function closely; slow, for tests."""
    index = ModuleIndex(source, parse(source))
    return _read_all(source, index, index.functions)


def _read_all(source: SourceFile, index: ModuleIndex, functions: Iterable[FunctionInfo]) -> tuple[LazyInit, ...]:
    found = [fact for info in functions for fact in _read_closely(source, index, info)]
    return tuple(sorted(found, key=lambda fact: fact.test))


def _read_closely(source: SourceFile, index: ModuleIndex, info: FunctionInfo) -> tuple[LazyInit, ...]:
    import libcst

    from sqla_guard.read.python.lazy_close import read_function

    try:
        return read_function(source, index, info, index.whole(info.node))
    except libcst.ParserSyntaxError as error:
        raise UnparsableFile(f"not understood: {error.message}", error.raw_line) from error
