"""Reports to JSON and back; only the classes listed here can come out, and nothing is ever executed."""

from __future__ import annotations

from enum import Enum
from typing import Any

from sqla_guard.core.diagnostic import Diagnostic, NotAnalysed
from sqla_guard.core.fix import Applicability, Edit, Fix, ImportNeed, Place
from sqla_guard.core.report import Report
from sqla_guard.core.source import Span

_CLASSES: dict[str, Any] = {
    cls.__name__: cls for cls in (Report, Diagnostic, NotAnalysed, Applicability, Edit, Fix, ImportNeed, Place, Span)
}
_TUPLE, _AGAIN = "", "="


class Encoder:
    """Turns values into lists that begin with the name of their class; what is shared is written once."""

    def __init__(self) -> None:
        """Start with nothing shared."""
        self._seen: dict[int, int] = {}
        self._kept: list[object] = []

    def encode(self, value: object) -> object:
        """Return ``value`` as JSON can hold it."""
        if value is None or type(value) in (str, int, bool):
            return value
        if type(value) is tuple:
            return [_TUPLE, *map(self.encode, value)]
        name = type(value).__name__
        if _CLASSES.get(name) is not type(value):
            raise TypeError(f"{name} is not kept")
        if isinstance(value, Enum):
            return [name, value.value]
        if isinstance(value, tuple):
            return [name, *map(self.encode, value)]
        if isinstance(value, Fix):
            if id(value) in self._seen:
                return [_AGAIN, self._seen[id(value)]]
            self._seen[id(value)] = len(self._kept)
            self._kept.append(value)
        return [name, *(self.encode(getattr(value, field)) for field in value.__struct_fields__)]  # type: ignore[attr-defined]


class Decoder:
    """Turns lists back into values."""

    def __init__(self) -> None:
        """Start with nothing shared."""
        self._kept: list[object] = []

    def decode(self, value: Any) -> Any:
        """Return the value that :class:`Encoder` made ``value`` from.

        Raises:
            LookupError, TypeError, ValueError: It was made by nothing of the kind.
        """
        if not isinstance(value, list):
            return value
        name, parts = value[0], value[1:]
        if name == _TUPLE:
            return tuple(map(self.decode, parts))
        if name == _AGAIN:
            return self._kept[parts[0]]
        if name != Fix.__name__:
            return _CLASSES[name](*map(self.decode, parts))
        place = len(self._kept)
        self._kept.append(None)
        self._kept[place] = Fix(*map(self.decode, parts))
        return self._kept[place]
