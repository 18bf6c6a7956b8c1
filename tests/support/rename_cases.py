"""Cases of the rename in Markdown: whole files with what the fix takes out and puts in.

Every case of a file starts with the files shown before its first heading. In a ``diff`` block, lines with ``-`` and
``+`` are what changes. A line that ends in ``# look`` is one that the fix lists for a person. ``rename:`` and
``version:`` are settings; ``refused:`` is the reason why there is no fix.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from sqla_guard.core.config import Config

FOLDER = Path(__file__).parents[2] / "fixtures" / "rules" / "reserved-attribute"
_BLOCK = re.compile(r"^```diff (\S+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_SETTING = re.compile(r"^(rename|version|refused): (.+)$", re.MULTILINE)
_LOOK = "# look"


@dataclass(frozen=True)
class RenameCase:
    """One heading.

    Attributes:
        title: The heading, with its file.
        before: Texts by path.
        after: The same after the fix.
        config: The settings of the run.
        refused: Reasons why something keeps its name.
    """

    title: str
    before: dict[str, str]
    after: dict[str, str]
    config: Config
    refused: tuple[str, ...]

    @property
    def to_look_at(self) -> set[tuple[str, int]]:
        """Return path and line of what is marked."""
        return {
            (path, number)
            for path, text in self.after.items()
            for number, line in enumerate(text.split("\n"), start=1)
            if line.endswith(_LOOK)
        }


def rename_cases() -> list[RenameCase]:
    """Return all cases."""
    return [case for path in sorted(FOLDER.glob("rename_*.md")) for case in _cases(path)]


def _cases(path: Path) -> list[RenameCase]:
    head, *parts = re.split(r"^## ", path.read_text(encoding="utf-8"), flags=re.MULTILINE)
    shared = _BLOCK.findall(head)
    return [_case(path.stem, part, shared) for part in parts]


def _case(name: str, part: str, shared: list[tuple[str, str]]) -> RenameCase:
    title, _, body = part.partition("\n")
    settings = _SETTING.findall(_BLOCK.sub("", body))
    found = dict(settings)
    version = tuple(map(int, found["version"].split("."))) if "version" in found else (2, 0)
    config = Config(rename=found.get("rename", "auto"), sqlalchemy_version=(version[0], version[1]))
    blocks = dict((*shared, *_BLOCK.findall(body)))
    return RenameCase(
        f"{name}: {title}",
        {path: _side(text, "-") for path, text in blocks.items()},
        {path: _side(text, "+") for path, text in blocks.items()},
        config,
        tuple(value for key, value in settings if key == "refused"),
    )


def _side(diff: str, sign: str) -> str:
    return "".join(line[1:] or "\n" for line in diff.splitlines(keepends=True) if line[:1] in (sign, " ", "\n"))
