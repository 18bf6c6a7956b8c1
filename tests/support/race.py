"""Two threads over the lines of one module, in an order that the test decides: no sleeps, no luck.

Each thread stops before every line of the module; one of them at a time is let go. The module's locks are replaced by
ones that tell the scheduler when they would block, so a deadlock is found, not waited for. All orders with few
switches are tried: two are enough for every race between a test and an assignment.
"""

from __future__ import annotations

import builtins
import sys
import threading
import types
from collections.abc import Callable, Iterator
from typing import Any

_PATIENCE = 30.0  # only ever waited for where the harness itself is broken


class Deadlock(Exception):
    """No thread can go on."""


class _Stop(BaseException):
    """Ends a thread of an abandoned run."""


class _Lock:
    """A lock of the module under test."""

    def __init__(self, race: Race, reentrant: bool) -> None:
        self.race = race
        self.reentrant = reentrant
        self.owner: int | None = None
        self.depth = 0

    def free_for(self, thread: int) -> bool:
        return self.owner is None or (self.reentrant and self.owner == thread)

    def __enter__(self) -> _Lock:
        me = self.race.me()
        while not self.free_for(me):
            self.race.pause(me, self)
        self.owner = me
        self.depth += 1
        return self

    def __exit__(self, *_: object) -> None:
        self.depth -= 1
        if not self.depth:
            self.owner = None


class Race:
    """One run of several calls of a module's functions, in the order that ``choices`` gives.

    Attributes:
        taken: For each point where more than one thread could go on: the thread chosen, and all that could.
    """

    def __init__(self, text: str, choices: tuple[int, ...] = ()) -> None:
        self.choices = choices
        self.taken: list[tuple[int, tuple[int, ...]]] = []
        self._changed = threading.Condition()
        self._turn: int | None = None
        self._waits: dict[int, _Lock | None] = {}
        self._ids: dict[int, int] = {}
        self._done: set[int] = set()
        self._stopped = False
        self.results: dict[int, object] = {}
        self.module = self._load(text)

    def _load(self, text: str) -> dict[str, Any]:
        fake = types.ModuleType("threading")
        fake.__dict__.update(vars(threading))
        fake.Lock = lambda: _Lock(self, reentrant=False)  # type: ignore[attr-defined]
        fake.RLock = lambda: _Lock(self, reentrant=True)  # type: ignore[attr-defined]

        def import_(name: str, *args: Any) -> Any:
            return fake if name == "threading" else builtins.__import__(name, *args)

        namespace: dict[str, Any] = {"__builtins__": {**vars(builtins), "__import__": import_}, "__name__": "raced"}
        exec(compile(text, "<raced>", "exec"), namespace)
        return namespace

    def me(self) -> int:
        """Return the number of the calling thread; -1 outside the race."""
        return self._ids.get(threading.get_ident(), -1)

    def pause(self, thread: int, lock: _Lock | None = None) -> None:
        """Stop until the scheduler lets ``thread`` go on; ``lock`` is what it waits for."""
        if thread < 0:
            if lock is not None:
                raise Deadlock("one thread alone waits for itself")
            return
        with self._changed:
            self._waits[thread] = lock
            self._turn = None
            self._changed.notify_all()
            if not self._changed.wait_for(lambda: self._turn == thread or self._stopped, _PATIENCE):
                raise AssertionError("the scheduler is gone")
            if self._stopped:
                raise _Stop

    def _trace(self, frame: types.FrameType, event: str, _: object) -> Any:
        if frame.f_code.co_filename != "<raced>":
            return None
        if event == "line":
            self.pause(self.me())
        return self._trace

    def _thread(self, number: int, call: Callable[[], object]) -> None:
        self._ids[threading.get_ident()] = number
        try:
            self.pause(number)
            sys.settrace(self._trace)
            self.results[number] = call()
        except _Stop:
            pass
        except Exception as error:
            self.results[number] = error
        finally:
            sys.settrace(None)
            with self._changed:
                self._done.add(number)
                self._turn = None
                self._changed.notify_all()

    def run(self, *names: str) -> list[object]:
        """Call the functions called ``names``, each in a thread of its own, and return what they return."""
        threads = [
            threading.Thread(target=self._thread, args=(n, self.module[name]), daemon=True)
            for n, name in enumerate(names)
        ]
        for thread in threads:
            thread.start()
        current = -1
        while len(self._done) < len(threads):
            current = self._step(len(threads), current)
        for thread in threads:
            thread.join()
        return [self.results[n] for n in range(len(threads))]

    def _step(self, count: int, current: int) -> int:
        with self._changed:
            ready = lambda: self._turn is None and len(self._waits.keys() | self._done) == count  # noqa: E731
            if not self._changed.wait_for(ready, _PATIENCE):
                raise AssertionError("a thread is gone")
            able = tuple(n for n in range(count) if n not in self._done and self._can_go_on(n))
            if not able:
                if len(self._done) == count:
                    return current
                self._stopped = True
                self._changed.notify_all()
                raise Deadlock(f"threads wait for each other: {sorted(set(range(count)) - self._done)}")
            chosen = self._choose(able, current)
            self._turn = chosen
            self._changed.notify_all()
        return chosen

    def _can_go_on(self, thread: int) -> bool:
        lock = self._waits[thread]
        return lock is None or lock.free_for(thread)

    def _choose(self, able: tuple[int, ...], current: int) -> int:
        if len(able) == 1:
            return able[0]
        point = len(self.taken)
        default = current if current in able else able[0]
        chosen = self.choices[point] if point < len(self.choices) else default
        self.taken.append((chosen, able))
        return chosen


def all_orders(text: str, first: str, second: str, switches: int = 2) -> Iterator[list[object]]:
    """Yield the results of the calls for every order of lines with at most ``switches`` chosen changes of thread."""
    pending: list[tuple[tuple[int, ...], int]] = [((), switches)]
    while pending:
        choices, left = pending.pop()
        race = Race(text, choices)
        yield race.run(first, second)
        if left:
            for point in range(len(choices), len(race.taken)):
                chosen, able = race.taken[point]
                before = tuple(c for c, _ in race.taken[:point])
                pending.extend(((*before, other), left - 1) for other in able if other != chosen)
