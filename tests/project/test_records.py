"""Frozen classes with slots are dataclasses to everybody, though their methods are written late."""

from __future__ import annotations

import copy
import dataclasses
import pickle
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from sqla_guard.core.records import dataclass


@dataclass(frozen=True, slots=True)
class Late:
    """One of each kind of field."""

    name: str
    number: int = 0
    note: str = dataclasses.field(default="", compare=False)
    items: list[int] = dataclasses.field(default_factory=list, compare=False)

    @property
    def shown(self) -> str:
        return f"{self.name}{self.number}"


@dataclass(frozen=True, slots=True, order=True)
class Ordered:
    """Two numbers."""

    first: int
    second: int


@dataclasses.dataclass(frozen=True, slots=True, order=True)
class Usual:
    """The same, by the standard library."""

    first: int
    second: int


def late() -> type[Any]:
    """Return a class that nobody has made an object of."""

    @dataclass(frozen=True, slots=True)
    class Fresh:
        a: int
        b: str = "x"

    return Fresh


def test_the_first_call_of_each_method_is_as_the_later_ones() -> None:
    cls = late()
    assert cls(1) == cls(1, b="x") != cls(2)
    assert late()(1) != late()(1)
    assert repr(late()(1)).endswith("Fresh(a=1, b='x')")
    assert len({Late("a", note="1"), Late("a", note="2"), Late("b")}) == 2
    assert hash(Late("a")) == hash(("a", 0))
    assert Late("a", 1).shown == "a1"


def test_objects_share_no_default_and_cannot_change() -> None:
    one: Any = Late("a")
    assert one.items == []
    assert one.items is not Late("a").items
    with pytest.raises(dataclasses.FrozenInstanceError):
        one.name = "b"
    with pytest.raises(dataclasses.FrozenInstanceError):
        one.new = "b"
    with pytest.raises(dataclasses.FrozenInstanceError):
        del one.name
    assert not hasattr(one, "__dict__")


@pytest.mark.parametrize("given", [((), {}), ((1, 2, 3, 4, 5), {}), (("a",), {"other": 1}), (("a",), {"name": "b"})])
def test_wrong_arguments_are_refused(given: tuple[tuple[Any, ...], dict[str, Any]]) -> None:
    with pytest.raises(TypeError):
        Late(*given[0], **given[1])


def test_the_order_is_that_of_the_fields() -> None:
    pairs = [(2, 1), (1, 3), (1, 2)]
    assert [(o.first, o.second) for o in sorted(Ordered(*p) for p in pairs)] == sorted(pairs)
    assert [repr(o) for o in sorted(Ordered(*p) for p in pairs)] == [
        repr(u).replace("Usual", "Ordered") for u in sorted(Usual(*p) for p in pairs)
    ]
    with pytest.raises(TypeError):
        assert Ordered(1, 2) < (1, 2)  # type: ignore[operator]


def test_the_standard_library_takes_it_for_its_own() -> None:
    one = Late("a", 1, items=[3])
    assert dataclasses.is_dataclass(one)
    assert [f.name for f in dataclasses.fields(Late)] == ["name", "number", "note", "items"]
    assert dataclasses.replace(one, name="b").shown == "b1"
    assert dataclasses.asdict(one) == {"name": "a", "number": 1, "note": "", "items": [3]}
    again = pickle.loads(pickle.dumps(one))
    assert again == copy.copy(one) == copy.deepcopy(one) == one
    assert again.items == [3]
    match one:
        case Late(name, number):
            assert (name, number) == ("a", 1)


def test_threads_may_make_the_first_object_at_once() -> None:
    with ThreadPoolExecutor(8) as pool:
        for _ in range(20):
            cls = late()
            assert set(pool.map(cls, [1] * 16)) == {cls(1)}
