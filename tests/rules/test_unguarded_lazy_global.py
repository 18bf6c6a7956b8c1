from __future__ import annotations

import re

import pytest

from sqla_guard.core.diagnostic import Diagnostic
from sqla_guard.core.fix import Applicability
from sqla_guard.read.python.lazy import read_lazy_inits
from sqla_guard.rules import unguarded_lazy_global as rule
from tests.support.lazy_cases import Case, cases
from tests.support.memory import project

FOLDER = "unguarded-lazy-global"
REPORTED = [*cases(FOLDER, "reported.md"), *cases(FOLDER, "raced.md")]
QUIET = cases(FOLDER, "quiet.md")


def findings(files: dict[str, str]) -> list[Diagnostic]:
    """Return what the rule says of the first of ``files``."""
    everything = project(files)
    source = everything.source(next(iter(files)))
    return [found for fact in read_lazy_inits(source) for found in rule.check(fact, everything)]


def title(case: Case) -> str:
    return case.title


@pytest.mark.parametrize("case", REPORTED, ids=title)
def test_reported_once_on_the_test(case: Case) -> None:
    files = case.files
    path, text = next(iter(files.items()))
    (found,) = findings(files)
    line = text[: found.span.start].count("\n")
    assert "# !" in text.split("\n")[line]
    assert case.says in found.message
    assert (found.code, found.name, found.severity, found.path) == ("SG201", FOLDER, "warning", path)


@pytest.mark.parametrize("case", QUIET, ids=title)
def test_quiet(case: Case) -> None:
    assert findings(case.files) == []


@pytest.mark.parametrize("case", REPORTED, ids=title)
def test_a_message_is_one_line_and_names_the_function_and_the_global(case: Case) -> None:
    (found,) = findings(case.files)
    assert "\n" not in found.message
    assert re.match(r"two threads in `\w+\(\)` can both find `\w+` (missing|unset)", found.message)


def test_the_incident() -> None:
    text = (
        "import threading\n\nflask_app = None\n\n\ndef get_flask_app():\n    global flask_app\n"
        "    if flask_app is None:\n        from server.app_factory import create_app\n"
        "        flask_app = create_app()\n    return flask_app\n"
    )
    factory = "from flask import Flask\n\n\ndef create_app():\n    return Flask(__name__)\n"
    (found,) = findings({"asgi.py": text, "server/app_factory.py": factory})
    assert "both run `create_app()`" in found.message
    assert found.fix is not None
    assert found.fix.applicability is Applicability.SAFE
    assert found.fix.imports == ()


def test_a_factory_elsewhere_that_knows_the_getter_may_come_back() -> None:
    text = (
        "import threading\nfrom desk.factory import create_app\n\napp = None\n\n\ndef get_app():\n    global app\n"
        "    if app is None:\n        app = create_app()\n    return app\n"
    )
    factory = "def create_app():\n    from desk.wsgi import get_app\n    return object()\n"
    (found,) = findings({"desk/wsgi.py": text, "desk/factory.py": factory})
    assert found.fix is not None
    assert any("RLock" in edit.text for edit in found.fix.edits)
