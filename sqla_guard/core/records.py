"""``dataclass`` for frozen classes with slots, which costs next to nothing until the first object is made.

The one of the standard library writes and compiles six methods for each class, half a millisecond in all; with some two
hundred classes that was a third of a short run. Here they are written when the first of them is called. What it makes
is a dataclass to everybody: ``fields``, ``replace``, ``asdict``, ``match`` and ``pickle`` know it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable
    from dataclasses import dataclass

__all__ = ["dataclass"]

_ORDER = {"__lt__": "<", "__le__": "<=", "__gt__": ">", "__ge__": ">="}
# Of each class: the defaults of its fields, and whether its objects have an order.
_classes: dict[type, tuple[dict[str, Any], bool]] = {}


def _made(*, frozen: bool, slots: bool, order: bool = False) -> Callable[[type], type]:
    assert frozen
    assert slots
    return lambda cls: _record(cls, order)


def _record(cls: type, order: bool) -> type:
    namespace = dict(cls.__dict__)
    names = tuple(cls.__annotations__)
    defaults = {name: namespace.pop(name) for name in names if name in namespace}
    for name in ("__dict__", "__weakref__"):
        namespace.pop(name, None)
    namespace.update(_SHARED, __slots__=names, __match_args__=names)
    if order:
        namespace.update(dict.fromkeys(_ORDER))
    made = type(cls)(cls.__name__, cls.__bases__, namespace)
    made.__qualname__ = cls.__qualname__
    if order:
        for method in _ORDER:
            setattr(made, method, _late(method))
    _classes[made] = (defaults, order)
    return made


def _late(method: str) -> Callable[..., Any]:
    """Return what stands for a method until it is written."""

    def call(self: object, *given: object, **named: object) -> Any:
        cls = next(owner for owner in type(self).__mro__ if owner in _classes)
        _write(cls)
        return getattr(cls, method)(self, *given, **named)

    return call


def _write(cls: type) -> None:
    """Give ``cls`` its methods."""
    from dataclasses import MISSING

    defaults, order = _classes[cls]
    names: tuple[str, ...] = cls.__match_args__  # type: ignore[attr-defined]
    known: dict[str, Any] = {"_missing": MISSING}
    taken, lines, compared = [], [], []
    for name in names:
        default = defaults.get(name, MISSING)
        factory = getattr(default, "default_factory", MISSING)
        value = getattr(default, "default", default)
        known.update({f"_set_{name}": getattr(cls, name).__set__, f"_of_{name}": value, f"_new_{name}": factory})
        made = f"_new_{name}() if {name} is _missing else {name}" if factory is not MISSING else name
        lines.append(f"\n  _set_{name}(self, {made})")
        taken.append(f", {name}=_of_{name}" if value is not MISSING or factory is not MISSING else f", {name}")
        if getattr(default, "compare", True):
            compared.append(name)
    own, others = (f"({''.join(f'{of}.{name}, ' for name in compared)})" for of in ("self", "other"))
    shown = ", ".join(f"{name}={{self.{name}!r}}" for name in names)
    same = " return {} if other.__class__ is self.__class__ else NotImplemented\n"
    text = f"def __init__(self{''.join(taken)}):{''.join(lines) or ' pass'}\n"
    text += f"def __hash__(self): return hash({own})\n"
    text += f"def __repr__(self): return f'{{self.__class__.__qualname__}}({shown})'\n"
    for method, sign in {"__eq__": "==", **(_ORDER if order else {})}.items():
        text += f"def {method}(self, other):{same.format(f'{own} {sign} {others}')}"
    methods: dict[str, Any] = {}
    exec(text, known, methods)
    for method, function in methods.items():
        function.__qualname__ = f"{cls.__qualname__}.{method}"
        setattr(cls, method, function)


def _refuse(self: object, name: str, value: object = None) -> None:
    from dataclasses import FrozenInstanceError

    raise FrozenInstanceError(f"cannot assign to field {name!r}")


def _state(self: Any) -> list[object]:
    return [getattr(self, name) for name in self.__match_args__]


def _restore(self: Any, state: list[object]) -> None:
    for name, value in zip(self.__match_args__, state, strict=True):
        object.__setattr__(self, name, value)


class _Fields:
    """The fields as the standard library has them, made when somebody asks."""

    def __get__(self, instance: object, owner: type) -> Any:
        from dataclasses import MISSING, field, fields, make_dataclass

        cls = next(base for base in owner.__mro__ if base in _classes)
        defaults, _ = _classes[cls]
        declared = [(n, t, defaults.get(n, MISSING)) for n, t in cls.__annotations__.items()]
        made = make_dataclass(
            cls.__name__, [(n, t, field() if d is MISSING else d) for n, t, d in declared], frozen=True
        )
        found = {known.name: known for known in fields(made)}
        cls.__dataclass_fields__ = found  # type: ignore[attr-defined]
        return found


_SHARED = {
    **{method: _late(method) for method in ("__init__", "__eq__", "__hash__", "__repr__")},
    "__setattr__": _refuse,
    "__delattr__": _refuse,
    "__getstate__": _state,
    "__setstate__": _restore,
    "__dataclass_fields__": _Fields(),
}

if not TYPE_CHECKING:
    dataclass = _made
