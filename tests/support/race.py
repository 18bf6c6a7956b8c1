"""Two threads over the lines of one module, in an order that the test decides: no sleeps, no luck.

Each thread stops before every line of the module; one of them at a time is let go. The module's locks are replaced by
ones that tell the scheduler when they would block, so a deadlock is found, not waited for.

All orders are tried, but for those that differ from a tried one only in that two neighbouring steps changed places
which do not touch the same thing: every such order leads through the same results. These are found with sleep sets
(P. Godefroid, Partial-Order Methods for the Verification of Concurrent Systems, 1996, chapter 5). Once all that
begins with a step of one thread is tried, that step sleeps: where the other thread goes first, it need not be tried
again until the other one has touched something that it touches, too. So from each class of orders with the same
outcome one is left, and every deadlock is found. What a step touches is told by ``footprint``, rather too much than too
little.
"""

from __future__ import annotations

import builtins
import sys
import threading
import types
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from tests.support.footprint import (
    A_LOCK,
    ANYTHING,
    FILE,
    NOTHING,
    Touched,
    instrumented,
    least_touched,
    touched_by_call,
    touched_by_line,
)

_PATIENCE = 30.0  # only ever waited for where the harness itself is broken


class Deadlock(Exception):
    """No thread can go on."""


class _Redundant(Exception):
    """Every thread that could go on sleeps: another order has the same outcome."""


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
        self.race.touch(A_LOCK)
        while not self.free_for(me):
            self.race.pause(me, self)
        self.owner = me
        self.depth += 1
        return self

    def __exit__(self, *_: object) -> None:
        self.release()

    def acquire(self) -> bool:
        self.__enter__()
        return True

    def release(self) -> None:
        self.race.touch(A_LOCK)
        self.depth -= 1
        if not self.depth:
            self.owner = None


@dataclass
class Step:
    """What one thread does between two of its stops.

    Attributes:
        thread: Who.
        able: All threads that could have gone on instead.
        asleep: Those of them that need not, and what their next step touches.
        touched: What this step touched.
    """

    thread: int
    able: tuple[int, ...]
    asleep: Mapping[int, Touched]
    touched: Touched


class Race:
    """One run of several calls of a module's functions.

    Args:
        text: The module.
        choices: The threads that take the first steps. After them, a thread goes on for as long as it can.
        asleep: The threads that sleep at the last of these steps, and what their next step touches.
        least: What each step touches at least; with ``ANYTHING``, no step wakes late and no order is left out.

    Attributes:
        steps: What happened.
        results: What the calls returned or raised, by thread.
    """

    def __init__(
        self,
        text: str,
        choices: tuple[int, ...] = (),
        asleep: Mapping[int, Touched] | None = None,
        least: Touched = NOTHING,
    ) -> None:
        self.choices = choices
        self.steps: list[Step] = []
        self.results: dict[int, object] = {}
        self._asleep = dict(asleep or {})
        self._least = least | least_touched(text)
        self._ids: dict[int, int] = {}
        self._waits: dict[int, _Lock | None] = {}  # for what each thread waits that is not done
        self._gates: dict[int, threading.Semaphore] = {}
        self._over = threading.Semaphore(0)
        self._failure: Exception | None = None
        self._outside: dict[int, Touched] = {}
        self.module = self._load(text)

    def _load(self, text: str) -> dict[str, Any]:
        fake = types.ModuleType("threading")
        fake.__dict__.update(vars(threading))
        fake.Lock = lambda: _Lock(self, reentrant=False)  # type: ignore[attr-defined]
        fake.RLock = lambda: _Lock(self, reentrant=True)  # type: ignore[attr-defined]

        def import_(name: str, *args: Any) -> Any:
            return fake if name == "threading" else builtins.__import__(name, *args)

        known = {**vars(builtins), "__import__": import_, "_call_": self._call, "_enter_": self._enter}
        namespace: dict[str, Any] = {"__builtins__": known, "__name__": "raced"}
        exec(instrumented(text), namespace)
        return namespace

    def me(self) -> int:
        """Return the number of the calling thread; -1 outside the race."""
        return self._ids.get(threading.get_ident(), -1)

    def pause(self, thread: int, lock: _Lock | None = None) -> None:
        """End a step of ``thread``, and return once its next one is due; ``lock`` is what it waits for."""
        if thread < 0:
            if lock is not None:
                raise Deadlock("one thread alone waits for itself")
            return
        self._waits[thread] = lock
        if self._go_on(thread) != thread:
            self._gates[thread].acquire()
        if self._failure:
            raise _Stop
        if lock is not None:
            self.touch(A_LOCK)

    def touch(self, touched: Touched) -> None:
        """Note what the step that is on its way touches."""
        if self.steps:
            self.steps[-1].touched |= touched

    def _call(self, function: Callable[..., Any], *args: Any, **keywords: Any) -> Any:
        touched = touched_by_call(function, args)
        self.touch(touched)
        try:
            return function(*args, **keywords)
        finally:
            self.touch(touched)  # another step, where lines of the module were run in between

    def _enter(self, manager: Any) -> Any:
        if not isinstance(manager, _Lock):
            self._least = ANYTHING  # it may do what it likes when it is left, too
            self.touch(ANYTHING)
        return manager

    def _trace(self, frame: types.FrameType, event: str, _: object) -> Any:
        if frame.f_code.co_filename != FILE:
            return None
        if event == "line":
            self.pause(self.me())
        if event == "return":
            self.touch(self._after(frame.f_back))
        else:
            self.touch(touched_by_line(frame.f_code, frame.f_lineno))
        return self._trace

    def _after(self, caller: types.FrameType | None) -> Touched:
        """Return what may happen between the end of a function and the next line: the rest of the caller's."""
        while caller is not None and caller.f_code is Race._call.__code__:
            caller = caller.f_back
        if caller is None or caller.f_code is Race._thread.__code__:
            return self._outside[self.me()]
        return touched_by_line(caller.f_code, caller.f_lineno) if caller.f_code.co_filename == FILE else ANYTHING

    def _thread(self, number: int, call: Callable[[], object]) -> None:
        self._ids[threading.get_ident()] = number
        self._gates[number].acquire()
        try:
            if not self._failure:
                self.touch(self._outside[number])
                sys.settrace(self._trace)
                self.results[number] = call()
        except _Stop:
            pass
        except Exception as error:
            self.results[number] = error
        finally:
            sys.settrace(None)
            self._waits.pop(number, None)
            self._go_on(number)

    def run(self, *names: str) -> list[object]:
        """Call the functions called ``names``, each in a thread of its own, and return what they return.

        Raises:
            Deadlock: No thread can go on.
        """
        threads = []
        for number, name in enumerate(names):
            call = self.module[name]
            self._waits[number] = None
            self._gates[number] = threading.Semaphore(0)
            # Around a function of the module nothing happens; a wrapper in C may look into a cache.
            self._outside[number] = NOTHING if isinstance(call, types.FunctionType) else ANYTHING
            threads.append(threading.Thread(target=self._thread, args=(number, call), daemon=True))
        for thread in threads:
            thread.start()
        self._go_on(-1)
        if not self._over.acquire(timeout=_PATIENCE):
            raise AssertionError("a thread is gone")
        for thread in threads:
            thread.join()
        if self._failure:
            raise self._failure
        return [self.results[n] for n in range(len(threads))]

    def _go_on(self, current: int) -> int:
        """End a step of ``current``, and let the thread go whose turn is next; return its number."""
        if self._failure:
            if not self._waits:
                self._over.release()
            return current
        self._wake()
        able = tuple(n for n, lock in self._waits.items() if lock is None or lock.free_for(n))
        chosen = self._choose(able, current)
        if chosen is None:
            for gate in self._gates.values():
                gate.release()
            if not self._waits:
                self._over.release()
            return current
        self.steps.append(Step(chosen, able, dict(self._asleep), self._least))
        if chosen != current:
            self._gates[chosen].release()
        return chosen

    def _wake(self) -> None:
        """Wake the threads whose next step does not commute with the one that has just ended."""
        if self.steps and len(self.steps) >= len(self.choices):
            touched = self.steps[-1].touched
            self._asleep = {n: t for n, t in self._asleep.items() if t.commutes(touched)}

    def _choose(self, able: tuple[int, ...], current: int) -> int | None:
        """Return the thread whose turn it is; none where the run is over, for good or not."""
        if not able:
            if self._waits:
                self._failure = Deadlock(f"threads wait for each other: {sorted(self._waits)}")
            return None
        if len(self.steps) < len(self.choices):
            return self.choices[len(self.steps)]
        awake = [n for n in able if n not in self._asleep]
        if not awake:
            self._failure = _Redundant()
            return None
        return current if current in awake else awake[0]


def all_orders(text: str, first: str, second: str, least: Touched = NOTHING) -> Iterator[list[object]]:
    """Yield the results of two calls for one of all orders of lines with the same outcome.

    With ``least=ANYTHING``, for each order: minutes for most modules.

    Raises:
        Deadlock: There is an order in which no thread can go on.
    """
    pending: list[tuple[tuple[int, ...], Mapping[int, Touched]]] = [((), {})]
    while pending:
        choices, asleep = pending.pop()
        race = Race(text, choices, asleep, least)
        with suppress(_Redundant):
            yield race.run(first, second)
        taken = tuple(step.thread for step in race.steps)
        for point in range(len(choices), len(taken)):
            step = race.steps[point]
            asleep = {**step.asleep, step.thread: step.touched}
            pending.extend(((*taken[:point], other), asleep) for other in step.able if other not in asleep)
