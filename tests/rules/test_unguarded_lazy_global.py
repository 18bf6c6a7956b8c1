from __future__ import annotations

from sqla_guard.core.diagnostic import Diagnostic
from sqla_guard.core.fix import Applicability
from sqla_guard.read.python.lazy import read_lazy_inits
from sqla_guard.rules import unguarded_lazy_global as rule
from tests.support.memory import project


def findings(files: dict[str, str]) -> list[Diagnostic]:
    """Return what the rule says of the first of ``files``."""
    everything = project(files)
    source = everything.source(next(iter(files)))
    return [d for f in read_lazy_inits(source) for d in rule.check(f, everything)]


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
