"""Run the raced cases for real on a CPython without the global interpreter lock.

    python3.13t -m scripts.free_threaded [ROUNDS]

Needs pytest there. Every case is raced twice: by the scheduler of the tests, in every order of lines,
and by eight threads that start together, round after round, with no order but their own.
"""

from __future__ import annotations

import re
import sys
import threading
from collections.abc import Callable, Iterator

from tests.support.lazy_cases import FIXTURES, Case, cases
from tests.support.race import Deadlock, all_orders

THREADS = 8


def raced_cases() -> Iterator[tuple[str, Case]]:
    """Yield the cases of threads that have a text before and after."""
    for path in sorted(FIXTURES.glob("*/*.md")):
        if not re.search(r"^race: ", path.read_text(encoding="utf-8"), re.MULTILINE):
            continue
        for case in cases(path.parent.name, path.name):
            if case.race and not case.race.startswith("async") and case.block("fixed"):
                yield path.parent.name, case


def is_torn(results: list[object]) -> bool:
    """Tell whether the threads got different objects, or an error."""
    return any(result is not results[0] or isinstance(result, Exception) for result in results)


def orders_torn(text: str, name: str) -> str:
    """Return what the scheduler finds: orders of lines with a torn result, of all."""
    try:
        outcomes = [is_torn(results) for results in all_orders(text, name, name)]
    except Deadlock:
        return "deadlock"
    return f"{sum(outcomes)}/{len(outcomes)}"


def storms_torn(text: str, name: str, rounds: int) -> int:
    """Return in how many rounds threads that start together got different objects."""
    code = compile(text, "<raced>", "exec")
    torn = 0
    for _ in range(rounds):
        module: dict[str, object] = {"__name__": "raced"}
        exec(code, module)
        torn += is_torn(_storm(module[name]))  # type: ignore[arg-type]
    return torn


def _storm(call: Callable[[], object]) -> list[object]:
    results: list[object] = []
    start = threading.Barrier(THREADS)

    def run() -> None:
        start.wait()
        try:
            results.append(call())
        except Exception as error:
            results.append(error)

    threads = [threading.Thread(target=run) for _ in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


def main() -> int:
    """Print a line for each case; return 1 where a fixed one is torn."""
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 200
    locked = getattr(sys, "_is_gil_enabled", lambda: True)()
    print(f"Python {sys.version.split()[0]}, global interpreter lock {'on' if locked else 'off'}, {rounds} rounds")
    broken = 0
    for rule, case in raced_cases():
        bad, fixed = case.block("bad") or "", case.block("fixed") or ""
        scheduled = f"{orders_torn(bad, case.race)} -> {orders_torn(fixed, case.race)}"
        before, after = storms_torn(bad, case.race, rounds), storms_torn(fixed, case.race, rounds)
        broken += after > 0 or not scheduled.split("-> ")[1].startswith("0/")
        print(f"{rule}: {case.title}: orders {scheduled}; storms {before} -> {after}")
    print(f"{broken} fixed cases torn")
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
