"""The README shows what the tool really prints, and its commands are those that exist."""

from __future__ import annotations

import re

from scripts.golden import GOLDEN, README, filled


def test_the_blocks_are_the_golden_files() -> None:
    text = README.read_text(encoding="utf-8")
    golden = {path.name: path.read_text(encoding="utf-8") for path in GOLDEN.iterdir()}
    assert filled(text, golden) == text


def test_the_commands_exist() -> None:
    makefile = (README.parent / "Makefile").read_text(encoding="utf-8")
    for target in re.findall(r"(?m)^    make ([a-z-]+)", README.read_text(encoding="utf-8")):
        assert re.search(rf"(?m)^{target}:", makefile), target
