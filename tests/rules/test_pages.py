"""Every rule's page: its headings, and its examples, which are run."""

from __future__ import annotations

import re

import pytest
import tomli

from sqla_guard.check.registry import RegisteredRule, registered_rules
from sqla_guard.core.config import Config
from sqla_guard.read.config import convert
from tests.support.memory import check_files

HEADINGS = ["What it finds", "Why it hurts", "Bad", "Good", "Fix", "Fix safety"]
RULES = pytest.mark.parametrize("registered", registered_rules(), ids=lambda r: r.rule.name)


def sections(registered: RegisteredRule) -> dict[str, str]:
    parts = re.split(r"(?m)^## (.+)$", registered.page)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def found(registered: RegisteredRule, section: str) -> set[str]:
    """Return the codes that checking the examples of a section, taken as one project, gives."""
    blocks = re.findall(r"(?ms)^```(?:python|sql)(?: (\S+))?\n(.*?)^```", sections(registered)[section])
    assert blocks
    files = {name or "module.py": text for name, text in blocks}
    settings = re.search(r"(?ms)^```toml \S+\n(.*?)^```", sections(registered)[section])
    config = Config(**convert(tomli.loads(settings[1]) if settings else {}))
    return {d.code for d in check_files(files, config=config._replace(extend_select=frozenset({"ALL"}))).diagnostics}


@RULES
def test_the_page_has_its_headings(registered: RegisteredRule) -> None:
    assert list(sections(registered)) == HEADINGS
    assert registered.page.strip().splitlines()[0].endswith(".")


@RULES
def test_the_bad_example_is_found(registered: RegisteredRule) -> None:
    assert registered.rule.code in found(registered, "Bad")


@RULES
def test_the_good_example_is_clean(registered: RegisteredRule) -> None:
    assert found(registered, "Good") == set()
