from __future__ import annotations

import ast
import re
import textwrap
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sqla_guard.core.source import SourceFile
from sqla_guard.facts.references import Reference
from sqla_guard.facts.values import (
    Attr,
    Call,
    Chained,
    ClassRef,
    Display,
    Element,
    Entered,
    Imported,
    InstanceOf,
    Item,
    Literal,
    Name,
    Narrowed,
    OneOf,
    Unknown,
    Value,
)
from sqla_guard.read.python import references
from sqla_guard.read.python.fstrings import mend_positions
from sqla_guard.read.python.growth import Growth
from sqla_guard.read.python.mentions import Mentions
from sqla_guard.read.python.references import read_attributes, read_references

NAMES = frozenset({"metadata"})


def read(text: str, names: frozenset[str] = NAMES) -> tuple[Reference, ...]:
    source = SourceFile("m.py", textwrap.dedent(text))
    found = read_references(source, names)
    for reference in found:
        if reference.name != "**":
            assert source.text[reference.span.start : reference.span.end] == reference.name
    return found


def only(text: str) -> Reference:
    found = read(text)
    assert len(found) == 1, found
    return found[0]


def owner(body: str, signature: str = "event=None") -> Value:
    """Return the owner of the one reference in the body of a function."""
    indented = textwrap.indent(textwrap.dedent(body).strip(), "    ")
    return only(f"def f({signature}):\n{indented}\n").owner


EVENT = Name("Event")
MADE = Call(EVENT)


@pytest.mark.parametrize(
    ("text", "kinds"),
    [
        ("x.metadata\n", ["attribute"]),
        ("x.metadata = 1\n", ["attribute"]),
        ("del x.metadata\n", ["attribute"]),
        ("x.metadata += 1\n", ["attribute"]),
        ("f(metadata=1)\n", ["keyword"]),
        ("getattr(x, 'metadata')\n", ["string"]),
        ("q.order_by('metadata')\n", ["string"]),
        ("load_only(['metadata'])\n", ["string"]),
        ("q.update({'metadata': 1})\n", ["key"]),
        ("s.execute(q, [{'metadata': 1}])\n", ["key"]),
        ("s.execute(q, [{'metadata': i} for i in rows])\n", ["key"]),
        ("Event(**{'metadata': 1})\n", ["key"]),
        ("Event(**dict(metadata=1))\n", ["keyword", "keyword"]),
        ("Event(**payload)\n", ["unpacked"]),
        ("Event(a,**payload)\n", ["unpacked"]),
        ("Event(  # a comment\n**payload)\n", ["unpacked"]),
        ("Event(a, \\\n\\\n\t** payload)\n", ["unpacked"]),
        ("Event(\r**payload)\r", ["unpacked"]),
        ("getattr(x, 'a' + b)\n", ["computed"]),
        ("setattr(x.y(), f'{a}', 1)\n", ["computed"]),
        ("hasattr(x,\n a)\n", ["computed"]),
        ("dict(x == y)\n", ["whole"]),
        ("import json\nschema.dumps(x)\n", ["handed"]),
        ("import json\nmy_json.dump(x)\n", ["handed"]),
        ("import json\nself.json.dump(x)\n", ["handed"]),
        ("json.dumps(x)\n", ["handed"]),
        ("import json\njson.dumps(x)\n", []),
        ("getattr(x, 'other')\ndict(a=b)\ny.values()\ndef f(**kw: int): x**2\n", []),
        ("Event(**{'kind': 1})\n", []),
        ("q.update(values)\n", ["unpacked"]),
        ("q.bulk_insert_mappings(Event, rows)\n", ["unpacked"]),
        ("metadata = {'metadata': 1}\n", []),
        ("# x.metadata\n", []),
        ("'x.metadata'\n", []),
        ("def metadata(metadata): return metadata\n", []),
        ("row['metadata']\n", ["string"]),
        ("x\\\n  .  metadata\n", ["attribute"]),
        ("match x:\n    case Event(kind=1, metadata=(1 | 2)):\n        pass\n", ["attribute"]),
        ("relationship('Event', order_by='Event.metadata')\n", ["attribute"]),
    ],
)
def test_what_names_an_attribute(text: str, kinds: list[str]) -> None:
    found = {(r.kind, r.span) for r in read(text)}
    assert sorted(kind for kind, _ in found) == sorted(dict.fromkeys(kinds))


@pytest.mark.parametrize(
    ("body", "value"),
    [
        ("event = Event()\nevent.metadata", MADE),
        ("event: Event = make()\nevent.metadata", Narrowed(Call(Name("make")), EVENT)),
        ("event: Event\nevent = make()\nevent.metadata", Call(Name("make"))),
        ("if (e := Event()):\n    e.metadata", MADE),
        ("for e in Event:\n    e.metadata", Element(EVENT)),
        ("with Event() as e:\n    e.metadata", Entered(MADE)),
        ("a, e = Event()\ne.metadata", Item(MADE, Literal(1))),
        ("a, e = 1, Event()\ne.metadata", MADE),
        ("a, *e = Event()\ne.metadata", Display("list", (Element(MADE),))),
        ("*a, e = Event()\ne.metadata", Item(MADE, Literal(-1))),
        ("[e.metadata for e in Event]", Element(EVENT)),
        ("{e: 1 for e in Event if e.metadata}", Element(EVENT)),
        ("[e.metadata for a in Event for e in a]", Element(Element(EVENT))),
        ("sorted(Event, key=lambda e: e.metadata)", Element(EVENT)),
        ("Event.sort(key=lambda e: e.metadata)", Element(EVENT)),
        ("map(lambda a, e: e.metadata, 1, Event)", Element(EVENT)),
        ("(lambda e: e.metadata)(1)", Unknown("parameter `e` of a lambda")),
        ("event.metadata", Unknown("untyped parameter `event`")),
        ("e.metadata\ne = 1", Unknown("`e` has no value yet")),
        ("del event\nevent.metadata", Unknown("`event` was deleted")),
        ("global g\ng = 1\ng.metadata", Name("g")),
        ("from .models import Event as E\nE.metadata", Imported("models", "Event", 1)),
        ("import a.models as m\nm.metadata", Imported("a.models", None, 0)),
        ("import a.models\na.metadata", Imported("a", None, 0)),
        ("try:\n    e = Event()\nexcept Wrong as e:\n    e.metadata", InstanceOf(Name("Wrong"))),
        ("e = []\ne.append(Event())\nfor x in e: x.metadata", Element(Display("list", (MADE,)))),
        ("x = event or Event()\nx.metadata", OneOf((Unknown("untyped parameter `event`"), MADE))),
        ("f'{Event().metadata}'", MADE),
    ],
)
def test_names_are_replaced_by_what_they_hold(body: str, value: Value) -> None:
    assert owner(body) == value


@pytest.mark.parametrize(
    ("signature", "value"),
    [
        ("event: Event", InstanceOf(EVENT)),
        ("event: 'Event'", InstanceOf(EVENT)),
        ("event: Event | None = None", OneOf((InstanceOf(EVENT), Literal(None)))),
        ("event: Optional['Event']", OneOf((InstanceOf(EVENT), Literal(None)))),
        ("event: list[Event]", InstanceOf(Item(Name("list"), EVENT))),
        ("*event: Event", Display("list", (InstanceOf(EVENT),))),
    ],
)
def test_parameters(signature: str, value: Value) -> None:
    assert owner("event.metadata", signature) == value


@pytest.mark.parametrize(
    ("body", "options"),
    [
        ("e = 1\nif event:\n    e = Event()\ne.metadata", {Literal(1), MADE}),
        ("if event:\n    e = 1\nelse:\n    e = Event()\ne.metadata", {Literal(1), MADE}),
        ("e = 1\nfor i in x:\n    e.metadata\n    e = Event()", {Literal(1), MADE}),
        ("e = 1\nwhile True:\n    if x:\n        e = Event()\n        break\ne.metadata", {MADE}),
        ("e = 1\ntry:\n    e = Event()\n    g()\nexcept E:\n    pass\ne.metadata", {Literal(1), MADE}),
        ("e = 1\ntry:\n    e = Event()\nfinally:\n    e.metadata", {Literal(1), MADE}),
        ("e = 1\nif event:\n    return\ne = Event()\ne.metadata", {MADE}),
        ("e = 1\nif event:\n    e = 2\n    raise X\ne.metadata", {Literal(1)}),
        ("e = 1\nmatch event:\n    case 2:\n        e = Event()\ne.metadata", {Literal(1), MADE}),
        ("e = 1\nwith suppress(X):\n    return g()\ne.metadata", {Literal(1)}),
    ],
)
def test_branches_are_joined(body: str, options: set[Value]) -> None:
    value = owner(body)
    assert set(value.options if isinstance(value, OneOf) else (value,)) == options


PARAMETER = Unknown("untyped parameter `event`")


@pytest.mark.parametrize(
    "body",
    [
        "if isinstance(event, Event):\n    event.metadata",
        "if not isinstance(event, Event):\n    return\nevent.metadata",
        "assert isinstance(event, Event)\nevent.metadata",
        "isinstance(event, Event) and event.metadata",
        "x = event.metadata if isinstance(event, Event) else 1",
        "if event and isinstance(event, Event) and x:\n    event.metadata",
        "if type(event) is Event:\n    event.metadata",
        "not isinstance(event, Event) or event.metadata",
        "match event:\n    case Event():\n        event.metadata",
    ],
)
def test_isinstance_narrows(body: str) -> None:
    assert owner(body) == Narrowed(PARAMETER, EVENT)


def test_isinstance_that_fails_narrows_too() -> None:
    body = "if isinstance(event, Event):\n    pass\nelse:\n    event.metadata"
    assert owner(body) == Narrowed(PARAMETER, EVENT, negated=True)


def test_methods_know_their_class() -> None:
    text = """
    def outer():
        class Event(Base):
            @classmethod
            def make(cls): cls.metadata
            def show(self): self.metadata
            @staticmethod
            def free(self): self.metadata
            class Inner:
                def show(this):
                    def late(): this.metadata
    """
    qualname = "outer.<locals>.Event"
    assert [r.owner for r in read(text)] == [
        ClassRef(qualname),
        InstanceOf(ClassRef(qualname)),
        Unknown("untyped parameter `self`"),
        InstanceOf(ClassRef(f"{qualname}.Inner")),
    ]


def test_a_bare_name_in_a_class_body_is_the_attribute() -> None:
    text = """
    class Event(Base):
        metadata = Column(JSON)
        __table_args__ = (Index("ix", metadata),)
        def f(self, metadata): return metadata
    """
    reference = only(text)
    assert (reference.owner, reference.function) == (ClassRef("Event"), "Event")


def test_closures_see_everything_that_a_name_is_bound_to() -> None:
    body = "e = 1\ndef late():\n    e.metadata\ne = Event()"
    assert owner(body) == OneOf((Literal(1), MADE))
    assert owner("def late():\n    e.metadata\ne = Event()") == MADE
    shared = "e = Event()\ndef g():\n    nonlocal e\n    e = 1\ne.metadata"
    assert owner(shared) == Unknown("`e` is rebound by an inner function")


def test_a_module_is_followed_where_it_has_to_be() -> None:
    assert only("Base = make()\nBase.metadata\n").owner == Name("Base")
    assert only("for e in Event:\n    e.metadata\n").owner == Element(EVENT)
    assert only("e = 1\ne = Event()\ne.metadata\n").owner == MADE
    assert only("for e in Event: pass\ndef f(): e.metadata\n").owner == Name("e")


def test_a_query_that_is_refined_again_and_again_stays_small() -> None:
    lines = "".join(f"if a{i}:\n    q = q.filter(x == {i})\n" for i in range(40))
    value = owner(f"q = Event.query\n{lines}q.metadata")
    assert isinstance(value, Chained)
    assert {step.func.name for step in value.steps if isinstance(step.func, Attr)} == {"filter"}
    assert Growth().size(value) < 600


@pytest.mark.parametrize(
    ("body", "also"),
    [
        ("event.title\nevent.metadata", {"title"}),
        ("event.run()\nif x:\n    event.metadata", {"run"}),
        ("if x:\n    event.title\nevent.metadata", set()),
        ("x and event.title\nevent.metadata", set()),
        ("hasattr(event, 'title')\nevent.title\nevent.metadata", set()),
        ("event.title\nevent = 1\nevent.metadata", set()),
        ("event.title = 1\nevent.metadata", set()),
        ("[e.title for e in x]\n[e.metadata for e in y]", set()),
        ("[(e.title, e.metadata) for e in x]", {"title"}),
        ("try:\n    event.title\nexcept AttributeError:\n    pass\nevent.metadata", set()),
        ("self.e.title\nself.e.metadata", {"title"}),
    ],
)
def test_what_else_is_read_on_the_same_name(body: str, also: set[str]) -> None:
    text = f"def f(event, self):\n{textwrap.indent(body, '    ')}\n"
    (reference,) = (r for r in read(text) if r.kind == "attribute")
    assert reference.also_used == also


def test_what_is_read_on_the_result() -> None:
    assert only("Event.metadata.create_all(engine)\n").outer == "create_all"
    assert only("Event.metadata[0]\n").outer is None


F_STRINGS = [
    'f"{e.metadata}"\n',
    'x = f"äöü {e.metadata!r:>{e.metadata}} {{}} {1}"\n',
    'x = (\n  "é" f"a {e.metadata}"\n  f"""b\n {e.metadata} {f(metadata=1)}"""\n)\n',
    "x = f'''\n{\n  e.metadata\n}'''\n",
    "x = f\"{f'{e.metadata}'}\"\n",
    'x = f"{e.metadata=}"\n',
    'x = rf"\\d{e.metadata}"\n',
]


@pytest.mark.parametrize("text", F_STRINGS)
def test_positions_in_f_strings(text: str) -> None:
    expected = sum(text.count(part) for part in ("e.metadata", "metadata=1"))
    assert len(read(text)) == expected


@pytest.mark.parametrize("text", F_STRINGS)
def test_mending_positions_changes_nothing_where_they_are_right(text: str) -> None:
    source = SourceFile("m.py", text)
    tree = ast.parse(text)
    mend_positions(tree, source, lambda node: True, force=True)
    found = [n for n in ast.walk(tree) if isinstance(n, ast.Attribute)]
    assert found
    for node in found:
        end = source.offset(node.end_lineno or 0, node.end_col_offset or 0)
        assert source.text[:end].endswith("e.metadata")


@pytest.mark.parametrize(
    "text",
    ["x = " + "+".join(["e.metadata"] * 900) + "\n", "x = e" + ".a()" * 300 + ".metadata\n"],
)
def test_deep_expressions_are_read_all_the_same(text: str) -> None:
    assert len(read(text)) == text.count("metadata")


def test_windows_line_ends_and_wide_characters() -> None:
    text = "é = 1\r\ndef f(ä):\r\n    return 'ü', ä.metadata, g(metadata=ä)\r\n"
    assert [r.kind for r in read_references(SourceFile("m.py", text), NAMES)] == ["attribute", "keyword"]


STATEMENTS = st.recursive(
    st.sampled_from(
        [
            "e = Event()",
            "e = e or None",
            "e = e.next(e)",
            "e.metadata",
            "del e",
            "return e",
            "break",
            "raise X",
            "g(lambda e: e.metadata)",
            "[e.metadata for e in e]",
            "e.append(e)",
            "(e := Event()).metadata",
        ]
    ).map(lambda line: [line]),
    lambda blocks: st.tuples(
        st.sampled_from(["if e:", "while e:", "for e in e:", "with e as e:", "def f(e):", "class C:", "try:"]),
        st.lists(blocks, min_size=1, max_size=4),
    ).map(
        lambda block: [
            block[0],
            *("    " + line for inner in block[1] for line in inner),
            *(["except E as e:", "    e.metadata"] if block[0] == "try:" else []),
        ]
    ),
    max_leaves=25,
)


@given(st.lists(STATEMENTS, min_size=1, max_size=6))
def test_every_access_in_any_program_is_found_once(blocks: list[list[str]]) -> None:
    text = "def f(e):\n" + "".join(f"    {line}\n" for block in blocks for line in block)
    try:
        compile(text, "m.py", "exec")
    except SyntaxError:
        return
    found = read(text)
    assert len([r for r in found if r.kind == "attribute"]) == text.count(".metadata")
    assert found == read(text)


@pytest.mark.parametrize(
    "body",
    [
        "x = a\nfor y in x:\n    z = y\nprint(z.metadata)",
        "x = []\nx.append(a)\nx.append(b)\nx[0].metadata",
        "if isinstance(x, A):\n    pass\nx.metadata",
        "try:\n    x = f()\nexcept E as e:\n    x = e\nelse:\n    y = 2\nx.metadata",
        "while True:\n    x = f(x)\n    if x: break\nx.metadata",
        "def g(): return h.metadata\nh = A()\nh = B()",
        "if a:\n    x = A()\n    sys.exit()\nx.metadata",
        "match v:\n    case A(b=c):\n        x = c\nx.metadata",
        "with f() as (x, y):\n    y = x\n    return\ny.metadata",
        "import m as x\ndel x\nx.metadata",
        "class C:\n    y = x\n    y.metadata\nx = 2",
    ],
)
def test_leaving_out_what_does_not_bear_on_a_name_changes_nothing(body: str, monkeypatch: pytest.MonkeyPatch) -> None:
    text = "def f(x, a, b, v):\n" + textwrap.indent("unused = a\n" + body + "\nunused = b\n", "    ")
    some = read(text)
    monkeypatch.setattr(Mentions, "bearing", lambda self, body: None)
    assert some == read(text) != ()


def test_real_code_gives_the_same_references_whether_all_or_what_bears_on_them_is_followed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    files = sorted((Path(__file__).parents[2] / "sqla_guard").rglob("*.py"))[::16]
    sources = [SourceFile(str(file), file.read_text(encoding="utf-8")) for file in files]
    names = frozenset({"name", "path", "value"})
    some = [read_references(source, names) for source in sources]
    monkeypatch.setattr(Mentions, "bearing", lambda self, body: None)
    assert sum(map(len, some)) > 50
    assert some == [read_references(source, names) for source in sources]


@pytest.mark.parametrize(
    "text",
    [
        "f(f'some {x.metadata} and more', f'{g(a, metadata=1)}')\n",
        "f('''{x}\n metadata''')\nf(f'''{x\n.metadata}''')\n",
        "class A:\n    metadata = 1\n    label = f'a {1 if metadata else 2}'\n",
        "relationship('E', order_by='E . metadata')\nForeignKey('e.metadata')\n",
        "getattr(x, 'metadata')\ngetattr(x, name)  # metadata\n",
        "x.update(\n  y)\nx.update({'metadata': 1})\nx.update(metadata=2)\n",
        "x.values(  # which\n  (y))\nx.values({**y})\nx.values()\n",
        "dict(x)\ndict(x.y)\ndict(x.y())\ndict(x=1)\ndict(metadata=x)\ndict(\n  x)\n",
        "def f(x):\n    # x.metadata\n    log('no metadata', 'metadata')\n    return x['metadata']\n",
    ],
)
def test_leaving_out_comments_and_prose_changes_nothing(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    some = read(text)
    every = re.compile(r"metadata|\*\*|\.(?:values|update)\(|dict\(|getattr\(")
    monkeypatch.setattr(references, "_places", lambda source, telling, names: _all_of(source, every))
    assert some == read(text) != ()


def _all_of(source: SourceFile, pattern: re.Pattern[str]) -> list[int]:
    return [found.end() - 1 for found in pattern.finditer(source.text)]


@pytest.mark.parametrize("depth", [2, 12])
def test_code_in_many_loops_is_read_a_few_times(depth: int) -> None:
    heads = [f"{'    ' * level}for x{level} in y:\n" for level in range(depth)]
    source = SourceFile("m.py", f"{''.join(heads)}{'    ' * depth}x.metadata\n")
    mentions = references._mentions(source, NAMES, [source.text.index("metadata")], ast.parse(source.text))
    assert len(mentions) == 4


def test_an_inner_loop_sees_what_both_loops_bind_behind_a_use() -> None:
    found = owner(
        """
        later = None
        for group in groups:
            held = None
            for key in group:
                held.metadata
                held = later
            later = Event()
        """
    )
    assert found == OneOf((Literal(None), Call(Name("Event"))))


def test_an_inner_loop_sees_what_comes_to_a_use_over_several_names() -> None:
    found = owner(
        """
        first = second = third = None
        for group in groups:
            for key in group:
                first.metadata
                first = second
                second = third
                third = Event()
        """
    )
    assert found == OneOf((Literal(None), Call(Name("Event"))))


def test_an_inner_loop_starts_anew_with_what_it_left_behind() -> None:
    found = owner(
        """
        for group in groups:
            query = base
            for key in group:
                query.metadata
                if key:
                    query = Event()
                    continue
                query = Other()
        """
    )
    assert found == OneOf((Name("base"), Call(Name("Event")), Call(Name("Other"))))


def test_attributes_alone_are_found_as_they_are_among_everything_else() -> None:
    text = (
        "import models\nbases = [models.Base]\n\n\ndef setup(engine, given):\n    made = models.Base\n"
        "    for base in bases:\n        base.metadata.create_all(engine)\n    run(**given)\n    if (kept := made):\n"
        "        kept.metadata.create_all(engine)\n    return getattr(made, given).create_all, dict(given)\n\n\n"
        "def later(create_all):\n    '''create_all'''\n    return {'create_all': create_all.\\\n        create_all}\n"
    )
    source, names = SourceFile("m.py", text), frozenset({"create_all"})
    everything = read_references(source, names)
    assert {r.kind for r in everything} > {"attribute"}
    assert read_attributes(source, names) == tuple(r for r in everything if r.kind == "attribute") != ()
