"""What pages of the documentation show."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

DOCS = Path(__file__).resolve().parents[2] / "docs"
_BLOCK = re.compile(r'(?ms)^```(?P<language>\w+) title="(?P<file>[^"]+)"\n(?P<text>.*?)^```$')


@dataclass(frozen=True)
class Recipe:
    """A file that a page tells to write."""

    page: str
    language: str
    file: str
    text: str


def recipes(page: str) -> list[Recipe]:
    """Return the files that ``docs/<page>.md`` shows, in order."""
    text = (DOCS / f"{page}.md").read_text(encoding="utf-8")
    return [Recipe(page, m["language"], m["file"], m["text"]) for m in _BLOCK.finditer(text)]


def recipe(page: str, file: str, number: int = 0) -> str:
    """Return the text of a file that a page shows."""
    return [r.text for r in recipes(page) if r.file == file][number]
