"""sqla-guard: find and repair what breaks SQLAlchemy projects, without importing them.

``sqla_guard.check(paths)`` and ``sqla_guard.fix(paths)`` are the tool as functions; :mod:`sqla_guard.api` has the rest.
Importing this package costs nothing: what it offers is loaded when it is asked for.
"""

from __future__ import annotations

# Not from ``typing``, whose import would be most of the cost of this one.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from sqla_guard.api import Config, ConfigError, FixResult, Report, WriteError, check, fix, load_config

__version__ = "0.1.0"
__all__ = ["Config", "ConfigError", "FixResult", "Report", "WriteError", "check", "fix", "load_config"]


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    if name in ("check", "fix"):  # folders of this package, which can be called
        return import_module(f"{__name__}.{name}")
    return getattr(import_module(f"{__name__}.api"), name)
