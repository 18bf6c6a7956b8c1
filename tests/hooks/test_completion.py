"""Completion: in a real bash, and what the other shells are given."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.pages import Recipe, recipe, recipes
from tests.support.repositories import ROOT

ENVIRONMENT = {
    **os.environ,
    "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
    "PYTHONPATH": str(ROOT),
}
# What bash does when TAB is pressed behind the words given.
PRESS_TAB = """
COMP_WORDS=("$@") COMP_CWORD=$(($# - 1))
complete -p sqla-guard > /dev/null || exit 3
_sqla_guard_completion sqla-guard 2> /dev/null
printf '%s\\n' "${COMPREPLY[@]}"
"""


def completed(*words: str) -> list[str]:
    """Return what bash offers behind ``words``, the last of which is not finished."""
    script = recipe("completion", "~/.bashrc") + PRESS_TAB
    done = subprocess.run(
        ["bash", "--norc", "-c", script, "bash", "sqla-guard", *words],
        env=ENVIRONMENT,
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.split()


@pytest.mark.skipif(shutil.which("bash") is None, reason="there is no bash here")
@pytest.mark.parametrize(
    ("words", "offered"),
    [
        (["ch"], ["check"]),
        (["rule", "reserved-attr"], ["reserved-attribute"]),
        (["rule", "SG201"], ["SG201"]),
        (["check", "--select", "unguarded-lazy-"], ["unguarded-lazy-global", "unguarded-lazy-attribute"]),
        (["check", "--write-b"], ["--write-baseline"]),
        (["fix", "--rename", "a"], ["auto", "attribute"]),
    ],
    ids=" ".join,
)
def test_bash_completes(words: list[str], offered: list[str]) -> None:
    assert completed(*words) == offered


@pytest.mark.parametrize("shown", recipes("completion")[1:], ids=lambda shown: shown.language)
def test_the_other_shells_get_their_script_and_the_rules_with_their_codes(shown: Recipe) -> None:
    shell = shown.language
    assert f"_SQLA_GUARD_COMPLETE={shell}_source sqla-guard" in shown.text

    def run(instruction: str, **variables: str) -> str:
        environment = {**ENVIRONMENT, "_SQLA_GUARD_COMPLETE": f"{shell}_{instruction}", **variables}
        return subprocess.run(["sqla-guard"], env=environment, capture_output=True, text=True, check=True).stdout

    script = run("source")
    assert f"_SQLA_GUARD_COMPLETE={shell}_complete" in script
    if shutil.which(shell):
        subprocess.run([shell, "-n"], input=script, text=True, check=True)
    last = {"COMP_WORDS": "sqla-guard rule reserved-attr", "COMP_CWORD": "2" if shell == "zsh" else "reserved-attr"}
    offered = run("complete", **last)
    assert "reserved-attribute" in offered
    assert "SG101" in offered
