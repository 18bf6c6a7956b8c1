"""Cases of a rule in Markdown: a heading, settings, and the code before and after."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path

FIXTURES = Path(__file__).parents[2] / "fixtures" / "rules"
_FENCE = re.compile(r"^```python (\w+)(?: (\S+))?\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_SETTING = re.compile(r"^(race|says|unsafe|code|pattern): (.+)$", re.MULTILINE)


@dataclass
class Case:
    """One heading of a file of cases.

    Attributes:
        title: The heading.
        race: The function to call in two threads, if any.
        says: Part of the message.
        code: The rule, where it is another one than the folder's.
        pattern: Which of the family's shapes it shows.
        unsafe: Part of the title that an unsafe fix must have; empty for a safe one.
        blocks: Pairs of what a block shows (``bad``, ``fixed``, ``quiet``, ``file``) and its text, with its path.
    """

    title: str
    race: str = ""
    unsafe: str = ""
    says: str = ""
    code: str = ""
    pattern: str = ""
    blocks: list[tuple[str, str, str]] = field(default_factory=list)

    def block(self, kind: str) -> str | None:
        return next((text for shown, _, text in self.blocks if shown == kind), None)

    @property
    def files(self) -> dict[str, str]:
        return {path: text for kind, path, text in self.blocks if kind != "fixed"}


def cases(rule: str, name: str) -> list[Case]:
    """Return the cases in one file of ``fixtures/rules/<rule>``."""
    text = (FIXTURES / rule / name).read_text(encoding="utf-8")
    found = []
    for part in re.split(r"^## ", text, flags=re.MULTILINE)[1:]:
        title, _, body = part.partition("\n")
        settings = dict(_SETTING.findall(_FENCE.sub("", body)))
        blocks = [(kind, path or "desk/case.py", code) for kind, path, code in _FENCE.findall(body)]
        found.append(
            Case(
                title,
                settings.get("race", ""),
                settings.get("unsafe", ""),
                settings.get("says", ""),
                settings.get("code", ""),
                settings.get("pattern", ""),
                blocks,
            )
        )
    return found
