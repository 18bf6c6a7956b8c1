"""Put problems into real files and mend them: ``python -m scripts.seeded [FOLDER...]``, without folders all packages.

Every file gets each problem once, at a place chosen by chance; nothing is written. A fix has to parse, take its
finding away and bring no new one, leave all other tokens as they are, and leave nothing to a second run. The exit code
is 1 where one does not.
"""

from __future__ import annotations

import argparse
import random
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from scripts.same import installed
from sqla_guard.core.workspace import UnreadableFile
from sqla_guard.read.load import decode
from tests.support.seeded import SEEDS, problems, seeded


def texts(folder: Path) -> Iterator[tuple[Path, str]]:
    """Yield the Python files below a folder that can be decoded."""
    for path in sorted(folder.rglob("*.py")):
        if path.is_file():
            try:
                yield path, decode("module.py", path.read_bytes()).text
            except UnreadableFile:
                continue


def main() -> None:
    """Seed, mend, and print what is wrong."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folders", nargs="*", type=Path)
    parser.add_argument("--every", type=int, default=1, help="take one file of so many")
    parser.add_argument("--largest", type=int, default=60_000, help="characters of the largest file to take")
    parser.add_argument("--start", type=int, default=0, help="of the choice of places")
    options = parser.parse_args()
    tried: Counter[str] = Counter()
    wrong = 0
    taken = [file for folder in options.folders or installed() for file in texts(folder)]
    for number, (path, text) in enumerate(taken):
        if (number + options.start) % options.every or len(text) > options.largest:
            continue
        for name, seed in SEEDS.items():
            choice = random.Random(f"{options.start} {number} {name}")
            if (new := seeded(text, seed, choice)) is not None:
                tried[name] += 1
                for problem in problems({"module.py": new, "other.py": "import module\n"}, seed):
                    wrong += 1
                    print(f"{path}, {name}: {problem}", flush=True)
    print(f"{', '.join(f'{count} x {name}' for name, count in tried.items())}; {wrong} problems")
    sys.exit(bool(wrong))


if __name__ == "__main__":
    main()
