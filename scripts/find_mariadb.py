"""Where MariaDB's server program is: prints its path, or exits with 1."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

# Debian and its kin keep the server in a folder that is not on every user's PATH.
ELSEWHERE = (Path("/usr/sbin"), Path("/usr/local/sbin"), Path("/usr/libexec"))


def find_server() -> Path | None:
    """Return the program ``mariadbd``: the one on PATH, else one where systems keep their servers."""
    folders = [None, *map(str, ELSEWHERE)]
    found = (shutil.which("mariadbd", path=folder) for folder in folders)
    return next((Path(program) for program in found if program), None)


if __name__ == "__main__":
    server = find_server()
    if server is None:
        sys.exit(1)
    print(server)
