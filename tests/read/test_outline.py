from __future__ import annotations

import pytest

from sqla_guard.core.source import SourceFile, Span
from sqla_guard.facts.outline import Import, Outline
from sqla_guard.facts.values import Attr, Call, InstanceOf, Item, Literal, Name, OneOf
from sqla_guard.read.python.outline import read_outline
from sqla_guard.read.python.parse import UnparsableFile


def outline(text: str) -> Outline:
    return read_outline(SourceFile("m.py", text))


def cut(text: str, span: Span) -> str:
    return text[span.start : span.end]


def test_imports_are_listed_wherever_they_stand() -> None:
    text = "import a.b as c\nfrom ..x import y as z\nif True:\n    from s import *\ndef f():\n    import os.path\n"
    assert outline(text).imports == (
        Import("c", "a.b", None, 0, "a.b", always=True),
        Import("z", "x", "y", 2, "x", always=True),
        Import("*", "s", "*", 0, "s"),
        Import("os", "os", None, 0, "os.path"),
    )


def test_a_name_keeps_every_value_it_is_bound_to() -> None:
    text = "app = None\ntry:\n    app = make()\nexcept E:\n    app = 1\nx: int\n"
    assert outline(text).bindings == {
        "app": (Literal(None), Call(Name("make")), Literal(1)),
        "x": (InstanceOf(Name("int")),),
    }


def test_classes_tell_what_their_bodies_bind() -> None:
    text = (
        "@d\nclass Ä(db.Model, table=True):\n"
        "    a = b = db.Column(1)\n"
        "    c: Mapped['int | None']\n"
        "    if X:\n        e = 1\n"
        "    async  def f(self, x: int) -> str: ...\n"
        "    class Meta: pass\n"
    )
    found = outline(text).classes["Ä"]
    assert found.bases == (Attr(Name("db"), "Model"),)
    assert found.keywords == (("table", Literal(True)),)
    assert [(a.name, a.kind, cut(text, a.span)) for a in found.attributes] == [
        ("a", "assignment", "a"),
        ("b", "assignment", "b"),
        ("c", "annotation", "c"),
        ("e", "assignment", "e"),
        ("f", "method", "f"),
        ("Meta", "class", "Meta"),
    ]
    assert found.attributes[2].annotation == Item(Name("Mapped"), OneOf((Name("int"), Literal(None))))
    assert cut(text, found.span).startswith("@d\nclass")
    assert cut(text, found.name_span) == "Ä"
    assert "Ä.Meta" in outline(text).classes


def test_classes_inside_functions_are_seen() -> None:
    assert list(outline("def f():\n    def g():\n        class C: pass\n").classes) == ["f.<locals>.g.<locals>.C"]


@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
def test_spans_hold_for_every_line_end(newline: str) -> None:
    text = newline.join(["# é", "class C:", "    ü = '€'; metadata = 1", ""])
    (_, attribute) = outline(text).classes["C"].attributes
    assert cut(text, attribute.span) == "metadata"


@pytest.mark.parametrize(
    "text",
    [
        "type X[T] = list[T]\nclass C:\n    metadata = 1\n",
        'class C[T: int]:\n    metadata = f"{d["a"]} {\'\\n\'.join(b)}"\n',
        "class C:\n    x = t'{a}'\n    metadata = 1\n",
        'class C:\n    x = f"{\n        a\n    }"; metadata = 1\n',
    ],
)
def test_syntax_newer_than_this_python_does_not_hide_a_class(text: str) -> None:
    attribute = outline(text).classes["C"].attribute("metadata")
    assert attribute is not None
    assert cut(text, attribute.span) == "metadata"


def test_a_syntax_error_is_named_with_its_line() -> None:
    with pytest.raises(UnparsableFile, match="syntax error") as caught:
        outline("x = 1\ndef broken(:\n")
    assert caught.value.line == 2


@pytest.mark.parametrize("text", ["print 'hello'\n", "try:\n    pass\nexcept A, e:\n    pass\n"])
def test_python_2_is_a_syntax_error_whatever_a_mask_would_hide(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def error_of_reading() -> str:
        with pytest.raises(UnparsableFile) as caught:
            outline(text)
        return f"{caught.value.line} {caught.value}"

    quick = error_of_reading()
    monkeypatch.setattr("sqla_guard.read.python.parse._NO_MASK", ())
    assert error_of_reading() == quick


def test_python_2_is_not_masked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sqla_guard.read.python.newer.mask_newer_syntax", lambda source: "x = 1\n")
    with pytest.raises(UnparsableFile):
        outline("print 'hello'\n")


def test_deep_nesting_is_an_error_and_no_crash() -> None:
    with pytest.raises(UnparsableFile, match=r"nested too deeply|too many nested"):
        outline("(" * 5000 + ")" * 5000)


def test_the_mask_keeps_length_and_lines() -> None:
    from sqla_guard.read.python.newer import mask_newer_syntax

    text = (
        "type  Pair[T] = tuple[T, T]\nclass C[T: int](Base):\n    pass\n"
        "def f[**P](a): return f'{a!r:{\"x\"}}'\ntry:\n    pass\nexcept* E:\n    pass\n"
    )
    masked = mask_newer_syntax(SourceFile("m.py", text))
    assert masked == (
        "Pair          = tuple[T, T]\nclass C        (Base):\n    pass\n"
        "def f     (a): return f'___________'\ntry:\n    pass\nexcept  E:\n    pass\n"
    )
