"""SG302 on the cases of `fixtures/rules/reserved-column-unmapped`."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from sqla_guard.core.config import Config
from tests.support.memory import check_files, workspace

CASES = Path(__file__).parents[2] / "fixtures" / "rules" / "reserved-column-unmapped" / "cases.md"
FENCE = re.compile(r"^```\w+ (\S+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
ASKED_FOR = Config(extend_select=frozenset({"SG302"}))


def cases() -> dict[str, dict[str, str]]:
    parts = re.split(r"^## ", CASES.read_text(encoding="utf-8"), flags=re.MULTILINE)[1:]
    return {part.partition("\n")[0]: dict(FENCE.findall(part)) for part in parts}


@pytest.mark.parametrize("files", cases().values(), ids=cases())
def test_marked_lines_are_found_and_no_others(files: dict[str, str]) -> None:
    marked = {
        (path, number)
        for path, text in files.items()
        for number, line in enumerate(text.splitlines(), start=1)
        if line.endswith((" # !", " -- !"))
    }
    read = workspace(files)
    found = [d for d in check_files(files, config=ASKED_FOR).diagnostics if d.code == "SG302"]
    assert {(d.path, read.load(d.path).position(d.span.start)[0]) for d in found} == marked
    assert len(found) == len(marked)
    assert not any(d.code == "SG302" for d in check_files(files).diagnostics)
