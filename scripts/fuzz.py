"""Look for inputs that break the tool: ``make fuzz MINUTES=10``, guided by what the code does with them.

Atheris instruments the package and keeps every input that reaches new code. Where it does not install, the same
mutations go on unguided. An input that breaks something is stored in ``.fuzz`` and becomes a case in the tests.
"""

from __future__ import annotations

import argparse
import pkgutil
import random
import subprocess
import sys
import time
import traceback
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

FOUND = Path(__file__).resolve().parents[1] / ".fuzz"
TARGETS = ("python", "sql", "string", "config", "suppression", "requirements")


class Keeper:
    """Tries inputs, stores the first that breaks something in its own way, and goes on."""

    def __init__(self, target: str) -> None:
        """Try nothing yet."""
        from tests.fuzz import targets

        self._target, self._try = target, targets.TARGETS[target]
        self.tried = 0
        self.broken: set[str] = set()
        FOUND.mkdir(exist_ok=True)

    def __call__(self, data: bytes) -> None:
        """Try one input."""
        self.tried += 1
        try:
            self._try(data)
        except Exception as error:
            last = traceback.extract_tb(error.__traceback__)[-1]
            place = f"{Path(last.filename).name}:{last.lineno}: {str(error)[:150]}"
            if place not in self.broken:
                self.broken.add(place)
                (FOUND / f"{self._target}-{len(self.broken)}-{random.randrange(10**6)}").write_bytes(data)
                print(f"{self._target}: {place}", flush=True)


def guided(target: str, seconds: int) -> None:
    """Fuzz one target with atheris until the time is over or an input takes a minute."""
    import atheris

    with atheris.instrument_imports(include=["sqla_guard"]):
        import sqla_guard
        from tests.fuzz import targets

        # Most is imported where it is needed first; that would be too late for guidance.
        for module in pkgutil.walk_packages(sqla_guard.__path__, "sqla_guard."):
            if not module.name.startswith(("sqla_guard.lsp", "sqla_guard.cli", "sqla_guard.__main__")):
                import_module(module.name)
    from tests.fuzz.mutations import mutated

    known = targets.seeds(target)
    corpus = FOUND / f"corpus-{target}"
    corpus.mkdir(parents=True, exist_ok=True)
    for number, data in enumerate(known):
        (corpus / f"seed-{number}").write_bytes(data)

    def mutate(data: bytes, most: int, seed: int) -> bytes:
        source = random.Random(seed)
        if source.random() < 0.2:
            return bytes(atheris.Mutate(data, most))
        return mutated(data, source.choice(known), source)[:most]

    options = [f"-max_total_time={seconds}", "-max_len=30000", "-timeout=60", f"-artifact_prefix={FOUND}/{target}-"]
    atheris.Setup([sys.argv[0], *options, str(corpus)], Keeper(target), custom_mutator=mutate)
    atheris.Fuzz()


def unguided(target: str, seconds: int) -> None:
    """Fuzz one target without guidance; store each input that breaks something and go on."""
    from tests.fuzz import targets
    from tests.fuzz.mutations import mutated

    known = targets.seeds(target)
    keeper, source, end = Keeper(target), random.Random(), time.monotonic() + seconds
    while time.monotonic() < end:
        keeper(mutated(source.choice(known), source.choice(known), source))
    print(f"{target}: {keeper.tried} inputs, {len(keeper.broken)} ways to break something")


def main() -> None:
    """Share the time between the targets, each in a process of its own: guidance ends with the process."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("minutes", type=float)
    parser.add_argument("--target", choices=TARGETS)
    arguments = parser.parse_args()
    if arguments.target:
        fuzz = guided if find_spec("atheris") else unguided
        fuzz(arguments.target, int(arguments.minutes * 60))
        return
    share = str(arguments.minutes / len(TARGETS))
    command = [sys.executable, "-m", "scripts.fuzz", share, "--target"]
    sys.exit(max(subprocess.run([*command, target], check=False).returncode for target in TARGETS))


if __name__ == "__main__":
    main()
