"""What findings are known by when lines move: file, rule and symbol."""

from __future__ import annotations

from sqla_guard.core.config import Config
from tests.support.memory import check_files
from tests.support.projects import PROJECTS, read_tree

ALL = Config(extend_select=frozenset({"ALL"}))


def sample() -> dict[str, bytes]:
    return read_tree(PROJECTS / "security_desk")


def test_every_finding_of_the_sample_has_a_symbol() -> None:
    found = {d.code: d.symbol for d in check_files(sample(), config=ALL).diagnostics}
    assert all(found.values())
    assert (found["SG101"], found["SG201"]) == ("SecurityEvent.metadata", "get_flask_app.flask_app")
    assert found["SG301"] == "security_events.metadata"


def test_keys_stay_when_lines_move() -> None:
    files = sample()
    moved = {path: b"\n\n" + data if path.endswith(".py") else data for path, data in files.items()}
    before, after = check_files(files).diagnostics, check_files(moved).diagnostics
    assert [d.key for d in before] == [d.key for d in after]
    assert [d.span for d in before] != [d.span for d in after]
