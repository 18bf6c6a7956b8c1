"""Only those facts are read that a selected rule judges, and a file matters only for those."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from sqla_guard.check.facts import facts_of
from sqla_guard.check.readers import QUICK
from sqla_guard.check.registry import registered_rules
from sqla_guard.check.selection import selected_rules
from sqla_guard.core.config import Config
from sqla_guard.read.markers import files_that_matter
from tests.support.memory import project

TEXT = """\
from alembic import op
from sqlalchemy import Column, JSON
from app import Base

_made = None


def made():
    global _made
    if _made is None:
        _made = object()
    return _made


class Event(Base):
    __tablename__ = "events"
    metadata = Column(JSON)


def upgrade():
    op.add_column("events", Column("metadata", JSON))
"""


def read(config: Config) -> set[str]:
    known = project({"a.py": TEXT}, config)
    asked: set[str] = set()

    def noted(name: str) -> object:
        def reader(*arguments: object) -> tuple[object, ...]:
            asked.add(name)
            return ()

        return reader

    names = ("reserved", "named", "lazy", "sql", "tables")
    known.readers = replace(QUICK, **{name: noted(name) for name in names})
    list(facts_of("a.py", known, [r.rule for r in selected_rules(registered_rules(), config)]))
    return asked


@pytest.mark.parametrize(
    ("selected", "expected"),
    [
        ("SG101", {"reserved"}),
        ("SG102", {"named"}),
        ("SG2", {"lazy"}),
        ("SG110", set()),  # nothing else declares the table
        ("SG302", {"sql"}),
        ("SG9", set()),
        ("ALL", {"reserved", "named", "lazy", "sql"}),
    ],
)
def test_facts_are_read_for_the_rules_that_are_selected(selected: str, expected: set[str]) -> None:
    assert read(Config(select=frozenset({selected}))) == expected


@pytest.mark.parametrize(
    ("config", "matters"),
    [
        (Config(), False),
        (Config(select=frozenset({"SG101"})), False),
        (Config(extend_select=frozenset({"SG207"})), False),
        (Config(extend_select=frozenset({"SG102"})), True),
        (Config(select=frozenset({"hidden-by-method"})), True),
        (Config(select=frozenset({"SG1"})), True),
        (Config(select=frozenset({"ALL"})), True),
    ],
)
def test_a_file_with_any_class_matters_only_to_the_rule_that_looks_at_all_names(config: Config, matters: bool) -> None:
    workspace = project({"a.py": "class Event:\n    name = 1\n"}, config).workspace
    assert list(files_that_matter(workspace, config, [])) == (["a.py"] if matters else [])


@pytest.mark.parametrize("path", ["a.py", "latest/contest.py", "tests/a.py", "app/test_a.py", "app/conftest.py"])
@pytest.mark.parametrize("config", [Config(), Config(plugins=("acme",)), Config(select=frozenset({"SG206"}))])
def test_lazily_made_objects_of_tests_matter_to_the_rules_of_other_packages_only(path: str, config: Config) -> None:
    matters = "test" not in path.replace("latest/contest", "") or bool(config.plugins)
    known = project({path: TEXT.partition("class")[0]}, config)
    assert list(files_that_matter(known.workspace, config, [])) == ([path] if matters else [])
    rules = [registered.rule for registered in selected_rules(registered_rules(), config)]
    assert bool(list(facts_of(path, known, rules))) is matters
