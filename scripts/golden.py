"""`make golden`: write what the tool says of the sample app into the golden files and the README.

A person reviews the difference in version control; the tests compare with what stands there.
"""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

from scripts import configuration, plugin_page

ROOT = Path(__file__).resolve().parent.parent
APP = ROOT / "fixtures" / "projects" / "security_desk"
GOLDEN = ROOT / "fixtures" / "golden"
README = ROOT / "README.md"

# The files whose first hunk stands in the README.
SHOWN = ("asgi.py", "desk/migrate.py", "desk/models/security.py")


def outputs() -> dict[str, str]:
    """Return what the tool prints on the sample, by golden file."""
    check, fix = tool("check"), tool("fix")
    return {
        "security_desk.check.txt": check.stdout,
        "security_desk.diff": fix.stdout,
        "security_desk.fix.txt": fix.stderr,
    }


def tool(command: str) -> subprocess.CompletedProcess[str]:
    """Run one command of the tool inside the sample."""
    arguments = [sys.executable, "-m", "sqla_guard", command, "."]
    return subprocess.run(arguments, cwd=APP, capture_output=True, encoding="utf-8", check=False)


def filled(readme: str, golden: dict[str, str]) -> str:
    """Return the README with its three blocks taken from the golden files."""
    blocks = {
        "check": ("", golden["security_desk.check.txt"]),
        "diff": ("diff", "".join(first_hunks(golden["security_desk.diff"]))),
        "look": ("", golden["security_desk.fix.txt"].strip() + "\n"),
    }
    for name, (language, text) in blocks.items():
        block = f"<!-- {name} -->\n```{language}\n{text}```\n<!-- /{name} -->"
        readme = re.sub(rf"<!-- {name} -->.*?<!-- /{name} -->", lambda _, b=block: b, readme, flags=re.DOTALL)  # type: ignore[misc]
    return readme


def first_hunks(diff: str) -> list[str]:
    """Return the first hunk of each shown file."""
    found = []
    for part in re.split(r"(?m)^(?=--- )", diff):
        path = re.search(r"^\+\+\+ b/(.*)$", part, re.MULTILINE)
        if path and path[1] in SHOWN:
            found.append(re.split(r"(?m)^(?=@@ )", part)[0] + re.split(r"(?m)^(?=@@ )", part)[1])
    return found


def main() -> None:
    """Write golden files, README and what is made of the table of settings."""
    golden = outputs()
    for name, text in golden.items():
        (GOLDEN / name).write_text(text, encoding="utf-8")
    README.write_text(filled(README.read_text(encoding="utf-8"), golden), encoding="utf-8")
    configuration.main()
    plugin_page.main()


if __name__ == "__main__":
    main()
