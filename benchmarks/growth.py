"""Time whole checks of files that grow: ``python -m benchmarks.growth``.

Each file repeats one thing that readers could stumble over. A reader is linear where twice the file takes about twice
the time; the ratio of the last two sizes is printed for all that take longer.
"""

from __future__ import annotations

import argparse
import sys
import time
import traceback
from collections.abc import Callable
from functools import partial

from scripts.hostile_files import PYTHON, SQL, python_file, sql_file
from sqla_guard.read.python import parse
from sqla_guard.testing import check_files

SIZES = (2_500, 10_000, 20_000, 40_000)
_MODEL = python_file("nothing", 0)
_LONG = 5.0


def seconds(files: dict[str, str]) -> float:
    """Return how long a check takes on the processor."""
    parse._trees.clear()
    parse._sizes.clear()
    start = time.process_time()
    report = check_files(files)
    took = time.process_time() - start
    broken = [d.message for d in report.diagnostics if d.code == "SG900"]
    if broken:
        raise RuntimeError(broken[0])
    return took


def measured(make: Callable[[int], dict[str, str]]) -> list[float]:
    """Return the times of all sizes, up to the first that takes very long."""
    times: list[float] = []
    for size in SIZES:
        times.append(seconds(make(size)))
        if times[-1] > _LONG:
            break
    return times


def _module(name: str, size: int) -> dict[str, str]:
    return {"model.py": python_file(name, size)}


def _script(name: str, size: int) -> dict[str, str]:
    return {"model.py": _MODEL, "migrations/V1__events.sql": sql_file(name, size)}


def main() -> None:
    """Print a line for each kind of file that takes longer than linear time, or breaks something."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--only", default="", help="only kinds whose name holds this")
    arguments.add_argument("--all", action="store_true", help="print linear ones too")
    given = arguments.parse_args()
    kinds = {f"{name} (.py)": partial(_module, name) for name in PYTHON}
    kinds |= {f"{name} (.sql)": partial(_script, name) for name in SQL}
    worse = 0
    for name, make in kinds.items():
        if given.only not in name:
            continue
        try:
            times = measured(make)
        except Exception:
            worse += 1
            sys.stdout.write(f"{name}: {traceback.format_exc().splitlines()[-1]}\n{traceback.format_exc()[-600:]}\n")
            continue
        ratio = times[-1] / times[-2]
        slow = ratio > 2.8 and times[-1] > 0.2
        worse += slow
        if slow or given.all:
            shown = " ".join(f"{took:.2f}" for took in times)
            sys.stdout.write(f"{name}: x{ratio:.1f} for twice the size ({shown} s)\n")
        sys.stdout.flush()
    sys.stdout.write(f"{worse} of {len(kinds)} kinds are not linear\n")
    sys.exit(bool(worse))


if __name__ == "__main__":
    main()
