"""What a file imports at the left margin, told from bytes: all that the outline shows, or a doubt."""

from __future__ import annotations

import sysconfig
from pathlib import Path

import pytest

from sqla_guard.core.margin import Margin, margin_of, says_at_margin
from sqla_guard.core.words import imported_tops
from sqla_guard.core.workspace import UnreadableFile
from sqla_guard.read.load import decode
from sqla_guard.read.python.outline import read_outline

SITE = Path(sysconfig.get_path("purelib"))


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("import app.models\n", {("app.models", "")}),
        ("import a as b, app.models as m  # why\n", {("a", ""), ("app.models", "")}),
        ("from app import models, views as v", {("app", "models"), ("app", "views")}),
        ("from\tapp import (\n    a,  # see (that)\n    b as c,\n)\n", {("app", "a"), ("app", "b"), ("app", "")}),
        ("from app import(a)\r\nimport b; import c\r\n", {("app", "a"), ("b", "")}),
        ("x = 1\rimport a\r", {("a", "")}),
        ("from app.models import *\n", {("app.models", "*")}),
        ("\ufeffimport a\n", {("a", "")}),
        ("if x:\n    import a\nimportant = 1\nfrom . import b\nfrom .c import d\n", set()),
    ],
)
def test_simple_imports_are_read(text: str, found: set[tuple[str, str]]) -> None:
    assert margin_of(text.encode()) == Margin(frozenset(found), doubt=False)
    wide = text.removeprefix("\ufeff").encode("utf-16")
    assert margin_of(wide) == Margin(frozenset(found), doubt=False)


@pytest.mark.parametrize(
    "text",
    [
        "import \\\n    app.models\n",
        "from app \\\n    import models\n",
        "from app import a, \\\n    b\n",
        "import app . models\n",
        "import modelé\n",
        "from app import (a,  # see)\n    modelé)\n",
        'TEXT = """\nfrom the beginning\n"""\n',
    ],
)
def test_what_takes_a_parser_is_in_doubt(text: str) -> None:
    assert margin_of(text.encode()).doubt


def test_a_file_says_what_has_the_word() -> None:
    data = b"import app.models.event\nfrom app import models\nimport models_too\nimport other\n"
    assert margin_of(data).with_word("models", data).found == {("app.models.event", ""), ("app", "models")}
    assert says_at_margin("m.py", data, "models") == says_at_margin(
        "m.py", data[: data.index(b"import other")], "models"
    )
    assert says_at_margin("m.py", data, "models") != says_at_margin("m.py", data.replace(b".event", b""), "models")
    assert says_at_margin("m.py", data, "missing") is None
    assert says_at_margin("m.py", b"import \\\n    models\n", "models") is not None
    assert says_at_margin("m.sql", data, "models") is None


@pytest.mark.parametrize("package", ["alembic", "click", "flask_sqlalchemy", "jinja2", "pluggy", "_pytest"])
def test_the_imports_of_installed_packages_are_all_there(package: str) -> None:
    doubts = 0
    files = sorted((SITE / package).rglob("*.py"))
    for path in files:
        data = path.read_bytes()
        try:
            outline = read_outline(decode(str(path), data))
        except UnreadableFile:
            continue
        margin = margin_of(data)
        doubts += margin.doubt
        imported = {(i.runs, i.name or "") for i in outline.imports if i.always and not i.level}
        assert margin.doubt or imported <= margin.found, path
    assert doubts < len(files) / 4 + 1


@pytest.mark.parametrize(
    ("text", "tops"),
    [
        ("import a.b, c as d; from e.f import g\n", {"a", "c", "e"}),
        ("def f():\n    from . import a\n    from ..b import c\n    from.d import e\n", {"."}),
        ("if x: import a\nelse: from b import (\n    c,\n    d,\n)\n", {"a", "b"}),
        ("import a\rimport b\r\nimport c\n", {"a", "b", "c"}),
        ("import a  # import b\nx = 'import c'\nimport_c = importing = 1\n", {"a"}),
        ("x = 1\n", set()),
    ],
)
def test_the_tops_of_all_imports_are_read(text: str, tops: set[str]) -> None:
    assert imported_tops(text.encode()) == tops


@pytest.mark.parametrize(
    "text",
    [
        "import \\\n    app\n",
        "from app \\\n    import models\n",
        "from \\\n    app import models\n",
        "import app, \\\n    b\n",
        "from modelé import a\n",
        "import modelé\n",
        "x = 1;" + " " * 400 + "from a import b\n",
    ],
)
def test_where_those_are_not_told_that_is_said(text: str) -> None:
    assert imported_tops(text.encode()) is None


@pytest.mark.parametrize("package", ["alembic", "click", "flask_sqlalchemy", "jinja2", "pluggy", "_pytest"])
def test_the_tops_of_installed_packages_are_all_there(package: str) -> None:
    doubts = 0
    files = sorted((SITE / package).rglob("*.py"))[:100]
    for path in files:
        try:
            outline = read_outline(decode(str(path), path.read_bytes()))
        except UnreadableFile:
            continue
        tops = imported_tops(path.read_bytes())
        doubts += tops is None
        wanted = {"." if item.level else item.runs.partition(".")[0] for item in outline.imports}
        assert tops is None or wanted <= tops, path
    assert doubts * 5 < len(files)
