"""Many words are looked for in another way than few, and found in the same places."""

from __future__ import annotations

import pytest

from sqla_guard.core.words import holds_word, words_held

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
