"""Rules of other packages, found by the entry points that a configuration names."""

from __future__ import annotations

from collections.abc import Iterator
from types import ModuleType
from typing import TYPE_CHECKING

from sqla_guard.core.config import ConfigError

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

GROUP = "sqla_guard.rules"


def rule_modules(name: str) -> Iterator[ModuleType]:
    """Yield the rule modules of the entry point ``name``: the module itself, or each module of a package.

    Raises:
        ConfigError: No installed package has the entry point, or it cannot be imported.
    """
    import pkgutil
    from importlib import import_module

    module = _load(_entry_point(name))
    if hasattr(module, "RULE"):
        yield module
        return
    found = False
    for info in pkgutil.iter_modules(getattr(module, "__path__", ())):
        inner = import_module(f"{module.__name__}.{info.name}")
        if hasattr(inner, "RULE"):
            found = True
            yield inner
    if not found:
        raise ConfigError(f"plugin `{name}`: {module.__name__} holds no module with a `RULE`")


def _entry_point(name: str) -> EntryPoint:
    from importlib.metadata import entry_points

    found = entry_points(group=GROUP)
    for entry in found:
        if entry.name == name:
            return entry
    installed = ", ".join(sorted(entry.name for entry in found)) or "none"
    raise ConfigError(
        f"plugin `{name}`: no installed package has such an entry point in `{GROUP}`; there are: {installed}"
    )


def _load(entry: EntryPoint) -> ModuleType:
    try:
        module: ModuleType = entry.load()
    except Exception as error:
        raise ConfigError(f"plugin `{entry.name}`: {entry.value} cannot be imported: {error}") from error
    return module
