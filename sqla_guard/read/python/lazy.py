"""Finding lazily made shared objects: a cheap look at the bytes, ``ast`` for candidates, then close reading."""

from __future__ import annotations

import re
from collections.abc import Iterable

from sqla_guard.core.source import SourceFile
from sqla_guard.facts.lazy import LazyInit
from sqla_guard.read.python.lazy_functions import FunctionInfo
from sqla_guard.read.python.lazy_marker import may_hold_lazy_init
from sqla_guard.read.python.lazy_module import ModuleIndex
from sqla_guard.read.python.lazy_sparse import parse_lazy
from sqla_guard.read.python.parse import UnparsableFile, parse

__all__ = ["may_hold_lazy_init", "read_lazy_inits"]


def read_lazy_inits(source: SourceFile) -> tuple[LazyInit, ...]:
    """Return the lazy initialisations in ``source``, in source order.

    Raises:
        UnparsableFile: What had to be parsed of the text is not Python.
    """
    lazy = parse_lazy(source)
    if lazy is None:
        return ()
    index = ModuleIndex(source, lazy.tree)
    asked = (info for info in index.functions if (info.node.name, info.node.end_lineno) not in lazy.passed)
    candidates = [info for info in asked if info.is_candidate()]
    if "" not in lazy.places:
        words = lazy.places.union(info.node.name for info in candidates)
        index.words = re.compile(rf"\b(?:{'|'.join(map(re.escape, sorted(words)))})\b")
    return _read_all(index, candidates)


def read_every_function(source: SourceFile) -> tuple[LazyInit, ...]:
    """Return the same as :func:`read_lazy_inits` by reading every function closely; slow, for tests."""
    index = ModuleIndex(source, parse(source))
    return _read_all(index, index.functions)


def _read_all(index: ModuleIndex, functions: Iterable[FunctionInfo]) -> tuple[LazyInit, ...]:
    from sqla_guard.read.python.lazy_close import read_function  # most files hold nothing to read closely

    try:
        return tuple(sorted((fact for info in functions for fact in read_function(index, info)), key=lambda f: f.test))
    except RecursionError as error:
        raise UnparsableFile("nested too deeply to be read") from error
