"""What a module's functions give back and what its methods put on ``self``; read only where a type asks for it."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct

from sqla_guard.facts.values import Value


class Summary(Struct, frozen=True):
    """The insides of a module's functions, as far as other code sees them.

    Attributes:
        returns: What each function returns, by qualified name; a bare ``return`` is ``None``'s value.
        yields: What each generator yields, by qualified name.
        fields: What methods assign to ``self.x``, by the class's qualified name and ``x``.
    """

    returns: Mapping[str, tuple[Value, ...]]
    yields: Mapping[str, tuple[Value, ...]]
    fields: Mapping[str, Mapping[str, tuple[Value, ...]]]
