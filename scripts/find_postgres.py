"""Where PostgreSQL's server programs are: prints their folder, or exits with 1."""

from __future__ import annotations

import re
import shutil
import sys
from pathlib import Path

# Debian and its kin keep the server off PATH, one folder a version.
DEBIAN = Path("/usr/lib/postgresql")
PROGRAMS = ("initdb", "postgres")
# The tests drop databases with FORCE.
OLDEST = 13


def find_server() -> Path | None:
    """Return the folder with the programs: the one on PATH, else the newest of Debian's."""
    on_path = shutil.which("postgres")
    versions = [folder for folder in DEBIAN.glob("*/bin") if major_version(folder) >= OLDEST]
    candidates = sorted(versions, key=major_version, reverse=True)
    if on_path is not None:
        candidates.insert(0, Path(on_path).resolve().parent)
    return next((folder for folder in candidates if holds_server(folder)), None)


def holds_server(folder: Path) -> bool:
    """Tell whether all the programs that a throw-away server needs are in the folder."""
    return all(shutil.which(program, path=str(folder)) for program in PROGRAMS)


def major_version(folder: Path) -> int:
    """Return 15 for `/usr/lib/postgresql/15/bin`, and 0 for a folder that names no version."""
    number = re.fullmatch(r"\d+", folder.parent.name)
    return int(number[0]) if number else 0


if __name__ == "__main__":
    found = find_server()
    if found is None:
        sys.exit(1)
    print(found)
