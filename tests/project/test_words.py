"""Many words are looked for in another way than few, and found in the same places."""

from __future__ import annotations

import pytest

from sqla_guard.core import haystack
from sqla_guard.core.haystack import Haystacks
from sqla_guard.core.words import holds_word, lowered, words_held
from sqla_guard.testing import project

TEXTS = [
    b"",
    b"event",
    b"class event(base): pass",
    b"events = my_event, event2",
    b"app.event-log \xc3\xa9event",
    b"x\tevent\r\nlog.event",
]
FEW = [b"event", b"events", b"base", b"event-log", b"app.event", b"my_event", b"log.event"]
MANY = [*FEW, *(b"name%d" % number for number in range(100))]


@pytest.mark.parametrize("text", TEXTS)
@pytest.mark.parametrize("words", [FEW, MANY], ids=["few", "many"])
def test_each_word_is_found_where_it_stands_alone(text: bytes, words: list[bytes]) -> None:
    assert list(words_held(text, words)) == [word for word in words if holds_word(text, word)]


def test_an_empty_word_stands_nowhere() -> None:
    assert not holds_word(b"anything", b"")
    assert not holds_word(b"", b"")


@pytest.mark.parametrize("words", [FEW, MANY, [b"base", b"event\nclass", b"\n", b""]], ids=["few", "many", "odd"])
@pytest.mark.parametrize("piece", [1, 40, 10_000])
@pytest.mark.parametrize("kept", [0, 50, 10_000])
def test_files_that_hold_a_word_are_found_side_by_side_as_one_by_one(
    words: list[bytes], piece: int, kept: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(haystack, "_PIECE", piece)
    monkeypatch.setattr(haystack, "_MOST_KEPT", kept)
    files = {f"{number}.py": text for number, text in enumerate([*TEXTS, "\ufeffBase = Event".encode("utf-16-le")])}
    files["wide.py"] = "\ufeffBase = Event".encode("utf-16")
    expected = {(word, path) for path, data in files.items() for word in words if holds_word(lowered(data), word)}
    every = Haystacks(list(files), files.__getitem__)
    begun = iter(every)
    first = next(begun)
    for _ in range(2):
        assert {found for some in every for found in some.holding(words)} == expected
    assert {found for some in (first, *begun) for found in some.holding(words)} == expected


def test_the_first_search_for_a_name_finds_no_fewer_files_than_later_ones() -> None:
    files = {
        "a.py": b"x = helper()",
        "b.py": b"helpers()",
        "c.py": "helper()".encode("utf-16"),
        "d.py": b"pass",
        "e.sql": b"helper",
    }
    first, later = project(files), project(files)
    assert list(later.files_naming("a.py", frozenset({"pass"}), (".py",))) == ["d.py"]
    for of_all in (set(first.each_naming("a.py", "helper", ".py")), set(later.each_naming("a.py", "helper", ".py"))):
        assert {"a.py", "c.py"} <= of_all <= {"a.py", "b.py", "c.py"}
    for asked in (first, later):
        assert list(asked.files_naming("a.py", frozenset({"helper"}), (".py",))) == ["a.py", "c.py"]
        assert list(asked.each_naming("a.py", "helper", ".py")) == ["a.py", "c.py"]
