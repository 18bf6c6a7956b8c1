"""Fill `docs/plugins.md` from the package in `fixtures/plugin`, which the tests install; `make golden` runs it."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "plugins.md"
PACKAGE = ROOT / "fixtures" / "plugin"


def blocks() -> dict[str, str]:
    """Return the blocks of the page by the name of their marks."""
    points = re.search(r"(?ms)^\[project\.entry-points.*?(?=^\[tool)", (PACKAGE / "pyproject.toml").read_text())
    rule = (PACKAGE / "acme_rules" / "naive_default.py").read_text(encoding="utf-8")
    test = (PACKAGE / "tests" / "test_naive_default.py").read_text(encoding="utf-8")
    return {
        "pyproject": f"```toml\n{points[0].strip() if points else ''}\n```\n",
        # The page of the rule has fences of its own.
        "rule": f"````python\n{rule}````\n",
        "test": f"```python\n{test}```\n",
    }


def page(text: str) -> str:
    """Return the page with its blocks made anew."""
    for name, block in blocks().items():
        marked = re.compile(rf"(?s)(?<=<!-- {name} -->\n).*?(?=<!-- /{name} -->)")
        text = marked.sub(block.replace("\\", r"\\"), text)
    return text


def main() -> None:
    """Write the page."""
    PAGE.write_text(page(PAGE.read_text(encoding="utf-8")), encoding="utf-8")


if __name__ == "__main__":
    main()
