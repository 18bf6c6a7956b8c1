"""Keeps values small while code is followed.

Names are replaced by what they are bound to, so a value grows with every rebinding, and doubles where branches
join. Here is the limit, and the one shape that grows on purpose: a query that is refined step by step.
"""

from __future__ import annotations

from collections.abc import Iterator

from msgspec.structs import astuple

from sqla_guard.facts.values import (
    Attr,
    Call,
    Chained,
    ClassRef,
    Imported,
    Literal,
    Name,
    OneOf,
    Unknown,
    Value,
    either,
)

# Joined values above the first size are turned into a chain if they are one; values above the second are given up.
_CHAIN_ABOVE = 60
_LIMIT = 600
_ARGUMENT_LIMIT = 150
_OPTIONS = 12
# Whoever compares two values goes down into both.
_DEEPEST = 150
# What values hold besides values.
_PLAIN = frozenset((str, bytes, int, float, complex, bool, type(None), type(...)))
# Values that hold no others.
_LEAVES: frozenset[object] = frozenset((ClassRef, Imported, Literal, Name, Unknown))

_TOO_LONG = Unknown("an expression that is too long to follow")


class Growth:
    """Measures values, remembering what it measured."""

    def __init__(self) -> None:
        """Start with nothing measured."""
        # By identity, because hashing a value costs as much as measuring it; the value is kept so that its id stays.
        self._measured: dict[int, tuple[object, int, int]] = {}

    def size(self, value: Value) -> int:
        """Return the number of nodes of ``value`` when written out."""
        return self._measure(value)[0]

    def _measure(self, value: Value) -> tuple[int, int]:
        """Return the number of nodes of ``value``, and how deep they are nested."""
        if value.__class__ in _LEAVES:
            return 1, 1
        known = self._measured.get(id(value))
        if known is not None:
            return known[1], known[2]
        size = depth = 0
        for part in _parts(value):
            part_size, part_depth = (1, 1) if part.__class__ in _LEAVES else self._measure(part)
            size += part_size
            if part_depth > depth:
                depth = part_depth
        self._measured[id(value)] = (value, size + 1, depth + 1)
        return size + 1, depth + 1

    def capped(self, value: Value) -> Value:
        """Return ``value``, shortened if it is too long; the arguments of calls go first."""
        size, depth = self._measure(value)
        if depth > _DEEPEST:
            return _TOO_LONG
        if size <= _LIMIT:
            return value
        shorter = self._without_long_arguments(value)
        return shorter if self.size(shorter) <= _LIMIT else _TOO_LONG

    def either(self, first: Value, second: Value) -> Value:
        """Return the value where two branches meet."""
        is_small = self.size(first) + self.size(second) <= _CHAIN_ABOVE
        if first == second:  # most often; to find that out with others takes hashing both
            return self._few(first) if is_small else first
        if is_small:
            return self._few(either([first, second]))
        chain = _chain(first, second)
        return self.capped(chain if chain is not None else self._few(either([first, second])))

    def _few(self, value: Value) -> Value:
        if isinstance(value, OneOf) and len(value.options) > _OPTIONS:
            return Unknown("too many different values")
        return value

    def _without_long_arguments(self, value: Value) -> Value:
        match value:
            case Call(func=func, args=args, keywords=keywords):
                return Call(
                    self._without_long_arguments(func),
                    tuple(self._short(a) for a in args),
                    tuple((key, self._short(v)) for key, v in keywords),
                )
            case Attr(of=of, name=name):
                return Attr(self._without_long_arguments(of), name)
            case _:
                return value

    def _short(self, value: Value) -> Value:
        return value if self.size(value) <= _ARGUMENT_LIMIT else _TOO_LONG


def _parts(value: Value) -> list[Value]:
    """Return the values directly in ``value``."""
    found: list[Value] = []
    # Tuples hold values, and tuples of them with words; they grow while they are read.
    parts = list(astuple(value))
    for part in parts:
        kind = part.__class__
        if kind is tuple:
            parts += part
        elif kind not in _PLAIN:
            found.append(part)
    return found


def _chain(first: Value, second: Value) -> Value | None:
    """Return both as one chain if each is made of method calls on the same thing."""
    left = list(_receivers(first))
    for receiver, steps in _receivers(second):
        for other, other_steps in left:
            if receiver is other or receiver == other:
                root, known = (receiver.root, receiver.steps) if isinstance(receiver, Chained) else (receiver, ())
                return Chained(root, tuple(dict.fromkeys([*known, *other_steps, *steps])))
    return None


def _receivers(value: Value) -> Iterator[tuple[Value, list[Call]]]:
    """Yield ``value`` and the things its method calls are made on, each with the calls from there on."""
    steps: list[Call] = []
    while True:
        yield value, list(steps)
        if isinstance(value, Chained):
            steps.extend(value.steps)
            value = value.root
        elif isinstance(value, Call) and isinstance(value.func, Attr):
            # A step stands for itself, whatever it is called on.
            steps.append(Call(Attr(Unknown("the chain"), value.func.name), value.args, value.keywords))
            value = value.func.of
        else:
            return
