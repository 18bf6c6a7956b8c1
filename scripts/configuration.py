"""Write the list of keys in `docs/configuration.md`, and `docs/configuration.schema.json`; `make golden` runs it."""

from __future__ import annotations

import json
import re
from pathlib import Path

from sqla_guard.check.config_schema import config_schema
from sqla_guard.core.keys import KEYS, Key

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "configuration.md"
SCHEMA = ROOT / "docs" / "configuration.schema.json"
_BLOCK = re.compile(r"(?s)(?<=<!-- keys -->\n).*(?=<!-- /keys -->)")


def described(key: Key) -> str:
    """Return the section of one key."""
    default = "not set" if key.default is None else f"`{json.dumps(key.default)}`"
    return (
        f"### `{key.name}`\n\n{key.help}\n\n**Type:** {key.kind.words}\n\n**Default:** {default}\n\n"
        f"```toml\n{key.example}\n```\n"
    )


def page(text: str) -> str:
    """Return the page with its list of keys made anew."""
    sections = "\n".join(described(key) for key in KEYS)
    return _BLOCK.sub(lambda _: f"\n{sections}\n", text)


def schema() -> str:
    """Return the schema as it is stored."""
    return json.dumps(config_schema(), indent=2, ensure_ascii=False) + "\n"


def main() -> None:
    """Write both files."""
    PAGE.write_text(page(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
    SCHEMA.write_text(schema(), encoding="utf-8")


if __name__ == "__main__":
    main()
