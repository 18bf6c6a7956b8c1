"""`sqla-guard rule` and `sqla-guard rules`: every code that a report can name has its page."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from sqla_guard.cli.pages import rule_pages
from sqla_guard.report.material import RulePage
from tests.report.projects import inside, run

PAGES = pytest.mark.parametrize("page", rule_pages(), ids=lambda page: page.name)


@PAGES
def test_a_rule_is_explained_by_name_and_by_code(page: RulePage) -> None:
    rule = json.loads(run("rule", page.code, "--output-format", "json").stdout)
    shown = run("rule", rule["code"]).stdout
    assert shown == run("rule", rule["name"]).stdout == run("rule", rule["code"].lower()).stdout
    assert shown == f"# {rule['name']} ({rule['code']})\n\n{rule['page']}\n"
    assert rule["page"].startswith(rule["summary"] + "\n")
    for heading in ("## What it finds", "## Why it hurts", "## Fix", "## Fix safety"):
        assert heading in shown


def test_all_forms_of_the_list_hold_the_same_rules() -> None:
    expected = [(page.code, page.name) for page in rule_pages()]
    assert re.findall(r"(?m)^(SG\d+)  (\S+)", run("rules").stdout) == expected
    assert [(r["code"], r["name"]) for r in json.loads(run("rules", "--output-format", "json").stdout)] == expected
    markdown = run("rules", "--output-format", "markdown").stdout
    assert re.findall(r"(?m)^\| (SG\d+) \| `(\S+)` \|", markdown) == expected


def test_what_the_tool_says_of_itself_has_pages_too() -> None:
    assert {"SG900", "SG901", "SG902", "SG903"} <= {page.code for page in rule_pages()}


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("reserved-atribute", "did you mean `reserved-attribute`?"),
        ("sg2011", "did you mean `SG201`?"),
        ("xyzzy", "`sqla-guard rules` lists them"),
    ],
)
def test_an_unknown_rule_is_an_error_with_a_hint(name: str, hint: str) -> None:
    result = run("rule", name)
    assert (result.exit_code, result.stderr) == (2, f"error: there is no rule `{name}`; {hint}\n")


def test_a_broken_configuration_is_named(tmp_path: Path) -> None:
    (tmp_path / "sqla-guard.toml").write_text("plugins = 1\n")
    with inside(tmp_path):
        result = run("rules")
    assert (result.exit_code, "sqla-guard.toml" in result.stderr) == (2, True)
