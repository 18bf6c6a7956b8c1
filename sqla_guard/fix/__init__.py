"""From findings to new bytes: edits, imports, plan, apply, verify, write.

``sqla_guard.fix`` is also a function of :mod:`sqla_guard.api`, so this module can be called.
"""

from __future__ import annotations

import sys
from types import ModuleType
from typing import Any


class _Callable(ModuleType):
    def __call__(self, *arguments: Any, **named: Any) -> Any:
        from sqla_guard import api

        return api.fix(*arguments, **named)


sys.modules[__name__].__class__ = _Callable
