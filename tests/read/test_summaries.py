"""What functions of a name give back, and what is put on objects: the same whether or not the rest is read."""

from __future__ import annotations

import textwrap

import pytest

from sqla_guard.core.source import SourceFile
from sqla_guard.facts.values import Attr, Call, Element, InstanceOf, Name, Narrowed, Unknown
from sqla_guard.read.python import summaries
from sqla_guard.read.python.summaries import read_summary

EVENT = Name("Event")


def test_summary() -> None:
    text = """
    def find(id):
        return Event.query.get(id)
    def each():
        for e in Event.query:
            yield e
    class Holder:
        def __init__(self, event: Event):
            self.event = event
            self.other: Event = make()
    """
    source = SourceFile("m.py", textwrap.dedent(text))
    query = Attr(EVENT, "query")
    assert read_summary(source, "find").returns["find"] == (
        Call(Attr(query, "get"), (Unknown("untyped parameter `id`"),)),
    )
    assert read_summary(source, "each").yields["each"] == (Element(query),)
    assert read_summary(source, "event").fields["Holder"]["event"] == (InstanceOf(EVENT),)
    assert read_summary(source, "other").fields["Holder"]["other"] == (Narrowed(Call(Name("make")), EVENT),)


LAYOUTS = {
    "plain": "def held(): return Event()\ndef other(): return 1\n",
    "decorated": "class A:\n    @property\n    @kept(1)\n    def held(self):\n        return Event()\n",
    "async": "async  def  held (x) :\n\n    return x\n",
    "generator": "def held():\n    def inner(): return 1\n    yield Event()\n    yield from (x := Event()).all()\n",
    "inside another": "def f():\n    def held():\n        return Event()\n    return held\n",
    "outer names": "def f(a: Event):\n    b = a\n    def held():\n        return b\n    b = 1\n    return held\n",
    "twice": "if x:\n    def held(): return 1\nelse:\n    def held(): return Event()\n",
    "continued": "def \\\n held():\n    return 1\nclass A:\n    def f(self):\n        self. \\\n   held = 1\n",
    "behind a comment": "class A:\n    def f(self):\n        (self. # x.\n\n   held) = Event()\n",
    "far behind": "class A:\n    def f(self):\n        (self." + "\n" * 300 + "held) = Event()\n",
    "in a pattern": "class A:\n    def f(self):\n        for (self.held, x) in y: pass\n",
    "annotated": "class A:\n    def f(self, e):\n        self.held: Event = e\n    def held(self): pass\n",
    "by a class method": "class A:\n    @classmethod\n    def f(cls):\n        cls.held = Event()\n",
    "carriage returns": "class A:\r\n    def f(self):\r\n        self.held = Event()\r\n",
    "form feed": "\f\ndef held():\n    return Event()\n",
    "tabs": "class A:\n\tdef f(self):\n\t\tself.held = Event()\n",
    "other letters": "class A:\n    def f(self):\n        self.\uff48eld = Event()\n",
    "formatted": "class A:\n    def f(self):\n        self.held = f'{x!r:>{y}}'\n        z = f\"{'held'}\"\n",
    "nothing": "held = 1\ndef f(held): return held\n",
}


@pytest.mark.parametrize("text", LAYOUTS.values(), ids=LAYOUTS)
def test_what_has_another_name_may_stay_unread(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    quick = read_summary(SourceFile("m.py", text), "held")
    monkeypatch.setattr(summaries, "_places", lambda source, name: list(source.line_starts))
    close = read_summary(SourceFile("m.py", text), "held")
    for found, all_of_it in ((quick.returns, close.returns), (quick.yields, close.yields)):
        assert {n: v for n, v in found.items() if n.endswith("held")} == {
            n: v for n, v in all_of_it.items() if n.endswith("held")
        }
    assert [f.get("held") for f in quick.fields.values() if "held" in f] == [
        f.get("held") for f in close.fields.values() if "held" in f
    ]
    assert any(n.endswith("held") for n in close.returns) or close.fields or "held = 1" in text


def test_a_file_without_the_name_is_not_parsed() -> None:
    assert read_summary(SourceFile("m.py", "this is (no Python\n'held.held'"), "other").returns == {}
