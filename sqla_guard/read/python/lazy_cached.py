"""Functions whose results a decorator of ``functools`` keeps."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from sqla_guard.core.source import SourceFile
from sqla_guard.facts.lazy import CachedFactory
from sqla_guard.read.python.lazy_module import ModuleIndex
from sqla_guard.read.python.lazy_places import own_nodes
from sqla_guard.read.python.lazy_values import LocalValues
from sqla_guard.read.python.parse import UnparsableFile, parse, span_of

_KEEPING = frozenset({"cache", "lru_cache", "cached_property"})


def read_cached_factories(source: SourceFile) -> tuple[CachedFactory, ...]:
    """Return the functions under such a decorator, with what they return.

    Raises:
        UnparsableFile: The text is not Python.
    """
    try:
        return tuple(_find(source))
    except RecursionError as error:
        raise UnparsableFile("nested too deeply to be read") from error


def _find(source: SourceFile) -> Iterator[CachedFactory]:
    index = ModuleIndex(source, parse(source))  # which its functions do not keep
    for info in index.functions:
        for decorator in info.node.decorator_list:
            bare = decorator.func if isinstance(decorator, ast.Call) else decorator
            name = bare.attr if isinstance(bare, ast.Attribute) else getattr(bare, "id", "")
            if name not in _KEEPING:
                continue
            values = LocalValues(info.node, info.declared, info.slots.owner, info.qualname)
            made = tuple(values.value(n.value) for n in own_nodes(info.node) if isinstance(n, ast.Return) and n.value)
            written = ast.unparse(bare)
            yield CachedFactory(
                source.path, info.qualname, written, name == "cached_property", span_of(source, decorator), made
            )
