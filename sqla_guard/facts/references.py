"""Places in Python that name an attribute, with what they name it on."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from sqla_guard.core.source import Span
from sqla_guard.facts.values import Value


class Reference(Struct, frozen=True):
    """One place that names an attribute.

    Attributes:
        kind: ``attribute`` (``owner.name``), ``keyword`` (``name=`` in a call; ``owner`` is the whole
            :class:`~sqla_guard.facts.values.Call`), ``string`` (the name as a string argument; ``owner`` is the
            whole call), ``key`` (a string key of a dict display that is an argument of a call; ``owner`` is the call)
            ``unpacked`` (``**x`` in a call whose keys are not known; ``owner`` is the call), ``computed``
            (``getattr(x, name)`` and the like; ``owner`` is the call), ``whole`` (``vars(x)``, ``row._asdict()``;
            ``owner`` is the object) or ``handed`` (``Schema.model_validate(x)``; ``owner`` is the call).
        name: The attribute's name; ``**`` for the last four, which are recorded whatever names are asked for.
        span: What to replace when it is renamed: the identifier, or the string's content without quotes; for
            ``unpacked`` the ``**x`` itself.
        owner: The value described above.
        outer: The attribute read on the result (``create_all`` in ``Event.metadata.create_all()``), if any.
        also_used: Other attribute names read in the same function on the same local name as the owner.
        function: Qualified name of the function around it, or empty.
    """

    kind: Literal["attribute", "keyword", "string", "key", "unpacked", "computed", "whole", "handed"]
    name: str
    span: Span
    owner: Value
    outer: str | None = None
    also_used: frozenset[str] = frozenset()
    function: str = ""
